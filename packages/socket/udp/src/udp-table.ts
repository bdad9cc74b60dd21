/**
 * `struct udp_table`: all bound sockets of a namespace, in chains by port and in chains by port and own address. Whoever bound last is first in
 * its chain, but who shares it by AF_INET6 goes behind all others. What an address is, only its hash knows.
 */
import { sockNet } from '@skbuff/sock';
import { AF_INET6 } from '@skbuff/uapi';
import type { UdpSock } from './udp-sock.ts';

const FIRST_SIZE = 256;
const MAX_SIZE = 65536;

export class UdpTable {
  /** Makes the tables of namespaces differ. */
  readonly secret: number;
  /** Sockets in the table. */
  count = 0;
  private size: number = FIRST_SIZE;
  private byPort: (UdpSock | null)[] = new Array<UdpSock | null>(FIRST_SIZE).fill(null);
  private byAddr: (UdpSock | null)[] = new Array<UdpSock | null>(FIRST_SIZE).fill(null);

  constructor(secret: number) {
    this.secret = secret;
  }

  /** First socket of the chain that `port` belongs to; go on with `portNext`. */
  portChain(port: number): UdpSock | null {
    return this.byPort[this.portSlot(port)] as UdpSock | null;
  }

  /** First socket of the chain of the hash (32 bits) of an own address and port; go on with `addrNext`. */
  addrChain(hash: number): UdpSock | null {
    return this.byAddr[this.addrSlot(hash)] as UdpSock | null;
  }

  /** Number of a port's chain, as /proc/net/udp shows it. */
  portSlot(port: number): number {
    return (port + this.secret) & (this.size - 1);
  }

  /** The socket has its port and `udpPortaddrHash`. */
  add(sk: UdpSock): void {
    if (this.count >= this.size * 2 && this.size < MAX_SIZE) this.grow();
    this.count++;
    sockNet.of(sk.net).inuseAdd(sk.prot, 1);
    const last = sk.reuseport && sk.family === AF_INET6;
    if (last) this.linkLast(sk);
    else this.link(sk);
    if (last) this.linkAddrLast(sk);
    else this.linkAddr(sk);
  }

  remove(sk: UdpSock): void {
    this.count--;
    sockNet.of(sk.net).inuseAdd(sk.prot, -1);
    if (sk.portPrev === null) this.byPort[this.portSlot(sk.inetNum)] = sk.portNext;
    else sk.portPrev.portNext = sk.portNext;
    if (sk.portNext !== null) sk.portNext.portPrev = sk.portPrev;
    sk.portNext = null;
    sk.portPrev = null;
    sk.hashed = false;
    this.unlinkAddr(sk);
  }

  /** The own address changed, and with it the hash of it and the port. */
  rehash(sk: UdpSock, hash: number): void {
    const moves = this.addrSlot(sk.udpPortaddrHash) !== this.addrSlot(hash);
    if (moves) this.unlinkAddr(sk);
    sk.udpPortaddrHash = hash;
    if (moves) this.linkAddr(sk);
  }

  /** Every socket, chain by chain. */
  *[Symbol.iterator](): Generator<UdpSock> {
    for (const head of this.byPort) for (let sk = head; sk !== null; sk = sk.portNext) yield sk;
  }

  private addrSlot(hash: number): number {
    return hash & (this.size - 1);
  }

  private link(sk: UdpSock): void {
    const slot = this.portSlot(sk.inetNum);
    const first = this.byPort[slot] as UdpSock | null;
    sk.portNext = first;
    sk.portPrev = null;
    if (first !== null) first.portPrev = sk;
    this.byPort[slot] = sk;
    sk.hashed = true;
  }

  private linkLast(sk: UdpSock): void {
    let last = this.portChain(sk.inetNum);
    while (last !== null && last.portNext !== null) last = last.portNext;
    if (last === null) {
      this.link(sk);
      return;
    }
    last.portNext = sk;
    sk.portPrev = last;
    sk.portNext = null;
    sk.hashed = true;
  }

  private linkAddr(sk: UdpSock): void {
    const slot = this.addrSlot(sk.udpPortaddrHash);
    const first = this.byAddr[slot] as UdpSock | null;
    sk.addrNext = first;
    sk.addrPrev = null;
    if (first !== null) first.addrPrev = sk;
    this.byAddr[slot] = sk;
  }

  private linkAddrLast(sk: UdpSock): void {
    let last = this.addrChain(sk.udpPortaddrHash);
    while (last !== null && last.addrNext !== null) last = last.addrNext;
    if (last === null) {
      this.linkAddr(sk);
      return;
    }
    last.addrNext = sk;
    sk.addrPrev = last;
    sk.addrNext = null;
  }

  private unlinkAddr(sk: UdpSock): void {
    if (sk.addrPrev === null) this.byAddr[this.addrSlot(sk.udpPortaddrHash)] = sk.addrNext;
    else sk.addrPrev.addrNext = sk.addrNext;
    if (sk.addrNext !== null) sk.addrNext.addrPrev = sk.addrPrev;
    sk.addrNext = null;
    sk.addrPrev = null;
  }

  /** Twice as many chains. The first of a chain is linked last, so that it is first again. */
  private grow(): void {
    const all = [...this];
    const byAddr: UdpSock[] = [];
    for (const head of this.byAddr) for (let sk = head; sk !== null; sk = sk.addrNext) byAddr.push(sk);
    this.size *= 2;
    this.byPort = new Array<UdpSock | null>(this.size).fill(null);
    this.byAddr = new Array<UdpSock | null>(this.size).fill(null);
    for (const sk of all.reverse()) this.link(sk);
    for (const sk of byAddr.reverse()) this.linkAddr(sk);
  }
}
