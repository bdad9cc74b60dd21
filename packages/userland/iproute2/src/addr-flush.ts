/** `ip address flush`. */
import { IfAddrMsg, type NlMsgHdr } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { setLe16, setLe32 } from '@skbuff/wire';
import { AddrInfo, addrWanted, printAddr } from './addr-print.ts';
import { parseAddrFilter, resolveDev } from './addr-show.ts';
import type { Args } from './args.ts';
import type { IpContext } from './context.ts';
import { flushRounds } from './flush.ts';

/** A message sent back with the type that deletes it. */
export function deleteMessage(ctx: IpContext, nlh: NlMsgHdr, type: number, flags = 0): Uint8Array {
  const bytes = nlh.buf.slice(nlh.off, nlh.off + ((nlh.len + 3) & ~3));
  setLe16(bytes, 4, type);
  setLe16(bytes, 6, U.NLM_F_REQUEST | flags);
  setLe32(bytes, 8, ctx.rtnl.nextSeq());
  return bytes;
}

export function addrFlush(ctx: IpContext, args: Args): number {
  if (args.left === 0) {
    ctx.stderr('Flush requires arguments.\n');
    return -1;
  }
  if (ctx.options.family === U.AF_PACKET) {
    ctx.stderr('Cannot flush link addresses.\n');
    return -1;
  }
  const f = parseAddrFilter(ctx, args, false);
  if (!resolveDev(ctx, f)) return -1;
  const onlyPrimary = (f.flags & U.IFA_F_SECONDARY) === 0 && (f.flagmask & U.IFA_F_SECONDARY) !== 0;
  return flushRounds(ctx, {
    what: 'addresses',
    rounds: ctx.options.maxFlushLoops,
    ignore: U.EADDRNOTAVAIL,
    failStatus: 1,
    once: onlyPrimary,
    collect() {
      const req = ctx.rtnl.request(U.RTM_GETADDR, 0, IfAddrMsg.of({ family: f.family, index: f.ifindex }));
      const batch: Uint8Array[] = [];
      const err = ctx.rtnl.dump(req, (nlh) => {
        const info = new AddrInfo(nlh);
        if (nlh.type !== U.RTM_NEWADDR || (f.ifindex !== 0 && info.ifa.index !== f.ifindex) || !addrWanted(ctx, f, info)) return 0;
        batch.push(deleteMessage(ctx, nlh, U.RTM_DELADDR));
        if (ctx.options.stats > 1) printAddr(ctx, info, true);
        return 0;
      });
      return err < 0 ? null : batch;
    },
  });
}

