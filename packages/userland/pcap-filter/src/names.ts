/** What expressions ask of the world: names of hosts, networks, ports, protocols. */
import { type Files, NO_FILES, gethostent, getnetbyname, getprotobyname, getservbyname } from '@skbuff/netdb';
import { in6Pton, inetPton4 } from '@skbuff/wire';

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

/** The names of a machine, which is one without files unless said otherwise; `localhost` is always known. */
export function defaultNames(files: Files = NO_FILES): FilterNames {
  return {
    host: (name) => hostAddresses(files, name),
    network: (name) => orNull(getnetbyname(files, name)),
    ether: () => null,
    port: (name) => servicePort(files, name),
    protocol: (name) => getprotobyname(files, name)?.proto ?? null,
  };
}

function orNull(addr: number): number | null {
  return addr < 0 ? null : addr;
}

function hostAddresses(files: Files, name: string): HostAddresses | null {
  const addresses = gethostent(files).filter((h) => h.names.includes(name)).map(({ addr }) => addr);
  const v4 = addresses.map(inetPton4).filter((addr) => addr >= 0);
  const v6 = addresses.flatMap((addr) => in6Pton(addr)?.toBytes() ?? []);
  if (v4.length + v6.length > 0) return { v4, v6 };
  return name === 'localhost' ? { v4: [0x7f000001], v6: [] } : null;
}

function servicePort(files: Files, name: string): { port: number; tcp: boolean; udp: boolean } | null {
  const tcp = getservbyname(files, name, 'tcp');
  const udp = getservbyname(files, name, 'udp');
  const first = tcp ?? udp;
  if (first === null) return null;
  // Two different ports of one name: the TCP one is meant.
  return { port: first.port, tcp: tcp !== null, udp: udp !== null && udp.port === first.port };
}
