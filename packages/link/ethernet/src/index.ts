/**
 * Ethernet: device setup, the 14-byte header, its cache for neighbours, and `eth_type_trans`.
 *
 * @packageDocumentation
 */
export * from './eth.ts';
export * from './eth-link.ts';
