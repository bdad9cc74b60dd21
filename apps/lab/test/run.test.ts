/** The runner against a host that is all script: what it asks, in which order, at which time. */
import type { Explanation } from '@skbuff/explain';
import { describe, expect, it } from 'vitest';
import { exitCode, type LabHost, type LabReport, runLab } from '../src/index.ts';
import { boundPing } from '../src/lab/exec.ts';
import { expects, lab, parsed } from './helpers.ts';

interface Script {
  readonly commands?: string[];
  readonly exec?: (node: string, words: string) => { code?: number; stdout?: string; stderr?: string };
  /** Round trips in milliseconds of a ping that is asked at this time. */
  readonly ping?: (ms: number) => number[];
  readonly sysctl?: number;
  readonly address?: string;
  readonly address6?: string;
  /** From how many milliseconds on addresses can be used. */
  readonly settled?: number;
  readonly route?: { via?: string; dev: string } | { error: string };
  /** Drops that `send` causes. */
  readonly drops?: number;
}

/** Time is a number that `runUntil` moves, in order over all who wait. */
class FakeHost implements LabHost {
  readonly commands: ReadonlySet<string>;
  readonly log: string[] = [];
  private readonly script: Script;
  private readonly sleepers: { ns: number; wake: () => void }[] = [];
  private time = 0;
  private dropped = 0;
  private closed = false;

  constructor(script: Script) {
    this.script = script;
    this.commands = new Set(script.commands ?? ['ip', 'ping']);
  }

  now(): number {
    return this.time;
  }

  async runUntil(ns: number): Promise<void> {
    if (ns <= this.time || this.closed) return;
    await new Promise<void>((wake) => {
      this.sleepers.push({ ns, wake });
      setImmediate(() => this.step());
    });
  }

  private step(): void {
    const next = this.sleepers.sort((a, b) => a.ns - b.ns).shift();
    if (next === undefined) return;
    this.time = Math.max(this.time, next.ns);
    next.wake();
  }

  explain(node: string, packet: string): Promise<Explanation> {
    this.say(`${node}: explain ${packet}`);
    const verdict = { outcome: 'dropped', node, dev: null, timeNs: 0, text: 'dropped on b: as the script says' } as const;
    return Promise.resolve({ version: 1, node, packet, verdict, answer: null, steps: [], notes: [] });
  }

  private say(text: string): void {
    this.log.push(`${this.time / 1e6} ${text}`);
  }

  async exec(node: string, argv: readonly string[], output?: { stdout(t: string): void; stderr(t: string): void }): Promise<{ code: number; stdout: string; stderr: string }> {
    this.say(`${node}: ${argv.join(' ')}`);
    const { code = 0, stdout = '', stderr = '' } = this.script.exec?.(node, argv.join(' ')) ?? {};
    output?.stdout(stdout);
    output?.stderr(stderr);
    return { code, stdout, stderr };
  }

  daemon(node: string, argv: readonly string[], output?: { stdout(t: string): void; stderr(t: string): void }): Promise<{ code: number; stdout: string; stderr: string }> {
    return this.exec(`${node} in the background`, argv, output);
  }

  interrupt(): void {}

  writeSysctl(node: string, path: string, value: string): number {
    this.say(`${node}: ${path}=${value}`);
    return this.script.sysctl ?? 0;
  }

  writeFile(node: string, path: string, text: string, append: boolean): boolean {
    this.say(`${node}: ${JSON.stringify(text)} ${append ? '>>' : '>'} ${path}`);
    return !path.startsWith('/dev/');
  }

  interfacesOf(): readonly string[] {
    return ['lo', 'eth1'];
  }

  addressOf(_node: string, family?: 'ipv4' | 'ipv6'): string | undefined {
    return family === 'ipv6' ? this.script.address6 : this.script.address;
  }

  settled(): boolean {
    return this.time >= (this.script.settled ?? 0) * 1e6;
  }

  async ping(from: string, to: string, count: number, timeoutNs: number): Promise<{ sent: number; roundTripsNs: number[]; trace: string[] }> {
    this.say(`${from} pings ${to} ${count} times, ${timeoutNs / 1e6} ms`);
    return { sent: count, roundTripsNs: (this.script.ping?.(this.time / 1e6) ?? []).map((ms) => ms * 1e6), trace: ['the way'] };
  }

  async send(): Promise<string[]> {
    this.say('send');
    this.dropped += this.script.drops ?? 0;
    return ['the way'];
  }

  routeGet(): { via?: string; dev: string } | { error: string } {
    return this.script.route ?? { error: 'ENETUNREACH' };
  }

  totals(): { sent: number; received: number; drops: { reason: string; count: number }[] } {
    return { sent: 1, received: 2, drops: this.dropped > 0 ? [{ reason: 'NO_SOCKET', count: this.dropped }] : [] };
  }

  impair(link: number, impairment: { loss?: number } | undefined): void {
    this.say(`link ${link} loses ${impairment?.loss ?? 0}`);
  }

  setLink(link: number, up: boolean): void {
    this.say(`link ${link} ${up ? 'up' : 'down'}`);
  }

  close(): { captures: string[]; leaks: Record<string, number> } {
    this.closed = true;
    return { captures: ['dir/a-eth1.pcapng'], leaks: {} };
  }
}

async function run(source: string, script: Script = {}): Promise<{ report: LabReport; log: string[] }> {
  const host = new FakeHost(script);
  const { report } = await runLab(parsed(source), () => host, { seed: 3 });
  return { report, log: host.log };
}

const exec = (...lines: string[]): string => lab({ a: [`exec: [${lines.map((line) => JSON.stringify(line)).join(', ')}]`] });
const outcomes = (report: LabReport): unknown[] => report.expectations.map(({ pass, expected, found }) => (pass ? true : [expected, found]));

describe('a run', () => {
  it('writes sysctls, then runs exec lines, then reports', async () => {
    const { report, log } = await run(lab({ a: ['sysctl: { net.ipv4.ip_forward: 1 }', 'exec: [ip link set eth1 up && echo yes, sudo ip addr]'] }));
    expect(log).toEqual(['0 a: net/ipv4/ip_forward=1', '0 a: ip link set eth1 up', '0 a: ip addr']);
    expect(report).toMatchObject({ lab: 't', seed: 3, links: 1, exec: [], captures: ['dir/a-eth1.pcapng'] });
    expect(report.nodes[0]).toEqual({ name: 'a', interfaces: ['eth1'], execLines: 2, sent: 1, received: 2, drops: [] });
  });

  it('runs the lines of one node one after the other, those of all side by side', async () => {
    const source = exec('sleep 2', 'ip a').replace('b: {kind: linux}', 'b: {kind: linux, exec: [sleep 1, ip b]}');
    expect((await run(source)).log).toEqual(['1000 b: ip b', '2000 a: ip a']);
  });

  it('says why a line failed, and goes on with the next', async () => {
    const { report, log } = await run(exec('ip bad', 'ping -c 1 x', 'ip good'), {
      exec: (_node, words) =>
        words === 'ip bad' ? { code: 2, stderr: 'first\nRTNETLINK answers: File exists\n' } : words.startsWith('ping') ? { code: 1, stdout: '1 packets transmitted, 0 received\n\n' } : {},
    });
    expect(report.exec.map(({ kind, text }) => [kind, text])).toEqual([
      ['failed', 'RTNETLINK answers: File exists (exit code 2)'],
      ['failed', '1 packets transmitted, 0 received (exit code 1)'],
    ]);
    expect(log.at(-1)).toBe('0 a: ip good');
    expect(exitCode([{ kind: 'ran', report }])).toBe(0);
  });

  it.each([
    ['apk add x', 'apk is no network command'],
    ['ip a | grep b', 'a pipe (|) is not supported'],
    ['tc qdisc show', 'skbuff has no command tc yet'],
  ])('notes %s and goes on', async (line, why) => {
    const { report } = await run(exec(line));
    expect(report.exec).toMatchObject([{ kind: 'note', text: expect.stringContaining(why) }]);
  });

  it('notes a sysctl that is not there, and shows one that is refused', async () => {
    const source = lab({ a: ['sysctl: { net.ipv6.x: 1 }'] });
    expect((await run(source, { sysctl: -2 })).report.exec).toMatchObject([{ kind: 'note', text: expect.stringContaining('there is no such sysctl here') }]);
    expect((await run(source, { sysctl: -22 })).report.exec).toMatchObject([{ kind: 'failed', text: 'EINVAL' }]);
  });

  it('waits until addresses can be used, but not for ever', async () => {
    const source = lab({ top: ['expect:', '  - reach: { from: a, to: 2001:db8::2 }'], a: ['exec: [ip x]'] });
    expect((await run(source, { settled: 1950, ping: () => [1] })).log).toEqual(['0 a: ip x', '2000 a pings 2001:db8::2 1 times, 2000 ms']);
    const { report, log } = await run(source, { settled: 1e9, ping: () => [1] });
    expect(log.at(-1)).toBe('10000 a pings 2001:db8::2 1 times, 2000 ms');
    expect(report.expectations[0]).toMatchObject({ pass: true, timeNs: 0 });
  });

  it('writes files for the commands of a node', async () => {
    const { report, log } = await run(exec("sh -c 'echo one > /etc/x.conf && echo two >> /etc/x.conf'", 'echo three > /dev/x'));
    expect(log).toEqual(['0 a: "one\\n" > /etc/x.conf', '0 a: "two\\n" >> /etc/x.conf', '0 a: "three\\n" > /dev/x']);
    expect(report.exec).toMatchObject([{ kind: 'note', text: 'nothing is written to /dev/x: it is no file of a node' }]);
  });

  it('leaves daemons in the background, unless they are told to stay', async () => {
    const commands = ['radvd', 'ip'];
    const { log } = await run(exec('radvd -C /tmp/x -p /tmp/y', 'radvd -n -C /tmp/x', 'radvd --version', 'ip x'), { commands });
    expect(log).toEqual(['0 a in the background: radvd -C /tmp/x -p /tmp/y', '0 a: radvd -n -C /tmp/x', '0 a: radvd --version', '0 a: ip x']);
    const wrong = await run(exec('radvd -C /tmp/x'), { commands, exec: () => ({ code: 1, stderr: 'no such file\n' }) });
    expect(wrong.report.exec).toMatchObject([{ kind: 'failed', text: 'no such file (exit code 1)' }]);
  });

  it('gives a ping without an end one', async () => {
    const { report, log } = await run(exec('ping 10.0.0.1'));
    expect(log).toEqual(['0 a: ping -c 4 10.0.0.1']);
    expect(report.exec).toMatchObject([{ kind: 'note', text: '`ping 10.0.0.1` would never end: it sends 4 requests' }]);
  });

  it.each([
    ['ping -c 1 x', null],
    ['ping -c1 x', null],
    ['ping -qc 3 x', null],
    ['ping -w 5 x', null],
    ['ping -I c x', ['ping', '-c', '4', '-I', 'c', 'x']],
    ['ping -i 0.2 -s 100 x', ['ping', '-c', '4', '-i', '0.2', '-s', '100', 'x']],
    ['ip addr', null],
  ])('%s', (line, bounded) => {
    expect(boundPing(line.split(' '))).toEqual(bounded);
  });
});

describe('schedules', () => {
  const links = ['- endpoints: ["a:eth1", "b:eth1"]', '  impair: [{ at: 0s, loss: 10% }, { at: 3s, loss: 20% }]', '  down: [1s, 2s]'];

  it('run to their end where nothing is expected', async () => {
    expect((await run(lab({ links }))).log).toEqual(['0 link 0 loses 0.1', '1000 link 0 down', '2000 link 0 up', '3000 link 0 loses 0.2']);
  });

  it('count from when the lab is up, run beside the expectations, and end with the last one', async () => {
    const top = ['expect:', '  - { at: 1500ms, route: { node: a, to: 10.0.0.9, unreachable: true } }', '  - { after: 100ms, reach: { from: a, to: 10.0.0.9 } }'];
    const { report, log } = await run(lab({ links, top, a: ['exec: [sleep 10]'] }), { ping: () => [1] });
    expect(log).toEqual(['10000 link 0 loses 0.1', '11000 link 0 down', '11600 a pings 10.0.0.9 1 times, 2000 ms']);
    expect(report.expectations.map(({ timeNs, pass }) => [timeNs / 1e6, pass])).toEqual([[1500, true], [1600, true]]);
  });
});

describe('expectations', () => {
  it.each<[string, Script, unknown]>([
    ['reach: { from: a, to: 10.0.0.2 }', { ping: () => [1] }, true],
    ['reach: { from: a, to: 10.0.0.2 }', {}, ['every answer', '0 of 1 answered']],
    ['reach: { from: a, to: 10.0.0.2, count: 4, loss: 50% }', { ping: () => [1, 1] }, true],
    ['reach: { from: a, to: 10.0.0.2, count: 4, loss: 25% }', { ping: () => [1, 2] }, ['at most 25% without answer', '2 of 4 answered, the slowest after 2ms']],
    ['reach: { from: a, to: 10.0.0.2, within: 5ms }', { ping: () => [6] }, ['every answer within 5ms', '1 of 1 answered, the slowest after 6ms']],
    ['reach: { from: a, to: 10.0.0.2, not: true }', {}, true],
    ['reach: { from: a, to: 10.0.0.2, not: true }', { ping: () => [1] }, ['no answer', '1 of 1 answered, the slowest after 1ms']],
    ['reach: { from: a, to: b }', { address: '10.0.0.2', ping: () => [1] }, true],
    ['reach: { from: a, to: b }', {}, ['b has an address', 'b has no global address that can be used']],
    ['reach: { from: a, to: b, family: ipv6 }', { address6: '2001:db8::2', ping: () => [1] }, true],
    ['reach: { from: a, to: b, family: ipv6 }', { address: '10.0.0.2', ping: () => [1] }, ['b has an address', 'b has no global IPv6 address that can be used']],
    ['reach: { from: a, to: b, family: ipv4 }', { address6: '2001:db8::2', ping: () => [1] }, ['b has an address', 'b has no global IPv4 address that can be used']],
    ['route: { node: a, to: 2001:db8::2, via: "FE80:0::1", dev: eth1 }', { route: { via: 'fe80::1', dev: 'eth1' } }, true],
    ['route: { node: a, to: 10.0.0.2, via: 10.0.0.1, dev: eth1 }', { route: { via: '10.0.0.1', dev: 'eth1' } }, true],
    ['route: { node: a, to: 10.0.0.2, via: 10.0.0.1, dev: eth1 }', { route: { dev: 'eth2' } }, ['via 10.0.0.1 dev eth1', 'dev eth2']],
    ['route: { node: a, to: 10.0.0.2, dev: eth1 }', {}, ['a route dev eth1', 'ENETUNREACH']],
    ['route: { node: a, to: 10.0.0.2, unreachable: true }', {}, true],
    ['route: { node: a, to: 10.0.0.2, unreachable: true }', { route: { dev: 'eth1' } }, ['no route', 'dev eth1']],
    ['drop: { node: b, reason: NO_SOCKET, count: 2, packet: { from: a, to: 10.0.0.2, count: 2 } }', { drops: 2 }, true],
    ['drop: { node: b, reason: NO_SOCKET, packet: { from: a, to: 10.0.0.2 } }', {}, ['1 with NO_SOCKET', '0; since the beginning b dropped nothing']],
    ['drop: { node: b, reason: IP_RPFILTER, packet: { from: a, to: 10.0.0.2 } }', { drops: 1 }, ['1 with IP_RPFILTER', '0; since the beginning b dropped NO_SOCKET 1']],
    ['output: { node: a, exec: ip x, equals: "one" }', { exec: () => ({ stdout: 'one\n' }) }, true],
    ['output: { node: a, exec: ip x, contains: [n, z] }', { exec: () => ({ stdout: 'one\n' }) }, ['to contain: z', 'exit code 0\none\n']],
    ['output: { node: a, exec: ip x, matches: "^o.e$" }', { exec: () => ({ stdout: 'one\n' }) }, true],
    ['output: { node: a, exec: ip x, matches: "^x" }', { exec: () => ({ stdout: 'one\n' }) }, ['to match: ^x', 'exit code 0\none\n']],
    ['output: { node: a, exec: ip x, exit: 2 }', { exec: () => ({ code: 2, stderr: 'no' }) }, true],
    ['output: { node: a, exec: ip x, contains: a }', { exec: () => ({ code: 2, stdout: 'a', stderr: 'no' }) }, ['exit code 0', 'exit code 2\nano']],
    ['output: { node: a, exec: frob, contains: a }', {}, [expect.stringContaining('to be run: `frob` is passed over'), 'exit code 0\n']],
  ])('%s with %o', async (expectation, script, outcome) => {
    expect(outcomes((await run(expects(`- ${expectation}`), script)).report)).toEqual([outcome]);
  });

  it('show the way of the packet only where they fail', async () => {
    const source = expects('- reach: { from: a, to: 10.0.0.2 }');
    expect((await run(source)).report.expectations[0]?.trace).toEqual(['the way']);
    expect((await run(source, { ping: () => [1] })).report.expectations[0]?.trace).toBeUndefined();
  });
});
