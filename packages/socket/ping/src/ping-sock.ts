/** ICMP datagram sockets of a namespace. What is a port elsewhere is the identifier of echo messages here. */
import { InetSk } from '@skbuff/af-inet';
import { type Net, NetSlot } from '@skbuff/core';
import { sockNet } from '@skbuff/sock';

const HASH_SIZE = 64;

export class PingSock extends InetSk {
  next: PingSock | null = null;
  hashed = false;
}

export class PingNet {
  /** net.ipv4.ping_group_range: groups that may make such sockets; 1, 0: none. */
  groupLow = 1;
  groupHigh = 0;
  undos: (() => void)[] = [];
  private readonly table: (PingSock | null)[] = new Array<PingSock | null>(HASH_SIZE).fill(null);
  private rover: number;

  constructor(net: Net) {
    this.rover = net.kernel.random.below(0xffff);
  }

  /** Number of the chain of an identifier, as /proc/net/icmp shows it. */
  bucket(ident: number): number {
    return ident & (HASH_SIZE - 1);
  }

  /** First socket of the chain; go on with `next`. */
  chain(ident: number): PingSock | null {
    return this.table[this.bucket(ident)] as PingSock | null;
  }

  add(sk: PingSock): void {
    const slot = this.bucket(sk.inetNum);
    sk.next = this.table[slot] as PingSock | null;
    this.table[slot] = sk;
    sk.hashed = true;
    sockNet.of(sk.net).inuseAdd(sk.prot, 1);
  }

  remove(sk: PingSock): void {
    if (!sk.hashed) return;
    const slot = this.bucket(sk.inetNum);
    let prev: PingSock | null = null;
    let at = this.table[slot] as PingSock | null;
    while (at !== sk && at !== null) {
      prev = at;
      at = at.next;
    }
    if (prev === null) this.table[slot] = sk.next;
    else prev.next = sk.next;
    sk.next = null;
    sk.hashed = false;
    sockNet.of(sk.net).inuseAdd(sk.prot, -1);
  }

  /** `ping_get_port`: 0 with the socket in the table, 1 if the identifier (0: every one) is taken. */
  getPort(sk: PingSock, ident: number): number {
    let chosen = ident;
    for (let i = 0; ident === 0 && chosen === 0 && i < 0xffff; i++) {
      this.rover = (this.rover % 0xffff) + 1;
      if (!this.taken(null, this.rover)) chosen = this.rover;
    }
    if (chosen === 0 || (ident !== 0 && this.taken(sk, ident))) return 1;
    sk.inetNum = chosen;
    this.add(sk);
    return 0;
  }

  /** Whether another socket has the identifier and does not share it with `sk`. */
  private taken(sk: PingSock | null, ident: number): boolean {
    for (let other = this.chain(ident); other !== null; other = other.next) {
      if (other.inetNum === ident && other !== sk && !(sk?.reuse === true && other.reuse)) return true;
    }
    return false;
  }

  /** Every socket, chain by chain. */
  *[Symbol.iterator](): Generator<PingSock> {
    for (const head of this.table) for (let sk = head; sk !== null; sk = sk.next) yield sk;
  }
}

export const pingNet: NetSlot<PingNet> = new NetSlot<PingNet>('ping');
