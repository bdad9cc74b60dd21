/** How rtnetlink finds the namespaces that the messages of processes name. */
import type { Plugin } from '@skbuff/core';
import type { NetlinkPort } from '@skbuff/netlink';
import { RTNL_LINKS } from '@skbuff/rtnetlink';
import { EBADF } from '@skbuff/uapi';
import { netOfPid, type Process } from './process.ts';

export function hosts(owners: WeakMap<NetlinkPort, Process>): Plugin {
  return {
    name: '@skbuff/hosts',
    requires: ['@skbuff/rtnetlink', '@skbuff/sock', '@skbuff/procfs', '@skbuff/sysctl'],
    init(ctx) {
      const links = ctx.get(RTNL_LINKS);
      const before = links.netns;
      links.netns = {
        byPid: (port, pid) => netOfPid(port.proto.net, pid),
        byFd: (port, fd) => owners.get(port)?.netOfFd(fd) ?? -EBADF,
      };
      ctx.onUnload(() => {
        links.netns = before;
      });
    },
  };
}
