/** Ticks per second: one jiffy is a millisecond. */
export const HZ = 1000;
export const NSEC_PER_JIFFY: number = 1_000_000_000 / HZ;
export const MSEC_PER_JIFFY: number = 1000 / HZ;
/** The unit in which Linux shows times to user space (`clock_t`). */
export const USER_HZ = 100;

export function jiffiesToMsecs(jiffies: number): number {
  return Math.round(jiffies * MSEC_PER_JIFFY);
}

/** Rounds up, as the kernel does. */
export function msecsToJiffies(ms: number): number {
  return Math.ceil(ms / MSEC_PER_JIFFY);
}

export function jiffiesToClockT(jiffies: number): number {
  return Math.floor((jiffies * USER_HZ) / HZ);
}
