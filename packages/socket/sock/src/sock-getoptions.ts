/** Reading options of SOL_SOCKET. */
import {
  EINVAL,
  ENODEV,
  ENOPROTOOPT,
  EOPNOTSUPP,
  IFNAMSIZ,
  SO_ACCEPTCONN,
  SO_ATTACH_FILTER,
  SO_BINDTODEVICE,
  SO_BINDTOIFINDEX,
  SO_BUSY_POLL,
  SO_BUSY_POLL_BUDGET,
  SO_COOKIE,
  SO_DEBUG,
  SO_DOMAIN,
  SO_ERROR,
  SO_INCOMING_NAPI_ID,
  SO_KEEPALIVE,
  SO_LINGER,
  SO_LOCK_FILTER,
  SO_MARK,
  SO_MAX_PACING_RATE,
  SO_MEMINFO,
  SO_NO_CHECK,
  SO_PEEK_OFF,
  SO_PRIORITY,
  SO_PROTOCOL,
  SO_RCVBUF,
  SO_RCVLOWAT,
  SO_RCVTIMEO,
  SO_RCVTIMEO_NEW,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SO_SNDBUF,
  SO_SNDLOWAT,
  SO_SNDTIMEO,
  SO_SNDTIMEO_NEW,
  SO_TIMESTAMP,
  SO_TIMESTAMPING,
  SO_TIMESTAMPING_NEW,
  SO_TIMESTAMPNS,
  SO_TIMESTAMPNS_NEW,
  SO_TIMESTAMP_NEW,
  SO_TYPE,
  TCP_LISTEN,
} from '@skbuff/uapi';
import { HZ } from '@skbuff/core';
import { setLe32, setLe64 } from '@skbuff/wire';
import { skGetFilter } from './filter.ts';
import { int32Bytes } from './msghdr.ts';
import { sockNoSetPeekOff } from './proto.ts';
import { SOCK_DBG, SOCK_FILTER_LOCKED, SOCK_KEEPOPEN, SOCK_LINGER, type Sock } from './sock.ts';
import { sockGetTimestamp, sockGetTimestamping } from './sk-tstamp.ts';
import { flagOf } from './sock-options.ts';

/** Copies an option's value, cut to the caller's buffer; returns the bytes written. */
export function putOption(out: Uint8Array, value: Uint8Array): number {
  const n = Math.min(out.length, value.length);
  out.set(value.subarray(0, n));
  return n;
}

/** `sock_getsockopt`: bytes written to `out`, or a negative errno. */
export function sockGetsockopt(sk: Sock, name: number, out: Uint8Array): number {
  switch (name) {
    case SO_LINGER:
      return putOption(out, lingerBytes(sk));
    case SO_RCVTIMEO:
    case SO_RCVTIMEO_NEW:
      return putOption(out, timeoBytes(sk.rcvtimeo));
    case SO_SNDTIMEO:
    case SO_SNDTIMEO_NEW:
      return putOption(out, timeoBytes(sk.sndtimeo));
    case SO_PEEK_OFF:
      return sk.socket?.ops?.setPeekOff === sockNoSetPeekOff ? -EOPNOTSUPP : putOption(out, int32Bytes(sk.peekOff));
    case SO_BINDTODEVICE:
      return getBindToDevice(sk, out);
    case SO_ATTACH_FILTER:
      return skGetFilter(sk, out);
    case SO_TIMESTAMPING:
    case SO_TIMESTAMPING_NEW:
      return putOption(out, sockGetTimestamping(sk, name));
    case SO_MEMINFO:
      return putOption(out, meminfo(sk));
    case SO_COOKIE:
      return out.length < 8 ? -EINVAL : putOption(out, cookie(sk));
    default: {
      const value = intOption(sk, name);
      return value === null ? -ENOPROTOOPT : putOption(out, int32Bytes(value));
    }
  }
}

function intOption(sk: Sock, name: number): number | null {
  const flag = flagOf(name);
  if (flag !== 0) return Number(sk.flag(flag));
  switch (name) {
    case SO_LOCK_FILTER:
      return Number(sk.flag(SOCK_FILTER_LOCKED));
    case SO_DEBUG:
      return Number(sk.flag(SOCK_DBG));
    case SO_SNDBUF:
      return sk.sndbuf;
    case SO_RCVBUF:
      return sk.rcvbuf;
    case SO_REUSEADDR:
      return Number(sk.reuse);
    case SO_REUSEPORT:
      return Number(sk.reuseport);
    case SO_KEEPALIVE:
      return Number(sk.flag(SOCK_KEEPOPEN));
    case SO_TYPE:
      return sk.type;
    case SO_PROTOCOL:
      return sk.protocol;
    case SO_DOMAIN:
      return sk.family;
    case SO_ERROR:
      return takeAnyError(sk);
    case SO_NO_CHECK:
      return Number(sk.noCheckTx);
    case SO_PRIORITY:
      return sk.priority;
    case SO_RCVLOWAT:
      return sk.rcvlowat;
    case SO_SNDLOWAT:
      return 1;
    case SO_ACCEPTCONN:
      return Number(sk.state === TCP_LISTEN);
    case SO_MARK:
      return sk.mark;
    case SO_BINDTOIFINDEX:
      return sk.boundDevIf;
    case SO_BUSY_POLL:
      return sk.llUsec;
    case SO_BUSY_POLL_BUDGET:
      return sk.busyPollBudget;
    case SO_INCOMING_NAPI_ID:
      return sk.napiId;
    case SO_MAX_PACING_RATE:
      return sk.maxPacingRate;
    case SO_TIMESTAMP:
    case SO_TIMESTAMPNS:
    case SO_TIMESTAMP_NEW:
    case SO_TIMESTAMPNS_NEW:
      return sockGetTimestamp(sk, name);
    default:
      return null;
  }
}

/** SO_ERROR: the pending error, or the soft one, each told once. */
function takeAnyError(sk: Sock): number {
  const err = -sk.takeError();
  if (err !== 0) return err;
  const soft = sk.errSoft;
  sk.errSoft = 0;
  return soft;
}

function lingerBytes(sk: Sock): Uint8Array {
  const bytes = new Uint8Array(8);
  setLe32(bytes, 0, Number(sk.flag(SOCK_LINGER)));
  setLe32(bytes, 4, Math.floor(sk.lingertime / HZ));
  return bytes;
}

function timeoBytes(timeo: number): Uint8Array {
  const bytes = new Uint8Array(16);
  if (timeo === Number.POSITIVE_INFINITY) return bytes;
  setLe64(bytes, 0, Math.floor(timeo / HZ));
  setLe64(bytes, 8, ((timeo % HZ) * 1_000_000) / HZ);
  return bytes;
}

function getBindToDevice(sk: Sock, out: Uint8Array): number {
  if (sk.boundDevIf === 0) return 0;
  if (out.length < IFNAMSIZ) return -EINVAL;
  const dev = sk.net.devGetByIndex(sk.boundDevIf);
  if (dev === null) return -ENODEV;
  return putOption(out, Uint8Array.from(`${dev.name}\0`, (c) => c.charCodeAt(0)));
}

/** `sk_get_meminfo`: SK_MEMINFO_* in order. */
function meminfo(sk: Sock): Uint8Array {
  const values = [sk.rmemAlloc, sk.rcvbuf, sk.wmemAlloc, sk.sndbuf, 0, 0, 0, sk.backlog, sk.drops];
  const bytes = new Uint8Array(values.length * 4);
  values.forEach((value, i) => setLe32(bytes, i * 4, value));
  return bytes;
}

function cookie(sk: Sock): Uint8Array {
  const bytes = new Uint8Array(8);
  setLe64(bytes, 0, sk.inode);
  return bytes;
}

