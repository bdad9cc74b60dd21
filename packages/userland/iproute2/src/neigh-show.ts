/** `ip neigh show` and `flush`. */
import { NdMsg } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { deleteMessage } from './addr-flush.ts';
import type { Args } from './args.ts';
import type { IpContext } from './context.ts';
import { flushRounds } from './flush.ts';
import { getPrefix } from './inet.ts';
import { rtProtos } from './names.ts';
import { NeighFilter, NeighInfo, neighWanted, NUD_WANTS_NONE, printNeigh } from './neigh-print.ts';
import { nudStateA2n } from './neigh-state.ts';
import { usageNeigh } from './usage.ts';

const MAX_ROUNDS = 10;

class Words {
  dev: string | null = null;
  stateGiven = false;
}

function readState(f: NeighFilter, words: Words, args: Args, flush: boolean): void {
  args.next();
  if (!words.stateGiven) f.state = 0;
  words.stateGiven = true;
  let state = nudStateA2n(args.cur);
  if (state === null) {
    if (!args.is('all')) args.invarg('nud state is bad');
    state = flush ? ~U.NUD_NOARP : -1;
  }
  f.state |= state === 0 ? NUD_WANTS_NONE : state;
}

function readVrf(ctx: IpContext, f: NeighFilter, args: Args): void {
  f.master = ctx.links.vrfIndex(args.next());
  if (f.master === 0) args.invarg('Not a valid VRF name\n');
}

function readMaster(ctx: IpContext, f: NeighFilter, args: Args): void {
  f.master = ctx.links.nameToIndex(args.next());
  if (f.master === 0) args.invarg('Device does not exist\n');
}

function parse(ctx: IpContext, f: NeighFilter, args: Args, flush: boolean): Words {
  const words = new Words();
  for (; args.left > 0; args.skip()) {
    if (args.is('dev')) {
      args.next();
      if (words.dev !== null) args.duparg('dev');
      words.dev = args.cur;
    } else if (args.is('master')) readMaster(ctx, f, args);
    else if (args.is('vrf')) readVrf(ctx, f, args);
    else if (args.is('nomaster')) f.master = -1;
    else if (args.is('unused')) f.unusedOnly = true;
    else if (args.is('nud')) readState(f, words, args, flush);
    else if (args.is('proxy')) f.proxy = true;
    else if (args.abbr('protocol')) f.protocol = rtProtos.a2n(args.next()) ?? (args.is('all') ? 0 : args.invarg('invalid "protocol"\n'));
    else {
      if (args.is('to')) args.next();
      if (args.abbr('help')) usageNeigh(ctx);
      f.pfx = getPrefix(args, args.cur, f.family);
      if (f.family === U.AF_UNSPEC) f.family = f.pfx.family;
    }
  }
  return words;
}

function dump(ctx: IpContext, f: NeighFilter, each: (info: NeighInfo) => void): number {
  const req = ctx.rtnl.request(U.RTM_GETNEIGH, 0, NdMsg.of({ family: f.family, flags: f.proxy ? U.NTF_PROXY : 0 }));
  if (f.index !== 0) req.builder.nlaPutU32(U.NDA_IFINDEX, f.index);
  if (f.master !== 0) req.builder.nlaPutU32(U.NDA_MASTER, f.master);
  return ctx.rtnl.dump(req, (nlh) => {
    const info = new NeighInfo(nlh);
    if (nlh.type === U.RTM_NEWNEIGH && neighWanted(f, info)) each(info);
    return 0;
  });
}

/** `do_show_or_flush`. */
export function neighShow(ctx: IpContext, args: Args, flush: boolean): number {
  const f = new NeighFilter();
  f.family = ctx.options.family;
  if (flush) {
    if (args.left === 0) {
      ctx.stderr('Flush requires arguments.\n');
      return -1;
    }
    f.state = ~(U.NUD_PERMANENT | U.NUD_NOARP);
  }
  const { dev } = parse(ctx, f, args, flush);
  ctx.links.init();
  if (dev !== null) {
    f.index = ctx.links.nameToIndex(dev);
    if (f.index === 0) return ctx.nodev(dev);
  }
  if (flush) return neighFlush(ctx, f);
  ctx.out.newDocument();
  if (dump(ctx, f, (info) => printNeigh(ctx, info, f.index === 0)) < 0) return ctx.die(1, 'Dump terminated\n');
  ctx.out.deleteDocument();
  return 0;
}

function neighFlush(ctx: IpContext, f: NeighFilter): number {
  return flushRounds(ctx, {
    what: 'entries',
    rounds: MAX_ROUNDS,
    ignore: 0,
    failStatus: 1,
    once: false,
    giveUp: `*** Flush not complete bailing out after ${MAX_ROUNDS} rounds\n`,
    collect() {
      const batch: Uint8Array[] = [];
      const err = dump(ctx, f, (info) => {
        batch.push(deleteMessage(ctx, info.nlh, U.RTM_DELNEIGH));
        if (ctx.options.stats > 1) printNeigh(ctx, info, f.index === 0);
      });
      return err < 0 ? null : batch;
    },
  });
}
