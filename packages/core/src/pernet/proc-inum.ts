/** Inode numbers of namespaces (`proc_alloc_inum`), one set for all kinds. */
import type { NetNamespaces } from './net-namespace.ts';

/** First number that is given out (`PROC_DYNAMIC_FIRST`). */
export const PROC_DYNAMIC_FIRST = 0xf0000000;

export class ProcInums {
  private readonly used: Set<number> = new Set();
  private lowestFree = PROC_DYNAMIC_FIRST;

  /** The lowest number that is free. */
  alloc(): number {
    let inum = this.lowestFree;
    while (this.used.has(inum)) inum++;
    this.used.add(inum);
    this.lowestFree = inum + 1;
    return inum;
  }

  /** `proc_free_inum`: the number may be given out again. */
  free(inum: number): void {
    if (this.used.delete(inum) && inum < this.lowestFree) this.lowestFree = inum;
  }
}

/** The numbers of a kernel, of which the initial network namespace has the first. */
export function procInums(netns: NetNamespaces): ProcInums {
  if (netns.inums === null) {
    netns.inums = new ProcInums();
    netns.inums.alloc();
  }
  return netns.inums;
}
