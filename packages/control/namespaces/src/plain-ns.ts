/**
 * Kinds of namespaces of which a network stack sees only which one a task is in: System V IPC, mounts, cgroups, clocks. (The files of a
 * mount namespace are user space's business here.)
 */
import { CAP_SYS_ADMIN, CAP_SYS_CHROOT, CLONE_NEWCGROUP, CLONE_NEWIPC, CLONE_NEWNS, CLONE_NEWTIME, EPERM } from '@skbuff/uapi';
import { CountedNamespace, type ProcNsOperations } from './ns-common.ts';
import type { UserNamespace } from './user-namespace.ts';
import { mayInstall } from './utsname.ts';

export class PlainNamespace extends CountedNamespace {}

/** `ipcns_operations`. */
export const ipcnsOperations: ProcNsOperations = {
  name: 'ipc',
  type: CLONE_NEWIPC,
  install(set, ns) {
    if (!mayInstall(set.cred, ns.userNs as UserNamespace)) return -EPERM;
    set.nsproxy.ipcNs.put();
    set.nsproxy.ipcNs = (ns as PlainNamespace).get();
    return 0;
  },
};

/** `mntns_operations`: entering changes the root directory, too. */
export const mntnsOperations: ProcNsOperations = {
  name: 'mnt',
  type: CLONE_NEWNS,
  install(set, ns) {
    const { cred, nsproxy } = set;
    const may = cred.nsCapable(ns.userNs as UserNamespace, CAP_SYS_ADMIN) && cred.raised(CAP_SYS_CHROOT) && cred.raised(CAP_SYS_ADMIN);
    if (!may) return -EPERM;
    nsproxy.mntNs.put();
    nsproxy.mntNs = (ns as PlainNamespace).get();
    return 0;
  },
};

/** `cgroupns_operations`. */
export const cgroupnsOperations: ProcNsOperations = {
  name: 'cgroup',
  type: CLONE_NEWCGROUP,
  install(set, ns) {
    if (!mayInstall(set.cred, ns.userNs as UserNamespace)) return -EPERM;
    set.nsproxy.cgroupNs.put();
    set.nsproxy.cgroupNs = (ns as PlainNamespace).get();
    return 0;
  },
};

/** `timens_operations`: for the caller and the children to come. */
export const timensOperations: ProcNsOperations = {
  name: 'time',
  type: CLONE_NEWTIME,
  install(set, ns) {
    const { nsproxy } = set;
    if (!mayInstall(set.cred, ns.userNs as UserNamespace)) return -EPERM;
    nsproxy.timeNs.put();
    nsproxy.timeNs = (ns as PlainNamespace).get();
    nsproxy.timeNsForChildren.put();
    nsproxy.timeNsForChildren = (ns as PlainNamespace).get();
    return 0;
  },
};
