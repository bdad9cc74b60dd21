/** `skbuff export`: what the script says, and that a real kernel gives the lab the same verdicts. */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { exportScript } from '../src/export/shell-script.ts';
import { createStackHost } from '../src/lab/stack-host.ts';
import { runLab } from '../src/lab/run.ts';
import { shellQuote } from '../src/shell/quote.ts';
import { example, exampleNames, lab, parsed } from './helpers.ts';

const possible = process.getuid?.() === 0 && spawnSync('ip', ['-V']).status === 0;
if (!possible) console.warn('labs in real namespaces SKIPPED: they need root and iproute2');
const advertises = spawnSync('radvd', ['--version']).error === undefined;
if (!advertises) console.warn('labs with router advertisements in real namespaces SKIPPED: they need radvd');
/** What the running kernel or machine lacks, of what scripts need. */
function missing(): string[] {
  const ns = `skx${process.pid}-probe`;
  const works = (command: string): boolean => spawnSync('sh', ['-c', command]).status === 0;
  spawnSync('ip', ['netns', 'add', ns]);
  const lacks = [
    ...(works(`ip -n ${ns} link add d0 type dummy`) ? [] : ['type dummy']),
    ...(advertises ? [] : ['radvd']),
    ...(works(`tc -n ${ns} qdisc add dev lo root netem loss 1%`) ? [] : ['netem']),
  ];
  spawnSync('ip', ['netns', 'del', ns]);
  return lacks;
}

describe('a script', () => {
  it('is one that bash can read, for every example and for odd words', () => {
    const odd = parsed(lab({ top: ["expect: [{ output: { node: a, exec: \"echo 'x' $HOME\", equals: \"it's\\n\\\"$x\\\"\" } }]"], a: ['env: { A: "b c\'d" }', 'exec: ["echo \'a b\' > /dev/null"]'] }));
    for (const topology of [odd, ...exampleNames.map((name) => parsed(example(name)))]) {
      const { status, stderr } = spawnSync('bash', ['-n'], { input: exportScript(topology, { seed: 1 }), encoding: 'utf8' });
      expect(`${topology.name} ${status} ${stderr}`).toBe(`${topology.name} 0 `);
    }
  });

  it('quotes what a shell would not leave alone', () => {
    for (const word of ['a', "it's", '$x `y` "z"', '', 'a\nb', '~', '*']) {
      expect(spawnSync('sh', ['-c', `printf %s ${shellQuote(word)}`], { encoding: 'utf8' }).stdout).toBe(word);
    }
  });

  it('has the hardware addresses, impairments and outages of the lab', () => {
    const topology = parsed(example('failing-link.clab.yml'));
    const script = exportScript(topology, { seed: 5, prefix: 'p-' });
    expect(script).toMatch(/netem delay \d+us/);
    expect(script).toMatch(/sleep \d+(\.\d+)?; tc -n "\$P"\w+ qdisc replace dev \w+ root netem loss 100%/);
    expect(script).toContain("P=p-");
    const host = createStackHost(topology, { seed: 5, realTime: false });
    const macs = [...script.matchAll(/address (\S+:\S+)/g)].map(([, mac]) => mac);
    host.close();
    expect(macs).toHaveLength(2 * topology.links.length);
    expect(exportScript(topology, { seed: 5, prefix: 'p-' })).toBe(script);
    expect(exportScript(topology, { seed: 6, prefix: 'p-' })).not.toBe(script);
  });
});

describe('what a stack does not have', () => {
  const off = 'net.ipv6.conf.all.disable_ipv6=1';

  it('is off in the namespaces', () => {
    const without = parsed(lab({ top: ['ipv6: false'] }));
    expect(exportScript(without, { seed: 1 }).split(off)).toHaveLength(1 + without.nodes.length);
    expect(exportScript(without, { seed: 1 })).not.toContain('settle');
    expect(exportScript(parsed(lab()), { seed: 1, plugins: ['@skbuff/ipv4'] }).split(off)).toHaveLength(1 + without.nodes.length);
  });

  it('is left alone where the nodes have it, and waited for', () => {
    const script = exportScript(parsed(lab()), { seed: 1 });
    expect(script).not.toContain(off);
    expect(script).toContain('\n  settle a b\n');
  });
});

describe.runIf(possible)('in namespaces of the running kernel', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'skbuff-export-'));

  const lacks = missing();

  /** What a script prints; the others run meanwhile. */
  async function bash(script: string, what: string): Promise<string> {
    const { stdout } = await promisify(execFile)('bash', [script, what], { timeout: 60_000 }).catch((error: { stdout: string }) => error);
    return stdout;
  }

  // ring.test.ts compares the ring, and more of it.
  it.concurrent.each(exampleNames.filter((name) => name !== 'ring-of-routers.clab.yml'))('%s: the same verdicts', async (name) => {
    const topology = parsed(example(name));
    const text = exportScript(topology, { seed: 1, prefix: `skx${process.pid}-${exampleNames.indexOf(name)}-` });
    const lacking = lacks.find((words) => text.includes(words));
    if (lacking !== undefined) return console.warn(`${name} SKIPPED: not compared, since this kernel has no ${lacking}`);
    const script = path.join(directory, `${name}.sh`);
    writeFileSync(script, text);
    try {
      await bash(script, 'up');
      const theirs = (await bash(script, 'check')).split('\n').filter((line) => /^(ok|FAILED)/.test(line));
      const { report } = await runLab(topology, createStackHost, { seed: 1 });
      const ours = report.expectations.filter(({ kind }) => kind !== 'drop').map(({ name: title, pass }) => `${pass ? 'ok     ' : 'FAILED '} ${title}`);
      expect(theirs).toEqual(ours);
    } finally {
      await bash(script, 'down');
    }
  }, 120_000);

  it('is not built twice, and says what to do', () => {
    const script = path.join(directory, 'twice.sh');
    writeFileSync(script, exportScript(parsed(example('two-nodes.clab.yml')), { seed: 1, prefix: `sky${process.pid}-` }));
    const bash = (what: string): ReturnType<typeof spawnSync> => spawnSync('bash', [script, what], { encoding: 'utf8', timeout: 60_000 });
    try {
      bash('up');
      const { status, stderr } = bash('up');
      expect(status).toBe(1);
      expect(stderr).toMatch(new RegExp(`^${script}: the namespace sky${process.pid}-\\w+ is there already; if the lab is up: ${script} down\n$`));
    } finally {
      bash('down');
    }
  }, 60_000);

  /** A command of that name that does what `body` says, before all others. */
  function pathWith(name: string, body: string): string {
    const bin = mkdtempSync(path.join(directory, 'bin-'));
    writeFileSync(path.join(bin, name), `#!/bin/bash\n${body}\n`, { mode: 0o755 });
    return `${bin}:${process.env['PATH']}`;
  }

  const IMPAIRED = '- { endpoints: ["a:eth1", "b:eth1"], impair: { delay: 10ms } }';

  it('counts only answers that come within the time that the file allows', () => {
    const reach = (to: string, more: string): string => `  - reach: { from: a, to: ${to}, ${more} }`;
    const expectations = [reach('b', 'within: 100ms'), reach('b', 'within: 612ms'), reach('b', 'not: true'), reach('b', 'count: 2'), reach('b', 'within: 1s, count: 2')];
    const topology = parsed(lab({ top: ['expect:', ...expectations], a: ['exec: [ip addr add 10.0.1.1/24 dev eth1]'] }).replace('{kind: linux}', '{kind: linux, exec: [ip addr add 10.0.1.2/24 dev eth1]}'));
    const script = path.join(directory, 'within.sh');
    writeFileSync(script, exportScript(topology, { seed: 1, prefix: `skw${process.pid}-` }));
    const PATH = pathWith('ping', 'for a; do :; done; echo "64 bytes from $a: icmp_seq=1 ttl=64 time=612 ms"; echo "64 bytes from $a: icmp_seq=1 ttl=64 time=613 ms (DUP!)"');
    const bash = (what: string): string => spawnSync('bash', [script, what], { encoding: 'utf8', timeout: 60_000, env: { PATH } }).stdout;
    try {
      bash('up');
      expect(bash('check').split('\n').map((line) => line.split(' ')[0])).toEqual(['FAILED', 'ok', 'FAILED', 'FAILED', 'FAILED', '']);
    } finally {
      bash('down');
    }
  }, 60_000);

  it.each([
    ['a kernel without netem, before anything is built', 'echo "Error: Specified qdisc kind is unknown." >&2; exit 2', 1, 'links of this lab need netem, which this kernel does not have (Error: Specified qdisc kind is unknown.): modprobe sch_netem'],
    ['a command that fails half-way', 'if [ "$1" = -n ]; then exit 2; fi', 2, 'up failed; what it had built is removed'],
  ])('leaves nothing behind of %s', (_what, tc, code, words) => {
    const script = path.join(directory, 'fails.sh');
    const prefix = `skf${process.pid}-`;
    writeFileSync(script, exportScript(parsed(lab({ links: [IMPAIRED] })), { seed: 1, prefix }));
    const { status, stderr } = spawnSync('bash', [script, 'up'], { encoding: 'utf8', timeout: 60_000, env: { PATH: pathWith('tc', tc) } });
    expect([status, stderr]).toEqual([code, `${script}: ${words}\n`]);
    expect(spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' }).stdout).not.toContain(prefix);
  }, 60_000);

  it('stays when all of it was built, with what is to come later', () => {
    const script = path.join(directory, 'later.sh');
    const prefix = `skl${process.pid}-`;
    writeFileSync(script, exportScript(parsed(lab({ links: ['- { endpoints: ["a:eth1", "b:eth1"], impair: { delay: 10ms }, down: [10ms, 20ms] }'] })), { seed: 1, prefix }));
    const bash = (what: string): ReturnType<typeof spawnSync> => spawnSync('bash', [script, what], { encoding: 'utf8', timeout: 60_000, env: { PATH: pathWith('tc', '') } });
    try {
      const { status, stderr } = bash('up');
      expect([status, stderr]).toEqual([0, '']);
      expect(spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' }).stdout).toContain(prefix);
    } finally {
      bash('down');
    }
  }, 60_000);

  afterAll(() => rmSync(directory, { recursive: true }));
});
