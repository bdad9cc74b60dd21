/** Chance, in which the hosts' own hardware addresses have a part. */
import { type NetDevice, Random } from '@skbuff/core';

/** One stream for a kernel: the same whatever else draws numbers. */
export class AddrconfRandom {
  private random: Random;

  constructor(random: Random) {
    this.random = random;
  }

  u32(): number {
    return this.random.u32();
  }

  below(n: number): number {
    return this.random.below(n);
  }

  /**
   * `add_device_randomness`: hosts that began with the same seed part here. With equal nonces one would take the other's solicitation for its
   * own that came back (RFC 7527), and would never see that they have the same address.
   */
  addDevice({ devAddr, addrLen }: NetDevice): void {
    let hash = 0x811c9dc5;
    for (let i = 0; i < addrLen; i++) hash = Math.imul(hash ^ (devAddr[i] as number), 0x01000193);
    this.random = new Random(this.random.u32() ^ hash);
  }
}
