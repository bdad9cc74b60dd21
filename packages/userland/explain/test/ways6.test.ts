/** Packets of IPv6 that arrive, and how. */
import { SockaddrIn6 } from '@skbuff/af-inet6';
import type { Host } from '@skbuff/hosts';
import { AF_INET6, SOCK_DGRAM } from '@skbuff/uapi';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { arrived, type Explanation, explain, explanationToJson, explanationToMermaid, renderExplanation } from '../src/index.ts';
import { line, line6 } from './support.ts';

function listen(host: Host, port: number): void {
  host.task.bind(host.task.socket(AF_INET6, SOCK_DGRAM), new SockaddrIn6(undefined, port));
}

/** The hosts that the packet (or its answer) came through. */
function nodes({ steps }: Explanation, subject: string): string[] {
  return steps.filter((step) => step.subject === subject).map((step) => step.node).filter((node, i, all) => node !== all[i - 1]);
}

describe('the way of a packet of IPv6', () => {
  it('goes through every hook, table, neighbour and device', async () => {
    const { net, h2 } = await line6();
    listen(h2, 53);
    const found = await explain(net, 'h1', 'udp [2001:db8:1::2]:1000 > [2001:db8:2::2]:53');
    expect(renderExplanation(found)).toBe(readFileSync(new URL('./way6.txt', import.meta.url), 'utf8'));
    expect(arrived(found)).toBe(true);
  });

  it('follows the answer of an echo request back', async () => {
    const { net } = await line6();
    const found = await explain(net, 'h1', 'icmp > 2001:db8:2::2 id 7 seq 3 tos 0x20');
    expect(found.verdict).toMatchObject({ outcome: 'delivered', node: 'h2', text: 'delivered on h2: echo request' });
    expect(found.answer).toMatchObject({ subject: 'reply', outcome: 'delivered', node: 'h1' });
    expect([nodes(found, 'packet'), nodes(found, 'reply')]).toEqual([['h1', 'r1', 'h2'], ['h2', 'r1', 'h1']]);
    expect(found.steps.filter((s) => s.kind === 'forward').map((s) => s.text)).toEqual(['hlim 64 → 63', 'hlim 64 → 63']);
  });

  it('is cut by its sender only, and put together behind LOCAL_IN', async () => {
    const { net, h2 } = await line6();
    listen(h2, 53);
    const found = await explain(net, 'h1', 'udp > [2001:db8:2::2]:53 len 2000');
    expect(found.verdict).toMatchObject({ outcome: 'delivered', node: 'h2', text: 'delivered on h2: socket [::]:53' });
    const sent = found.steps.filter((s) => s.kind === 'transmit' && s.node === 'h1' && s.subject === 'packet').map((s) => s.text);
    expect(sent.map((text) => /fragment at .*/.exec(text)?.[0])).toEqual(['fragment at 0+', 'fragment at 1448']);
    expect(found.steps.filter((s) => s.kind === 'deliver')).toHaveLength(1);
  });

  it('names the rule and the table that decided, and the way of several', async () => {
    const { net, r1 } = await line6();
    r1.ip`-6 route add 2001:db8:2::/64 dev eth1 table 7`;
    r1.ip`-6 rule add pref 100 from 2001:db8:1::/64 fwmark 0x0/0xff lookup 7`;
    r1.ip`-6 route add 2001:db8:7::/64 nexthop via 2001:db8:2::2 nexthop via 2001:db8:2::3`;
    const routeOf = async (packet: string): Promise<string | undefined> => (await explain(net, 'h1', packet)).steps.find((s) => s.kind === 'route' && s.node === 'r1')?.text;
    expect(await routeOf('icmp > 2001:db8:2::2')).toBe('2001:db8:2::/64 dev eth1 (rule 100: from 2001:db8:1::/64 fwmark 0x0 lookup 7, table 7) → ip6Forward');
    expect(await routeOf('icmp > 2001:db8:7::9')).toMatch(/^2001:db8:7::\/64 via 2001:db8:2::[23] dev eth1 \(hop [12] of 2\) \(rule 32766: from all lookup main, table main\) → ip6Forward$/);
  });

  it('takes the mark to the rules', async () => {
    const { net, h1 } = await line6();
    h1.ip`-6 rule add pref 50 fwmark 0x5 prohibit`;
    expect((await explain(net, 'h1', 'icmp > 2001:db8:2::2 mark 5')).verdict).toMatchObject({ outcome: 'refused', errno: 'EACCES' });
    expect((await explain(net, 'h1', 'icmp > 2001:db8:2::2 mark 4')).verdict.outcome).toBe('delivered');
  });

  it('stays on the host for an address of its own, and on a link for one of the link', async () => {
    const { net } = await line6();
    expect((await explain(net, 'r1', 'icmp > 2001:db8:2::1')).verdict).toMatchObject({ outcome: 'delivered', node: 'r1', dev: 'lo' });
    const linkLocal = await explain(net, 'r1', 'icmp > fe80::ff:fe00:202%eth1');
    expect(linkLocal.verdict).toMatchObject({ outcome: 'delivered', node: 'h2' });
    expect(linkLocal.notes).toEqual([]);
    await expect(explain(net, 'r1', 'icmp > fe80::ff:fe00:202%eth9')).rejects.toThrow('there is no interface eth9');
  });

  it('says that an address of a link went by the wrong one', async () => {
    const { net } = await line6();
    const found = await explain(net, 'r1', 'icmp > fe80::ff:fe00:202');
    expect(found.verdict.outcome).toBe('dropped');
    expect(found.notes).toEqual(['fe80::ff:fe00:202 counts on one link only: write fe80::ff:fe00:202%IFACE to say on which']);
  });

  it.each([
    ['ff0e::123', null],
    ['ff1e::123', 'ff1e::123 is a transient group: whoever uses it has chosen it'],
    ['ff3e::8000:1', 'ff3e::8000:1 is a group for single sources (RFC 4607): who joins it names the source'],
    ['ff35:30:2001:db8:7::5', 'ff35:30:2001:db8:7::5 is a group of 2001:db8:7::/48'],
    ['ff7e:540:2001:db8:7:1:0:5', 'ff7e:540:2001:db8:7:1:0:5 is a group of 2001:db8:7:1::/64, whose rendezvous point is 2001:db8:7:1::5'],
  ])('says what the address of a group says: %s', async (group, note) => {
    const { net } = await line6();
    expect((await explain(net, 'h1', `udp > [${group}]:53`)).notes).toEqual(note === null ? [] : [note]);
  });

  it('says that an address of IPv4 is one', async () => {
    const { net } = await line6();
    expect((await explain(net, 'h1', 'udp > [::ffff:10.0.2.2]:53')).notes).toEqual(['::ffff:10.0.2.2 is an address of IPv4, and so is the packet: ask about 10.0.2.2']);
  });

  it('takes answers to a group as answers', async () => {
    const { net } = await line6();
    const found = await explain(net, 'h1', 'icmp > ff02::1%eth0');
    expect(found.verdict).toMatchObject({ outcome: 'delivered', node: 'r1', text: 'delivered on r1: echo request' });
    expect(found.answer).toMatchObject({ subject: 'reply', outcome: 'delivered', node: 'h1' });
  });

  it('is the same text every time, with nothing of what kernels tell each other by themselves', async () => {
    const { net } = await line6();
    const texts = new Set<string>();
    for (let i = 0; i < 3; i++) texts.add(explanationToJson(await explain(net, 'h1', 'icmp > 2001:db8:2::77')));
    expect(texts.size).toBe(1);
    expect([...texts][0]).not.toMatch(/listener|router solicitation|who-has \S+ tell ::/);
  });

  it('is a diagram without a character that means something there', async () => {
    const { net } = await line6();
    for (const text of explanationToMermaid(await explain(net, 'h1', 'udp > [2001:db8:2::2]:53')).trimEnd().split('\n').slice(1)) expect(text).not.toMatch(/[[\]]/);
  });
});

describe('packets of IPv4 in a kernel with IPv6', () => {
  it.each([
    ['h1', 'udp 10.0.1.2:1000 > 10.0.2.2:53'], ['h1', 'icmp > 10.0.2.2'], ['h1', 'icmp > 10.0.2.77'], ['h1', 'icmp > 10.9.9.9'], ['h1', 'icmp > 10.0.2.2 ttl 1'],
    ['h1', 'udp 10.0.1.2:7 > 10.0.2.2:54 len 5000 nodf'], ['h1', 'udp 10.0.1.2:7 > 224.0.0.1:67'], ['h1', 'udp 10.0.1.2:7 > 255.255.255.255:67'], ['r1', 'icmp 10.0.1.2 > 10.0.2.2 in eth0'],
  ])('are explained as in one without: on %s %s', async (host, packet) => {
    const [six, four] = [line(true), line(false)];
    expect(explanationToJson(await explain(six.net, host, packet))).toBe(explanationToJson(await explain(four.net, host, packet)));
  });

  it('refuses what it cannot send', async () => {
    const { verdict } = await explain(line(false).net, 'h1', 'icmp > 2001:db8::1');
    expect(verdict).toMatchObject({ outcome: 'refused', errno: 'EAFNOSUPPORT', fix: 'load the plugins of IPv6: linux({ ipv6: true }), and no `ipv6: false` in the file of a lab' });
    expect(verdict.text).toContain('h1 has no IPv6');
  });
});
