/** Kinds of link that ip knows, with the words of their own behind `type`. A new kind is one more entry. */
import type { Args } from './args.ts';
import type { IpContext } from './context.ts';
import type { LinkParser } from './link-parse.ts';
import { bridgeKind, bridgeSlaveKind } from './link-bridge.ts';
import { vethKind, vxcanKind } from './link-veth.ts';
import { ipvlanKind, ipvtapKind, macvlanKind, macvtapKind, vlanKind, vrfKind } from './link-vlan.ts';

/** `struct link_util`. */
export interface LinkKind {
  readonly name: string;
  /** Reads the words behind the kind into IFLA_INFO_DATA; false after a complaint. Without it they are passed over. */
  readonly parse?: (ctx: IpContext, args: Args, link: LinkParser) => boolean;
  /** Shows IFLA_INFO_DATA, whose attribute lies at `data`. */
  readonly print?: (ctx: IpContext, buf: Uint8Array, data: number) => void;
  /** What `ip link help KIND` says; undefined: what `ip link help` does. */
  readonly help?: string;
}

/** Kinds without words of their own. */
const PLAIN: readonly LinkKind[] = ['dummy', 'ifb', 'nlmon', 'vcan', 'netdevsim', 'team'].map((name) => ({ name, help: `Usage: ... ${name}\n` }));

const KINDS: readonly LinkKind[] = [
  vethKind,
  vxcanKind,
  vlanKind,
  bridgeKind,
  bridgeSlaveKind,
  macvlanKind,
  macvtapKind,
  ipvlanKind,
  ipvtapKind,
  vrfKind,
  ...PLAIN,
  { name: 'virt_wifi', help: 'Usage: ... virt_wifi \n' },
  { name: 'tun' },
];

/** By name; commands may add theirs. */
export const linkKinds: Map<string, LinkKind> = new Map(KINDS.map((kind) => [kind.name, kind]));
