/**
 * A Linux-like host: the plugins of a whole stack in one list, and networks of such hosts.
 *
 * @packageDocumentation
 */
export { VirtualClock, RealClock, type Plugin } from '@skbuff/core';
export * from '@skbuff/hosts';
export { createNet, type NetOptions } from './create-net.ts';
export { commands, linux, type LinuxOptions } from './linux.ts';
export { SockaddrIn } from '@skbuff/af-inet';
export { check, SysError } from '@skbuff/sock';
