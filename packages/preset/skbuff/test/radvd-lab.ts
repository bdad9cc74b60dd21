/**
 * One run of radvd on a router `va`, with somebody on the other end of the link who listens and sends frames: the system's in namespaces of
 * the running kernel, and ours.
 */
import { execFileSync, spawn } from 'node:child_process';
import { SockaddrLl } from '@skbuff/af-packet';
import * as U from '@skbuff/uapi';
import { createNet, type Host } from '../src/index.ts';

/** Times are milliseconds. */
export interface RadvdCase {
  readonly config: string;
  readonly debug?: number;
  /** Options besides. */
  readonly options?: readonly string[];
  /** What is sent to it, in hexadecimal, one after the other, each `gap` after what was before. */
  readonly frames?: readonly string[];
  readonly gap?: number;
  /** From the start, or the last frame, until SIGTERM. */
  readonly wait?: number;
}

export interface RadvdRun {
  readonly stderr: string;
  readonly code: number;
  /** Messages of ICMPv6 with where they went, before SIGTERM and after. */
  readonly adverts: readonly string[];
  readonly last: readonly string[];
}

const GAP = 200;
const WAIT = 150;
export const ROUTER_MAC = '02:00:00:00:00:01';
const ROUTER_SETUP = ['addr add 2001:db8:77::1/64 dev va nodad', 'addr add 2001:db8:78::1/64 dev va nodad', 'addr add 192.0.2.1/24 dev va'];

/** What does not depend on processes, files or the clock. */
export function plain(stderr: string): string[] {
  return stderr
    .split('\n')
    .filter((line) => line !== '' && !/pid file|PID|privsep|removing \/|unknown logging method|returned early|reeing interface|Freeing Interfaces/.test(line))
    .map((line) => line.replace(/polling for [\d.]+/, 'polling for N').replace(/rescheduling RA [\d.]+/, 'rescheduling RA N').replace(/scheduled RA in \d+\.\d+/, 'scheduled RA in N').replace(/^\[[^\]]*\] radvd \(\d+\): /, '[] '))
    .filter((line, i, all) => !(line.startsWith('polling for') && all[i - 1] === line));
}

function advertOf(frame: Uint8Array): string {
  const hex = (from: number, to?: number): string => Buffer.from(frame.subarray(from, to)).toString('hex');
  return frame[12] === 0x86 && frame[20] === 58 && frame[54] === 134 ? `${hex(0, 6)} ${hex(22, 54)} ${hex(54)}` : '';
}

export async function ourRadvd({ config, debug = 5, options = [], frames = [], gap = GAP, wait = WAIT }: RadvdCase): Promise<RadvdRun> {
  const net = createNet({ seed: 7 });
  try {
    const router = net.router('r');
    const other = net.host('h');
    router.sysctl('net.ipv6.conf.default.accept_dad', 0);
    other.sysctl('net.ipv6.conf.default.disable_ipv6', 1);
    net.link(router, other, { a: { name: 'va', mac: ROUTER_MAC }, b: { name: 'vb', mac: '02:00:00:00:00:02' } });
    for (const line of ROUTER_SETUP) router.ip`${line}`;
    const sleep = (ms: number): Promise<unknown> => Promise.resolve(other.task.nanosleep(ms * 1e6));
    const listener = new Listener(other);
    await sleep(2000);
    listener.take();
    const text = { stdout: '', stderr: '' };
    const files = { readText: (path: string) => (path === 'x.conf' ? config : -U.ENOENT), readBytes: () => -U.ENOENT, create: () => -U.EROFS };
    const run = router.start(['radvd', '-C', 'x.conf', '-n', '-m', 'stderr_clean', '-d', String(debug), ...options], {
      stdout: (t) => void (text.stdout += t),
      stderr: (t) => void (text.stderr += t),
      files,
    });
    for (const frame of frames) {
      await sleep(gap);
      listener.send(frame);
    }
    await sleep(wait);
    const adverts = listener.take();
    run.kill('SIGTERM');
    const { code } = await run.done;
    await sleep(50);
    const last = listener.take();
    listener.close();
    return { stderr: text.stderr, code, adverts, last };
  } finally {
    const leaks = net.close();
    if (Object.keys(leaks).length > 0) throw new Error(`leaks: ${JSON.stringify(leaks)}`);
  }
}

/** Hears the adverts on the link. */
class Listener {
  private readonly fd: number;
  private readonly host: Host;
  private readonly buf = new Uint8Array(4096);

  constructor(host: Host) {
    this.host = host;
    this.fd = host.task.socket(U.AF_PACKET, U.SOCK_RAW, 0xdd86);
  }

  send(hex: string): void {
    const to = new SockaddrLl();
    to.ifindex = this.host.ns.devGetByName('vb')?.ifindex ?? 0;
    this.host.task.sendto(this.fd, Uint8Array.from(Buffer.from(hex, 'hex')), 0, to);
  }

  take(): string[] {
    const all: string[] = [];
    for (;;) {
      const n = this.host.task.recvfrom(this.fd, this.buf, U.MSG_DONTWAIT) as number;
      if (n < 0) return all.filter((text) => text !== '');
      all.push(advertOf(this.buf.subarray(0, n)));
    }
  }

  close(): void {
    this.host.task.close(this.fd);
  }
}

const SCRIPT = `
import ctypes, json, os, select, signal, socket, subprocess, sys, tempfile, time
a, b = sys.argv[1:3]
libc = ctypes.CDLL(None)
def enter(ns):
    fd = os.open('/var/run/netns/' + ns, os.O_RDONLY); libc.setns(fd, 0x40000000); os.close(fd)
enter(b)
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x86dd)); s.bind(('vb', 0))
enter(a)
time.sleep(1)
def frames(ms):
    end = time.time() + ms / 1000; out = []
    while True:
        left = end - time.time()
        if left <= 0: return out
        if select.select([s], [], [], left)[0]:
            f, addr = s.recvfrom(4096)
            if addr[2] != 4 and f[20] == 58 and f[54] == 134: out.append(f[:6].hex() + ' ' + f[22:54].hex() + ' ' + f[54:].hex())
results = []
room = tempfile.TemporaryDirectory(); os.chdir(room.name)
for case in json.load(sys.stdin):
    open('x.conf', 'w').write(case['config'])
    while select.select([s], [], [], 0)[0]: s.recv(4096)
    p = subprocess.Popen(['radvd', '-C', 'x.conf', '-p', os.getcwd() + '/pid', '-n', '-m', 'stderr_clean', '-d', str(case['debug'])] + case['options'], stderr=subprocess.PIPE, text=True)
    adverts = []
    for f in case['frames']:
        adverts += frames(case['gap']); s.send(bytes.fromhex(f))
    adverts += frames(case['wait'])
    p.send_signal(signal.SIGTERM)
    last = frames(60)
    results.append(dict(stderr=p.communicate(timeout=5)[1], code=p.returncode, adverts=adverts, last=last))
json.dump(results, sys.stdout)
`;

/** Runs of the system's radvd are mostly waits: so many go side by side, each in two namespaces of its own. */
const LABS = 6;

/** The system's radvd: a run for each case, in their order. */
export async function realRadvd(cases: readonly RadvdCase[], name: string): Promise<RadvdRun[]> {
  const labs = Array.from({ length: Math.min(LABS, cases.length) }, (_, i) => i);
  const runs = await Promise.all(labs.map((lab) => inOneLab(cases.filter((_, i) => i % labs.length === lab), `${name}x${lab}`)));
  return cases.map((_, i) => runs[i % labs.length]?.[Math.floor(i / labs.length)] as RadvdRun);
}

async function inOneLab(cases: readonly RadvdCase[], name: string): Promise<RadvdRun[]> {
  const [a, b] = [`${name}a`, `${name}b`];
  const ip = (line: string): void => void execFileSync('ip', line.split(' '), { stdio: 'pipe' });
  try {
    for (const ns of [a, b]) ip(`netns add ${ns}`);
    ip(`-n ${a} link add va address ${ROUTER_MAC} type veth peer name vb address 02:00:00:00:00:02 netns ${b}`);
    execFileSync('ip', ['netns', 'exec', a, 'sysctl', '-qw', 'net.ipv6.conf.va.accept_dad=0', 'net.ipv6.conf.all.forwarding=1']);
    execFileSync('ip', ['netns', 'exec', b, 'sysctl', '-qw', 'net.ipv6.conf.vb.disable_ipv6=1']);
    ip(`-n ${b} link set vb up`);
    for (const line of ['link set lo up', 'link set va up', ...ROUTER_SETUP]) ip(`-n ${a} ${line}`);
    const input = JSON.stringify(cases.map(({ config, debug = 5, options = [], frames = [], gap = GAP, wait = WAIT }) => ({ config, debug, options, frames, gap, wait })));
    return JSON.parse(await python(['-c', SCRIPT, a, b], input)) as RadvdRun[];
  } finally {
    for (const ns of [a, b]) {
      try {
        ip(`netns del ${ns}`);
      } catch {
        // It was not made.
      }
    }
  }
}

function python(args: readonly string[], input: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('python3', args, { stdio: ['pipe', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.on('data', (text) => void (said += String(text)));
    child.on('close', (code) => (code === 0 ? resolve(said) : reject(new Error(`python3 ended with ${code}`))));
    child.stdin.end(input);
  });
}
