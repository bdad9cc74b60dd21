// The house, from the ground up. A layer may import the layers before it, and its own without a cycle.
export const LAYERS = Object.freeze([
  'base', 'core', 'control', 'link', 'network', 'socket', 'filter', 'tunnel', 'radio', 'host', 'userland', 'preset',
]);

/** The only layer that may touch a platform (Node or the browser). */
export const PLATFORM_LAYER = 'host';

/** The layer that is itself one package: `packages/core`. */
export const SINGLE_PACKAGE_LAYER = 'core';

/** Where time and chance enter the stack. */
export const TIME_FOLDER = 'packages/core/src/time/';

/** The one file outside the host layer that may ask the platform: the event loop and the clock of a kernel that runs in real time. */
export const PLATFORM_FILE = `${TIME_FOLDER}platform.ts`;
