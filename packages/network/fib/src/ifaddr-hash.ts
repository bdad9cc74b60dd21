/** The addresses of this host (`inet_addr_lst`): asked for every packet, whether its source is one of them. */
import type { InIfaddr } from '@skbuff/ipv4';

const EMPTY = 0;

/** Open addressing; 0.0.0.0 is nobody's address and marks a free slot. */
export class IfaddrHash {
  private keys: Int32Array = new Int32Array(16);
  private lists: (InIfaddr[] | null)[] = new Array<InIfaddr[] | null>(16).fill(null);
  private used = 0;
  private shift = 28;

  /** `inet_lookup_ifaddr_rcu`: whether `addr` (u32) is an address of this host, on whatever interface. */
  has(addr: number): boolean {
    const key = addr | 0;
    const { keys } = this;
    const mask = keys.length - 1;
    for (let i = Math.imul(key, 0x9e3779b1) >>> this.shift; ; i = (i + 1) & mask) {
      const found = keys[i];
      if (found === key) return key !== EMPTY;
      if (found === EMPTY) return false;
    }
  }

  /** The interface addresses that are `addr`, oldest first. */
  get(addr: number): readonly InIfaddr[] {
    return this.lists[this.slot(addr | 0)] ?? [];
  }

  add(ifa: InIfaddr): void {
    const key = ifa.local | 0;
    if (key === EMPTY) return;
    const at = this.slot(key);
    const list = this.lists[at];
    if (list !== null) {
      if (!list.includes(ifa)) list.push(ifa);
      return;
    }
    this.keys[at] = key;
    this.lists[at] = [ifa];
    if (++this.used * 2 > this.keys.length) this.rehash(this.keys.length * 2);
  }

  remove(ifa: InIfaddr): void {
    const at = this.slot(ifa.local | 0);
    const list = this.lists[at];
    const i = list === null ? -1 : list.indexOf(ifa);
    if (list === null || i < 0) return;
    list.splice(i, 1);
    if (list.length > 0) return;
    this.lists[at] = null;
    // An open table cannot just free a slot; addresses go so seldom that building it anew is the simplest way.
    this.rehash(this.keys.length);
  }

  private slot(key: number): number {
    const mask = this.keys.length - 1;
    let i = Math.imul(key, 0x9e3779b1) >>> this.shift;
    while (this.keys[i] !== EMPTY && this.keys[i] !== key) i = (i + 1) & mask;
    return i;
  }

  private rehash(size: number): void {
    const lists = this.lists.filter((list) => list !== null);
    this.keys = new Int32Array(size);
    this.lists = new Array<InIfaddr[] | null>(size).fill(null);
    this.shift = 32 - Math.log2(size);
    this.used = lists.length;
    for (const list of lists) {
      const at = this.slot(list[0].local | 0);
      this.keys[at] = list[0].local | 0;
      this.lists[at] = list;
    }
  }
}
