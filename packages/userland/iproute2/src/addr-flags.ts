/** Flags of addresses by name (`ifa_flag_data`). */
import * as U from '@skbuff/uapi';

export interface AddrFlag {
  readonly name: string;
  readonly mask: number;
  /** Only the kernel sets it. */
  readonly readonly: boolean;
  readonly v6only: boolean;
}

function flag(name: string, mask: number, readonly: boolean, v6only: boolean): AddrFlag {
  return { name, mask, readonly, v6only };
}

/** In the order in which they are shown. */
export const ADDR_FLAGS: readonly AddrFlag[] = [
  flag('secondary', U.IFA_F_SECONDARY, true, false),
  flag('temporary', U.IFA_F_SECONDARY, true, false),
  flag('nodad', U.IFA_F_NODAD, false, true),
  flag('optimistic', U.IFA_F_OPTIMISTIC, false, true),
  flag('dadfailed', U.IFA_F_DADFAILED, true, true),
  flag('home', U.IFA_F_HOMEADDRESS, false, true),
  flag('deprecated', U.IFA_F_DEPRECATED, true, true),
  flag('tentative', U.IFA_F_TENTATIVE, true, true),
  flag('permanent', U.IFA_F_PERMANENT, true, true),
  flag('mngtmpaddr', U.IFA_F_MANAGETEMPADDR, false, true),
  flag('noprefixroute', U.IFA_F_NOPREFIXROUTE, false, false),
  flag('autojoin', U.IFA_F_MCAUTOJOIN, false, false),
  flag('stable-privacy', U.IFA_F_STABLE_PRIVACY, true, true),
];

export function addrFlag(name: string): AddrFlag | null {
  return ADDR_FLAGS.find((f) => f.name === name) ?? null;
}
