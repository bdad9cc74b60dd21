/** Instead of ARP and its like, where they are not what is tested. */
import { NETDEV_DOWN, NETDEV_UNREGISTER, NOTIFY_DONE, type Plugin, SKB_DROP_REASON_NOT_SPECIFIED, type Token } from '@skbuff/core';
import { NEIGHBOUR, NeighTable, type NeighOps, type NeighTableOptions, type Neighbour, neighConnectedOutput } from '@skbuff/neighbour';
import { AF_INET, ETH_P_IP, IFF_LOOPBACK, NUD_NOARP } from '@skbuff/uapi';
import { setBe32 } from '@skbuff/wire';

/** What one family's table of neighbours is. */
export interface KnownTable<S> extends Pick<NeighTableOptions, 'family' | 'keyLen' | 'protocol' | 'sysctlDir'> {
  /** Name of the plugin that makes it. */
  readonly name: string;
  /** Name of the plugin that provides `service`. */
  readonly of: string;
  readonly service: Token<S>;
  /** Gives the service its table, or null when it is unloaded. */
  readonly put: (service: S, tbl: NeighTable | null) => void;
}

/** All neighbours are known from the start: 02:00 and the last four bytes of their address; on the loopback device its own. */
export function knownTable<S>({ name, of, service, put, ...options }: KnownTable<S>): Plugin {
  const ops: NeighOps = {
    family: options.family,
    solicit() {},
    errorReport: (_neigh, skb) => skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED),
    output: neighConnectedOutput,
    connectedOutput: neighConnectedOutput,
  };
  return {
    name,
    requires: [of, '@skbuff/neighbour'],
    init(ctx) {
      const more = { id: 'test_cache', ops, isMulticast: () => false, allowAdd: null, oneNeighFlags: 0, parms: {} };
      const tbl = new NeighTable(ctx.get(NEIGHBOUR), { ...options, ...more, construct });
      const its = ctx.get(service);
      put(its, tbl);
      ctx.netdeviceNotifier({
        notifierCall(_nb, event, { dev }) {
          if (event === NETDEV_DOWN || event === NETDEV_UNREGISTER) tbl.ifdown(dev);
          return NOTIFY_DONE;
        },
      });
      ctx.onUnload(() => {
        put(its, null);
        tbl.clear();
      });
    },
  };
}

function construct(neigh: Neighbour): number {
  const { tbl, ha } = neigh;
  const { ops, keyLen } = tbl.options;
  tbl.bindParms(neigh, tbl.parmsOf(neigh.dev));
  neigh.nudState = NUD_NOARP;
  neigh.ops = ops;
  neigh.outputFn = neighConnectedOutput;
  if ((neigh.dev.flags & IFF_LOOPBACK) !== 0) {
    ha.set(neigh.dev.devAddr);
    return 0;
  }
  ha[0] = 2;
  setBe32(ha, 2, [neigh.k0, neigh.k1, neigh.k2, neigh.k3][(keyLen >> 2) - 1] as number);
  return 0;
}

/** In place of ARP. @param service whose table of neighbours this is */
export function knownNeighbours(service: Token<{ arpTbl: NeighTable | null }>): Plugin {
  const put = (ip: { arpTbl: NeighTable | null }, tbl: NeighTable | null): void => void (ip.arpTbl = tbl);
  return knownTable({ name: 'known-neighbours', of: '@skbuff/ipv4', service, put, family: AF_INET, keyLen: 4, protocol: ETH_P_IP, sysctlDir: 'ipv4' });
}
