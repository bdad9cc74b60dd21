/** What arp(8) and arping(8) do, on two hosts of a whole stack. */
import { arpSend } from '@skbuff/arp';
import type { NetDevice, SkBuff } from '@skbuff/core';
import { procNetOf } from '@skbuff/procfs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createNet, type Host, type HostNet } from '../src/index.ts';

const REQUEST = 1;
const REPLY = 2;
const ip4 = (text: string): number => text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);

let net: HostNet;
let a: Host;
let b: Host;
let wire: string[];
let untap: () => void;

const eth0 = (host: Host): NetDevice => host.ns.devGetByName('eth0') as NetDevice;
const neigh = (host: Host, args = ''): string => host.ip(['neigh show dev eth0 ' + args] as unknown as TemplateStringsArray).trim().replace(/ +/g, ' ');
const procArp = (host: Host): string[] => String(procNetOf(host.ns).read('arp')).trimEnd().split('\n').slice(1);

/** Records the ARP that passes by b: `who-has 10.0.0.2 tell 0.0.0.0`, `10.0.0.2 is-at 0b`. */
function tap(dev: NetDevice): () => void {
  const pt = {
    type: 3,
    dev,
    net: null,
    ignoreOutgoing: false,
    func(skb: SkBuff): number {
      const at = skb.networkHeader;
      const addr = (off: number): string => skb.bytes.slice(at + off, at + off + 4).join('.');
      const last = skb.bytes[at + 13].toString(16).padStart(2, '0');
      if (skb.protocol === 0x0806) wire.push(skb.bytes[at + 7] === REQUEST ? `who-has ${addr(24)} tell ${addr(14)}` : `${addr(14)} is-at ${last}`);
      skb.consume();
      return 0;
    },
    listFunc: null,
  };
  dev.net.softnet.addPack(pt);
  return () => dev.net.softnet.removePack(pt);
}

beforeEach(async () => {
  net = createNet({ debug: true });
  [a, b] = net.hosts('a', 'b');
  net.link(a, b, { a: { mac: '02:00:00:00:00:0a' }, b: { mac: '02:00:00:00:00:0b' } });
  a.addr.add({ dev: 'eth0', cidr: '10.0.0.1/24' });
  b.addr.add({ dev: 'eth0', cidr: '10.0.0.2/24' });
  await net.advance(1000);
  wire = [];
  untap = tap(eth0(b));
});

afterEach(() => {
  untap();
  expect(net.close()).toEqual({});
});

/** What passes when `frames` are sent by a, as arping does. */
async function arping(op: number, sip: string, tip: string, tha: Uint8Array | null): Promise<string[]> {
  const dev = eth0(a);
  wire.length = 0;
  arpSend(op, ip4(tip), dev, ip4(sip), null, null, tha);
  await net.advance(100);
  return [...wire];
}

describe('arp -s', () => {
  it('fixes an address: nobody is asked, nothing that is heard changes it, and it goes when it is deleted [ARP-30]', async () => {
    a.ip`neigh add 10.0.0.2 lladdr 02:00:00:00:00:0b dev eth0 nud permanent`;
    b.ip`neigh add 10.0.0.1 lladdr 02:00:00:00:00:0a dev eth0 nud permanent`;
    expect((await a.ping('10.0.0.2')).replies.length).toBe(1);
    expect(wire).toEqual([]);
    expect(procArp(a)).toEqual(['10.0.0.2         0x1         0x6         02:00:00:00:00:0b     *        eth0']);
    await arping(REQUEST, '10.0.0.1', '10.0.0.1', null);
    expect(procArp(b)).toEqual(['10.0.0.1         0x1         0x6         02:00:00:00:00:0a     *        eth0']);
    a.ip`neigh del 10.0.0.2 dev eth0`;
    expect(procArp(a)).toEqual([]);
    expect((await a.ping('10.0.0.2')).replies.length).toBe(1);
    expect(wire.slice(-2)).toEqual(['who-has 10.0.0.2 tell 10.0.0.1', '10.0.0.2 is-at 0b']);
    expect(procArp(a)).toEqual(['10.0.0.2         0x1         0x2         02:00:00:00:00:0b     *        eth0']);
  });

  it('with a wrong address makes the host unreachable without a question [ARP-30]', async () => {
    a.ip`neigh add 10.0.0.2 lladdr 02:00:00:00:00:77 dev eth0 nud permanent`;
    expect((await a.ping('10.0.0.2')).replies).toEqual([]);
    expect(wire).toEqual([]);
  });

  it('pub: a proxied address is shown as permanent and public [ARP-30]', () => {
    a.ip`neigh add proxy 10.1.0.88 dev eth0`;
    expect(procArp(a)).toEqual(['10.1.0.88        0x1         0xc         00:00:00:00:00:00     *        eth0']);
  });
});

describe('arping -D', () => {
  it('hears of a duplicate from who has the address, who learns nothing [ARP-18] [ARP-30]', async () => {
    expect(await arping(REQUEST, '0.0.0.0', '10.0.0.2', null)).toEqual(['who-has 10.0.0.2 tell 0.0.0.0', '10.0.0.2 is-at 0b']);
    expect(neigh(b)).toBe('');
  });

  it('hears nothing if the address is free, or its owner keeps quiet (arp_ignore) [ARP-30]', async () => {
    expect(await arping(REQUEST, '0.0.0.0', '10.0.0.3', null)).toEqual(['who-has 10.0.0.3 tell 0.0.0.0']);
    b.sysctl('net.ipv4.conf.all.arp_ignore', 8);
    expect(await arping(REQUEST, '0.0.0.0', '10.0.0.2', null)).toEqual(['who-has 10.0.0.2 tell 0.0.0.0']);
  });
});

describe.each([
  ['-U', REQUEST],
  ['-A', REPLY],
])('arping %s', (_option, op) => {
  const announce = (): Promise<string[]> => arping(op, '10.0.0.1', '10.0.0.1', op === REPLY ? eth0(a).devAddr : null);

  it('is answered by nobody, and makes no entry unless arp_accept is on [ARP-30]', async () => {
    expect((await announce()).length).toBe(1);
    expect(neigh(b)).toBe('');
    b.sysctl('net.ipv4.conf.eth0.arp_accept', 1);
    expect((await announce()).length).toBe(1);
    expect(neigh(b)).toBe('10.0.0.1 lladdr 02:00:00:00:00:0a STALE');
  });

  it('moves an entry at once to the new address: a takeover [ARP-30]', async () => {
    await a.ping('10.0.0.2');
    expect(neigh(b)).toMatch(/^10\.0\.0\.1 lladdr 02:00:00:00:00:0a /);
    a.ip`link set eth0 address 02:00:00:00:00:1a`;
    await announce();
    expect(neigh(b)).toBe('10.0.0.1 lladdr 02:00:00:00:00:1a STALE');
    expect((await b.ping('10.0.0.1')).replies.length).toBe(1);
  });
});

describe('shared_media', () => {
  /** Whether a hears that b, which sends its packets back to the link, knows a better gateway there, of another subnet. */
  it.each([
    [1, 1, true],
    [1, 0, true],
    [0, 1, true],
    [0, 0, false],
  ])('of all %i, of the interface %i: redirects %s [ARP-28]', async (all, own, expected) => {
    b.sysctl('net.ipv4.ip_forward', 1);
    b.sysctl('net.ipv4.conf.all.shared_media', all);
    b.sysctl('net.ipv4.conf.eth0.shared_media', own);
    b.addr.add({ dev: 'eth0', cidr: '10.7.0.1/24' });
    b.route.add({ to: '10.8.0.0/24', via: '10.7.0.9' });
    a.route.add({ to: '10.8.0.0/24', via: '10.0.0.2' });
    const { stdout } = await a.run('ping -c 1 -W 1 10.8.0.5');
    expect(stdout.includes('Redirect Host(New nexthop: 10.7.0.9)')).toBe(expected);
  });
});
