/** `struct proto` of the protocols that send messages, in either family: UDP, raw, ping. */
import { ENOIOCTLCMD, type Proto, sockNoAccept } from '@skbuff/sock';
import { datagramDisconnect } from './datagram.ts';
import type { InetSk } from './inet-sk.ts';

function nothing(): void {}

function zero(): number {
  return 0;
}

/** What such a protocol mostly leaves as it is. */
type Defaults = 'memory' | 'noAutobind' | 'init' | 'destroy' | 'disconnect' | 'accept' | 'shutdown' | 'keepalive' | 'ioctl' | 'hash' | 'unhash' | 'rehash' | 'getPort';

const DEFAULTS: Pick<Proto, Defaults> = {
  memory: -1,
  noAutobind: false,
  init: zero,
  destroy: nothing,
  disconnect: (sk) => datagramDisconnect(sk as InetSk),
  accept: sockNoAccept,
  shutdown: nothing,
  keepalive: nothing,
  ioctl: () => -ENOIOCTLCMD,
  hash: nothing,
  unhash: nothing,
  rehash: nothing,
  getPort: zero,
};

/** The table of a protocol without connections that are made or accepted, without memory of its own, that packets reach without tables. */
export function inetProt(own: Omit<Proto, Defaults> & Partial<Proto>): Proto {
  return { ...DEFAULTS, ...own };
}
