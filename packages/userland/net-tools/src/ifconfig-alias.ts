/** `ifconfig IF add|del ADDRESS` for IPv4: aliases with numbers. */
import { type CommandEnv, type IoctlSocket } from '@skbuff/command';
import { leS32 } from '@skbuff/wire';
import * as U from '@skbuff/uapi';
import { strerror } from '@skbuff/uapi';
import { fetchInterface, interfaceNames } from './interfaces.ts';
import { int32, sockaddr } from './tool.ts';

/**
 * Adds `addr` as the first free alias of `parent`, with the parent's mask and broadcast address; or takes the alias that has it down.
 * An address that is to go and that no alias has is added, too: the real one does that. False after a complaint.
 */
export function addAlias(env: CommandEnv, io: IoctlSocket, parent: string, remove: boolean, addr: number): boolean {
  const model = fetchInterface(env, io, parent);
  if (model === null) return false;
  const taken = interfaceNames(env, io).filter((name) => name.startsWith(`${parent}:`));
  const holder = taken.find((name) => io.addr(U.SIOCGIFADDR, name) === addr);
  if (remove && holder !== undefined) return flags(env, io, holder, false);
  let number = 0;
  while (taken.includes(`${parent}:${number}`)) number++;
  const alias = `${parent}:${number}`;
  const inet = model.inet ?? { netmask: 0, broadcast: 0 };
  return (
    set(env, io, alias, 'SIOCSIFADDR', U.SIOCSIFADDR, addr) &&
    set(env, io, alias, 'SIOCSIFNETMASK', U.SIOCSIFNETMASK, inet.netmask) &&
    set(env, io, alias, 'SIOCSIFBRDADDR', U.SIOCSIFBRDADDR, inet.broadcast) &&
    flags(env, io, alias, true)
  );
}

function set(env: CommandEnv, io: IoctlSocket, alias: string, what: string, request: number, addr: number): boolean {
  const err = io.set(request, alias, sockaddr(addr));
  if (err < 0) env.stderr(`${what}: ${strerror(-err)}\n`);
  return err === 0;
}

function flags(env: CommandEnv, io: IoctlSocket, alias: string, up: boolean): boolean {
  const reply = io.ifreq(U.SIOCGIFFLAGS, alias);
  const old = typeof reply === 'number' ? 0 : leS32(reply, U.IFREQ_UNION) & 0xffff;
  const err = io.set(U.SIOCSIFFLAGS, alias, int32(up ? old | U.IFF_UP : old & ~U.IFF_UP).subarray(0, 2));
  if (err < 0) env.stderr(`SIOCSIFFLAGS: ${strerror(-err)}\n`);
  return err === 0;
}
