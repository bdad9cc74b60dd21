/** `ip link add … type veth peer …`, `vxcan`: the peer is described by the same words as the link itself. */
import { IfInfoMsg } from '@skbuff/netlink';
import { VETH_INFO_PEER, VXCAN_INFO_PEER } from '@skbuff/uapi';
import type { LinkKind } from './link-kinds.ts';

/** A pair, each end of which is described in an attribute of the other's message. */
function pairKind(name: string, infoPeer: number): LinkKind {
  const help = `Usage: ip link <options> type ${name} [peer <options>]\nTo get <options> type 'ip link add help'\n`;
  return {
    name,
    help,
    parse(ctx, args, link) {
      if (!args.is('peer')) {
        ctx.out.raw(help);
        return false;
      }
      args.skip();
      const { builder } = link.req;
      const nest = builder.nlaNestStartNoflag(infoPeer);
      const at = builder.put(IfInfoMsg.LEN);
      const peer = link.peer();
      if (!peer.parse(args)) return false;
      if (peer.type !== null) args.duparg('type');
      peer.ifi.write(builder.buf, at);
      builder.nlaNestEnd(nest);
      return true;
    },
  };
}

export const vethKind: LinkKind = pairKind('veth', VETH_INFO_PEER);
export const vxcanKind: LinkKind = pairKind('vxcan', VXCAN_INFO_PEER);
