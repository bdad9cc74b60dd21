/** Instead of ARP, where it is not what is tested. */
import { NETDEV_DOWN, NETDEV_UNREGISTER, NOTIFY_DONE, type Plugin, SKB_DROP_REASON_NOT_SPECIFIED, type Token } from '@skbuff/core';
import { NEIGHBOUR, NeighTable, type NeighOps, neighConnectedOutput } from '@skbuff/neighbour';
import { AF_INET, ETH_P_IP, NUD_NOARP } from '@skbuff/uapi';
import { setBe32 } from '@skbuff/wire';

const neighOps: NeighOps = {
  family: AF_INET,
  solicit() {},
  errorReport: (_neigh, skb) => skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED),
  output: neighConnectedOutput,
  connectedOutput: neighConnectedOutput,
};

/** All neighbours are known from the start: 02:00 and their IPv4 address. @param ipv4 the service whose table of neighbours this is */
export function knownNeighbours(ipv4: Token<{ arpTbl: NeighTable | null }>): Plugin {
  return {
    name: 'known-neighbours',
    requires: ['@skbuff/ipv4', '@skbuff/neighbour'],
    init(ctx) {
      const tbl = new NeighTable(ctx.get(NEIGHBOUR), {
        id: 'test_cache',
        family: AF_INET,
        keyLen: 4,
        protocol: ETH_P_IP,
        ops: neighOps,
        construct(neigh) {
          tbl.bindParms(neigh, tbl.parmsOf(neigh.dev));
          neigh.nudState = NUD_NOARP;
          neigh.ops = neighOps;
          neigh.outputFn = neighConnectedOutput;
          neigh.ha[0] = 2;
          setBe32(neigh.ha, 2, neigh.addr4);
          return 0;
        },
        isMulticast: () => false,
        allowAdd: null,
        oneNeighFlags: 0,
        sysctlDir: 'ipv4',
        parms: {},
      });
      const ip = ctx.get(ipv4);
      ip.arpTbl = tbl;
      ctx.netdeviceNotifier({
        notifierCall(_nb, event, { dev }) {
          if (event === NETDEV_DOWN || event === NETDEV_UNREGISTER) tbl.ifdown(dev);
          return NOTIFY_DONE;
        },
      });
      ctx.onUnload(() => {
        ip.arpTbl = null;
        tbl.clear();
      });
    },
  };
}
