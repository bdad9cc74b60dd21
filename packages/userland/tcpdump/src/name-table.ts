/** Names from the files of /etc. */
import type { CommandEnv } from '@skbuff/command';
import { type FilterNames, SERVICE_LIST, defaultNames } from '@skbuff/pcap-filter';
import { deviceIndex, deviceNames } from './devices.ts';
import type { NameTable } from './ndo.ts';

interface Hosts {
  readonly byName: ReadonlyMap<string, string>;
  readonly byAddress: ReadonlyMap<string, string>;
}

function readHosts(env: CommandEnv): Hosts {
  const byName = new Map<string, string>();
  const byAddress = new Map<string, string>();
  const text = env.readFile('/etc/hosts');
  if (typeof text === 'string') {
    for (const line of text.split('\n')) {
      const [address = '', ...names] = line.replace(/#.*/, '').split(/\s+/).filter((w) => w !== '');
      for (const name of names) if (!byName.has(name)) byName.set(name, address);
      if (names[0] !== undefined && !byAddress.has(address)) byAddress.set(address, names[0]);
    }
  }
  return { byName, byAddress };
}

/** For printing. A port has the first name that /etc/services gives it. */
export function printNames(env: CommandEnv): NameTable {
  const { byAddress } = readHosts(env);
  const port = (n: number, kind: 'tcp' | 'udp'): string | null => SERVICE_LIST.find((s) => s.port === n && s[kind])?.names[0] ?? null;
  let devices: ReadonlyMap<number, string> | null = null;
  return {
    host: (address) => byAddress.get(address) ?? null,
    tcpPort: (n) => port(n, 'tcp'),
    udpPort: (n) => port(n, 'udp'),
    ether: (mac) => (mac === 'ff:ff:ff:ff:ff:ff' ? 'Broadcast' : null),
    device: (index) => {
      devices ??= new Map(deviceNames(env).map((name) => [deviceIndex(env, name), name]));
      return devices.get(index) ?? null;
    },
  };
}

/** For expressions. */
export function filterNames(env: CommandEnv): FilterNames {
  const names = defaultNames();
  const { byName } = readHosts(env);
  return {
    ...names,
    host: (name) => {
      const address = byName.get(name);
      if (address === undefined || address.includes(':')) return names.host(name);
      return { v4: [address.split('.').reduce((sum, n) => sum * 256 + Number(n), 0)], v6: [] };
    },
  };
}
