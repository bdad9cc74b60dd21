/** Data link types, and where a packet's layers begin in each. Numbers: https://www.tcpdump.org/linktypes.html */
export const DLT_NULL = 0;
export const DLT_EN10MB = 1;
export const DLT_PPP = 9;
export const DLT_RAW = 12;
export const DLT_LINUX_SLL = 113;
export const DLT_DOCSIS = 143;
export const DLT_LINUX_SLL2 = 276;

/** A place in the packet: a constant, and the word of M[] that is added to it, or -1. */
export interface Offset {
  readonly base: number;
  readonly reg: number;
}

/** What is known of a packet at one point of the expression; `vlan`, `mpls`, `pppoes`, `geneve` change it for what comes behind them. */
export interface Layers {
  readonly dlt: number;
  readonly frame: Offset;
  /** The field with the protocol's number; null if there is none. */
  readonly typeField: Offset | null;
  /** Where the payload of the link layer begins. */
  readonly payload: Offset;
  /** The network layer's header, counted from there. */
  readonly network: number;
  /** The same behind an LLC header without SNAP. */
  readonly networkNoSnap: number;
  /** Labels of MPLS passed so far. */
  readonly labels: number;
  readonly geneve: boolean;
}

const at = (base: number): Offset => ({ base, reg: -1 });

function layers(dlt: number, typeField: number | null, payload: number, networkNoSnap: number): Layers {
  return {
    dlt,
    frame: at(0),
    typeField: typeField === null ? null : at(typeField),
    payload: at(payload),
    network: 0,
    networkNoSnap,
    labels: 0,
    geneve: false,
  };
}

const KNOWN: readonly Layers[] = [
  layers(DLT_NULL, 0, 4, 0),
  layers(DLT_EN10MB, 12, 14, 3),
  layers(DLT_RAW, null, 0, 0),
  layers(DLT_LINUX_SLL, 14, 16, 0),
  layers(DLT_LINUX_SLL2, 0, 20, 0),
];

/** Null for a link type that no expression can be compiled for. */
export function layersOf(dlt: number): Layers | null {
  return KNOWN.find((known) => known.dlt === dlt) ?? null;
}

export function moved(o: Offset, by: number): Offset {
  return { base: o.base + by, reg: o.reg };
}

/** Name, number and description of a link type, as tcpdump prints and reads them. */
export interface LinkType {
  readonly dlt: number;
  readonly name: string;
  readonly description: string;
}

export const LINK_TYPES: readonly LinkType[] = [
  { dlt: DLT_NULL, name: 'NULL', description: 'BSD loopback' },
  { dlt: DLT_EN10MB, name: 'EN10MB', description: 'Ethernet' },
  { dlt: DLT_PPP, name: 'PPP', description: 'PPP' },
  { dlt: DLT_RAW, name: 'RAW', description: 'Raw IP' },
  { dlt: DLT_DOCSIS, name: 'DOCSIS', description: 'DOCSIS' },
  { dlt: DLT_LINUX_SLL, name: 'LINUX_SLL', description: 'Linux cooked v1' },
  { dlt: DLT_LINUX_SLL2, name: 'LINUX_SLL2', description: 'Linux cooked v2' },
];

export function linkDescription(dlt: number): string {
  return LINK_TYPES.find((t) => t.dlt === dlt)?.description ?? `DLT ${dlt}`;
}
