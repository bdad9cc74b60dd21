/** Unicast and multicast address lists of a device (`net/core/dev_addr_lists.c`). Entries are counted by reference. */
import { ENOENT } from '@skbuff/uapi';
import { equalBytes } from '@skbuff/wire';

export class HwAddr {
  readonly addr: Uint8Array;
  refcount = 1;
  /** Added by the user (`ip maddr add`): only the user removes it. */
  global: boolean;

  constructor(addr: Uint8Array, global: boolean) {
    this.addr = addr;
    this.global = global;
  }
}

export class HwAddrList {
  readonly list: HwAddr[] = [];

  get count(): number {
    return this.list.length;
  }

  /** `netdev_uc_empty`, `netdev_mc_empty`. */
  isEmpty(): boolean {
    return this.list.length === 0;
  }

  find(addr: Uint8Array, len: number): HwAddr | null {
    return this.list.find((ha) => equalBytes(ha.addr, 0, addr, 0, len)) ?? null;
  }

  /** Adds a reference; a user has one at the most. 0. Callers use `devUcAdd` and its like, which tell the driver. */
  add(addr: Uint8Array, len: number, global: boolean): number {
    const found = this.find(addr, len);
    if (found === null) {
      this.list.push(new HwAddr(addr.slice(0, len), global));
      return 0;
    }
    if (global && found.global) return 0;
    found.global ||= global;
    found.refcount++;
    return 0;
  }

  /** Drops a reference; -ENOENT if the address (of that origin) is not there. */
  del(addr: Uint8Array, len: number, global: boolean): number {
    const found = this.find(addr, len);
    if (found === null || (global && !found.global)) return -ENOENT;
    if (global) found.global = false;
    if (--found.refcount === 0) this.list.splice(this.list.indexOf(found), 1);
    return 0;
  }

  flush(): void {
    this.list.length = 0;
  }
}
