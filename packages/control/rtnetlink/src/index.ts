/**
 * rtnetlink for links: RTM_NEWLINK, DELLINK, SETLINK, GETLINK and link properties, and the notifications of RTNLGRP_LINK.
 *
 * @packageDocumentation
 */
export * from './fill-ifinfo.ts';
export * from './getlink.ts';
export * from './ifla-policy.ts';
export * from './link-lookup.ts';
export * from './link-netns.ts';
export * from './link-notify.ts';
export * from './links.ts';
export { rtnetlink } from './plugin.ts';
export { doSetMaster } from './setlink.ts';
