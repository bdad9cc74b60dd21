export * from './cases.ts';
export { frameOf, pick } from './packets.ts';
export * from './transcript.ts';
export * from './world.ts';
export { kernelMissing } from './kernel-world.ts';
