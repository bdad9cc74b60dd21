/** Ancillary data of SOL_SOCKET that goes with a message to send. */
import {
  EINVAL,
  EPERM,
  SCM_CREDENTIALS,
  SCM_RIGHTS,
  SCM_TS_OPT_ID,
  SOF_TIMESTAMPING_OPT_ID,
  SOF_TIMESTAMPING_TX_ACK,
  SOF_TIMESTAMPING_TX_COMPLETION,
  SOF_TIMESTAMPING_TX_HARDWARE,
  SOF_TIMESTAMPING_TX_SCHED,
  SOF_TIMESTAMPING_TX_SOFTWARE,
  SO_MARK,
  SO_PRIORITY,
  SO_TIMESTAMPING,
  SO_TIMESTAMPING_NEW,
} from '@skbuff/uapi';
import { leS32 } from '@skbuff/wire';
import type { Cmsg } from './msghdr.ts';
import { TXFLAGS_OPT_ID, txFlagsOf } from './sk-tstamp.ts';
import { sockNet } from './sock-net.ts';
import type { Sock } from './sock.ts';

/** Highest priority that needs no privilege (`TC_PRIO_INTERACTIVE`). */
const TC_PRIO_INTERACTIVE = 6;

/** Stamps that a single send may ask for. */
const TX_RECORD_MASK: number =
  SOF_TIMESTAMPING_TX_HARDWARE | SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_TX_SCHED | SOF_TIMESTAMPING_TX_ACK | SOF_TIMESTAMPING_TX_COMPLETION;

/** `struct sockcm_cookie`: what one message has of its own. */
export interface SockcmCookie {
  mark: number;
  priority: number;
  /** SKBTX_* and {@link TXFLAGS_OPT_ID}: time stamps that the sender wants; and the number that they bear, if it said one. */
  txFlags: number;
  tsKey: number;
}

/** `sk_set_prio_allowed`: priorities of users, or CAP_NET_RAW or CAP_NET_ADMIN over the socket's namespace. */
export function skSetPrioAllowed(sk: Sock, val: number): boolean {
  return (val >= 0 && val <= TC_PRIO_INTERACTIVE) || sockNet.of(sk.net).layer.maySetMark(sk.net);
}

/** `__sock_cmsg_send`: SO_MARK, SO_PRIORITY and what time stamps are wanted go into `cookie`; what is AF_UNIX's is passed over. 0, -EINVAL or -EPERM. */
export function sockCmsgSend(sk: Sock, { type, data }: Cmsg, cookie: SockcmCookie): number {
  if (type === SO_TIMESTAMPING || type === SO_TIMESTAMPING_NEW || type === SCM_TS_OPT_ID) return stampCmsg(sk, type, data, cookie);
  if (type !== SO_MARK && type !== SO_PRIORITY) return type === SCM_RIGHTS || type === SCM_CREDENTIALS ? 0 : -EINVAL;
  if (type === SO_MARK && !sockNet.of(sk.net).layer.maySetMark(sk.net)) return -EPERM;
  if (data.length !== 4) return -EINVAL;
  const val = leS32(data, 0);
  if (type === SO_MARK) cookie.mark = val >>> 0;
  else if (!skSetPrioAllowed(sk, val)) return -EPERM;
  else cookie.priority = val;
  return 0;
}

/** Stamps for this send only, in place of those of the socket; or the number that they bear. */
function stampCmsg(sk: Sock, type: number, data: Uint8Array, cookie: SockcmCookie): number {
  if (type === SCM_TS_OPT_ID && (sk.tsflags & SOF_TIMESTAMPING_OPT_ID) === 0) return -EINVAL;
  if (data.length !== 4) return -EINVAL;
  const val = leS32(data, 0);
  if (type === SCM_TS_OPT_ID) {
    cookie.txFlags |= TXFLAGS_OPT_ID;
    cookie.tsKey = val;
    return 0;
  }
  if ((val & ~TX_RECORD_MASK) !== 0) return -EINVAL;
  cookie.txFlags = (cookie.txFlags & TXFLAGS_OPT_ID) | txFlagsOf(sk, val);
  return 0;
}
