/**
 * The neighbouring subsystem: who on a link has which address, protocol by protocol. ARP and neighbour discovery make a
 * {@link NeighTable} each; the IP layer looks neighbours up and sends through them.
 *
 * @packageDocumentation
 */
export * from './neigh-construct.ts';
export * from './neigh-core.ts';
export * from './neigh-event-ns.ts';
export * from './neigh-event.ts';
export * from './neigh-notify.ts';
export * from './neigh-output.ts';
export * from './neigh-parms.ts';
export { neighSetProbeOnce } from './neigh-state.ts';
export * from './neigh-stats.ts';
export * from './neigh-table.ts';
export * from './neigh-flags.ts';
export * from './neigh-update.ts';
export * from './neighbour.ts';
export * from './plugin.ts';
export * from './pneigh.ts';
