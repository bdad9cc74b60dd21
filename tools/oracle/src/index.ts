export * from './transcript.ts';
export * from './world.ts';
export { kernelMissing } from './kernel-world.ts';
