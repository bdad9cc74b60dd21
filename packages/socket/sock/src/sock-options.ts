/** Options of SOL_SOCKET (`net/core/sock.c`). Values are bytes, `int` little endian. */
import {
  AF_INET,
  AF_INET6,
  CAP_NET_ADMIN,
  CAP_NET_RAW,
  EACCES,
  EDOM,
  EINVAL,
  ENODEV,
  ENOPROTOOPT,
  EOPNOTSUPP,
  EPERM,
  IFNAMSIZ,
  SO_ATTACH_FILTER,
  SO_BINDTODEVICE,
  SO_BINDTOIFINDEX,
  SO_BROADCAST,
  SO_BUSY_POLL,
  SO_BUSY_POLL_BUDGET,
  SO_DEBUG,
  SO_DETACH_FILTER,
  SO_DONTROUTE,
  SO_KEEPALIVE,
  SO_LINGER,
  SO_LOCK_FILTER,
  SO_MARK,
  SO_MAX_PACING_RATE,
  SO_NO_CHECK,
  SO_OOBINLINE,
  SO_PEEK_OFF,
  SO_PRIORITY,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SO_RCVLOWAT,
  SO_RCVMARK,
  SO_RCVPRIORITY,
  SO_RCVTIMEO,
  SO_RCVTIMEO_NEW,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SO_RXQ_OVFL,
  SO_SELECT_ERR_QUEUE,
  SO_SNDBUF,
  SO_SNDBUFFORCE,
  SO_SNDTIMEO,
  SO_SNDTIMEO_NEW,
  SO_TIMESTAMP,
  SO_TIMESTAMPING,
  SO_TIMESTAMPING_NEW,
  SO_TIMESTAMPNS,
  SO_TIMESTAMPNS_NEW,
  SO_TIMESTAMP_NEW,
} from '@skbuff/uapi';
import { HZ } from '@skbuff/core';
import { skAttachFilter, skDetachFilter, skLockFilter } from './filter.ts';
import { skSetBusyPoll } from './busy-poll.ts';
import { sockSetTimestamp, sockSetTimestamping } from './sk-tstamp.ts';
import { le32, leS32, leS64 } from '@skbuff/wire';
import { skSetPrioAllowed } from './sock-cmsg.ts';
import type { ProtoOps } from './proto.ts';
import {
  MAX_SCHEDULE_TIMEOUT,
  SOCK_BROADCAST,
  SOCK_DBG,
  SOCK_KEEPOPEN,
  SOCK_LINGER,
  SOCK_LOCALROUTE,
  SOCK_RCVBUF_LOCK,
  SOCK_RCVMARK,
  SOCK_RCVPRIORITY,
  SOCK_RXQ_OVFL,
  SOCK_SELECT_ERR_QUEUE,
  SOCK_SNDBUF_LOCK,
  SOCK_URGINLINE,
  type Sock,
} from './sock.ts';
import { SOCK_MIN_RCVBUF, SOCK_MIN_SNDBUF } from './sock-limits.ts';
import { type SocketLayer, sockNet } from './sock-net.ts';
import type { Socket } from './socket.ts';

const INT_MAX = 0x7fffffff;

/** Options that switch one flag. */
const FLAGS: Readonly<Record<number, number>> = {
  [SO_DONTROUTE]: SOCK_LOCALROUTE,
  [SO_BROADCAST]: SOCK_BROADCAST,
  [SO_OOBINLINE]: SOCK_URGINLINE,
  [SO_RXQ_OVFL]: SOCK_RXQ_OVFL,
  [SO_SELECT_ERR_QUEUE]: SOCK_SELECT_ERR_QUEUE,
  [SO_RCVMARK]: SOCK_RCVMARK,
  [SO_RCVPRIORITY]: SOCK_RCVPRIORITY,
};

/** The flag that an option stands for, or 0. */
export function flagOf(name: number): number {
  return FLAGS[name] ?? 0;
}

/** An option's value that is an `int`, or the one byte that there is of it; 0 if there is none. */
export function optionInt(value: Uint8Array): number {
  if (value.length >= 4) return leS32(value, 0);
  return value.length >= 1 ? value[0] : 0;
}

/** `sock_setsockopt`: 0 or a negative errno (-ENOPROTOOPT: no such option, or it can only be read). */
export function sockSetsockopt(sock: Socket, name: number, value: Uint8Array): number {
  const sk = sock.sk as Sock;
  const { layer } = sockNet.of(sk.net);
  if (name === SO_BINDTODEVICE) return bindToDevice(sk, layer, value);
  if (value.length < 4) return -EINVAL;
  const val = leS32(value, 0);
  const flag = flagOf(name);
  if (flag !== 0) {
    sk.setFlag(flag, val !== 0);
    return 0;
  }
  switch (name) {
    case SO_SNDBUF:
      return setSndbuf(sk, Math.min(val >>> 0, layer.wmemMax));
    case SO_RCVBUF:
      return setRcvbuf(sk, Math.min(val >>> 0, layer.rmemMax));
    case SO_SNDBUFFORCE:
      return layer.capable(CAP_NET_ADMIN) ? setSndbuf(sk, Math.max(0, val)) : -EPERM;
    case SO_RCVBUFFORCE:
      return layer.capable(CAP_NET_ADMIN) ? setRcvbuf(sk, Math.max(0, val)) : -EPERM;
    case SO_LINGER:
      return setLinger(sk, value);
    case SO_RCVTIMEO:
    case SO_RCVTIMEO_NEW:
    case SO_SNDTIMEO:
    case SO_SNDTIMEO_NEW:
      return setTimeo(sk, name === SO_RCVTIMEO || name === SO_RCVTIMEO_NEW, value);
    case SO_RCVLOWAT:
      return (sock.ops as ProtoOps).setRcvlowat(sk, val < 0 ? INT_MAX : val);
    case SO_PEEK_OFF:
      return (sock.ops as ProtoOps).setPeekOff(sk, val);
    case SO_BINDTOIFINDEX:
      return val < 0 ? -EINVAL : bindToIndex(sk, layer, val);
    case SO_ATTACH_FILTER:
      return skAttachFilter(sk, value);
    case SO_DETACH_FILTER:
      return skDetachFilter(sk);
    case SO_LOCK_FILTER:
      return skLockFilter(sk, val !== 0);
    case SO_TIMESTAMP:
    case SO_TIMESTAMPNS:
    case SO_TIMESTAMP_NEW:
    case SO_TIMESTAMPNS_NEW:
      return sockSetTimestamp(sk, name, val !== 0);
    case SO_TIMESTAMPING:
    case SO_TIMESTAMPING_NEW:
      return sockSetTimestamping(sk, name, value);
    default:
      return setSimple(sk, layer, name, val);
  }
}

function setSimple(sk: Sock, layer: SocketLayer, name: number, val: number): number {
  switch (name) {
    case SO_DEBUG:
      if (val !== 0 && !layer.capable(CAP_NET_ADMIN)) return -EACCES;
      sk.setFlag(SOCK_DBG, val !== 0);
      return 0;
    case SO_REUSEADDR:
      sk.reuse = val !== 0;
      return 0;
    case SO_REUSEPORT:
      if (val !== 0 && sk.family !== AF_INET && sk.family !== AF_INET6) return -EOPNOTSUPP;
      sk.reuseport = val !== 0;
      return 0;
    case SO_KEEPALIVE:
      sk.prot.keepalive(sk, val !== 0);
      sk.setFlag(SOCK_KEEPOPEN, val !== 0);
      return 0;
    case SO_NO_CHECK:
      sk.noCheckTx = val !== 0;
      return 0;
    case SO_PRIORITY:
      if (!skSetPrioAllowed(sk, val)) return -EPERM;
      sk.priority = val;
      return 0;
    case SO_MARK:
      if (!layer.maySetMark(sk.net)) return -EPERM;
      if (sk.mark !== val >>> 0) sk.dstSet(null);
      sk.mark = val >>> 0;
      return 0;
    case SO_BUSY_POLL:
      if (val < 0) return -EINVAL;
      skSetBusyPoll(sk, val);
      return 0;
    case SO_BUSY_POLL_BUDGET:
      if (val > sk.busyPollBudget && !layer.capable(CAP_NET_ADMIN)) return -EPERM;
      if (val < 0 || val > 0xffff) return -EINVAL;
      sk.busyPollBudget = val;
      return 0;
    case SO_MAX_PACING_RATE:
      sk.maxPacingRate = val >>> 0;
      return 0;
    default:
      return -ENOPROTOOPT;
  }
}

function setSndbuf(sk: Sock, val: number): number {
  sk.userlocks |= SOCK_SNDBUF_LOCK;
  sk.sndbuf = Math.max(Math.min(val, INT_MAX >> 1) * 2, SOCK_MIN_SNDBUF);
  sk.writeSpace(sk);
  return 0;
}

/** The user means payload, the kernel counts memory: hence the doubling. */
function setRcvbuf(sk: Sock, val: number): number {
  sk.userlocks |= SOCK_RCVBUF_LOCK;
  sk.rcvbuf = Math.max(Math.min(val, INT_MAX >> 1) * 2, SOCK_MIN_RCVBUF);
  return 0;
}

function setLinger(sk: Sock, value: Uint8Array): number {
  if (value.length < 8) return -EINVAL;
  const on = leS32(value, 0) !== 0;
  sk.setFlag(SOCK_LINGER, on);
  if (on) sk.lingertime = le32(value, 4) * HZ;
  return 0;
}

/** `sock_set_timeout`: `struct timeval`; zero means for ever, a negative one not at all. */
function setTimeo(sk: Sock, receive: boolean, value: Uint8Array): number {
  if (value.length < 16) return -EINVAL;
  const sec = leS64(value, 0);
  const usec = leS64(value, 8);
  if (usec < 0 || usec >= 1_000_000) return -EDOM;
  let timeo = sec < 0 ? 0 : MAX_SCHEDULE_TIMEOUT;
  if (sec >= 0 && (sec !== 0 || usec !== 0)) timeo = sec * HZ + Math.ceil((usec * HZ) / 1_000_000);
  if (receive) sk.rcvtimeo = timeo;
  else sk.sndtimeo = timeo;
  return 0;
}

/** SO_BINDTODEVICE: a name ends at its first zero byte; an empty one releases the socket. */
function bindToDevice(sk: Sock, layer: SocketLayer, value: Uint8Array): number {
  let name = '';
  for (let i = 0; i < value.length && i < IFNAMSIZ - 1 && value[i] !== 0; i++) name += String.fromCharCode(value[i]);
  if (name === '') return bindToIndex(sk, layer, 0);
  const dev = sk.net.devGetByName(name);
  return dev === null ? -ENODEV : bindToIndex(sk, layer, dev.ifindex);
}

/** `sock_bindtoindex`: who is bound to a device needs privilege to leave it. */
function bindToIndex(sk: Sock, layer: SocketLayer, ifindex: number): number {
  if (sk.boundDevIf !== 0 && !layer.nsCapable(sk.net, CAP_NET_RAW)) return -EPERM;
  sk.boundDevIf = ifindex;
  sk.prot.rehash(sk);
  sk.dstSet(null);
  return 0;
}
