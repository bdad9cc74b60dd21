/** `struct raw_sock`, and the raw sockets of a namespace. */
import { InetSk } from '@skbuff/af-inet';
import { NetSlot } from '@skbuff/core';
import { sockNet } from '@skbuff/sock';

export class RawSock extends InetSk {
  /** ICMP_FILTER: a set bit keeps messages of that type (0..31) away. */
  icmpFilter = 0;
  hashed = false;
}

/** Raw sockets by protocol, the one bound last first, as /proc/net/raw lists them. */
export class RawNet {
  readonly table: RawSock[][] = [];
  /** `ip_ra_chain`: sockets with IP_ROUTER_ALERT. */
  raChain: RawSock[] = [];
  undo: () => void = () => {};

  of(protocol: number): readonly RawSock[] {
    return this.table[protocol] ?? NONE;
  }

  /** Lists are replaced, not changed: whoever walks through one is not disturbed. */
  add(sk: RawSock): void {
    this.table[sk.inetNum] = [sk, ...this.of(sk.inetNum)];
    sk.hashed = true;
    sockNet.of(sk.net).inuseAdd(sk.prot, 1);
  }

  remove(sk: RawSock): void {
    if (!sk.hashed) return;
    this.table[sk.inetNum] = this.of(sk.inetNum).filter((other) => other !== sk);
    sk.hashed = false;
    sockNet.of(sk.net).inuseAdd(sk.prot, -1);
  }
}

const NONE: readonly RawSock[] = [];

export const rawNet: NetSlot<RawNet> = new NetSlot<RawNet>('raw');

