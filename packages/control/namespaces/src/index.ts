/**
 * What a process is in: nsproxy, the namespaces that it points to, and the credentials that rule over them.
 *
 * @packageDocumentation
 */
export * from './cred.ts';
export { CountedNamespace, Namespace, type NsOrigin, type ProcNsOperations } from './ns-common.ts';
export { type IdExtent, parseIdMap } from './id-map.ts';
export { Namespaces, namespacesOf, type NsTask } from './namespaces.ts';
export { copyNetNs, NetNs, netNsOf, netnsOperations, userNsOf } from './net-ns.ts';
export * from './nsproxy.ts';
export type { NsSet } from './nsset.ts';
export { MAX_PID_NS_LEVEL, Pid, PidNamespace, pidnsOperations } from './pid-namespace.ts';
export { cgroupnsOperations, ipcnsOperations, mntnsOperations, PlainNamespace, timensOperations } from './plain-ns.ts';
export * from './plugin.ts';
export { UCOUNT_FILES, Ucounts } from './ucount.ts';
export { UserNamespace, usernsOperations } from './user-namespace.ts';
export { type NewUtsname, UtsNamespace, utsnsOperations } from './utsname.ts';
