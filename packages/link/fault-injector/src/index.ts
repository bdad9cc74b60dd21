/**
 * Loss, duplication, corruption, delay, jitter, reordering and a rate limit for what any device sends.
 *
 * @packageDocumentation
 */
export { type FaultCounters, FaultInjector, faultInjectorOf, type FaultOptions, injectFaults } from './fault-injector.ts';
export { ImpairedLink, impairLink } from './impaired-link.ts';
export { completeImpairment, type FullImpairment, type Impairment, NO_IMPAIRMENT } from './impairment.ts';
