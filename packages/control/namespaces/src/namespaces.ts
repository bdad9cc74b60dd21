/** The namespaces of one kernel: the first ones, and what new ones need. */
import { type Net, NetSlot, type ProcInums } from '@skbuff/core';
import type { Cred } from './cred.ts';
import { netNsOf } from './net-ns.ts';
import { Nsproxy } from './nsproxy.ts';
import { PidNamespace } from './pid-namespace.ts';
import { cgroupnsOperations, ipcnsOperations, mntnsOperations, PlainNamespace, timensOperations } from './plain-ns.ts';
import { UserNamespace } from './user-namespace.ts';
import { INIT_UTSNAME, type NewUtsname, UtsNamespace } from './utsname.ts';

/** Numbers of the first ones (`PROC_IPC_INIT_INO` …); the others have the lowest that are free. */
const IPC_INIT_INO = 0xefffffff;
const UTS_INIT_INO = 0xeffffffe;
const USER_INIT_INO = 0xeffffffd;
const PID_INIT_INO = 0xeffffffc;
const CGROUP_INIT_INO = 0xeffffffb;
const TIME_INIT_INO = 0xeffffffa;

/** How many namespaces of each kind a user may have: Linux takes half of threads-max, which is this much with 16 GiB of memory. */
const MAX_NAMESPACES = 63_000;

/** Whose system call runs. */
export interface NsTask {
  /** Null once the task has ended. */
  readonly nsproxy: Nsproxy | null;
  readonly cred: Cred;
}

export class Namespaces {
  readonly inums: ProcInums;
  /** `init_user_ns` */
  readonly initUserNs: UserNamespace;
  /** `init_uts_ns` */
  readonly initUtsNs: UtsNamespace;
  /** `init_pid_ns` */
  readonly initPidNs: PidNamespace;
  private readonly ipc: PlainNamespace;
  private readonly mnt: PlainNamespace;
  private readonly cgroup: PlainNamespace;
  private readonly time: PlainNamespace;
  /** `current`: what has tasks tells who it is; null in the stack itself. */
  current: () => NsTask | null = () => null;

  constructor(inums: ProcInums, uname: Partial<NewUtsname>) {
    this.inums = inums;
    this.initUserNs = UserNamespace.first(inums, USER_INIT_INO, MAX_NAMESPACES);
    const first = (inum: number): { inums: ProcInums; inum: number; userNs: UserNamespace; ucounts: null } => ({ inums, inum, userNs: this.initUserNs, ucounts: null });
    this.initUtsNs = new UtsNamespace(first(UTS_INIT_INO), { ...INIT_UTSNAME, ...uname });
    this.initPidNs = new PidNamespace(first(PID_INIT_INO), null);
    this.ipc = new PlainNamespace(ipcnsOperations, first(IPC_INIT_INO));
    this.mnt = new PlainNamespace(mntnsOperations, first(inums.alloc()));
    this.cgroup = new PlainNamespace(cgroupnsOperations, first(CGROUP_INIT_INO));
    this.time = new PlainNamespace(timensOperations, first(TIME_INIT_INO));
  }

  /** `init_nsproxy`, but for the network namespace: for a task that nobody cloned. */
  nsproxyFor(net: Net): Nsproxy {
    return new Nsproxy({
      mntNs: this.mnt.get(),
      utsNs: this.initUtsNs.get(),
      ipcNs: this.ipc.get(),
      pidNsForChildren: this.initPidNs.get(),
      cgroupNs: this.cgroup.get(),
      netNs: netNsOf(net).get(),
      timeNs: this.time.get(),
      timeNsForChildren: this.time.get(),
    });
  }

  /** `utsname`: the names that the running task sees. */
  get currentUts(): UtsNamespace {
    return this.current()?.nsproxy?.utsNs ?? this.initUtsNs;
  }

  get currentUserNs(): UserNamespace {
    return this.current()?.cred.userNs ?? this.initUserNs;
  }

  /** References to the first ones beyond those that they are made with: somebody forgot to let go. */
  held(): number {
    const { ipc, mnt, cgroup, time, initUtsNs, initPidNs, initUserNs } = this;
    const own = [ipc, mnt, cgroup, time, initUtsNs, initPidNs];
    return own.reduce((sum, { count }) => sum + count - 1, 0) + (initUserNs.count - 1 - own.length);
  }
}

export const namespacesSlot: NetSlot<Namespaces> = new NetSlot<Namespaces>('namespaces');

/** Those of the kernel that `net` is in. */
export function namespacesOf(net: Net): Namespaces {
  return namespacesSlot.of(net);
}
