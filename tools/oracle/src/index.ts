export * from './cases.ts';
export { pick } from './chance.ts';
export { describeFrame, tell } from './frames.ts';
export * from './ipv4-cases.ts';
export * from './transcript.ts';
export * from './world.ts';
export { kernelMissing } from './kernel-world.ts';
