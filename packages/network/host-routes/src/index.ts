/**
 * Routing for an IPv4 host that forwards nothing, in the place of `@skbuff/fib`: its addresses, the networks on its links, a default gateway
 * for each device.
 *
 * @packageDocumentation
 */
export { delDefaultGateway, setDefaultGateway } from './gateway.ts';
export { hostRoutes } from './plugin.ts';
