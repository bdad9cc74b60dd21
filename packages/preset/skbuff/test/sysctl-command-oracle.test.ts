/**
 * The same lines of sysctl, by procps in a namespace of the kernel underneath and by ours on our stack: both must print the same and return
 * the same. Needs root and procps; says aloud when it cannot.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import type { Command } from '@skbuff/command';
import * as U from '@skbuff/uapi';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { commands, createNet, type Files, type Host, type HostNet, VirtualClock } from '../src/index.ts';

const possible = process.getuid?.() === 0 && spawnSync('sysctl', ['-V']).stdout?.toString().includes('procps-ng 4.0.2') === true;
if (!possible) console.warn('sysctl command oracle SKIPPED: it needs root and procps 4.0.2');

const NAME = `skbuff-sc-${process.pid}`;
const FILE = `/tmp/${NAME}.conf`;
const CONF = `# comment
; another

net.ipv4.ip_forward = 1
  net.ipv4.ip_default_ttl=33
-net.ipv4.nosuch=1
net.ipv4.nosuch2=1
net.ipv4.ip_forward
net/ipv4/ip_forward=0
net.ipv4.conf.*.rp_filter=2
net.ipv4.ip_default_ttl=x
foo bar = 1
=5
net.ipv4.ip_forward==1
`;

const LINES = `
-p FILE
-pFILE
-q -p FILE
-e -p FILE
-n -p FILE
-N -p FILE
-b -p FILE
-r ttl -p FILE
--load=FILE
-f FILE
-p /nonexistent
-p FILE /nonexistent
net.ipv4.conf.lo.rp_filter
-w net.ipv4.conf.*.rp_filter=1
-w net.ipv4.ip_forward = 1
net.ipv4.ip_forward=1 net.ipv4.nosuch=2
-e net.ipv4.nosuch=2
-e net.ipv4.nosuch
-b net.ipv4.ip_forward net.ipv4.ip_default_ttl
-ar ip_forward$
-N -ar ^net.ipv4.ip_f
--dry-run net.ipv4.ip_forward=0
-q net.ipv4.ip_forward
-q net.ipv4.ip_forward=1
-w net.ipv4.ip_forward=1 net.ipv4.ip_default_ttl
-N net.ipv4.ip_forward=1
-n net.ipv4.ip_forward=1
nosuch1 nosuch2
nosuch1=1 nosuch2=2
nosuch1 net.ipv4.ip_default_ttl=40 net.ipv4.ip_default_ttl nosuch2=1
-n net.ipv4.conf.lo.rp_filter=1 nosuch net.ipv4.ip_default_ttl=x nosuch3
net.ipv4.ip_local_port_range
net.ipv4.ip_local_port_range=40000
net.ipv4.ip_local_port_range
net.ipv4.ip_local_reserved_ports=8080,9000-9010
net.ipv4.ip_local_reserved_ports
net/ipv4/conf/lo/forwarding
net.ipv4.conf.v0.forwarding
-ar ^net.ipv4.conf.v0
-ar ^net.ipv4.neigh.v0.*solicit
-ar ^net.ipv4.conf.(all|default)
-ar ^net.ipv4.(ip|icmp)_.*(ttl|echo_ignore)
-nar ^net.ipv4.conf.lo.arp
net.ipv4.route.flush
-N net.ipv4.route.flush
-N net.ipv4.route
-N net.ipv4.neigh.v0
-N --deprecated net.ipv4.neigh.v0
net.ipv4.neigh.v0.retrans_time
.
..
/
//
./
=
=1
.=1
/=1
-w /proc/sys/net/ipv4/ip_default_ttl=64
/proc/sys/net/ipv4/ip_default_ttl
/net/ipv4/ip_default_ttl
.net.ipv4.ip_default_ttl
net..ipv4.neigh.v0
net..ipv4.ip_default_ttl
net..ipv4.ip_default_ttl=64
net.ipv4.ip_default_ttl.
net.ipv4.ip_default_ttl/
net.ipv4.neigh.v0.
net.ipv4.=1
../../etc/passwd
net/../net/ipv4/ip_default_ttl
-e .
-z
--foo
--help
-V
`;

describe.skipIf(!possible)("against the system's sysctl", () => {
  let net: HostNet;
  let host: Host;

  beforeAll(() => {
    writeFileSync(FILE, CONF);
    execFileSync('ip', ['netns', 'add', NAME]);
    execFileSync('ip', ['-n', NAME, 'link', 'set', 'lo', 'up']);
    execFileSync('ip', ['-n', NAME, 'link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1']);
    net = createNet({ clock: new VirtualClock(), debug: true, commands: commands().map(withFiles) });
    host = net.host('h');
    host.ip`link add v0 type veth peer name v1`;
  });

  afterAll(() => {
    rmSync(FILE);
    execFileSync('ip', ['netns', 'del', NAME]);
    expect(net.close()).toEqual({});
  });

  it.each(LINES.trim().replaceAll('FILE', FILE).split('\n'))('sysctl %s [TOOL-50]', async (line) => {
    const { status, stdout, stderr } = spawnSync('ip', ['netns', 'exec', NAME, 'sysctl', ...line.split(' ')]);
    expect(await host.run(`sysctl ${line}`)).toEqual({ code: status, stdout: stdout.toString(), stderr: stderr.toString() });
  });
});

/** Files for --system, by directory; a name that ends with a slash is a directory, a text of null a link to nowhere. */
type Tree = Readonly<Record<string, string | null>>;

const TREES: Readonly<Record<string, Tree>> = {
  'of one name the first, by names, with what is hidden and what cannot be read': {
    '/etc/sysctl.d/B.conf': 'net.ipv4.ip_default_ttl=33',
    '/etc/sysctl.d/a.conf': 'net.ipv4.ip_default_ttl=34\nbroken\nnet.ipv4.nosuch=1\n-net.ipv4.nosuch=2\n',
    '/etc/sysctl.d/.h.conf': 'net.ipv4.ip_default_ttl=35',
    '/etc/sysctl.d/.conf': 'net.ipv4.ip_default_ttl=36',
    '/etc/sysctl.d/conf': 'net.ipv4.ip_default_ttl=37',
    '/etc/sysctl.d/50-dir.conf/': '',
    '/run/sysctl.d/B.conf': 'net.ipv4.ip_default_ttl=38',
    '/run/sysctl.d/2.conf': 'net.ipv4.conf.*.rp_filter=2',
    '/usr/local/lib/sysctl.d/2.conf': 'net.ipv4.ip_default_ttl=40',
    '/usr/local/lib/sysctl.d/1.conf': 'net.ipv4.ip_default_ttl=41',
    '/usr/lib/sysctl.d/1.conf': 'net.ipv4.ip_default_ttl=42',
    '/usr/lib/sysctl.d/0.conf': 'net.ipv4.ip_default_ttl=43',
    '/etc/sysctl.conf': 'net.ipv4.ip_forward = 1',
  },
  'a setting that is missing': { '/etc/sysctl.d/a.conf': 'net.ipv4.nosuch=1' },
  'a setting that is refused': { '/etc/sysctl.d/a.conf': 'net.ipv4.ip_default_ttl=x' },
  'a setting that is refused, with a minus': { '/etc/sysctl.d/a.conf': '-net.ipv4.ip_default_ttl=x' },
  'a directory for a setting': { '/etc/sysctl.d/a.conf': 'net.ipv4=x' },
  'a line that is none': { '/etc/sysctl.d/a.conf': 'broken' },
  'a file that leads nowhere': { '/etc/sysctl.d/a.conf': null },
};
const SYSTEM_LINES = ['--system', '-q --system', '--system -q', '-n --system', '-N --system', '-b --system', '-r ttl --system', '-a --system', '-p --system', '--system --nosuch', '-p /etc/sysctl.d', '-p /etc/sysctl.d/a.conf'];
const [ALL = ''] = Object.keys(TREES);
const SYSTEM_CASES = [...SYSTEM_LINES.map((line) => [line, ALL] as const), ...Object.keys(TREES).slice(1).flatMap((name) => [['--system', name] as const, ['-p /etc/sysctl.d/a.conf', name] as const])];

/** What it reads there is mounted over the machine's, or else nothing is run. */
const OVERLAY = `
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /usr/local/lib
mkdir -p /run/sysctl.d /usr/local/lib/sysctl.d
for d in /etc/sysctl.d /run/sysctl.d /usr/local/lib/sysctl.d /usr/lib/sysctl.d /etc/sysctl.conf; do mount --bind $0$d $d; done
test /lib/sysctl.d -ef /usr/lib/sysctl.d
ip link set lo up`;

describe.skipIf(!possible || !existsSync('/usr/lib/sysctl.d') || !existsSync('/etc/sysctl.conf'))("the machine's files of settings", () => {
  const root = `/tmp/${NAME}-root`;

  afterEach(() => rmSync(root, { recursive: true }));

  function plant(tree: Tree): void {
    for (const dir of ['/etc/sysctl.d', '/run/sysctl.d', '/usr/local/lib/sysctl.d', '/usr/lib/sysctl.d']) mkdirSync(root + dir, { recursive: true });
    writeFileSync(`${root}/etc/sysctl.conf`, '');
    for (const [path, text] of Object.entries(tree)) {
      if (path.endsWith('/')) mkdirSync(root + path);
      else if (text === null) symlinkSync('/nonexistent', root + path);
      else writeFileSync(root + path, text);
    }
  }

  it.each(SYSTEM_CASES)('sysctl %s: %s [TOOL-50]', async (line, name) => {
    plant(TREES[name] as Tree);
    const { status, stdout, stderr } = spawnSync('unshare', ['--mount', '--net', '--propagation', 'private', 'sh', '-ec', `${OVERLAY}\nexec sysctl ${line}`, root], { encoding: 'utf8' });
    const net = createNet({ debug: true });
    const files: Files = {
      readText: (path) => attempt(() => readFileSync(at(path), 'utf8')),
      readBytes: () => -U.ENOENT,
      create: () => -U.EACCES,
      list: (path) => attempt(() => readdirSync(at(path))),
    };
    const said = { stdout: '', stderr: '' };
    const host = net.host('h');
    const { code } = await host.start(`sysctl ${line}`, { stdout: (text) => void (said.stdout += text), stderr: (text) => void (said.stderr += text), files }).done;
    expect({ status: code, ...said }).toEqual({ status, stdout, stderr });
    expect(net.close()).toEqual({});
  });

  function at(path: string): string {
    return root + path.replace(/^\/lib\//, '/usr/lib/');
  }
});

function attempt<T>(call: () => T): T | number {
  try {
    return call();
  } catch (error) {
    return (error as NodeJS.ErrnoException).errno as number;
  }
}

/** Our hosts have no files of their own: these see the machine's. */
function withFiles(command: Command): Command {
  return {
    name: command.name,
    run(argv, env) {
      const readFile = (path: string): string | number => (path.startsWith('/proc/') ? env.readFile(path) : existsSync(path) ? readFileSync(path, 'utf8') : -U.ENOENT);
      return command.run(argv, Object.create(env, { readFile: { value: readFile } }));
    },
  };
}
