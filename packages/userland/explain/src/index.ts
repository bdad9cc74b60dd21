/**
 * What would happen to this packet? Its way through the real stack of a replica, step by step, or the drop, its reason and what would mend it.
 *
 * @packageDocumentation
 */
export * from './assert.ts';
export * from './explain.ts';
export { readPacket } from './families.ts';
export { followPacket } from './follow.ts';
export type * from './headers.ts';
export * from './json.ts';
export { explanationToMermaid } from './mermaid.ts';
export * from './model.ts';
export type * from './packet.ts';
export * from './packet-language.ts';
export { type Replica, replicate } from './replicate.ts';
export * from './text.ts';
