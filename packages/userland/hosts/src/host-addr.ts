/** The addresses of one host, of either family. Every call is a netlink message. */
import { IfaCacheInfo, IfAddrMsg, type NlMsgBuilder, type NlMsgHdr, nlaFind, nlaGetU32, nlaGetU8 } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { inetText, type InetText, prefixOf } from './addresses.ts';
import { checkCall, flag, inet, type Kinds, optional, whole, word } from './checks.ts';
import { inetFamily } from './inet-family.ts';
import { nlaAddress, Part } from './part.ts';

export interface AddressSpec {
  readonly dev: string;
  /** `10.0.0.1/24`, `2001:db8::1/64` */
  readonly cidr: InetText;
  readonly label?: string;
  /** It is in use at once, without duplicate address detection (IPv6). */
  readonly nodad?: boolean;
  /** Seconds, 1 to 4294967294; default: for ever. */
  readonly validLft?: number;
  /** Seconds for which new connections may use it, at most `validLft`; default: for ever, or as long as it is valid. */
  readonly preferredLft?: number;
}

/** What `ip addr` says of an address behind its scope. */
export type AddressFlag =
  | 'secondary' | 'temporary' | 'nodad' | 'optimistic' | 'dadfailed' | 'home' | 'deprecated' | 'tentative' | 'dynamic' | 'mngtmpaddr' | 'noprefixroute' | 'autojoin' | 'stable-privacy';

export interface AddressInfo {
  readonly dev: string;
  /** AF_* */
  readonly family: number;
  /** `10.0.0.1`, `2001:db8::1` */
  readonly address: string;
  /** `10.0.0.1/24` */
  readonly cidr: string;
  /** Its scope is global, so it means the same on every link. Whether it can be used yet, `flags` tell: not while it is tentative. */
  readonly global: boolean;
  readonly flags: readonly AddressFlag[];
  /** Seconds that are left; Infinity: for ever. */
  readonly validLft: number;
  readonly preferredLft: number;
  /** Who made it, if it was the kernel: of a router's prefix (RA), or for the link (LL) or the loopback device (LO). */
  readonly proto: 'kernel_lo' | 'kernel_ra' | 'kernel_ll' | null;
}

const LFT = whole(1, 0xfffffffe);
const FOREVER = 0xffffffff;
const ADDRESS: Kinds<AddressSpec> = { dev: word, cidr: inet, label: optional(word), nodad: optional(flag), validLft: optional(LFT), preferredLft: optional(LFT) };
const PROTOS: Readonly<Record<number, AddressInfo['proto']>> = { [U.IFAPROT_KERNEL_LO]: 'kernel_lo', [U.IFAPROT_KERNEL_RA]: 'kernel_ra', [U.IFAPROT_KERNEL_LL]: 'kernel_ll' };
const FLAGS: readonly (readonly [mask: number, name: AddressFlag])[] = [
  [U.IFA_F_NODAD, 'nodad'], [U.IFA_F_OPTIMISTIC, 'optimistic'], [U.IFA_F_DADFAILED, 'dadfailed'], [U.IFA_F_HOMEADDRESS, 'home'], [U.IFA_F_DEPRECATED, 'deprecated'],
  [U.IFA_F_TENTATIVE, 'tentative'], [U.IFA_F_MANAGETEMPADDR, 'mngtmpaddr'], [U.IFA_F_NOPREFIXROUTE, 'noprefixroute'], [U.IFA_F_MCAUTOJOIN, 'autojoin'], [U.IFA_F_STABLE_PRIVACY, 'stable-privacy'],
];

export class Addresses extends Part {
  /** `ip addr add CIDR dev DEV`, and of IPv4 `broadcast +`. */
  add(spec: AddressSpec): void {
    this.change('add', U.RTM_NEWADDR, U.NLM_F_CREATE | U.NLM_F_EXCL, spec);
  }

  /** `ip addr del` */
  del(spec: AddressSpec): void {
    this.change('del', U.RTM_DELADDR, 0, spec);
  }

  /** `ip addr show`: those of IPv4, then those of IPv6. */
  list(): AddressInfo[] {
    checkCall(this.net.kernel, 'addr.list()', {}, {});
    return this.client.dump('ip addr show', U.RTM_GETADDR, IfAddrMsg.of({ family: U.AF_UNSPEC })).map((nlh) => this.info(nlh));
  }

  private info(nlh: NlMsgHdr): AddressInfo {
    const header = new IfAddrMsg().read(nlh.buf, nlh.data);
    const { family } = header;
    const attr = (type: number): number => nlaFind(nlh.buf, nlh.data + IfAddrMsg.LEN, nlh.dataLen - IfAddrMsg.LEN, type);
    // IPv6 tells its own address as IFA_LOCAL only where IFA_ADDRESS is a peer's.
    const local = attr(U.IFA_LOCAL);
    const address = nlaAddress(nlh, local < 0 ? attr(U.IFA_ADDRESS) : local, family);
    const flags = attr(U.IFA_FLAGS) < 0 ? header.flags : nlaGetU32(nlh.buf, attr(U.IFA_FLAGS));
    const times = attr(U.IFA_CACHEINFO) < 0 ? null : new IfaCacheInfo().read(nlh.buf, attr(U.IFA_CACHEINFO) + U.NLA_HDRLEN);
    const proto = attr(U.IFA_PROTO);
    return {
      dev: this.name(header.index),
      family,
      address,
      cidr: `${address}/${header.prefixlen}`,
      global: header.scope === U.RT_SCOPE_UNIVERSE,
      flags: flagNames(flags, family),
      validLft: seconds(times?.valid),
      preferredLft: seconds(times?.prefered),
      proto: proto < 0 ? null : (PROTOS[nlaGetU8(nlh.buf, proto)] ?? null),
    };
  }

  private change(verb: string, type: number, flags: number, spec: AddressSpec): void {
    checkCall(this.net.kernel, `addr.${verb}({ dev: 'eth0', cidr: '10.0.0.1/24' })`, spec, ADDRESS);
    const prefix = prefixOf(spec.cidr);
    const { family, bytes, bitlen } = prefix;
    const header = IfAddrMsg.of({ family, prefixlen: bitlen, index: this.index(spec.dev) });
    const broadcast = type === U.RTM_NEWADDR ? inetFamily(family).broadcast(prefix) : null;
    this.client.request(`ip addr ${verb} ${inetText(spec.cidr)} dev ${spec.dev}`, type, flags, header, (b) => {
      b.nlaPut(U.IFA_LOCAL, bytes);
      b.nlaPut(U.IFA_ADDRESS, bytes);
      if (broadcast !== null) b.nlaPut(U.IFA_BROADCAST, broadcast);
      if (spec.label !== undefined) b.nlaPutString(U.IFA_LABEL, spec.label);
      if (spec.nodad === true) b.nlaPutU32(U.IFA_FLAGS, U.IFA_F_NODAD);
      putLifetimes(b, spec);
    });
  }
}

function putLifetimes(b: NlMsgBuilder, { validLft: valid = FOREVER, preferredLft: prefered = valid }: AddressSpec): void {
  if (valid !== FOREVER || prefered !== FOREVER) b.nlaPutStruct(U.IFA_CACHEINFO, IfaCacheInfo.of({ valid, prefered }));
}

function flagNames(flags: number, family: number): AddressFlag[] {
  return [
    ...((flags & U.IFA_F_SECONDARY) === 0 ? [] : [family === U.AF_INET6 ? 'temporary' as const : 'secondary' as const]),
    ...FLAGS.filter(([mask]) => (flags & mask) !== 0).map(([, name]) => name),
    ...((flags & U.IFA_F_PERMANENT) === 0 ? ['dynamic' as const] : []),
  ];
}

const seconds = (lft: number | undefined): number => (lft === undefined || lft === FOREVER ? Number.POSITIVE_INFINITY : lft);
