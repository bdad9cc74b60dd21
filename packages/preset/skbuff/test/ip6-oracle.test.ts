/**
 * IPv6 as the commands show and change it: the same command lines in the same order, by Debian's iproute2, net-tools and procps in
 * namespaces of the kernel underneath, and by ours on our stack. Both must print the same and return the same. Needs root, iproute2,
 * net-tools 2.10 and procps; says aloud when it cannot. A line that begins with `@` is done and not compared; `@settle` waits until
 * carriers have been looked at.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from '@skbuff/command';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commands, createNet, type Host, type HostNet, VirtualClock } from '../src/index.ts';
import { ADDRESSES_AND_ROUTES } from './ip6-scripts.ts';
import { FILES, OBJECTS } from './ip6-scripts-objects.ts';
import { TOOLS } from './ip6-scripts-tools.ts';

const prints = (command: string, words: string): boolean => spawnSync(command, ['-V']).stdout?.toString().includes(words) === true;
const possible = process.getuid?.() === 0 && prints('ip', 'iproute2-6.1') && prints('ifconfig', 'net-tools 2.10') && prints('sysctl', 'procps');
if (!possible) console.warn('ip6 oracle SKIPPED: it needs root, iproute2 6.1, net-tools 2.10 and procps');

const DIR = possible ? mkdtempSync('/tmp/skbuff-ip6-') : '/tmp';
const LINK = ['link', 'add', 'v0', 'address', '02:00:00:00:00:01', 'type', 'veth', 'peer', 'name', 'v1', 'address', '02:00:00:00:00:02'];
/** Addresses are good at once, and no router is asked for: what is random is not compared. */
const QUIET = ['all', 'default', 'lo', 'v0', 'v1'].flatMap((dev) => [`net.ipv6.conf.${dev}.accept_dad=0`, `net.ipv6.conf.${dev}.router_solicitations=0`]);

if (possible) {
  for (const [name, bytes] of Object.entries(FILES)) writeFileSync(join(DIR, name), bytes);
  afterAll(() => rmSync(DIR, { recursive: true }));
}

/** Our hosts have no files of their own: these see the machine's, and what a test made. */
function withFiles(command: Command): Command {
  return {
    name: command.name,
    run(argv, env) {
      const readFile = (path: string): string | number => (path.startsWith('/proc/') || !existsSync(path) ? env.readFile(path) : readFileSync(path, 'utf8'));
      const readBytes = (path: string): Uint8Array | number => (existsSync(path) ? new Uint8Array(readFileSync(path)) : env.readBytes(path));
      return command.run(argv, Object.create(env, { readFile: { value: readFile }, readBytes: { value: readBytes } }));
    },
  };
}

interface Result {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What is not the same from one run to the next: orders of hashes, references, times, counters. */
function masked(line: string, { status, stdout, stderr }: Result): Result {
  let text = stdout.replace(/ expires \d+sec/g, ' expires Nsec').replace(/_lft \d+sec/g, '_lft Nsec');
  if (line.includes('ntable')) text = text.replace(/refcnt \d+ reachable \d+/g, 'refcnt N reachable N');
  // The entry of those whom no route takes, which our table has even beside a default route.
  if (/^(route|netstat)/.test(line)) text = text.replace(/ \d+( +\d+ \S+)$/gm, ' N$1').replace(/^::\/0 +:: +!n +-1 .*\n/gm, '');
  if (/^ifconfig/.test(line)) text = text.replace(/X packets.*/g, 'X packets').replace(/(^ +inet6 .*\n)+/gm, (lines) => lines.split('\n').sort().join('\n'));
  if (/neigh/.test(line)) text = text.split('\n').sort().join('\n');
  return { status, stdout: text, stderr };
}

describe.skipIf(!possible).each(Object.entries({ ...ADDRESSES_AND_ROUTES, ...OBJECTS, ...TOOLS }))("like the system's commands: %s", (part, script) => {
  const NAME = `skbuff-ip6-${process.pid}-${part.replace(/\W/g, '')}`;
  const clock = new VirtualClock();
  let net: HostNet;
  let host: Host;

  beforeAll(async () => {
    execFileSync('ip', ['netns', 'add', NAME]);
    execFileSync('ip', ['-n', NAME, ...LINK]);
    execFileSync('ip', ['netns', 'exec', NAME, 'sysctl', '-q', '-w', ...QUIET]);
    net = createNet({ clock, debug: true, commands: commands().map(withFiles) });
    host = net.host('h');
    // A host begins with lo up; the kernel's namespaces do not.
    for (const line of ['ip link set lo down', 'ip addr flush dev lo', `ip ${LINK.join(' ')}`, `sysctl -q -w ${QUIET.join(' ')}`]) await ours(line);
  });

  afterAll(() => {
    execFileSync('ip', ['netns', 'del', NAME]);
    expect(net.close()).toEqual({});
  });

  function theirs(line: string): Result {
    const { status, stdout, stderr } = spawnSync('ip', ['netns', 'exec', NAME, ...line.split(' ')]);
    return { status, stdout: stdout.toString(), stderr: stderr.toString() };
  }

  async function ours(line: string): Promise<Result> {
    const { code, stdout, stderr } = await host.run(line);
    // What the kernel does soon afterwards, such as looking at carriers.
    clock.advance(0);
    return { status: code, stdout, stderr };
  }

  it.each(script.trim().replaceAll('DIR', DIR).split('\n'))('%s', async (line) => {
    if (!line.startsWith('@')) {
      const [kernel, mine] = [theirs(line), await ours(line)];
      expect(masked(line, mine)).toEqual(masked(line, kernel));
    } else if (line === '@settle') {
      await new Promise((resolve) => setTimeout(resolve, 2200));
      clock.advance(2.2e9);
    } else expect([theirs(line.slice(1)).status, (await ours(line.slice(1))).status]).toEqual([0, 0]);
  });
});
