/** `ip neigh add | change | replace | delete` (`ipneigh_modify`) and `get`. */
import { NdMsg } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import type { InetPrefix } from '@skbuff/wire';
import type { Args } from './args.ts';
import type { IpContext } from './context.ts';
import { getAddr, llAddrA2n } from './inet.ts';
import { rtProtos } from './names.ts';
import { NeighInfo, printNeigh } from './neigh-print.ts';
import { nudStateA2n } from './neigh-state.ts';

class NeighWords {
  dst: InetPrefix | null = null;
  dev: string | null = null;
  lladdr: string | null = null;
  protocol = 0;
  extFlags = 0;

  /** Reads one word of a change; what it sets beside goes into `ndm`. */
  read(ctx: IpContext, args: Args, ndm: NdMsg): void {
    if (args.abbr('lladdr')) {
      args.next();
      if (this.lladdr !== null) args.duparg('lladdr');
      this.lladdr = args.cur;
    } else if (args.is('nud')) ndm.state = nudStateA2n(args.next()) ?? args.invarg('nud state is bad');
    else if (args.abbr('proxy')) {
      args.next();
      ndm.flags |= U.NTF_PROXY;
      this.readAddress(ctx, args, ndm, false);
    } else if (args.is('router')) ndm.flags |= U.NTF_ROUTER;
    else if (args.abbr('extern_learn')) ndm.flags |= U.NTF_EXT_LEARNED;
    else if (args.is('use')) ndm.flags |= U.NTF_USE;
    else if (args.is('managed')) {
      this.extFlags |= U.NTF_EXT_MANAGED;
      ndm.state &= ~U.NUD_PERMANENT;
    } else if (args.is('dev')) this.dev = args.next();
    else if (args.abbr('protocol')) this.protocol = rtProtos.a2n(args.next()) ?? args.invarg('"protocol" value is invalid\n');
    else {
      if (args.is('to')) args.next();
      this.readAddress(ctx, args, ndm, true);
    }
  }

  readAddress(ctx: IpContext, args: Args, ndm: NdMsg, plain: boolean): void {
    if (args.abbr('help')) args.next();
    if (this.dst !== null && plain) args.duparg2('to');
    if (this.dst !== null) args.duparg('address');
    this.dst = getAddr(args, args.cur, ctx.options.family);
    ndm.family = this.dst.family;
  }
}

export function neighModify(ctx: IpContext, args: Args, cmd: number, flags: number): number {
  const ndm = NdMsg.of({ family: ctx.options.family, state: U.NUD_PERMANENT });
  const words = new NeighWords();
  for (; args.left > 0; args.skip()) words.read(ctx, args, ndm);
  const { dev, dst, lladdr } = words;
  const proxy = (ndm.flags & U.NTF_PROXY) !== 0;
  if ((dev === null && !proxy) || dst === null || dst.family === U.AF_UNSPEC) return ctx.die(-1, 'Device and destination are required arguments.\n');
  const req = ctx.rtnl.request(cmd, flags, ndm);
  if (words.protocol !== 0) req.builder.nlaPutU8(U.NDA_PROTOCOL, words.protocol);
  req.builder.nlaPut(U.NDA_DST, dst.bytes);
  if (lladdr !== null && lladdr !== 'null') {
    const bytes = llAddrA2n(lladdr, ctx.stderr);
    if (bytes === null) return -1;
    req.builder.nlaPut(U.NDA_LLADDR, bytes);
  }
  if (words.extFlags !== 0) req.builder.nlaPutU32(U.NDA_FLAGS_EXT, words.extFlags);
  ctx.links.init();
  if (dev !== null) {
    ndm.ifindex = ctx.links.nameToIndex(dev);
    if (ndm.ifindex === 0) return ctx.nodev(dev);
  }
  return ctx.rtnl.talk(req) < 0 ? -2 : 0;
}

/** `ip neigh get`. */
export function neighGet(ctx: IpContext, args: Args): number {
  const ndm = NdMsg.of({ family: ctx.options.family });
  const words = new NeighWords();
  for (; args.left > 0; args.skip()) {
    if (args.is('dev')) words.dev = args.next();
    else if (args.abbr('proxy')) {
      args.next();
      ndm.flags |= U.NTF_PROXY;
      words.readAddress(ctx, args, ndm, false);
    } else {
      if (args.is('to')) args.next();
      words.readAddress(ctx, args, ndm, true);
    }
  }
  const { dev, dst } = words;
  if ((dev === null && (ndm.flags & U.NTF_PROXY) === 0) || dst === null || dst.family === U.AF_UNSPEC) {
    ctx.stderr('Device and address are required arguments.\n');
    return -1;
  }
  const req = ctx.rtnl.request(U.RTM_GETNEIGH, 0, ndm);
  req.builder.nlaPut(U.NDA_DST, dst.bytes);
  if (dev !== null) ndm.ifindex = ctx.links.nameToIndex(dev);
  if (dev !== null && ndm.ifindex === 0) return ctx.nodev(dev);
  const answer = ctx.rtnl.ask(req);
  if (typeof answer === 'number') return -2;
  printNeigh(ctx, new NeighInfo(answer), true);
  return 0;
}
