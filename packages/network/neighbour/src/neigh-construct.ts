/** What the constructors of all protocols have in common: the operations of an entry by the kind of its device. */
import { NUD_NOARP } from '@skbuff/uapi';
import { neighConnectedOutput, neighDirectOutput, neighResolveOutput } from './neigh-output.ts';
import { NUD_VALID, type NeighOps, type Neighbour } from './neighbour.ts';

export interface NeighOpsByDevice {
  /** Devices whose link-layer header can be cached: the first packet to a neighbour makes the cached one. */
  readonly hh: NeighOps;
  readonly generic: NeighOps;
  /** Devices without a link-layer header: nobody is asked. */
  readonly direct: NeighOps;
}

/** `arp_hh_ops`, `ndisc_hh_ops` and their company. */
export function neighOpsByDevice(family: number, solicit: NeighOps['solicit'], errorReport: NeighOps['errorReport']): NeighOpsByDevice {
  const hh: NeighOps = { family, solicit, errorReport, output: neighResolveOutput, connectedOutput: neighResolveOutput };
  return {
    hh,
    generic: { ...hh, connectedOutput: neighConnectedOutput },
    direct: { ...hh, solicit() {}, output: neighDirectOutput, connectedOutput: neighDirectOutput },
  };
}

/**
 * The end of a constructor: chooses the operations. `mapAddress` gives an entry that needs no question its address and the state NUD_NOARP; it is
 * not called for devices that have no addresses.
 */
export function neighBindOps(neigh: Neighbour, ops: NeighOpsByDevice, mapAddress: (neigh: Neighbour) => void): void {
  const { headerOps } = neigh.dev;
  if (headerOps === null) {
    neigh.nudState = NUD_NOARP;
    neigh.ops = ops.direct;
  } else {
    mapAddress(neigh);
    neigh.ops = headerOps.cache === null ? ops.generic : ops.hh;
  }
  neigh.outputFn = (neigh.nudState & NUD_VALID) !== 0 ? neigh.ops.connectedOutput : neigh.ops.output;
}
