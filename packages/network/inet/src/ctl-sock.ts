/** Sockets of the stack's own, by which protocols send (`inet_ctl_sock_create`). */
import type { Net, SkbSock, SkBuff } from '@skbuff/core';
import { EAGAIN } from '@skbuff/uapi';

/** What is the same for every such socket, in whatever family: no user, no receive queue, nobody who waits for room. */
export class CtlSock implements SkbSock {
  readonly net: Net;
  readonly priority = 0;
  readonly mark = 0;
  /** Bytes that may wait to be sent, as the kernel charges them, and that do (`sk_wmem_alloc`). */
  readonly sndbuf: number;
  wmemAlloc = 0;

  constructor(net: Net, sndbuf: number) {
    this.net = net;
    this.sndbuf = sndbuf;
  }

  /** May the socket charge another packet? 0 or -EAGAIN. */
  mayAlloc(): number {
    return this.wmemAlloc < this.sndbuf ? 0 : -EAGAIN;
  }

  setOwnerW(skb: SkBuff): void {
    skb.orphan();
    skb.sk = this;
    skb.destructor = ctlSockWfree;
    this.wmemAlloc += skb.truesize;
  }
}

/** `__sock_wfree`: destructor of {@link CtlSock.setOwnerW}. */
function ctlSockWfree(skb: SkBuff): void {
  (skb.sk as CtlSock).wmemAlloc -= skb.truesize;
}
