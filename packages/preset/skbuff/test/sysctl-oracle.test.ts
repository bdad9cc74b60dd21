/**
 * The sysctls of a fresh namespace, by the kernel underneath and by our stack: the same values to begin with, and the same answer and value
 * after each of many texts is written to each file. Needs root, iproute2 and python3; says aloud when it cannot.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { sysctlOf } from '@skbuff/sysctl';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNet, type HostNet, VirtualClock } from '../src/index.ts';

const has = (command: string): boolean => spawnSync(command, ['-V']).status === 0;
const possible = process.getuid?.() === 0 && has('ip') && has('python3');
if (!possible) console.warn('sysctl oracle SKIPPED: it needs root, iproute2 and python3');

const NAME = `skbuff-sys-${process.pid}`;
const TEXTS = ['1', '', '\n', 'x', '1x', '-1', '0', '2 7', '2', '3', '255', '256', '70000', '0x10', '010', '+1', ' 4 ', '2147483647', '2147483648', '-2147483648', '4294967296', '99999999999999999999999', '100 200', '200 100', '0 0', '1\n2', '600', '80,81,82', '100-105,1', '9-3', '1,', '1-', ',1', '3-5,4-9', '65535', '65536', '0 4294967294', '4294967295 4294967295'] as const;

/** Files of subsystems which come later, one that does something when it is written, one that depends on the number of CPUs. */
const OTHERS = /^net\/(ipv6|netfilter|nf_|mptcp|bridge|unix)|^net\/core\/xfrm|xfrm4|\/tcp_|rps_default_mask|^net\/ipv4\/route\/flush/;

/** Times in jiffies behind other units: how they are rounded and where they overflow is a matter of HZ, which is 1000 here. */
const JIFFIES = /_ms$|\/(retrans_time|locktime|proxy_delay|anycast_delay|icmp_ratelimit)$/;

const PYTHON = `
import errno, json, os, sys
def read(p):
    try: return open(p, 'rb').read().decode()
    except OSError as e: return -e.errno
def write(p, t):
    try:
        fd = os.open(p, os.O_WRONLY)
    except OSError as e: return -e.errno
    try: os.write(fd, t.encode()); return 0
    except OSError as e: return -e.errno
    finally: os.close(fd)
texts = json.load(sys.stdin)
out = {}
os.system('ip link set lo up; ip link add v0 type veth peer name v1')
names = sorted(os.path.join(d, f)[10:] for d, _, fs in os.walk('/proc/sys/net') for f in fs)
for n in names: out[n] = [read('/proc/sys/' + n)]
for n in names:
    p = '/proc/sys/' + n
    if 'ipv4' not in n and 'core' not in n or 'tcp_' in n: continue
    for t in texts:
        # Others' settings follow some of these.
        out[n].append([write(p, t), read(p)])
    if out[n][0] != read(p): write(p, str(out[n][0]))
print(json.dumps(out))
`;

type Answers = Record<string, readonly [string | number, ...(readonly [number, string | number])[]]>;

describe.skipIf(!possible)('sysctls as the kernel underneath has them', () => {
  let net: HostNet;
  let theirs: Answers;
  const ours: Record<string, unknown> = {};

  beforeAll(() => {
    execFileSync('ip', ['netns', 'add', NAME]);
    theirs = JSON.parse(execFileSync('ip', ['netns', 'exec', NAME, 'python3', '-c', PYTHON], { input: JSON.stringify(TEXTS), maxBuffer: 1 << 26 }).toString()) as Answers;
    net = createNet({ clock: new VirtualClock(), debug: true });
    const host = net.host('h');
    host.ip`link add v0 type veth peer name v1`;
    const tree = sysctlOf(host.ns);
    const names = tree.list('net');
    for (const name of names) ours[name] = [tree.read(name)];
    for (const name of names) {
      const [first] = ours[name] as [string];
      ours[name] = [first, ...TEXTS.map((text) => [tree.write(name, text), tree.read(name)])];
      if (tree.read(name) !== first) tree.write(name, first);
    }
  });

  afterAll(() => {
    execFileSync('ip', ['netns', 'del', NAME]);
    expect(net.close()).toEqual({});
  });

  it('no file is ours alone [TOOL-50]', () => {
    expect(Object.keys(ours).filter((name) => !OTHERS.test(name) && !(name in theirs))).toEqual([]);
  });

  it('begin with the same values [TOOL-50]', () => {
    for (const name of Object.keys(ours)) if (!OTHERS.test(name)) expect([name, (ours[name] as unknown[])[0]]).toEqual([name, theirs[name]?.[0]]);
  });

  it.each(TEXTS.map((text, i) => [JSON.stringify(text), i + 1] as const))('take %s alike [CFG-03] [TOOL-50]', (_text, i) => {
    const differ: unknown[] = [];
    for (const name of Object.keys(ours)) {
      if (OTHERS.test(name) || JIFFIES.test(name)) continue;
      const [mine, kernel] = [(ours[name] as unknown[])[i], theirs[name]?.[i]];
      if (JSON.stringify(mine) !== JSON.stringify(kernel)) differ.push(`${name}: ${JSON.stringify(mine)}, Linux ${JSON.stringify(kernel)}`);
    }
    expect(differ).toEqual([]);
  });
});
