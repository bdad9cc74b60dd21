/** What getaddrinfo(3) of glibc 2.36 said of the same files and addresses. */
import { SockaddrIn } from '@skbuff/af-inet';
import type { SockaddrIn6 } from '@skbuff/af-inet6';
import type { Task } from '@skbuff/sock';
import { AF_INET, AF_INET6, AF_UNSPEC, ENETUNREACH, ENODEV, IFREQ_UNION, SIOCGIFINDEX } from '@skbuff/uapi';
import { In6Addr, in6Pton, inetNtoa, inetPton4, setLe32 } from '@skbuff/wire';
import { expect, it } from 'vitest';
import { type Resolver, getaddrinfo, gethostbyaddr, ifNametoindex, inet6Text, nameOfInet6 } from '../src/index.ts';

const HOSTS = '127.0.0.1 localhost\n::1 localhost ip6-localhost\n10.0.3.2 bob4 both\n2001:db8:3::2 bob bob.lab both\n2001:db8:0:0::9 nine\nfe80::7 nine\n';

/** Two interfaces, and the source address of each way. */
function machine(sources: Readonly<Record<string, string>> = {}): Resolver {
  let to = '';
  const task = {
    socket: () => 3,
    close: () => 0,
    connect(_fd: number, addr: SockaddrIn | SockaddrIn6) {
      to = addr instanceof SockaddrIn ? inetNtoa(addr.addr) : addr.addr.toString();
      return sources[to] === undefined ? -ENETUNREACH : 0;
    },
    getsockname(_fd: number, own: SockaddrIn | SockaddrIn6) {
      const source = sources[to] as string;
      if (own instanceof SockaddrIn) own.addr = inetPton4(source);
      else own.addr.copy(in6Pton(source) as In6Addr);
      return 0;
    },
    ioctl(_fd: number, request: number, ifreq: Uint8Array) {
      const isEth0 = String.fromCharCode(...ifreq.subarray(0, 5)) === 'eth0\0';
      if (request === SIOCGIFINDEX) return isEth0 ? (setLe32(ifreq, IFREQ_UNION, 2), 0) : -ENODEV;
      if (ifreq[IFREQ_UNION] !== 2) return -ENODEV;
      ifreq.set([101, 116, 104, 48, 0]);
      return 0;
    },
  } as unknown as Task;
  return { task, readFile: (path) => (path === '/etc/hosts' ? HOSTS : -2) };
}

const WAYS = { '::1': '::1', '127.0.0.1': '127.0.0.1', '10.0.3.2': '10.0.1.2', '2001:db8:3::2': '2001:db8:1::2' };

function told(env: Resolver, name: string, family: number): unknown {
  const found = getaddrinfo(env, name, family);
  return typeof found === 'string' ? found : found.map(({ family: of, addr, addr6, scopeId, canonname }) => `${of === AF_INET ? inetNtoa(addr) : addr6.toString()}${scopeId === 0 ? '' : `%${scopeId}`} ${canonname}`);
}

it.each([
  ['localhost', AF_UNSPEC, ['::1 localhost', '127.0.0.1 ']],
  ['localhost', AF_INET6, ['::1 localhost']],
  ['localhost', AF_INET, ['127.0.0.1 localhost', '127.0.0.1 ']],
  ['ip6-localhost', AF_UNSPEC, ['::1 localhost']],
  ['ip6-localhost', AF_INET, ['127.0.0.1 localhost']],
  ['both', AF_UNSPEC, ['2001:db8:3::2 bob4', '10.0.3.2 ']],
  ['bob', AF_INET, 'Name or service not known'],
  ['bob4', AF_INET6, 'Name or service not known'],
  ['nobody', AF_UNSPEC, 'Name or service not known'],
  ['10.2', AF_UNSPEC, ['10.0.0.2 10.2']],
  ['10.2', AF_INET6, 'Address family for hostname not supported'],
  ['::1', AF_INET, 'Address family for hostname not supported'],
  ['::ffff:10.0.0.1', AF_INET, ['10.0.0.1 ::ffff:10.0.0.1']],
  ['::ffff:10.0.0.1%9', AF_INET, ['10.0.0.1 ::ffff:10.0.0.1%9']],
  ['::ffff:10.0.0.1%eth0', AF_INET, 'Name or service not known'],
  ['::ffff:10.0.0.1', AF_UNSPEC, ['::ffff:10.0.0.1 ::ffff:10.0.0.1']],
  ['fe80::1%eth0', AF_UNSPEC, ['fe80::1%2 fe80::1%eth0']],
  ['fe80::1%9', AF_UNSPEC, ['fe80::1%9 fe80::1%9']],
  ['ff02::1%eth0', AF_INET6, ['ff02::1%2 ff02::1%eth0']],
  ['fe80::1%nodev', AF_UNSPEC, 'Name or service not known'],
  ['1::%eth0', AF_UNSPEC, 'Name or service not known'],
  ['1::2::3', AF_UNSPEC, 'Name or service not known'],
])('%s in family %i is %j', (name, family, expected) => {
  expect(told(machine(WAYS), name, family)).toEqual(expected);
});

it.each([
  ['what can be reached first', { '10.0.3.2': '10.0.1.2' }, 'both', ['10.0.3.2', '2001:db8:3::2']],
  ['what has a source of the same scope', { '2001:db8:3::2': 'fe80::1', '10.0.3.2': '10.0.1.2' }, 'both', ['10.0.3.2', '2001:db8:3::2']],
  ['what has a source with the same label', { '2001:db8:3::2': '2002::1', '10.0.3.2': '10.0.1.2' }, 'both', ['10.0.3.2', '2001:db8:3::2']],
  ['IPv6 before IPv4', { '2001:db8:3::2': '2001:db8::5', '10.0.3.2': '10.0.1.2' }, 'both', ['2001:db8:3::2', '10.0.3.2']],
  ['the smaller scope', { 'fe80::7': 'fe80::1', '2001:db8::9': '2001:db8::1' }, 'nine', ['fe80::7', '2001:db8::9']],
])('puts %s', (_what, sources, name, expected) => {
  const found = getaddrinfo(machine(sources), name);
  expect(typeof found === 'string' ? found : found.map(({ family, addr, addr6 }) => (family === AF_INET ? inetNtoa(addr) : addr6.toString()))).toEqual(expected);
});

it('shows addresses with their scopes, by name where the scope is a link', () => {
  const { task } = machine();
  const of = (text: string, scopeId: number): string => inet6Text(task, in6Pton(text) as In6Addr, scopeId);
  expect([of('fe80::1', 2), of('ff02::1', 2), of('fe80::1', 7), of('2001:db8::1', 2), of('fe80::1', 0)]).toEqual(['fe80::1%eth0', 'ff02::1%eth0', 'fe80::1%7', '2001:db8::1%2', 'fe80::1']);
});

it('knows names of addresses however the file writes them, and interfaces by name', () => {
  const env = machine();
  expect([gethostbyaddr(env, '2001:db8::9'), nameOfInet6(env, in6Pton('2001:db8::9') as In6Addr, 0), nameOfInet6(env, in6Pton('fe80::1') as In6Addr, 2)]).toEqual(['nine', 'nine', 'fe80::1%eth0']);
  expect([ifNametoindex(env.task, 'eth0'), ifNametoindex(env.task, 'nodev'), ifNametoindex(env.task, 'averyveryverylongname')]).toEqual([2, 0, 0]);
});
