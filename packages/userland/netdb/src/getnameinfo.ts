/** getnameinfo(3) for hosts: the name of an address, or its text. */
import type { Task } from '@skbuff/sock';
import type { In6Addr } from '@skbuff/wire';
import type { Files } from './files.ts';
import { gethostbyaddr } from './hosts.ts';
import { ifIndextoname } from './if-index.ts';
import { isScoped } from './scope.ts';

/** An IPv6 address as NI_NUMERICHOST shows it: with its scope, by name where the scope is a link (`fe80::1%eth0`). */
export function inet6Text(task: Task, addr: In6Addr, scopeId: number): string {
  if (scopeId === 0) return addr.toString();
  const name = isScoped(addr) ? ifIndextoname(task, scopeId) : null;
  return `${addr.toString()}%${name ?? scopeId}`;
}

/** The name of an IPv6 address, or {@link inet6Text}. A name comes with the scope of its address, too. */
export function nameOfInet6(env: Files & { readonly task: Task }, addr: In6Addr, scopeId: number): string {
  const name = gethostbyaddr(env, addr.toString());
  return name ?? inet6Text(env.task, addr, scopeId);
}
