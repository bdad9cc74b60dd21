/** The typed calls, the same for both families. */
import { SockaddrIn } from '@skbuff/af-inet';
import { SockaddrIn6 } from '@skbuff/af-inet6';
import { AF_INET, AF_INET6 } from '@skbuff/uapi';
import { inetPton } from '@skbuff/wire';
import { afterEach, describe, expect, it } from 'vitest';
import { type Host, type HostNet, inetFamily, parsePrefix } from '../src/index.ts';
import { testNet } from './support.ts';

interface Family {
  readonly name: string;
  readonly family: number;
  /** Two on one link, two on another, behind a router; a length. */
  readonly near: readonly [string, string];
  readonly far: readonly [string, string];
  readonly bits: number;
  /** That nobody has, and of no route. */
  readonly nobody: string;
  readonly nowhere: string;
  readonly all: string;
  /** Bytes of payload, more than fit. */
  readonly tooMuch: number;
}

const FAMILIES: readonly Family[] = [
  { name: 'IPv4', family: AF_INET, near: ['10.0.1.1', '10.0.1.2'], far: ['10.0.2.1', '10.0.2.2'], bits: 24, nobody: '10.0.1.9', nowhere: '10.9.9.9', all: '0.0.0.0/0', tooMuch: 65508 },
  { name: 'IPv6', family: AF_INET6, near: ['2001:db8:1::1', '2001:db8:1::2'], far: ['2001:db8:2::1', '2001:db8:2::2'], bits: 64, nobody: '2001:db8:1::9', nowhere: '2001:db8:9::9', all: '::/0', tooMuch: 65528 },
];

let net: HostNet;
afterEach(() => expect(net.close()).toEqual({}));

/** Duplicate address detection is over. */
const settle = (): Promise<void> => net.advance(3000);

describe.each(FAMILIES)('addresses and routes of $name', ({ family, near, far, bits, nobody, nowhere, all, tooMuch }) => {
  const cidr = (address: string): string => `${address}/${bits}`;

  async function pair(): Promise<[Host, Host]> {
    net = testNet();
    const [a, b] = net.hosts('a', 'b');
    net.link(a, b);
    a.addr.add({ dev: 'eth0', cidr: cidr(near[0]) });
    b.addr.add({ dev: 'eth0', cidr: cidr(near[1]) });
    await settle();
    return [a, b];
  }

  it('are listed, with both families or of one, and taken away', async () => {
    const [a] = await pair();
    const of = (): string[] => a.addr.list().filter((one) => one.family === family && one.dev === 'eth0' && one.global).map((one) => one.cidr);
    expect(of()).toEqual([cidr(near[0])]);
    a.addr.del({ dev: 'eth0', cidr: cidr(near[0]) });
    expect(of()).toEqual([]);
  });

  it('have the times that they were given', async () => {
    const [a] = await pair();
    a.addr.add({ dev: 'eth0', cidr: cidr(far[0]), validLft: 100, preferredLft: 50 });
    const info = (): unknown => a.addr.list().find(({ address }) => address === far[0]);
    await settle();
    expect(info()).toMatchObject({ dev: 'eth0', global: true, flags: ['dynamic'], validLft: 97, preferredLft: 47, proto: null });
    await net.advance(60_000);
    expect(info()).toMatchObject({ flags: ['deprecated', 'dynamic'], preferredLft: 0 });
    await net.advance(60_000);
    expect(info()).toBeUndefined();
    expect(a.addr.list().find(({ address }) => address === near[0])).toMatchObject({ flags: [], validLft: Number.POSITIVE_INFINITY, preferredLft: Number.POSITIVE_INFINITY });
  });

  it('answer echo requests with TTL and round trip', async () => {
    const [a] = await pair();
    const { sent, replies, errors } = await a.ping(near[1], { count: 3, interval: 100, size: 1000 });
    expect([sent, errors]).toEqual([3, []]);
    expect(replies).toEqual([1, 2, 3].map((seq) => ({ seq, from: near[1], ttl: 64, rtt: 0 })));
    expect((await a.ping(nobody)).replies).toEqual([]);
    expect((await a.ping({ ...parsePrefix(near[1]) })).replies).toHaveLength(1);
  });

  it('say what cannot be sent', async () => {
    const [a] = await pair();
    await expect(a.ping(nowhere)).rejects.toMatchObject({ code: 'ENETUNREACH' });
    if (tooMuch <= 65535) await expect(a.ping(near[1], { size: tooMuch })).rejects.toThrow(`A packet has room for ${tooMuch - 1} bytes of payload`);
  });

  it('lead through a router of any family, and cost a hop', async () => {
    net = testNet();
    const [a, b] = net.hosts('a', 'b');
    const r = net.router('r');
    net.link(a, r);
    net.link(r, b);
    a.addr.add({ dev: 'eth0', cidr: cidr(near[1]), nodad: true });
    r.addr.add({ dev: 'eth0', cidr: cidr(near[0]), nodad: true });
    r.addr.add({ dev: 'eth1', cidr: cidr(far[0]), nodad: true });
    b.addr.add({ dev: 'eth0', cidr: cidr(far[1]), nodad: true });
    a.route.add({ to: 'default', via: near[0] });
    b.route.add({ to: all, via: far[0], dev: 'eth0', metric: 7 });
    expect(a.route.get(far[1])).toEqual({ dev: 'eth0', via: near[0], src: near[1] });
    await settle();
    expect((await a.ping(far[1])).replies).toEqual([{ seq: 1, from: far[1], ttl: 63, rtt: 0 }]);
    expect((await a.ping(far[1], { ttl: 1 })).replies).toEqual([]);
    expect(r.sysctl(inetFamily(family).forwarding)).toBe('1');
    a.route.replace({ to: far[1], via: nobody });
    expect(a.route.get(far[1]).via).toBe(nobody);
    a.route.del({ to: 'default', via: near[0] });
    expect(() => a.route.get(nowhere)).toThrow(expect.objectContaining({ code: 'ENETUNREACH' }));
  });

  it('have neighbours that are told', async () => {
    const [a, b] = await pair();
    a.neigh.add({ dev: 'eth0', to: near[1], address: b.link.list().at(-1)?.address ?? '' });
    expect(a.ip`neigh show nud permanent`).toContain(`${near[1]} dev eth0 lladdr`);
    expect((await a.ping(near[1])).replies).toHaveLength(1);
  });

  it('become socket addresses', async () => {
    const [a] = await pair();
    expect(a.sockaddr(near[0], 53)).toMatchObject({ family, port: 53 });
    expect(() => a.sockaddr(`${near[0]}%eth9`, 53)).toThrow(TypeError);
  });
});

describe('what only IPv6 has', () => {
  async function link(): Promise<[Host, Host, string]> {
    net = testNet();
    const [a, b] = net.hosts('a', 'b');
    net.link(a, b);
    await settle();
    return [a, b, b.addr.list().find(({ proto }) => proto === 'kernel_ll')?.address ?? ''];
  }

  it('link-local addresses are there by themselves, and are not global', async () => {
    const [a] = await link();
    expect(a.addr.list().map(({ dev, family, global, proto }) => [dev, family, global, proto])).toEqual([
      ['lo', AF_INET, false, null], ['lo', AF_INET6, false, 'kernel_lo'], ['eth0', AF_INET6, false, 'kernel_ll'],
    ]);
  });

  it('a zone names the link of an address', async () => {
    const [a, b, address] = await link();
    net.link(a, b);
    await expect(a.ping(`${address}%eth1`)).rejects.toThrow('EADDRNOTAVAIL: Cannot assign requested address. No address here can be its source');
    await settle();
    const { replies } = await a.ping(`${address}%eth0`);
    expect(replies).toEqual([{ seq: 1, from: `${address}%eth0`, ttl: 64, rtt: 0 }]);
    expect((await a.ping(`${address}%2`)).replies).toHaveLength(1);
    expect((await a.ping(`${address}%eth1`)).replies).toEqual([]);
    expect(a.route.get(`${address}%eth1`).dev).toBe('eth1');
    const sin6 = a.sockaddr(`${address}%eth1`, 53) as SockaddrIn6;
    expect([sin6.scopeId, sin6.port]).toEqual([3, 53]);
    // Without one the first link with such addresses is taken, as by every raw socket.
    expect((await a.ping(address)).replies).toEqual(replies);
  });

  it('a zone is not known to everybody, and not everywhere', async () => {
    const [a] = await link();
    await expect(a.ping('fe80::1%eth7')).rejects.toThrow('"fe80::1%eth7": there is no interface eth7 here; there are: lo, eth0');
    await expect(a.ping('10.0.0.1%eth0')).rejects.toThrow('"10.0.0.1%eth0" is not an IP address');
    expect(() => a.addr.add({ dev: 'eth0', cidr: 'fe80::1%eth0' })).toThrow('"fe80::1%eth0" has a zone: the interface is told as dev here');
  });

  it('an address is tentative until nobody has objected, and fails if somebody has it', async () => {
    const [a, b] = await link();
    const info = (host: Host): unknown => host.addr.list().find(({ address }) => address === '2001:db8::1');
    a.addr.add({ dev: 'eth0', cidr: '2001:db8::1/64' });
    expect(info(a)).toMatchObject({ flags: ['tentative'], global: true });
    await settle();
    expect(info(a)).toMatchObject({ flags: [] });
    b.addr.add({ dev: 'eth0', cidr: '2001:db8::1/64' });
    await settle();
    expect(info(b)).toMatchObject({ flags: ['dadfailed', 'tentative'] });
  });

  it('socket addresses have sixteen bytes', async () => {
    const [a] = await link();
    const sin6 = a.sockaddr('2001:db8::1', 7) as SockaddrIn6;
    const bytes = new Uint8Array(16);
    sin6.addr.store(bytes, 0);
    expect([bytes, sin6.scopeId]).toEqual([inetPton(AF_INET6, '2001:db8::1'), 0]);
    expect(a.sockaddr('10.0.0.1', 7)).toBeInstanceOf(SockaddrIn);
  });
});
