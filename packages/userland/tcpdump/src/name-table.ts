/** Names from the files of /etc. */
import type { CommandEnv } from '@skbuff/command';
import { gethostent, getservent } from '@skbuff/netdb';
import { in6Pton } from '@skbuff/wire';
import { deviceIndex, deviceNames } from './devices.ts';
import type { NameTable } from './ndo.ts';

/** For printing: each file is read once. Of several names for the same thing the first counts. IPv6 addresses may be spelled in any way. */
export function printNames(env: CommandEnv): NameTable {
  const hosts = new Map(gethostent(env).toReversed().map(({ addr, names }) => [in6Pton(addr)?.toString() ?? addr, names[0] as string]));
  const services = new Map(getservent(env).toReversed().map(({ port, proto, names }) => [`${port}/${proto}`, names[0] as string]));
  const ethers = new Map(gethers(env).toReversed());
  let devices: ReadonlyMap<number, string> | null = null;
  return {
    host: (address) => hosts.get(address) ?? null,
    tcpPort: (n) => services.get(`${n}/tcp`) ?? null,
    udpPort: (n) => services.get(`${n}/udp`) ?? null,
    ether: (mac) => (mac === 'ff:ff:ff:ff:ff:ff' ? 'Broadcast' : (ethers.get(mac) ?? null)),
    device: (index) => {
      devices ??= new Map(deviceNames(env).map((name) => [deviceIndex(env, name), name]));
      return devices.get(index) ?? null;
    },
  };
}

/** ethers(5): an address, whose bytes may leave out a leading zero, and a name. */
function gethers(env: CommandEnv): (readonly [mac: string, name: string])[] {
  const text = env.readFile('/etc/ethers');
  if (typeof text === 'number') return [];
  return text.split('\n').flatMap((line) => {
    const [mac = '', name] = line.replace(/#.*/, '').trim().split(/\s+/);
    const bytes = mac.split(':');
    const valid = bytes.length === 6 && bytes.every((b) => /^[0-9a-f]{1,2}$/i.test(b));
    return valid && name !== undefined ? [[bytes.map((b) => b.padStart(2, '0').toLowerCase()).join(':'), name] as const] : [];
  });
}
