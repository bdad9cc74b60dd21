/**
 * The commands of net-tools: ifconfig, route, arp, netstat, ipmaddr, nameif.
 *
 * @packageDocumentation
 */
export { arp } from './arp.ts';
export { ifconfig } from './ifconfig.ts';
export { ipmaddr } from './ipmaddr.ts';
export { nameif } from './nameif.ts';
export { netstat } from './netstat.ts';
export { route } from './route.ts';
