/** Command lines by chance: whatever is typed, a command ends with a status and a text, and leaves nothing behind. */
import { Random, VirtualClock } from '@skbuff/core';
import { describe, expect, it } from 'vitest';
import { commands, createNet, type Host, type HostNet, type RunResult } from '../src/index.ts';

const LINES = 20_000;
/** Lines on one pair of hosts, before they are given up for fresh ones. */
const ROUND = 200;
const GARBAGE = [
  '', '-', '--', '-1', '0', '1', '2', '7', '65536', '4294967295', '4294967296', '99999999999999999999', '0x', '0x10', '1e3', '1.5', '-0.1',
  '10.0.0.1', '10.0.0.2', '10.0.0.0/24', '10.0.0.1/99', '10.0.0.256', '1.2.3', '::1', 'fe80::1%eth0', '::/0', 'default', 'all', 'any', 'inet', 'inet6',
  '02:00:00:00:00:01', '02:00', 'zz:00:00:00:00:01', 'eth0', 'eth0:1', 'lo', 'eth9', 'a-name-that-is-much-too-long-for-an-interface', 'n1', 'constructor', '__proto__', 'toString', 'hasOwnProperty',
  '%s', '%n', '/', '/nowhere', '/proc/net/dev', '/proc/self/ns/net', '*', '\u00e9', '=', 'a=b', '--help', '--version', '-h', '-V', '-?', '(', ')', '[', ']', '[0', '&', 'not', '\\', 'tcp[', '1/0',
];

/** What the real ones fail at without a word: the map of an interface that is not there, an assignment to nothing; a daemon tells the system's log. */
const SILENT = /^ifconfig .*\b(mem_start|io_addr|irq|media)\b|^sysctl (.* )?=( |$)|^radvd\b/;

/** What the usage texts say, cut into words. */
async function vocabulary(host: Host, name: string): Promise<string[]> {
  const words = new Set<string>();
  const ask = async (argv: readonly string[]): Promise<void> => {
    const { stdout, stderr } = await host.run(argv);
    for (const word of `${stdout} ${stderr}`.split(/[\s|[\]{}(),<>`'"]+/)) if (word !== '' && word.length < 24) words.add(word.replace(/:$/, ''));
  };
  for (const help of ['--help', '-h', 'help', '-help', '--nothing']) await ask([name, help]);
  if (name === 'ip') for (const object of ['link', 'addr', 'route', 'rule', 'neigh', 'ntable', 'maddr', 'monitor', 'netconf', 'netns']) await ask([name, object, 'help']);
  return [...words];
}

function twoHosts(): { net: HostNet; h1: Host } {
  const net = createNet({ seed: 5, debug: true, clock: new VirtualClock() });
  const [h1, h2] = net.hosts('h1', 'h2');
  net.link(h1, h2);
  h1.addr.add({ dev: 'eth0', cidr: '10.0.0.1/24' });
  h2.addr.add({ dev: 'eth0', cidr: '10.0.0.2/24' });
  return { net, h1 };
}

/** The command's end: by itself, by the key ^C, or else not at all. */
async function end(net: HostNet, host: Host, argv: readonly string[]): Promise<RunResult | 'hangs'> {
  let result: RunResult | undefined;
  const running = host.start(argv);
  const done = running.done.then((r) => void (result = r));
  for (const signal of [null, 'SIGINT', 'SIGTERM', 'SIGKILL'] as const) {
    if (signal !== null) running.kill(signal);
    await net.advance(50);
    if (result !== undefined) break;
  }
  if (result === undefined) return 'hangs';
  await done;
  return result;
}

describe('command lines by chance', () => {
  it('end with a status and a text, and leave nothing behind', async () => {
    const random = new Random(21);
    const first = twoHosts();
    const words = new Map<string, string[]>();
    for (const { name } of commands()) words.set(name, await vocabulary(first.h1, name));
    expect(first.net.close()).toEqual({});
    const names = [...words.keys()];
    const pick = <T>(list: readonly T[]): T => list[random.below(list.length)] as T;
    const wrong: string[] = [];
    for (let round = 0; round < LINES / ROUND; round++) {
      const { net, h1 } = twoHosts();
      for (let i = 0; i < ROUND; i++) {
        const name = pick(names);
        const own = words.get(name) as string[];
        const argv = [name, ...Array.from({ length: random.below(9) }, () => (random.below(3) === 0 ? pick(GARBAGE) : pick(own)))];
        const tell = (what: string): void => void wrong.push(`${JSON.stringify(argv)}: ${what}`);
        try {
          const result = await end(net, h1, argv);
          if (result === 'hangs') tell('hangs');
          else if (!Number.isInteger(result.code) || result.code < 0 || result.code > 255) tell(`status ${result.code}`);
          else if (result.code !== 0 && `${result.stdout}${result.stderr}` === '' && !SILENT.test(argv.join(' '))) tell(`status ${result.code}, no text`);
          else if (/undefined|NaN|\[object/.test(result.stderr + result.stdout)) tell(result.stderr + result.stdout);
        } catch (error) {
          tell((error as Error).stack ?? String(error));
        }
      }
      const left = net.close();
      if (Object.keys(left).length > 0) wrong.push(`left: ${JSON.stringify(left)}`);
    }
    expect(wrong).toEqual([]);
  }, 600_000);
});
