/**
 * The same lines of sysctl, by procps in a namespace of the kernel underneath and by ours on our stack: both must print the same and return
 * the same. Needs root and procps; says aloud when it cannot.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Command } from '@skbuff/command';
import * as U from '@skbuff/uapi';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commands, createNet, type Host, type HostNet, VirtualClock } from '../src/index.ts';

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
