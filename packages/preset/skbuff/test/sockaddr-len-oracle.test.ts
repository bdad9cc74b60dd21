/** bind, connect, sendto and sendmsg with addresses of every length and some families: what the running kernel says, and what ours says. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type SockaddrIn, sockaddrInCodec } from '@skbuff/af-inet';
import { type Task, kernelTask } from '@skbuff/sock';
import { AF_INET, AF_INET6, AF_PACKET, AF_UNSPEC, IPPROTO_ICMP, SOCK_DGRAM, SOCK_RAW } from '@skbuff/uapi';
import { expect, it } from 'vitest';
import { type Host, VirtualClock, createNet } from '../src/index.ts';

const possible = process.getuid?.() === 0 && spawnSync('gcc', ['--version']).status === 0 && spawnSync('ip', ['-V']).stdout?.toString().includes('iproute2') === true;
if (!possible) console.warn('socket addresses of every length against the kernel SKIPPED: it needs root, gcc and the command ip of iproute2');

/** The program's lines, by a kernel whose namespace has nothing but a loopback. */
function kernelLines(): string[] {
  const dir = mkdtempSync(join(tmpdir(), 'skbuff-sockaddr-'));
  const net = `skb-addr-${process.pid}`;
  try {
    const program = join(dir, 'sockaddr-len');
    execFileSync('gcc', ['-O1', '-o', program, join(import.meta.dirname, 'sockaddr-len.c')]);
    execFileSync('ip', ['netns', 'add', net]);
    execFileSync('ip', ['-n', net, 'link', 'set', 'lo', 'up']);
    const inside = ['netns', 'exec', net];
    execFileSync('ip', [...inside, 'sysctl', '-q', '-w', 'net.ipv4.ping_group_range=0 100']);
    return execFileSync('ip', [...inside, program]).toString().trimEnd().split('\n');
  } finally {
    spawnSync('ip', ['netns', 'del', net]);
    rmSync(dir, { recursive: true });
  }
}

const KINDS = [
  ['udp', AF_INET, SOCK_DGRAM, 0],
  ['raw', AF_INET, SOCK_RAW, 253],
  ['ping', AF_INET, SOCK_DGRAM, IPPROTO_ICMP],
  ['packet', AF_PACKET, SOCK_RAW, 0],
  ['cooked', AF_PACKET, SOCK_DGRAM, 0],
] as const;
const FAMILIES = [AF_INET, AF_UNSPEC, AF_INET6, AF_PACKET, 99];
const ECHO = Uint8Array.from({ length: 60 }, (_, i) => (i === 0 ? 8 : 0));

const CALLS: Readonly<Record<string, (task: Task, fd: number, addr: Uint8Array) => unknown>> = {
  bind: (task, fd, addr) => task.bind(fd, addr),
  connect: (task, fd, addr) => task.connect(fd, addr),
  sendto: (task, fd, addr) => task.sendto(fd, ECHO, 0, addr),
  sendmsg: (task, fd, addr) => task.sendmsg(fd, { name: addr, iov: [ECHO] }),
};

function addressOf(family: number, called: number, call: string, content: number, lo: number): Uint8Array {
  const addr = new Uint8Array(256);
  addr[0] = called;
  if (family === AF_INET) {
    addr[3] = call === 'bind' ? 0 : 9;
    addr.set([content >>> 24, content >> 16, content >> 8, content], 4);
  } else {
    addr[4] = lo;
    addr[11] = content;
  }
  return addr;
}

/** What the program prints for one line, by our stack. */
function runs(task: Task, kind: (typeof KINDS)[number], call: string, called: number, content: number, lo: number): string {
  const [name, family, type, protocol] = kind;
  const addr = addressOf(family, called, call, content, lo);
  let line = `${name} ${call} family ${called} ${content.toString(16)}:`;
  let first = 0;
  let last: string | null = null;
  const one = family === AF_PACKET ? task.socket(family, type, protocol) : -1;
  for (let len = 0; len <= 131; len++) {
    let now = '';
    if (len <= 130) {
      const fd = one >= 0 ? one : task.socket(family, type, protocol);
      const rc = CALLS[call]?.(task, fd, addr.subarray(0, len)) as number;
      const bound = sockaddrInCodec.create() as SockaddrIn;
      if (family === AF_INET && type === SOCK_DGRAM) task.getsockname(fd, bound);
      now = `${rc < 0 ? -rc : 0}${bound.port !== 0 ? '/port' : ''}`;
      if (one < 0) task.close(fd);
    }
    if (now === last) continue;
    if (last !== null) line += ` ${first}-${len - 1}=${last}`;
    first = len;
    last = now;
  }
  if (one >= 0) task.close(one);
  return line;
}

function ourLines(host: Host): string[] {
  const lines: string[] = [];
  const task = kernelTask(host.ns);
  const lo = host.ns.loopbackDev?.ifindex ?? 0;
  host.sysctl('net.ipv4.ping_group_range', '0 100');
  for (const kind of KINDS) {
    const contents = kind[1] === AF_INET ? [0x7f000001, 0] : [6, 0, 8, 9, 116, 117];
    for (const call of Object.keys(CALLS)) {
      for (const called of FAMILIES) for (const content of contents) lines.push(runs(task, kind, call, called, content, lo));
    }
  }
  return lines;
}

it.skipIf(!possible)('each protocol judges the length and the family of an address as Linux does, and has or has not bound the socket before', () => {
  const net = createNet({ clock: new VirtualClock(), debug: true });
  const lines = ourLines(net.host('h'));
  expect(net.close()).toEqual({});
  expect(lines).toEqual(kernelLines());
});
