/** The order of addresses to be tried: RFC 3484 section 6, as glibc follows it with its own table of policies. */
import { SockaddrIn } from '@skbuff/af-inet';
import { SockaddrIn6 } from '@skbuff/af-inet6';
import type { Task } from '@skbuff/sock';
import { AF_INET, AF_INET6, SOCK_DGRAM } from '@skbuff/uapi';
import { In6Addr, in6Pton, ipv6AddrDiff, ipv6PrefixEqual } from '@skbuff/wire';
import type { Addrinfo } from './getaddrinfo.ts';

/** Where the way to an address is tried: no packet is sent. */
const PORT = 0;

interface Policy {
  readonly prefix: In6Addr;
  readonly bits: number;
  readonly precedence: number;
  readonly label: number;
}

const policy = (prefix: string, bits: number, precedence: number, label: number): Policy => ({ prefix: in6Pton(prefix) as In6Addr, bits, precedence, label });

/** Longest prefix first. */
const POLICIES: readonly Policy[] = [
  policy('::1', 128, 50, 0),
  policy('::ffff:0:0', 96, 10, 4),
  policy('::', 96, 20, 3),
  policy('2001::', 32, 40, 7),
  policy('2002::', 16, 30, 2),
  policy('fec0::', 10, 40, 5),
  policy('fc00::', 7, 40, 6),
  policy('::', 0, 40, 1),
];

function policyOf(addr: In6Addr): Policy {
  return POLICIES.find(({ prefix, bits }) => ipv6PrefixEqual(addr, prefix, bits)) as Policy;
}

/** RFC 4007: 2 is a link, 5 a site, 14 all. */
function scopeOf(addr: In6Addr): number {
  if (addr.isMulticast()) return (addr.w0 >>> 16) & 0xf;
  if (addr.isLoopback() || addr.isLinkLocal()) return 2;
  if (addr.isV4Mapped()) return addr.w3 >>> 24 === 127 || addr.w3 >>> 16 === 0xa9fe ? 2 : 14;
  return addr.w0 >>> 22 === 0xfec00000 >>> 22 ? 5 : 14;
}

/** The source address that the kernel would take, mapped if it is one of IPv4; null: there is no way. */
function sourceOf(task: Task, { family, addr, addr6, scopeId }: Addrinfo): In6Addr | null {
  const fd = task.socket(family, SOCK_DGRAM, 0);
  if (fd < 0) return null;
  const to = family === AF_INET ? new SockaddrIn(addr, PORT) : new SockaddrIn6(addr6, PORT, scopeId);
  const own = family === AF_INET ? new SockaddrIn() : new SockaddrIn6();
  const rc = task.connect(fd, to) as number;
  if (rc === 0) task.getsockname(fd, own);
  task.close(fd);
  if (rc !== 0) return null;
  return own instanceof SockaddrIn ? new In6Addr(0, 0, 0xffff, own.addr) : own.addr;
}

interface Candidate {
  readonly ai: Addrinfo;
  readonly source: In6Addr | null;
}

/** Less than 0: `a` comes first. */
function compare(a: Candidate, b: Candidate): number {
  if (a.source === null || b.source === null) return Number(a.source === null) - Number(b.source === null);
  const [da, db] = [a.ai.addr6, b.ai.addr6];
  const prefer = (first: boolean, second: boolean): number => Number(second) - Number(first);
  const [pa, pb] = [policyOf(da), policyOf(db)];
  return (
    prefer(scopeOf(da) === scopeOf(a.source), scopeOf(db) === scopeOf(b.source)) ||
    prefer(pa.label === policyOf(a.source).label, pb.label === policyOf(b.source).label) ||
    pb.precedence - pa.precedence ||
    scopeOf(da) - scopeOf(db) ||
    (a.ai.family === AF_INET6 && b.ai.family === AF_INET6 ? ipv6AddrDiff(db, b.source) - ipv6AddrDiff(da, a.source) : 0)
  );
}

/** Best first; what is equal stays in its order. */
export function sortAddrinfo(task: Task, all: readonly Addrinfo[]): readonly Addrinfo[] {
  if (all.length < 2) return all;
  return all
    .map((ai) => ({ ai, source: sourceOf(task, ai) }))
    .sort(compare)
    .map(({ ai }) => ai);
}
