/** Both directions of a link between two devices. */
import type { NetDevice } from '@skbuff/core';
import { type FaultInjector, type FaultOptions, injectFaults } from './fault-injector.ts';
import type { Impairment } from './impairment.ts';

/** Two injectors, one for what each end sends. */
export class ImpairedLink {
  /** What the first device sends, what the second does. */
  readonly there: FaultInjector;
  readonly back: FaultInjector;

  /** Use {@link impairLink}. */
  constructor(there: FaultInjector, back: FaultInjector) {
    this.there = there;
    this.back = back;
  }

  /** Both directions alike; for different ones call the injectors. 0 or -EINVAL. */
  setImpairment(impairment: Impairment): number {
    const err = this.there.setImpairment(impairment);
    return err !== 0 ? err : this.back.setImpairment(impairment);
  }

  /** Cuts the cable, or mends it: no carrier at either end, and what is under way is lost. */
  setDown(down: boolean): void {
    this.there.setDown(down);
    this.back.setDown(down);
  }

  /** Takes both injectors out. */
  remove(): void {
    this.there.remove();
    this.back.remove();
  }
}

/** Impairs what both devices send: a whole link, such as a veth pair. Errors as {@link injectFaults}; then neither is impaired. */
export function impairLink(a: NetDevice, b: NetDevice, impairment: Impairment = {}, options: Omit<FaultOptions, 'peer'> = {}): ImpairedLink | number {
  const name = (way: string): { name?: string } => (options.name === undefined ? {} : { name: `${options.name}/${way}` });
  const there = injectFaults(a, impairment, { ...name('there'), peer: b });
  if (typeof there === 'number') return there;
  const back = injectFaults(b, impairment, { ...name('back'), peer: a });
  if (typeof back === 'number') {
    there.remove();
    return back;
  }
  return new ImpairedLink(there, back);
}
