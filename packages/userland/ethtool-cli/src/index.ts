/**
 * The command `ethtool`: arguments in, SIOCETHTOOL below, text out, to the letter of ethtool 6.1.
 *
 * @packageDocumentation
 */
export { ethtool } from './ethtool.ts';
