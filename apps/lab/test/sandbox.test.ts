/** `skbuff run`: what a program does without our commands. The scripts run in namespaces of the machine too, and say the same there. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { runCommand } from '../src/cli/run-command.ts';
import { createStackHost, type StackHost } from '../src/lab/stack-host.ts';
import { runProgram } from '../src/program/run-program.ts';
import { Sandbox } from '../src/program/sandbox.ts';
import { parseTopologyOrThrow } from '../src/topology/parse.ts';

const CLIENT = fileURLToPath(new URL('../dist/program/client.js', import.meta.url));
const KINDS: readonly (readonly [string, readonly string[]])[] = [
  ['as root', ['--net', '--mount']],
  ['as root of a user namespace', ['--user', '--map-root-user', '--net', '--mount']],
];
const works = new Map(KINDS.map(([name, flags]) => [name, new Sandbox([flags]).mounts]));
for (const [name, works_] of works) if (!works_) console.warn(`programs in namespaces of the machine, ${name}: SKIPPED: the machine does not allow them`);
/** A machine of its own to compare with: nothing of it is seen from outside. */
const REAL = 'mount -t sysfs sysfs /sys && mount -t tmpfs tmpfs /run && ip link set lo up && ';
const real = spawnSync('unshare', ['--net', '--mount', 'sh', '-c', `${REAL} ip netns add n && ip link add v0 type veth peer name v1`]).status === 0;
if (!real) console.warn('scripts in real namespaces SKIPPED: they need root, iproute2 and veth');

let directory: string;
let host: StackHost;
beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'skbuff-sandbox-'));
});
afterAll(() => rmSync(directory, { recursive: true }));
beforeEach(() => {
  host = createStackHost(parseTopologyOrThrow('name: run\ntopology:\n  nodes:\n    localhost: { kind: linux }\n', { file: 'alone' }), { seed: 1, realTime: true });
});
afterEach(() => expect(host.close().leaks).toEqual({}));

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(script: string, sandbox: Sandbox, on: StackHost = host): Promise<Ran> {
  const ran = { out: '', err: '' };
  const code = await runProgram(on, ['bash', '-c', script], {
    commands: on.commands,
    node: 'localhost',
    client: CLIENT,
    sandbox,
    stdio: ['pipe', 'pipe', 'pipe'],
    onSpawn(child) {
      child.stdout?.on('data', (text) => (ran.out += String(text)));
      child.stderr?.on('data', (text) => (ran.err += String(text)));
    },
  });
  return { code, ...ran };
}

function really(script: string): string {
  return spawnSync('unshare', ['--net', '--mount', 'bash', '-c', REAL + script], { encoding: 'utf8' }).stdout;
}

const VETH = 'ip link add v0 address 02:00:00:00:00:01 type veth peer name v1 address 02:00:00:00:00:02';
/** What each script prints is compared with the machine, if that allows it. */
const SCRIPTS: readonly (readonly [what: string, script: string, out: string])[] = [
  ['writes a setting and reads it', 'echo 1 > /proc/sys/net/ipv4/ip_forward; cat /proc/sys/net/ipv4/ip_forward; sysctl net.ipv4.ip_forward', '1\nnet.ipv4.ip_forward = 1\n'],
  ['sees what commands change', 'sysctl -qw net.ipv4.ip_forward=1; cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/lo/forwarding', '1\n1\n'],
  ['changes what follows from a setting, without a command', 'echo 1 > /proc/sys/net/ipv4/conf/all/forwarding; sleep 0.5; cat /proc/sys/net/ipv4/ip_forward', '1\n'],
  ['has a refused value put back', 'echo abc 2> /dev/null > /proc/sys/net/ipv4/ip_forward; sleep 0.5; cat /proc/sys/net/ipv4/ip_forward', '0\n'],
  [
    'hears from commands that look at it when nothing can be printed',
    "for c in 'ip addr' 'sysctl net.ipv4.ip_forward' 'sysctl -q net.ipv4.ip_forward=0' 'ping -c 1 127.0.0.1' uname 'unshare --version'; do $c 2>&1 > /dev/full; echo $?; $c 2>&1 >&-; echo $?; done",
    '0\n0\nsysctl: write error: No space left on device\n1\nsysctl: write error: Bad file descriptor\n1\n0\n0\nping: write error\n1\nping: write error\n1\n' +
      'uname: write error: No space left on device\n1\nuname: write error: Bad file descriptor\n1\nunshare: write error: No space left on device\n1\n0\n',
  ],
  ['ends its commands by SIGPIPE when nobody reads', '{ sleep 0.5; ip addr; } | true; echo ${PIPESTATUS[0]}; { sleep 0.5; ip link set lo up; } | true; echo ${PIPESTATUS[0]}', '141\n0\n'],
  ['may not make settings', '{ echo 1 > /proc/sys/net/ipv4/conf/nosuch/forwarding; } 2> /dev/null; echo $?', '1\n'],
  [
    'has the files of its devices, as they come and go',
    `${VETH}; cat /sys/class/net/v0/address; readlink /sys/class/net/v1; ls /proc/sys/net/ipv4/conf | grep v; ip link del v0; ls /sys/class/net | grep v; ls /proc/sys/net/ipv4/conf | grep v; echo end`,
    '02:00:00:00:00:01\n../../devices/virtual/net/v1\nv0\nv1\nend\n',
  ],
  [
    'follows devices to other names and namespaces',
    `${VETH}; ip link set v0 name w0; ip netns add n; ip link set v1 netns n; ls /proc/sys/net/ipv4/conf /sys/class/net | grep '^[vw][01]'
     ip netns exec n sh -c 'ip link set v1 name w1; ls /sys/class/net | grep "^[vw][01]"'`,
    'w0\nw0\nw1\n',
  ],
  ['changes nothing by writing nothing', ': > /proc/sys/net/ipv4/ip_default_ttl; ip link show lo > /dev/null; cat /proc/sys/net/ipv4/ip_default_ttl', '64\n'],
  ['sets a device by its files', `${VETH}; echo 1400 > /sys/class/net/v0/mtu; ip link show v0 | grep -o 'mtu 1400'`, 'mtu 1400\n'],
  ['cannot read what a device does not know', `${VETH}; cat /sys/class/net/v0/carrier 2> /dev/null || echo unknown; ip link set v0 up; ip link set v1 up; cat /sys/class/net/v0/carrier`, 'unknown\n1\n'],
  [
    'has those of a namespace in it',
    `${VETH}; ip netns add n; ip link set v1 netns n
     ip netns exec n sh -c 'echo 1 > /proc/sys/net/ipv4/conf/v1/proxy_arp; cat /sys/class/net/v1/address; test -e /sys/class/net/v0; echo $?; sysctl net.ipv4.conf.v1.proxy_arp'
     ip netns exec n cat /proc/sys/net/ipv4/conf/v1/proxy_arp; test -e /proc/sys/net/ipv4/conf/v1; echo $?`,
    '02:00:00:00:00:02\n1\nnet.ipv4.conf.v1.proxy_arp = 1\n1\n1\n',
  ],
  ['finds our commands by their full path, and after PATH is reset', `${VETH}; $(PATH=/usr/sbin:/usr/bin:/sbin:/bin command -v ip) -br link show v0 | cut -c1-2; export PATH=/usr/sbin:/usr/bin:/sbin:/bin; ip -br link show v1 | cut -c1-2`, 'v0\nv1\n'],
  ['is in no namespace with a name, and its processes are what the shell says', 'ip netns identify $$; echo $?; sleep 9 & ip netns attach foo $!; echo $?; ip netns identify $$; ip link add d0 type veth peer name d1; ip link set d0 netns $!; echo $?; kill $!', '\n0\n0\nfoo\n0\n'],
  ['counts what its processes have started', "ip netns add n; ip netns exec n bash -c 'sleep 9 & sleep 9 & all=$(ip netns pids n; :); wc -w <<< \"$all\"; ip netns identify $$; kill %1 %2'", '5\nn\n'],
  ['is as many processes as there are', 'ip netns add n; ip netns exec n sleep 9 & p=$!; sleep 1; ip netns pids n | wc -l; test "$(ip netns pids n)" = $p; echo $?; kill $p', '1\n0\n'],
];

describe.each(KINDS.filter(([name]) => works.get(name)))('a script %s', (_name, flags) => {
  it.each(SCRIPTS)('%s', async (_what, script, out) => {
    const ran = await run(script, new Sandbox([flags]));
    expect(ran).toEqual({ code: 0, out, err: '' });
    if (real) expect(really(script)).toBe(out);
  });

  it('is root, and changes nothing of the machine', async () => {
    const setting = '/proc/sys/net/ipv4/ip_default_ttl';
    const before = readFileSync(setting, 'utf8');
    const { out } = await run(`id -u; echo 77 > ${setting}; sleep 0.3; sysctl -n net.ipv4.ip_default_ttl`, new Sandbox([flags]));
    expect(out).toBe('0\n77\n');
    expect(readFileSync(setting, 'utf8')).toBe(before);
  });

  it('is told which values were refused, and reads those that hold', async () => {
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const { out } = await run('cd /proc/sys/net/ipv4; echo 65 > ip_default_ttl; sleep 0.5; echo 77777 > ip_default_ttl; echo x > /sys/class/net/lo/mtu; echo 2 > conf/lo/nosuch; sleep 0.5; cat ip_default_ttl /sys/class/net/lo/mtu', new Sandbox([flags]));
    const words = said.mock.calls.map(([text]) => String(text)).filter((text) => text.startsWith('skbuff run:'));
    said.mockRestore();
    expect(out).toBe('65\n65536\n');
    expect(words.sort()).toEqual([
      'skbuff run: /proc/sys/net/ipv4/conf/lo/nosuch: write error: No such file or directory: 2\n',
      'skbuff run: /proc/sys/net/ipv4/ip_default_ttl: write error: Invalid argument: 77777\n',
      'skbuff run: /sys/class/net/lo/mtu: write error: Invalid argument: x\n',
    ]);
  });

  it('sees counters that change by themselves', async () => {
    const { out } = await run('ping -c 1 127.0.0.1 > /dev/null; cat /sys/class/net/lo/statistics/tx_packets; ping -i 0.2 -c 3 127.0.0.1 > /dev/null & sleep 2; cat /sys/class/net/lo/statistics/tx_packets', new Sandbox([flags]));
    expect(out).toBe('2\n8\n');
  });

  it('is told of tools that we do not have', async () => {
    const { out, err } = await run('command -v tc > /dev/null || exit 9; tc qdisc; echo $?; /sbin/tc qdisc; echo $?', new Sandbox([flags]));
    if (out === '') return console.warn('tools that we do not have SKIPPED: the machine has no tc');
    expect(out).toBe('127\n127\n');
    expect(err).toMatch(/^(tc: skbuff has no tc yet.*\n){2}$/);
  });

  it('ends as it ended: by its status, a signal, or not at all', async () => {
    expect((await run('exit 7', new Sandbox([flags]))).code).toBe(7);
    expect((await run('kill -KILL $$', new Sandbox([flags]))).code).toBe(137);
    expect((await run('ip netns add n; ip netns exec n sh -c "exit 5"; echo $?; ip netns exec n nosuch; echo $?; ip netns exec n sh -c "kill -TERM \\$\\$"', new Sandbox([flags]))).out).toBe('5\n1\n');
  });
});

describe.skipIf(!works.get('as root of a user namespace'))('settings of the machine', () => {
  it('are applied to our kernel from the files that the machine has', async () => {
    const places = new Map<string, string>();
    for (const dir of ['/lib', '/usr/lib', '/usr/local/lib', '/run', '/etc'].map((parent) => `${parent}/sysctl.d`)) {
      for (const name of existsSync(dir) ? readdirSync(dir) : []) if (name.endsWith('.conf')) places.set(name, `${dir}/${name}`);
    }
    if (places.size === 0) console.warn('files of sysctl --system SKIPPED: the machine has none');
    const paths = [...[...places.keys()].sort().map((name) => places.get(name) as string), ...(existsSync('/etc/sysctl.conf') ? ['/etc/sysctl.conf'] : [])];
    // Whatever else is there in the place of our command could change nothing of the machine.
    const { out } = await run('sysctl --system', new Sandbox([['--user', '--map-root-user', '--net', '--mount']]));
    expect(out.split('\n').filter((line) => line.startsWith('*'))).toEqual(paths.map((path) => `* Applying ${path} ...`));
  });
});

describe('a script without namespaces', () => {
  it('runs all the same', async () => {
    const { code, out, err } = await run('ip netns add n; ip netns exec n sh -c "ip -br link | cut -c1-2"; ip netns identify $$', new Sandbox([]));
    expect({ code, out, err }).toEqual({ code: 0, out: 'lo\n\n', err: '' });
    expect(new Sandbox([]).warning).toMatch(/acts? on this machine|to this machine/);
  });
});

describe('a failure of ours', () => {
  it('is the failure of the command, which says so', async () => {
    const broken = Object.create(host, {
      start: {
        value: (...args: Parameters<StackHost['start']>) => (args[1][0] === 'ping' ? { done: Promise.reject(new Error('boom')), kill: () => {} } : host.start(...args)),
      },
    }) as StackHost;
    const { out, err } = await run('ping -c 1 127.0.0.1; echo $?; ip -br link | cut -c1-2', new Sandbox(), broken);
    expect(out).toBe('70\nlo\n');
    expect(err).toBe('ping: this is a bug in skbuff, please report it: boom\n');
  });
});

describe('skbuff run', () => {
  /** Hears signals as the process would that runs it. */
  async function runUntilTold(script: string): Promise<{ code: number; pid: number; work: string }> {
    const others = new Set(process.listeners('SIGTERM'));
    let said = '';
    const code = await runProgram(host, ['bash', '-c', script], {
      commands: host.commands,
      node: 'localhost',
      client: CLIENT,
      stdio: ['pipe', 'pipe', 'pipe'],
      onSpawn(child) {
        child.stdout?.on('data', (text) => {
          said += String(text);
          for (const listener of process.listeners('SIGTERM')) if (!others.has(listener)) listener('SIGTERM');
        });
      },
    });
    expect(process.listeners('SIGTERM')).toHaveLength(others.size);
    const [pid = '', work = ''] = said.trim().split(' ');
    return { code, pid: Number(pid), work };
  }

  it('passes SIGTERM on, leaves nothing behind, and ends as the program does', async () => {
    for (const [trap, status] of [['', 143], ['trap "exit 5" TERM;', 5]] as const) {
      const { code, pid, work } = await runUntilTold(`${trap} test -d $SKBUFF_RUN || exit 1; echo $$ $SKBUFF_RUN; while :; do sleep 0.1; done`);
      expect(code).toBe(status);
      expect(work).toMatch(/skbuff-/);
      expect(existsSync(work)).toBe(false);
      expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
    }
  });

  it('says that nothing is no command', async () => {
    const err = vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
    expect(await runCommand([''], {})).toBe(127);
    expect(err.mock.calls).toEqual([["skbuff run: '': command not found\n"]]);
    err.mockRestore();
  });

  it('says that it has one machine when no file gives others', async () => {
    const err = vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
    expect(await runCommand(['true'], { node: 'h1' })).toBe(2);
    expect(err.mock.calls).toEqual([['skbuff run: there is no node h1; without --topology there is one machine, localhost\n']]);
    err.mockRestore();
  });

  it('makes no directories above that of captures', async () => {
    await expect(runCommand(['true'], { pcap: path.join(directory, 'no', 'a') })).rejects.toThrow(/^ENOENT: no such file or directory, mkdir/);
    expect(existsSync(path.join(directory, 'no'))).toBe(false);
  });
});
