/** A neighbour as text (`print_neigh`). */
import { NdaCacheInfo, NdMsg, NlAttrs, type NlMsgHdr } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { inetAddrMatch, type InetPrefix } from '@skbuff/wire';
import { parseAttrs } from './attrs.ts';
import type { IpContext } from './context.ts';
import { formatHost } from './format-host.ts';
import { llAddrN2a, paintOf } from './inet.ts';
import { rtProtos } from './names.ts';
import { NUD_NAMES } from './neigh-state.ts';

/** A bit beside the states, for entries without one. */
export const NUD_WANTS_NONE = 0x100;
const USER_HZ = 100;

export class NeighFilter {
  family: number = U.AF_UNSPEC;
  index = 0;
  master = 0;
  state: number = 0xff & ~U.NUD_NOARP;
  unusedOnly = false;
  proxy = false;
  protocol: number | null = null;
  pfx: InetPrefix | null = null;
}

export class NeighInfo {
  readonly nlh: NlMsgHdr;
  readonly ndm: NdMsg;
  readonly tb: NlAttrs;

  constructor(nlh: NlMsgHdr) {
    this.nlh = nlh;
    this.ndm = new NdMsg().read(nlh.buf, nlh.data);
    this.tb = parseAttrs(new NlAttrs(U.NDA_MAX), nlh, NdMsg.LEN);
  }

  cacheInfo(): NdaCacheInfo | null {
    const at = this.tb.at(U.NDA_CACHEINFO);
    return at < 0 ? null : new NdaCacheInfo().read(this.tb.buf, at + 4);
  }
}

export function neighWanted(f: NeighFilter, info: NeighInfo): boolean {
  const { ndm, tb } = info;
  if (f.family !== U.AF_UNSPEC && f.family !== ndm.family) return false;
  if (f.index !== 0 && f.index !== ndm.ifindex) return false;
  const stateless = ndm.state === 0 && (f.state & NUD_WANTS_NONE) !== 0;
  if ((f.state & ndm.state) === 0 && (ndm.flags & (U.NTF_PROXY | U.NTF_EXT_LEARNED)) === 0 && !stateless) return false;
  if (f.protocol !== null && tb.u8(U.NDA_PROTOCOL) !== f.protocol) return false;
  if (f.unusedOnly && (info.cacheInfo()?.refcnt ?? 0) !== 0) return false;
  if (f.pfx === null || f.pfx.family === U.AF_UNSPEC) return true;
  const dst = tb.bytes(U.NDA_DST);
  return dst !== null && ndm.family === f.pfx.family && inetAddrMatch(dst, f.pfx.bytes, f.pfx.bitlen);
}

function printCacheInfo(ctx: IpContext, ci: NdaCacheInfo): void {
  const { out } = ctx;
  if (ci.refcnt !== 0) out.any('refcnt', ci.refcnt, ` ref ${ci.refcnt}`);
  const sec = (ticks: number): number => Math.floor(ticks / USER_HZ);
  out.any('used', sec(ci.used), ` used ${sec(ci.used)}/`);
  out.any('confirmed', sec(ci.confirmed), `${sec(ci.confirmed)}/`);
  out.any('updated', sec(ci.updated), `${sec(ci.updated)}`);
}

/** `print_neigh_brief`: address, device, hardware address. */
function printBrief(ctx: IpContext, { ndm, tb }: NeighInfo, withDevice: boolean): void {
  const { out } = ctx;
  const dst = tb.bytes(U.NDA_DST);
  if (dst !== null) out.any('dst', formatHost(ctx, ndm.family, dst), out.paint(paintOf(ndm.family), `${formatHost(ctx, ndm.family, dst).padEnd(39)} `));
  if (withDevice && ndm.ifindex !== 0) {
    const dev = ctx.links.indexToName(ndm.ifindex);
    out.any('dev', dev, out.paint('ifname', `${dev.padEnd(16)} `));
  }
  const lladdr = tb.bytes(U.NDA_LLADDR);
  if (lladdr !== null) out.any('lladdr', llAddrN2a(lladdr), out.paint('mac', llAddrN2a(lladdr)));
  out.text('\n');
  out.closeObject();
}

function printState(ctx: IpContext, state: number): void {
  const { out } = ctx;
  let rest = state;
  out.openArray('state');
  for (const [bit, name] of NUD_NAMES) {
    if ((rest & bit) === 0) continue;
    rest &= ~bit;
    out.any(null, name, `${name} `);
  }
  if (rest !== 0) out.any(null, `0x${rest.toString(16)}`, `${rest.toString(16)} `);
  out.closeArray();
}

/** `withDevice`: the device was not asked for, so that it is told. */
export function printNeigh(ctx: IpContext, info: NeighInfo, withDevice: boolean): void {
  const { out, options } = ctx;
  const { ndm, tb } = info;
  out.openObject();
  if (info.nlh.type === U.RTM_DELNEIGH) out.any('deleted', true, 'Deleted ');
  else if (info.nlh.type === U.RTM_GETNEIGH) out.any('miss', null, 'miss ');
  if (options.brief) return printBrief(ctx, info, withDevice);
  const dst = tb.bytes(U.NDA_DST);
  if (dst !== null) out.any('dst', formatHost(ctx, ndm.family, dst), out.paint(paintOf(ndm.family), `${formatHost(ctx, ndm.family, dst)} `));
  if (withDevice && ndm.ifindex !== 0) {
    const dev = ctx.links.indexToName(ndm.ifindex);
    out.text('dev ');
    out.any('dev', dev, out.paint('ifname', `${dev} `));
  }
  const lladdr = tb.bytes(U.NDA_LLADDR);
  if (lladdr !== null) {
    out.text('lladdr ');
    out.any('lladdr', llAddrN2a(lladdr), out.paint('mac', `${llAddrN2a(lladdr)} `));
  }
  if ((ndm.flags & U.NTF_ROUTER) !== 0) out.any('router', null, 'router ');
  if ((ndm.flags & U.NTF_PROXY) !== 0) out.any('proxy', null, 'proxy ');
  if ((tb.u32(U.NDA_FLAGS_EXT) & U.NTF_EXT_MANAGED) !== 0) out.any('managed', null, 'managed ');
  if ((ndm.flags & U.NTF_EXT_LEARNED) !== 0) out.any('extern_learn', null, 'extern_learn ');
  if ((ndm.flags & U.NTF_OFFLOADED) !== 0) out.any('offload', null, 'offload ');
  if (options.stats > 0) {
    const ci = info.cacheInfo();
    if (ci !== null) printCacheInfo(ctx, ci);
    if (tb.has(U.NDA_PROBES)) out.any('probes', tb.u32(U.NDA_PROBES), `probes ${tb.u32(U.NDA_PROBES)} `);
  }
  if (ndm.state !== 0) printState(ctx, ndm.state);
  if (tb.has(U.NDA_PROTOCOL)) {
    const proto = rtProtos.n2a(tb.u8(U.NDA_PROTOCOL), options.numeric);
    out.any('protocol', proto, `proto ${proto} `);
  }
  out.text('\n');
  out.closeObject();
}
