/**
 * The kernel's side of `ethtool`: SIOCETHTOOL on any socket.
 *
 * @packageDocumentation
 */
export { FEATURE_NAMES } from './features.ts';
export { LINK_MODE_NAMES } from './link-modes.ts';
export { ethtool } from './plugin.ts';
