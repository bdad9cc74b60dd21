/** What expressions ask of the world: names of hosts, networks, ports, protocols. */
import { PROTOCOL_LIST, SERVICE_LIST } from './netdb.ts';

export interface HostAddresses {
  /** In host order. */
  readonly v4: readonly number[];
  /** 16 bytes each. */
  readonly v6: readonly Uint8Array[];
}

export interface FilterNames {
  /** Null if nothing is known of the name. */
  host(name: string): HostAddresses | null;
  /** A network of /etc/networks, in host order. */
  network(name: string): number | null;
  /** An address of /etc/ethers: 6 bytes. */
  ether(name: string): Uint8Array | null;
  /** A port, for TCP, for UDP, or the same for both. */
  port(name: string): { readonly port: number; readonly tcp: boolean; readonly udp: boolean } | null;
  /** A number of /etc/protocols. */
  protocol(name: string): number | null;
}

const NETWORKS: Readonly<Record<string, number>> = { default: 0, loopback: 0x7f000000, 'link-local': 0xa9fe0000 };

/** The names of a Debian that has no network: `localhost`, and the tables of netbase. */
export function defaultNames(): FilterNames {
  return {
    host: (name) => (name === 'localhost' ? { v4: [0x7f000001], v6: [] } : null),
    network: (name) => (Object.hasOwn(NETWORKS, name) ? (NETWORKS[name] as number) : null),
    ether: () => null,
    port: servicePort,
    protocol: (name) => PROTOCOL_LIST.find((p) => p.names.includes(name))?.number ?? null,
  };
}

function servicePort(name: string): { port: number; tcp: boolean; udp: boolean } | null {
  const tcp = SERVICE_LIST.find((s) => s.tcp && s.names.includes(name));
  const udp = SERVICE_LIST.find((s) => s.udp && s.names.includes(name));
  const first = tcp ?? udp;
  if (first === undefined) return null;
  // Two different ports of one name: the TCP one is meant.
  return { port: first.port, tcp: tcp !== undefined, udp: udp !== undefined && udp.port === first.port };
}
