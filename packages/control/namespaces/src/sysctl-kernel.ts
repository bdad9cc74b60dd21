/** /proc/sys/kernel/hostname and its kin (`kernel/utsname_sysctl.c`), /proc/sys/user (`kernel/ucount.c`): of whoever reads them. */
import { procGetLongs, type SysctlFile, type SysctlTable } from '@skbuff/sysctl';
import { __NEW_UTS_LEN, CAP_SYS_RESOURCE, DEFAULT_OVERFLOWUID, EACCES, EINVAL } from '@skbuff/uapi';
import type { Namespaces } from './namespaces.ts';
import { UCOUNT_FILES } from './ucount.ts';
import type { NewUtsname } from './utsname.ts';

const INT_MAX = 0x7fffffff;

/** `uts_kern_table`: mode 0644 for what has a setter, else 0444. */
export const UTS_TABLE: SysctlTable<Namespaces> = {
  arch: show('machine'),
  ostype: show('sysname'),
  osrelease: show('release'),
  version: show('version'),
  hostname: change('nodename'),
  domainname: change('domainname'),
  overflowuid: { read: () => `${DEFAULT_OVERFLOWUID}\n`, write: null },
  overflowgid: { read: () => `${DEFAULT_OVERFLOWUID}\n`, write: null },
};

function show(field: keyof NewUtsname): SysctlFile<Namespaces> {
  return { read: (all) => `${all.currentUts.name[field]}\n`, write: null };
}

function change(field: 'nodename' | 'domainname'): SysctlFile<Namespaces> {
  const write = (all: Namespaces, text: string): number => {
    // The file belongs to root, not to who may call sethostname(2).
    if ((all.current()?.cred.uid ?? 0) !== 0) return -EACCES;
    const uts = all.currentUts;
    uts.name = { ...uts.name, [field]: text.replace(/[\n\0].*$/s, '').slice(0, __NEW_UTS_LEN) };
    return 0;
  };
  return { ...show(field), write };
}

/** /proc/sys/user/max_*_namespaces: limits of the reader's user namespace. */
export const USER_TABLE: SysctlTable<Namespaces> = Object.fromEntries(UCOUNT_FILES.map(([file, type]) => [file, limitFile(type)]));

function limitFile(type: number): SysctlFile<Namespaces> {
  return {
    read: (all) => `${all.currentUserNs.ucountMax.get(type) as number}\n`,
    write(all, text) {
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
  };
}
