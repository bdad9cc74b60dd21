/** `ip link add … type veth peer …`: the peer is described by the same words as the link itself. */
import { IfInfoMsg } from '@skbuff/netlink';
import { VETH_INFO_PEER } from '@skbuff/uapi';
import type { LinkKind } from './link-kinds.ts';

const HELP = "Usage: ip link <options> type veth [peer <options>]\nTo get <options> type 'ip link add help'\n";

export const vethKind: LinkKind = {
  name: 'veth',
  parse(ctx, args, link) {
    if (!args.is('peer')) {
      ctx.out.raw(HELP);
      return false;
    }
    args.skip();
    const { builder } = link.req;
    const nest = builder.nlaNestStartNoflag(VETH_INFO_PEER);
    const at = builder.put(IfInfoMsg.LEN);
    const peer = link.peer();
    if (!peer.parse(args)) return false;
    if (peer.type !== null) args.duparg('type');
    peer.ifi.write(builder.buf, at);
    builder.nlaNestEnd(nest);
    return true;
  },
  help: HELP,
};
