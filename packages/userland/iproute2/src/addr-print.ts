/** An address as text (`print_addrinfo`). */
import { IfaCacheInfo, IfAddrMsg, NlAttrs, type NlMsgHdr } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { inetAddrMatch } from '@skbuff/wire';
import { ADDR_FLAGS } from './addr-flags.ts';
import { parseAttrs } from './attrs.ts';
import type { IpContext } from './context.ts';
import { fnmatch } from './fnmatch.ts';
import { formatHost } from './format-host.ts';
import { familyName, paintOf } from './inet.ts';
import type { AddrFilter } from './link-filter.ts';
import { rtScopes } from './names.ts';

const INFINITY = 0xffff_ffff;

/** One address, taken apart. */
export class AddrInfo {
  readonly nlh: NlMsgHdr;
  readonly ifa: IfAddrMsg;
  readonly tb: NlAttrs;
  readonly flags: number;

  constructor(nlh: NlMsgHdr) {
    this.nlh = nlh;
    this.ifa = new IfAddrMsg().read(nlh.buf, nlh.data);
    this.tb = parseAttrs(new NlAttrs(U.IFA_MAX), nlh, IfAddrMsg.LEN);
    this.flags = this.tb.has(U.IFA_FLAGS) ? this.tb.u32(U.IFA_FLAGS) : this.ifa.flags;
  }

  local(): Uint8Array | null {
    return this.tb.bytes(U.IFA_LOCAL) ?? this.tb.bytes(U.IFA_ADDRESS);
  }

  /** The far end; equal to the local address unless there is a peer. */
  address(): Uint8Array | null {
    return this.tb.bytes(U.IFA_ADDRESS) ?? this.tb.bytes(U.IFA_LOCAL);
  }
}

/** Whether the address is wanted, its device aside. */
export function addrWanted(ctx: IpContext, f: AddrFilter, info: AddrInfo): boolean {
  const { ifa, tb, flags } = info;
  if (f.family !== U.AF_UNSPEC && f.family !== ifa.family) return false;
  if (((f.scope ^ ifa.scope) & f.scopemask) !== 0) return false;
  if (((f.flags ^ flags) & f.flagmask) !== 0) return false;
  if (f.label !== null && !fnmatch(f.label, tb.has(U.IFA_LABEL) ? tb.string(U.IFA_LABEL) : ctx.links.indexToName(ifa.index))) return false;
  if (f.pfx === null || f.pfx.family === U.AF_UNSPEC) return true;
  const local = info.local();
  return local !== null && f.pfx.family === ifa.family && inetAddrMatch(f.pfx.bytes, local, f.pfx.bitlen);
}

function printFlags(ctx: IpContext, family: number, all: number): void {
  const { out } = ctx;
  let flags = all;
  for (const { name, mask } of ADDR_FLAGS) {
    const shown = mask === U.IFA_F_SECONDARY && family === U.AF_INET6 ? 'temporary' : name;
    if (mask === U.IFA_F_PERMANENT) {
      if ((flags & mask) === 0) out.any('dynamic', true, 'dynamic ');
    } else if ((flags & mask) !== 0) out.any(shown, true, `${shown} `);
    flags &= ~mask;
  }
  if (flags === 0) return;
  const hex = (flags >>> 0).toString(16).padStart(2, '0');
  out.any('ifa_flags', hex, `flags ${hex} `);
}

function lifetime(ctx: IpContext, key: string, word: string, seconds: number): void {
  ctx.out.any(key, seconds, `${word} ${seconds === INFINITY ? 'forever' : `${seconds}sec`}`);
}

function printLifetimes(ctx: IpContext, { tb, flags }: AddrInfo): void {
  const ci = new IfaCacheInfo().read(tb.buf, tb.at(U.IFA_CACHEINFO) + 4);
  ctx.out.nl();
  lifetime(ctx, 'valid_life_time', '       valid_lft', ci.valid);
  if (ci.prefered !== INFINITY && (flags & U.IFA_F_DEPRECATED) !== 0) ctx.out.any('preferred_life_time', ci.prefered, ` preferred_lft ${ci.prefered}sec`);
  else lifetime(ctx, 'preferred_life_time', ' preferred_lft', ci.prefered);
}

function printLocal(ctx: IpContext, { ifa, tb }: AddrInfo, local: Uint8Array): void {
  const { out } = ctx;
  const text = formatHost(ctx, ifa.family, local);
  out.any('local', text, out.paint(paintOf(ifa.family), text));
  const address = tb.bytes(U.IFA_ADDRESS);
  if (address !== null && tb.has(U.IFA_LOCAL) && !inetAddrMatch(address, local, address.length * 8)) {
    out.text(' peer ');
    out.any('address', formatHost(ctx, ifa.family, address), out.paint(paintOf(ifa.family), formatHost(ctx, ifa.family, address)));
  }
  out.any('prefixlen', ifa.prefixlen, `/${ifa.prefixlen} `);
  if (tb.has(U.IFA_RT_PRIORITY)) out.any('metric', tb.u32(U.IFA_RT_PRIORITY), `metric ${tb.u32(U.IFA_RT_PRIORITY)} `);
}

/** `withDevice` begins the line with the device, as -oneline wants it. */
export function printAddr(ctx: IpContext, info: AddrInfo, withDevice: boolean): void {
  const { ifa, tb, flags } = info;
  const { out, options } = ctx;
  if (info.nlh.type === U.RTM_DELADDR) out.any('deleted', true, 'Deleted ');
  if (!options.brief) {
    if (withDevice) {
      const dev = ctx.links.indexToName(ifa.index);
      out.json('index', ifa.index);
      out.json('dev', dev);
      out.text(`${ifa.index}: ${dev}`);
    }
    out.any('family', familyName(ifa.family), `    ${familyName(ifa.family)} `);
  }
  const local = info.local();
  if (local !== null) printLocal(ctx, info, local);
  if (options.brief) return;
  const broadcast = tb.bytes(U.IFA_BROADCAST);
  if (broadcast !== null) {
    out.text('brd ');
    out.any('broadcast', formatHost(ctx, ifa.family, broadcast), out.paint(paintOf(ifa.family), `${formatHost(ctx, ifa.family, broadcast)} `));
  }
  const anycast = tb.bytes(U.IFA_ANYCAST);
  if (anycast !== null) out.any('anycast', formatHost(ctx, ifa.family, anycast), `any ${formatHost(ctx, ifa.family, anycast)} `);
  const scope = rtScopes.n2a(ifa.scope, options.numeric);
  out.any('scope', scope, `scope ${scope} `);
  printFlags(ctx, ifa.family, flags);
  if (tb.has(U.IFA_LABEL)) out.any('label', tb.string(U.IFA_LABEL), tb.string(U.IFA_LABEL));
  if (tb.has(U.IFA_CACHEINFO)) printLifetimes(ctx, info);
  out.text('\n');
}
