// What every benchmark is given.

/**
 * @typedef {object} Context
 * @property {string | undefined} entry our side; undefined when there is none
 * @property {string | undefined} kernelMissing why the kernel is not measured; undefined when it is
 * @property {number | undefined} core that one-thread measurements run on; undefined: wherever
 * @property {number} rounds
 * @property {string} directory for bundles
 * @property {import('./families.mjs').Family} family the IP version that is measured
 * @property {number} routes how many more routes there are than those that every run has
 */
export {};
