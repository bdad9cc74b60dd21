/** /proc/sys/kernel/hostname and its kin (`kernel/utsname_sysctl.c`), /proc/sys/user (`kernel/ucount.c`): of whoever reads them. */
import { procGetLongs, type SysctlEntry } from '@skbuff/sysctl';
import { __NEW_UTS_LEN, CAP_SYS_RESOURCE, DEFAULT_OVERFLOWUID, EACCES, EINVAL } from '@skbuff/uapi';
import type { Namespaces } from './namespaces.ts';
import { UCOUNT_FILES } from './ucount.ts';
import type { NewUtsname } from './utsname.ts';

const INT_MAX = 0x7fffffff;

/** `uts_kern_table`: mode 0644 for what has a setter, else 0444. */
export function utsSysctls(all: Namespaces): SysctlEntry[] {
  const show = (file: string, field: keyof NewUtsname): SysctlEntry => ({
    path: `kernel/${file}`,
    read: () => `${all.currentUts.name[field]}\n`,
    write: null,
  });
  const change = (file: 'hostname' | 'domainname', field: 'nodename' | 'domainname'): SysctlEntry => ({
    ...show(file, field),
    write(text) {
      // The file belongs to root, not to who may call sethostname(2).
      if ((all.current()?.cred.uid ?? 0) !== 0) return -EACCES;
      const uts = all.currentUts;
      uts.name = { ...uts.name, [field]: text.replace(/[\n\0].*$/s, '').slice(0, __NEW_UTS_LEN) };
      return 0;
    },
  });
  return [
    show('arch', 'machine'),
    show('ostype', 'sysname'),
    show('osrelease', 'release'),
    show('version', 'version'),
    change('hostname', 'nodename'),
    change('domainname', 'domainname'),
    { path: 'kernel/overflowuid', read: () => `${DEFAULT_OVERFLOWUID}\n`, write: null },
    { path: 'kernel/overflowgid', read: () => `${DEFAULT_OVERFLOWUID}\n`, write: null },
  ];
}

/** /proc/sys/user/max_*_namespaces: limits of the reader's user namespace. */
export function userSysctls(all: Namespaces): SysctlEntry[] {
  return UCOUNT_FILES.map(([file, type]) => ({
    path: `user/${file}`,
    read: () => `${all.currentUserNs.ucountMax.get(type) as number}\n`,
    write(text) {
      const task = all.current();
      if (task !== null && !task.cred.raised(CAP_SYS_RESOURCE)) return -EACCES;
      if (text === '') return 0;
      const values = procGetLongs(text, 1);
      if (typeof values === 'number') return values;
      const value = values[0] as number;
      if (value < 0 || value > INT_MAX) return -EINVAL;
      all.currentUserNs.ucountMax.set(type, value);
      return 0;
    },
  }));
}
