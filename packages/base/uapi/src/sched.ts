// linux/sched.h: flags of clone(2), unshare(2), setns(2).
export const CSIGNAL = 0xff;
export const CLONE_NEWTIME = 0x80;
export const CLONE_VM = 0x100;
export const CLONE_FS = 0x200;
export const CLONE_FILES = 0x400;
export const CLONE_SIGHAND = 0x800;
export const CLONE_PARENT = 0x8000;
export const CLONE_THREAD = 0x10000;
export const CLONE_NEWNS = 0x20000;
export const CLONE_SYSVSEM = 0x40000;
export const CLONE_NEWCGROUP = 0x02000000;
export const CLONE_NEWUTS = 0x04000000;
export const CLONE_NEWIPC = 0x08000000;
export const CLONE_NEWUSER = 0x10000000;
export const CLONE_NEWPID = 0x20000000;
export const CLONE_NEWNET = 0x40000000;

/** linux/utsrelease.h: the Linux that the stack's names and numbers are of. */
export const UTS_RELEASE = '6.18.0';

/** linux/utsname.h: the longest name in bytes, and the length of `struct new_utsname`. */
export const __NEW_UTS_LEN = 64;
export const NEW_UTSNAME_LEN: number = 6 * (__NEW_UTS_LEN + 1);

/** Shown for an id that a user namespace does not map (`DEFAULT_OVERFLOWUID`). */
export const DEFAULT_OVERFLOWUID = 65534;
