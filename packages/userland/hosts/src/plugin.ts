/** How rtnetlink finds the namespaces that the messages of processes name. */
import type { Net, Plugin } from '@skbuff/core';
import type { NetlinkPort } from '@skbuff/netlink';
import { getNetNsByFd, sockNet, type Task } from '@skbuff/sock';
import { RTNL_LINKS } from '@skbuff/rtnetlink';
import { EBADF, ESRCH } from '@skbuff/uapi';
import type { Process } from './process.ts';

export function hosts(owners: WeakMap<NetlinkPort, Process>): Plugin {
  return {
    name: '@skbuff/hosts',
    requires: ['@skbuff/rtnetlink', '@skbuff/sock', '@skbuff/procfs', '@skbuff/sysctl'],
    init(ctx) {
      const links = ctx.get(RTNL_LINKS);
      const before = links.netns;
      links.netns = {
        byPid: (port, pid) => netOfPid(port, owners.get(port)?.task ?? null, pid),
        byFd(port, fd) {
          const process = owners.get(port);
          return process === undefined ? -EBADF : getNetNsByFd(process.task, fd);
        },
      };
      ctx.onUnload(() => {
        links.netns = before;
      });
    },
  };
}

/** `get_net_ns_by_pid`: of the task that `pid` means for the owner of a port, or -ESRCH. A port that no process owns sees all tasks. */
function netOfPid(port: NetlinkPort, reader: Task | null, pid: number): Net | number {
  if (reader !== null) return reader.findTask(pid)?.net ?? -ESRCH;
  for (const task of sockNet.of(port.proto.net).layer.tasks) if (task.pid === pid) return task.net;
  return -ESRCH;
}
