/** `ip address save | restore | showdump`. */
import type { Status } from '@skbuff/command';
import { IfAddrMsg } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { AddrInfo, addrWanted, printAddr } from './addr-print.ts';
import { parseAddrFilter, resolveDev } from './addr-show.ts';
import type { Args } from './args.ts';
import type { IpContext } from './context.ts';
import { ADDR_DUMP, readDump, restoreMessage, saveDump } from './dump-file.ts';

export function addrSave(ctx: IpContext, args: Args): number {
  const f = parseAddrFilter(ctx, args, false);
  if (!resolveDev(ctx, f)) return -1;
  const req = ctx.rtnl.request(U.RTM_GETADDR, 0, IfAddrMsg.of({ family: f.family, index: f.ifindex }));
  return saveDump(ctx, ADDR_DUMP, (each) =>
    ctx.rtnl.dump(req, (nlh) => {
      const info = new AddrInfo(nlh);
      if ((f.ifindex === 0 || info.ifa.index === f.ifindex) && addrWanted(ctx, f, info)) each(nlh);
      return 0;
    }),
  );
}

export function addrRestore(ctx: IpContext): Status {
  return readDump(ctx, ADDR_DUMP, (messages) => {
    for (const nlh of messages) if (restoreMessage(ctx, nlh) < 0) return -2;
    return 0;
  });
}

export function addrShowdump(ctx: IpContext): Status {
  return readDump(ctx, ADDR_DUMP, (messages) => {
    const { out } = ctx;
    out.newDocument();
    out.openObject();
    out.openArray('addr_info');
    for (const nlh of messages) {
      const info = new AddrInfo(nlh);
      out.openObject();
      if (out.isJson) out.json('index', info.ifa.index);
      out.text(`if${info.ifa.index}:`);
      out.nl();
      printAddr(ctx, info, false);
      out.closeObject();
    }
    out.closeArray();
    out.closeObject();
    out.deleteDocument();
    return 0;
  });
}
