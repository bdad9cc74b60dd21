/**
 * The command `sysctl`, on the tree of the namespace.
 *
 * @packageDocumentation
 */
export { sysctl } from './sysctl.ts';
