/**
 * rtnetlink for links: RTM_NEWLINK, DELLINK, SETLINK, GETLINK and link properties, and the notifications of RTNLGRP_LINK; and
 * the numbers by which namespaces know each other: RTM_NEWNSID, GETNSID, RTNLGRP_NSID.
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
export * from './nsid.ts';
export { rtnetlink } from './plugin.ts';
export { doSetMaster } from './setlink.ts';
