/** Packets that arrive, and how: several hops, ways that differ, fragments, rules, answers. */
import { SockaddrIn } from '@skbuff/af-inet';
import { impairLink } from '@skbuff/fault-injector';
import type { Host } from '@skbuff/hosts';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { arrived, assertArrives, assertDropped, type Explanation, ExplanationError, explain, explanationToJson, explanationToMermaid, renderExplanation } from '../src/index.ts';
import { PLACE_LIST } from '../src/places.ts';
import { createNet, line } from './support.ts';

function listen(host: Host, port: number): void {
  host.task.bind(host.task.socket(2, 2), new SockaddrIn(0, port));
}

/** The hosts that the packet (or its answer) came through. */
function nodes({ steps }: Explanation, subject: string): string[] {
  return steps.filter((step) => step.subject === subject).map((step) => step.node).filter((node, i, all) => node !== all[i - 1]);
}

describe('the way of a packet', () => {
  it('goes through every hook, table, neighbour and device', async () => {
    const { net, h2 } = line();
    listen(h2, 53);
    const found = await explain(net, 'h1', 'udp 10.0.1.2:1000 > 10.0.2.2:53');
    expect(renderExplanation(found)).toBe(readFileSync(new URL('./way.txt', import.meta.url), 'utf8'));
    expect(arrived(found)).toBe(true);
  });

  it('follows the answer of an echo request back', async () => {
    const { net } = line();
    const found = await explain(net, 'h1', 'icmp > 10.0.2.2 id 7 seq 3');
    expect(found.verdict).toMatchObject({ outcome: 'delivered', node: 'h2' });
    expect(found.answer).toMatchObject({ subject: 'reply', outcome: 'delivered', node: 'h1' });
    expect([nodes(found, 'packet'), nodes(found, 'reply')]).toEqual([['h1', 'r1', 'h2'], ['h2', 'r1', 'h1']]);
    expect(found.steps.filter((s) => s.kind === 'forward').map((s) => s.text)).toEqual(['ttl 64 → 63', 'ttl 64 → 63']);
  });

  it('shows that the answer takes another way', async () => {
    const { net, h1, h2 } = line();
    const r2 = net.router('r2');
    net.link(h1, r2);
    net.link(r2, h2);
    h1.ip`addr add 10.0.3.2/24 dev eth1`;
    r2.ip`addr add 10.0.3.1/24 dev eth0`;
    r2.ip`addr add 10.0.4.1/24 dev eth1`;
    r2.ip`route add 10.0.1.0/24 via 10.0.3.2`;
    h2.ip`addr add 10.0.4.2/24 dev eth1`;
    h2.ip`route replace default via 10.0.4.1`;
    const found = await explain(net, 'h1', 'icmp > 10.0.2.2');
    expect([nodes(found, 'packet'), nodes(found, 'reply')]).toEqual([['h1', 'r1', 'h2'], ['h2', 'r2', 'h1']]);
    expect(found.answer).toMatchObject({ outcome: 'delivered', node: 'h1' });
  });

  it('shows that the packet arrives and its answer does not', async () => {
    const { net, h2 } = line();
    h2.ip`route del default`;
    const found = await explain(net, 'h1', 'icmp > 10.0.2.2');
    expect(found.verdict.outcome).toBe('delivered');
    expect(arrived(found)).toBe(found.answer === null);
    expect(found.notes).toContain('h2 does not answer');
  });

  it('cuts what is too long without DF into fragments, and sees them put together', async () => {
    const { net, r1, h2 } = line();
    listen(h2, 53);
    r1.ip`link set dev eth1 mtu 600`;
    const found = await explain(net, 'h1', 'udp > 10.0.2.2:53 len 1000 nodf');
    expect(found.verdict).toMatchObject({ outcome: 'delivered', node: 'h2' });
    expect(found.steps.filter((s) => s.kind === 'fragment').map((s) => [s.node, s.text])).toEqual([['r1', 'it is longer than the MTU of eth1, 600 bytes']]);
    const sent = found.steps.filter((s) => s.kind === 'transmit' && s.node === 'r1' && s.subject === 'packet').map((s) => s.text);
    expect(sent.map((text) => /fragment at .*/.exec(text)?.[0])).toEqual(['fragment at 0+', 'fragment at 576']);
  });

  it('names the rule and the table that decided', async () => {
    const { net, r1 } = line();
    r1.ip`route add 10.0.2.0/24 dev eth1 table 7`;
    r1.ip`rule add pref 90 from 10.5.0.0/16 lookup 9`;
    r1.ip`rule add pref 100 from 10.0.1.0/24 lookup 7`;
    const found = await explain(net, 'h1', 'icmp > 10.0.2.2');
    const routes = found.steps.filter((s) => s.kind === 'route' && s.node === 'r1' && s.subject === 'packet').map((s) => s.text);
    expect(routes).toEqual(['10.0.2.0/24 dev eth1 (rule 100: from 10.0.1.0/24 lookup 7, table 7) → ipForward']);
  });

  it('takes the mark of the packet to the rules', async () => {
    const { net, h1 } = line();
    h1.ip`rule add pref 50 fwmark 0x5 prohibit`;
    expect((await explain(net, 'h1', 'icmp > 10.0.2.2 mark 5')).verdict).toMatchObject({ outcome: 'refused', errno: 'EACCES' });
    expect((await explain(net, 'h1', 'icmp > 10.0.2.2 mark 4')).verdict.outcome).toBe('delivered');
  });

  it('stays on the host for an address of its own', async () => {
    const { net } = line();
    const found = await explain(net, 'r1', 'icmp > 10.0.2.1');
    expect(found.verdict).toMatchObject({ outcome: 'delivered', node: 'r1', dev: 'lo' });
  });

  it('leaves by a device at whose other end nobody is', async () => {
    const { net, h1 } = line();
    h1.ip`link add d0 type dummy`;
    h1.ip`link set dev d0 up`;
    h1.ip`addr add 10.8.0.1/24 dev d0`;
    expect((await explain(net, 'h1', 'icmp > 10.8.0.2')).verdict).toMatchObject({ outcome: 'left', node: 'h1', dev: 'd0' });
  });

  it('takes the time that links take, and leaves chance out', async () => {
    const { net, h1, r1 } = line();
    const cable = impairLink(h1.ns.devGetByName('eth0') as never, r1.ns.devGetByName('eth0') as never, { delay: 10e6, loss: 0.9 });
    const found = await explain(net, 'h1', 'icmp > 10.0.2.2');
    // Two crossings for the neighbour, one for the packet.
    expect(found.verdict).toMatchObject({ outcome: 'delivered', timeNs: 30e6 });
    expect(found.notes).toContain('the link of h1 eth0 loses 90% of the packets: not this one');
    if (typeof cable !== 'number') cable.remove();
  });
});

describe('the forms of an explanation', () => {
  it('is the same text every time', async () => {
    const texts = new Set<string>();
    const { net } = line();
    for (let i = 0; i < 5; i++) texts.add(explanationToJson(await explain(net, 'h1', 'icmp > 10.0.2.2')));
    expect(texts.size).toBe(1);
  });

  it('keeps the keys of its JSON', async () => {
    const { net } = line();
    const json = JSON.parse(explanationToJson(await explain(net, 'h1', 'icmp > 10.9.9.9'))) as Explanation;
    expect(Object.keys(json)).toEqual(['version', 'node', 'packet', 'verdict', 'answer', 'steps', 'notes']);
    expect(json.version).toBe(1);
    expect([...new Set(json.steps.map((step) => step.subject))]).toEqual(['packet', 'neighbour', 'error']);
    expect(Object.keys(json.verdict)).toEqual(['outcome', 'node', 'dev', 'timeNs', 'text', 'reason', 'fix']);
    expect(Object.keys(json.answer ?? {})).toEqual(['subject', 'outcome', 'node', 'dev', 'timeNs', 'text']);
    for (const step of json.steps) expect(Object.keys(step).slice(0, 8)).toEqual(['timeNs', 'node', 'dev', 'kind', 'subject', 'function', 'place', 'text']);
  });

  it('is a sequence diagram that holds nothing but statements of mermaid, whatever hosts are called', async () => {
    const net = createNet();
    const [a, b] = net.hosts('a; end %% <b>', 'b#35;"`');
    net.link(a, b);
    a.ip`addr add 10.0.0.1/24 dev eth0`;
    b.ip`addr add 10.0.0.2/24 dev eth0`;
    const [head, ...lines] = explanationToMermaid(await explain(net, a, 'icmp > 10.0.0.2')).trimEnd().split('\n');
    expect(head).toBe('sequenceDiagram');
    for (const text of lines) expect(text).toMatch(/^ {2}(participant n\d as|Note over n\d:|n\d->>n\d:|n\d-xn\d:) (?:[^#;<>"'`{}|\\&%[\]]|#\d+;)+$/);
    expect(lines.filter((text) => text.includes('n0->>n1'))).toHaveLength(1);
    expect(lines.filter((text) => text.includes('n1->>n0'))).toHaveLength(1);
  });

  it('names functions that are there', () => {
    for (const [fn, place] of PLACE_LIST) {
      const [pkg, file] = place.split('/') as [string, string];
      const folders = ['network', 'socket', 'link', 'userland'].map((layer) => `../../../${layer}/${pkg}/src/${file}.ts`);
      const core = ['netdevice', 'skbuff'].map((folder) => `../../../core/src/${folder}/${file}.ts`);
      const found = (pkg === 'core' ? core : folders).map((path) => read(path)).find((text) => text !== null);
      expect(found, place).toMatch(new RegExp(`(function|^ {2}(async )?) ?${fn}\\(`, 'm'));
    }
  });
});

function read(path: string): string | null {
  try {
    return readFileSync(new URL(path, import.meta.url), 'utf8');
  } catch {
    return null;
  }
}

describe('for tests of users', () => {
  it('passes where the packet arrives', async () => {
    const { net } = line();
    expect((await assertArrives(net, 'h1', 'icmp > 10.0.2.2')).verdict.outcome).toBe('delivered');
  });

  it('has the whole way in the message of an assertion that fails', async () => {
    const { net, r1 } = line();
    r1.sysctl('net.ipv4.ip_forward', 0);
    const error = await assertArrives(net, 'h1', 'icmp > 10.0.2.2').catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ExplanationError);
    expect((error as Error).message).toContain('✗ ipError');
    expect((error as Error).message).toContain('fix    ip_forward is 0 on r1: sysctl -w net.ipv4.ip_forward=1');
    expect((await assertDropped(net, 'h1', 'icmp > 10.0.2.2', 'IP_INADDRERRORS')).verdict.node).toBe('r1');
    await expect(assertDropped(net, 'h1', 'icmp > 10.0.2.2', 'NO_SOCKET')).rejects.toThrow('expected: the packet is dropped with SKB_DROP_REASON_NO_SOCKET');
  });

  it('says which hosts there are', async () => {
    const { net } = line();
    await expect(explain(net, 'h9', 'icmp > 10.0.2.2')).rejects.toThrow('there is no host h9: there are h1, r1, h2');
    await expect(explain(net, 'h1', 'icmp 10.0.2.1 > 10.0.2.2 in eth9')).rejects.toThrow('h1 has no interface eth9');
  });
});
