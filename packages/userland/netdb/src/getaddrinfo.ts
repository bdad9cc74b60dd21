/** getaddrinfo(3) for hosts: literals, names of /etc/hosts, and the order in which addresses should be tried. */
import type { Task } from '@skbuff/sock';
import { AF_INET, AF_INET6, AF_UNSPEC } from '@skbuff/uapi';
import { In6Addr, in6Pton, inetAton, inetPton4 } from '@skbuff/wire';
import type { Files } from './files.ts';
import { gethostent } from './hosts.ts';
import { ifNametoindex } from './if-index.ts';
import { sortAddrinfo } from './rfc3484.ts';
import { isScoped } from './scope.ts';

/** What gai_strerror(3) says. */
export const EAI_NONAME = 'Name or service not known';
export const EAI_ADDRFAMILY = 'Address family for hostname not supported';

/** `struct addrinfo`, as far as it is about hosts. */
export interface Addrinfo {
  readonly family: number;
  /** u32 of AF_INET, else 0. */
  readonly addr: number;
  /** Of AF_INET it is mapped. */
  readonly addr6: In6Addr;
  readonly scopeId: number;
  /** The name that the host has itself, with the first entry only. */
  readonly canonname: string;
}

/** Who asks: files and sockets. */
export type Resolver = Files & { readonly task: Task };

export function addrinfo4(addr: number, canonname: string): Addrinfo {
  return { family: AF_INET, addr, addr6: new In6Addr(0, 0, 0xffff, addr), scopeId: 0, canonname };
}

function addrinfo6(addr6: In6Addr, scopeId: number, canonname: string): Addrinfo {
  return { family: AF_INET6, addr: 0, addr6, scopeId, canonname };
}

/** Addresses of a name or a literal, best first, or an EAI_*. `family`: AF_UNSPEC, AF_INET or AF_INET6. */
export function getaddrinfo(env: Resolver, name: string, family: number = AF_UNSPEC): readonly Addrinfo[] | string {
  const addr = inetAton(name);
  if (addr >= 0) return family === AF_INET6 ? EAI_ADDRFAMILY : [addrinfo4(addr, name)];
  const [text = '', scope] = name.split(/%(.*)/s);
  const addr6 = in6Pton(text);
  if (addr6 === null) return byName(env, name, family);
  if (family === AF_INET && !addr6.isV4Mapped()) return EAI_ADDRFAMILY;
  const scopeId = scope === undefined ? 0 : scopeIdOf(env.task, addr6, scope);
  if (scopeId < 0) return EAI_NONAME;
  return [family === AF_INET ? addrinfo4(addr6.w3 >>> 0, name) : addrinfo6(addr6, scopeId, name)];
}

/** The number behind `%`, -1 if it is none: the name of an interface where the address is one of a link. */
function scopeIdOf(task: Task, addr: In6Addr, scope: string): number {
  const ifindex = isScoped(addr) ? ifNametoindex(task, scope) : 0;
  if (ifindex > 0) return ifindex;
  return /^\d+$/.test(scope) && Number(scope) <= 0xffff_ffff ? Number(scope) : -1;
}

function byName(env: Resolver, name: string, family: number): readonly Addrinfo[] | string {
  const hosts = gethostent(env).filter(({ names }) => names.includes(name));
  const canonname = (of: number): string | undefined => hosts.find(({ addr }) => (of === AF_INET6 ? in6Pton(addr) !== null : inetPton4(addr) >= 0))?.names[0];
  const found6 = family === AF_INET ? [] : hosts.flatMap(({ addr }) => in6Pton(addr) ?? []);
  // Whoever asks for IPv4 alone is told of ::1 as well, in the way that IPv4 says it.
  const found4 = family === AF_INET6 ? [] : hosts.map(({ addr }) => (family === AF_INET && in6Pton(addr)?.isLoopback() === true ? 0x7f000001 : inetPton4(addr))).filter((addr) => addr >= 0);
  const all = [...found6.map((addr) => addrinfo6(addr, 0, '')), ...found4.map((addr) => addrinfo4(addr, ''))];
  if (all.length === 0) return EAI_NONAME;
  const sorted = sortAddrinfo(env.task, all);
  const own = canonname(AF_INET) ?? canonname(AF_INET6) ?? name;
  return sorted.map((ai, i) => (i === 0 ? { ...ai, canonname: own } : ai));
}
