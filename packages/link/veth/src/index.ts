/**
 * Virtual Ethernet pairs: two devices, also of two namespaces, that are each other's wire.
 *
 * @packageDocumentation
 */
export { veth } from './plugin.ts';
export * from './veth.ts';
export * from './veth-link.ts';
export { VETH_RING_SIZE } from './veth-napi.ts';
