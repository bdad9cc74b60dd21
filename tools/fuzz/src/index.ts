export * from './fuzz-frames.ts';
export { ipv4Scene } from './scene-ipv4.ts';
export { ipv6Scene } from './scene-ipv6.ts';
export * from './report.ts';
export * from './fuzz-netlink.ts';
export { Messages } from './messages.ts';
export { recordRequests } from './requests.ts';
export * from './fuzz-calls.ts';
export * from './kernel-answers.ts';
