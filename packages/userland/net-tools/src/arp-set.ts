/** Entries of ARP's table made and removed: words into a `struct arpreq`. */
import { type CommandEnv, Exit, type IoctlSocket } from '@skbuff/command';
import { setIfrName } from '@skbuff/sock';
import * as U from '@skbuff/uapi';
import { strerror } from '@skbuff/uapi';
import type { ArpOptions } from './arp.ts';
import { inEther } from './families.ts';
import { herror, resolve } from './resolve.ts';
import { E_OPTERR, int32, sockaddr, usage, openIoctl } from './tool.ts';
import { ARP_USAGE } from './usage.ts';

const FAILED = 255;
const HA = 16;
const FLAGS = 32;
const NETMASK = 36;
const DEV = 52;

/** Words behind the addresses that set or clear flags. */
const WORDS: ReadonlyMap<string, (flags: number) => number> = new Map([
  ['temp', (flags: number) => flags & ~U.ATF_PERM],
  ['pub', (flags: number) => flags | U.ATF_PUBL],
  ['priv', (flags: number) => flags & ~U.ATF_PUBL],
  ['trail', (flags: number) => flags | U.ATF_USETRAILERS],
  ['dontpub', (flags: number) => flags | U.ATF_DONTPUB],
]);

/** Options behind the addresses; the flags. `arg` gets mask and device. */
function words(env: CommandEnv, o: ArpOptions, rest: readonly string[], arg: Uint8Array, start: number): number {
  let flags = start;
  let device = o.device;
  for (let i = 0; i < rest.length; i++) {
    const word = rest[i] as string;
    const change = WORDS.get(word);
    if (change !== undefined) flags = change(flags);
    else if ((word === 'dev' || word === 'netmask') && i + 1 < rest.length) {
      const value = rest[++i] as string;
      if (word === 'dev') device = value.slice(0, 15);
      else if (value !== '255.255.255.255') {
        arg.set(sockaddr(host(env, value)), NETMASK);
        flags |= U.ATF_NETMASK;
      }
    } else usage(env, ARP_USAGE, E_OPTERR);
  }
  setIfrName(arg, DEV, device);
  return flags;
}

function host(env: CommandEnv, name: string): number {
  const found = resolve(env, name);
  if (found !== null) return found.addr;
  herror(env, name);
  throw new Exit(FAILED);
}

function complain(env: CommandEnv, text: string): number {
  env.stderr(`arp: ${text}\n`);
  return FAILED;
}

/** `arp -s`: the exit status. */
export function arpSet(env: CommandEnv, o: ArpOptions, [name, address, ...rest]: readonly string[]): number {
  if (name === undefined) return complain(env, 'need host name');
  const arg = new Uint8Array(U.ARPREQ_LEN);
  const pa = sockaddr(host(env, name));
  arg.set(pa);
  if (address === undefined) return complain(env, 'need hardware address');
  const io = openIoctl(env);
  // Bytes that the hardware address does not have are those of the other address.
  arg.set(pa.subarray(2), HA + 2);
  arg[HA] = o.hw.type;
  if (o.useDevice) {
    const err = deviceAddress(io, address, arg);
    if (err < 0) return complain(env, `cant get HW-Address for \`${address}': ${strerror(-err)}.`);
    if (((arg[HA] as number) | ((arg[HA + 1] as number) << 8)) !== o.hw.type) return complain(env, 'protocol type mismatch.');
  } else if (o.hw.name !== 'ether' || !inEther(address, arg, HA + 2)) return complain(env, 'invalid hardware address');
  arg.set(int32(words(env, o, rest, arg, U.ATF_PERM | U.ATF_COM)), FLAGS);
  const err = io.call(U.SIOCSARP, arg);
  if (err < 0) env.stderr(`SIOCSARP: ${strerror(-err)}\n`);
  return err < 0 ? FAILED : 0;
}

function deviceAddress(io: IoctlSocket, name: string, arg: Uint8Array): number {
  const reply = io.ifreq(U.SIOCGIFHWADDR, name);
  if (typeof reply === 'number') return reply;
  arg.set(reply.subarray(U.IFREQ_UNION, U.IFREQ_UNION + 16), HA);
  return 0;
}

/** `arp -d`: the host's own entry, and if there is none the one that is published. */
export function arpDelete(env: CommandEnv, o: ArpOptions, [name, ...rest]: readonly string[]): number {
  if (name === undefined) return complain(env, 'need host name');
  const arg = new Uint8Array(U.ARPREQ_LEN);
  arg.set(sockaddr(host(env, name)));
  const flags = words(env, o, rest, arg, U.ATF_PERM);
  const io = openIoctl(env);
  const both = !rest.includes('pub') && !rest.includes('priv');
  let err = -U.ENXIO;
  if (both || rest.includes('priv')) err = remove(io, arg, flags & ~U.ATF_PUBL);
  if (err === -U.ENXIO && (both || rest.includes('pub'))) err = remove(io, arg, flags | U.ATF_PUBL);
  if (err >= 0) return 0;
  if (err === -U.ENXIO || err === -U.ENOENT) env.stdout(`No ARP entry for ${name}\n`);
  else env.stderr(`SIOCDARP(${rest.includes('pub') ? 'pub' : 'dontpub'}): ${strerror(-err)}\n`);
  return FAILED;
}

function remove(io: IoctlSocket, arg: Uint8Array, flags: number): number {
  arg.set(int32(flags), FLAGS);
  return io.call(U.SIOCDARP, arg);
}

/** `arp -f`: a host, an address and options in each line. */
export function arpFile(env: CommandEnv, o: ArpOptions, path: string): number {
  const text = env.readFile(path);
  if (typeof text === 'number') return complain(env, `cannot open etherfile ${path} !`);
  for (const [i, line] of text.split('\n').entries()) {
    const parts = line.trim().split(/\s+/);
    if (parts[0] === '' || parts[0]?.startsWith('#') === true) continue;
    if (parts.length < 2) {
      complain(env, `format error on line ${i + 1} of etherfile ${path} !`);
      continue;
    }
    if (arpSet(env, o, parts) !== 0) complain(env, `cannot set entry on line ${i + 1} of etherfile ${path} !`);
  }
  return 0;
}
