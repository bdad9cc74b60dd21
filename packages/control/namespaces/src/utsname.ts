/** `struct uts_namespace`: the names of a machine (`kernel/utsname.c`, uname(2)). */
import { __NEW_UTS_LEN, CAP_SYS_ADMIN, CLONE_NEWUTS, EFAULT, EINVAL, EPERM, NEW_UTSNAME_LEN, UTS_RELEASE } from '@skbuff/uapi';
import type { Cred } from './cred.ts';
import { CountedNamespace, type NsOrigin, type ProcNsOperations } from './ns-common.ts';
import type { UserNamespace } from './user-namespace.ts';

/** `struct new_utsname`: each name at most 64 bytes, a character for a byte. */
export interface NewUtsname {
  readonly sysname: string;
  readonly nodename: string;
  readonly release: string;
  readonly version: string;
  readonly machine: string;
  readonly domainname: string;
}

/** `init_uts_ns`. */
export const INIT_UTSNAME: NewUtsname = {
  sysname: 'Linux',
  nodename: '(none)',
  release: UTS_RELEASE,
  version: '#1 SMP PREEMPT_DYNAMIC',
  machine: 'x86_64',
  domainname: '(none)',
};

/** `utsns_operations`. */
export const utsnsOperations: ProcNsOperations = {
  name: 'uts',
  type: CLONE_NEWUTS,
  install(set, ns) {
    if (!mayInstall(set.cred, ns.userNs as UserNamespace)) return -EPERM;
    set.nsproxy.utsNs.put();
    set.nsproxy.utsNs = (ns as UtsNamespace).get();
    return 0;
  },
};

/** Most kinds ask for CAP_SYS_ADMIN over the namespace and over one's own user namespace. */
export function mayInstall(cred: Cred, owner: UserNamespace): boolean {
  return cred.nsCapable(owner, CAP_SYS_ADMIN) && cred.raised(CAP_SYS_ADMIN);
}

export class UtsNamespace extends CountedNamespace {
  /** Replaced, never changed in place. */
  name: NewUtsname;

  constructor(origin: NsOrigin, name: NewUtsname) {
    super(utsnsOperations, origin);
    this.name = name;
  }

  /** sethostname(2), setdomainname(2): `-EPERM`, `-EINVAL` if it is negative or more than 64, `-EFAULT` if there are not `len` bytes. */
  set(field: 'nodename' | 'domainname', cred: Cred, name: Uint8Array, len: number): number {
    if (!cred.nsCapable(this.userNs as UserNamespace, CAP_SYS_ADMIN)) return -EPERM;
    if (len < 0 || len > __NEW_UTS_LEN) return -EINVAL;
    if (name.length < len) return -EFAULT;
    this.name = { ...this.name, [field]: String.fromCharCode(...name.subarray(0, len)).replace(/\0.*$/s, '') };
    return 0;
  }

  /** gethostname: at most `len` bytes of the name with its final zero; 0, `-EINVAL` for a negative length, `-EFAULT` if `buf` is too short. */
  gethostname(buf: Uint8Array, len: number): number {
    if (len < 0) return -EINVAL;
    const { nodename } = this.name;
    const n = Math.min(len, nodename.length + 1);
    if (buf.length < n) return -EFAULT;
    for (let i = 0; i < n; i++) buf[i] = i < nodename.length ? nodename.charCodeAt(i) : 0;
    return 0;
  }

  /** uname(2): the 390 bytes of `struct new_utsname`, 65 for each name. 0 or `-EFAULT`. */
  uname(buf: Uint8Array): number {
    if (buf.length < NEW_UTSNAME_LEN) return -EFAULT;
    const { sysname, nodename, release, version, machine, domainname } = this.name;
    buf.fill(0, 0, NEW_UTSNAME_LEN);
    [sysname, nodename, release, version, machine, domainname].forEach((name, i) => {
      for (let k = 0; k < name.length; k++) buf[i * (__NEW_UTS_LEN + 1) + k] = name.charCodeAt(k);
    });
    return 0;
  }
}
