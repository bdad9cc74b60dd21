/**
 * ip netns, unshare, nsenter, hostname, uname: by the system's commands on the running kernel, behind a /run and names of their own, and
 * by ours on a host. Needs root, iproute2 and util-linux; says aloud when it cannot.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import type { Net } from '@skbuff/core';
import { kernelTask } from '@skbuff/sock';
import * as U from '@skbuff/uapi';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createNet, type Host, type HostNet } from '../src/index.ts';

const possible = process.getuid?.() === 0 && ['unshare', 'nsenter', 'ip', 'hostname'].every((name) => spawnSync(name, ['-V']).status === 0);
if (!possible) console.warn('namespace commands SKIPPED: they need root, iproute2, util-linux and hostname');

let net: HostNet;
let h: Host;

beforeEach(() => {
  net = createNet({ debug: true });
  h = net.host('vm1');
});
afterEach(() => {
  expect(net.close()).toEqual({});
});

async function run(line: string, on: Host = h): Promise<string> {
  let text = '';
  const hear = (part: string): void => void (text += part);
  const { code } = await on.start(line, { stdout: hear, stderr: hear }).done;
  return `${text}[${code}]\n`;
}

/** The lines, one after the other, by the system: what each prints, and its status. */
function theirs(lines: readonly string[]): string[] {
  const script = `mount -t tmpfs none /run; hostname vm1; ${lines.map((line) => `${line} 2>&1; echo "[$?]"; printf '\\001'`).join('\n')}`;
  const text = execFileSync('unshare', ['-u', '-m', '-n', 'sh', '-c', script], { input: '', timeout: 20_000 }).toString();
  return text.split('\u0001').slice(0, -1);
}

async function compare(text: string): Promise<void> {
  const lines = text.trim().split('\n');
  const have: string[] = [];
  for (const line of lines) have.push(await run(line));
  expect(lines.map((line, i) => `${line}\n${have[i]}`)).toEqual(theirs(lines).map((answer, i) => `${lines[i]}\n${answer}`));
}

describe.runIf(possible)('against the system’s commands', () => {
  it('ip netns: names, their errors, and what runs where [TOOL-22] [NSP-07]', async () => {
    await compare(`
ip netns add a
ip netns add a
ip netns add b
ip netns add x/y
ip netns list
ip netns
ip netns exec a ip netns identify
ip netns exec nosuch uname
ip netns exec a nosuchcommand
ip netns exec a
ip netns exec
ip netns exec a ip -br link
ip netns exec a ip netns exec b ip netns identify
ip netns exec a unshare -n ip netns identify
ip -n a netns identify
ip -n nosuch link
ip netns exec a uname -Q
ip -all netns exec uname
ip -all netns exec ip netns identify
ip -all netns exec uname -Q
ip -all netns exec
ip netns identify 999999
ip netns identify abc
ip netns identify 1 2
ip netns pids
ip netns pids nosuch
ip netns pids a
ip netns pids a b
ip netns attach
ip netns attach c
ip netns attach a 1
ip netns attach c 99999999
ip netns attach c x
ip netns attach x/y 1
ip netns exec a ip netns attach c self
ip netns set a 7
ip netns set a 7
ip netns list
ip netns list-id
ip netns del nosuch
ip netns del b
ip netns foo
ip -all netns del
ip netns
`);
  });

  it('unshare and nsenter: where the command runs, or why it does not [TOOL-56] [NSP-03]', async () => {
    await compare(`
unshare -V
unshare -Z
unshare --foo
unshare nosuchcommand
unshare -u nosuchcommand
unshare -u uname
unshare -n ip -br link
unshare --net ip -br link
unshare --uts hostname abc
unshare -u -- hostname abc
hostname
unshare -un ip addr
unshare --map-user=x uname
unshare --setgroups foo uname
unshare --setgroups deny uname
unshare -r --setgroups allow uname
unshare -r hostname x
unshare -ru hostname x
unshare -Un ip link add v0 type veth
unshare -rn ip link set lo up
unshare -fp uname
unshare --kill-child uname
unshare -U unshare -U uname
unshare -r unshare -r uname
nsenter -V
nsenter --foo
nsenter -n uname
nsenter -t x -n uname
nsenter -t
nsenter --target
nsenter -a uname
nsenter -t 99999999 -n uname
nsenter -n/nosuch uname
nsenter -u/proc/self/ns/net uname
nsenter -U/proc/self/ns/user uname
nsenter -n/proc/self/ns/net nosuchcommand
ip netns add a
ip netns exec a ip link add v0 type veth peer name v1
nsenter -n/run/netns/a ip link show v0 up
nsenter --net=/run/netns/a ip netns identify
nsenter --uts=/proc/self/ns/uts hostname
ip netns exec a unshare -U nsenter -n/run/netns/a uname
unshare -U nsenter -n/run/netns/a uname
ip netns del a
`);
  });

  it('hostname, domainname, uname: the names of the UTS namespace [NS-24] [NS-25]', async () => {
    const long = 'x'.repeat(65);
    await compare(`
hostname
uname
uname -n
uname -sm
uname -msn
uname -o -p -i
uname -Q
uname x
uname --foo
uname --kernel-name
uname --no
uname --kernel
uname --nodename=x
uname --help
hostname -V
hostname a.b.c
hostname
hostname -s
uname -n
hostname ''
hostname a_b
hostname -- -a
hostname ${long}
hostname -Q
hostname a b
hostname -F /nosuch
domainname
hostname -y
domainname foo
domainname
hostname -y
`.replace("hostname ''\n", ''));
  });
});

it('ip netns monitor tells of names as they come and go, until a signal ends it [NETNS-04] [NSP-07] [TOOL-22]', async () => {
  h.ip`netns add a`;
  const { done, kill } = h.start('ip netns monitor');
  await net.advance(1);
  h.ip`netns add b`;
  h.ip`netns del a`;
  await net.advance(1);
  h.ip`netns del b`;
  net.host('other').ip`netns add elsewhere`;
  await net.advance(1);
  kill('SIGINT');
  expect(await done).toEqual({ code: 130, stdout: 'add b\ndelete a\ndelete b\n', stderr: '' });
});

it('a process is found by its namespace, and a namespace by its process [NETNS-06] [NSP-07]', async () => {
  h.ip`netns add a`;
  const task = kernelTask(h.ns);
  h.ip`netns attach mine ${h.task.pid}`;
  expect([h.ip`netns identify ${task.pid}`, h.ip`netns pids mine`.split('\n').includes(`${task.pid}`), h.ip`netns pids a`]).toEqual(['mine\n', true, '']);
  expect(task.unshare(U.CLONE_NEWNET)).toBe(0);
  expect([h.ip`netns identify ${task.pid}`, h.ip`netns pids mine`.split('\n').includes(`${task.pid}`)]).toEqual(['\n', false]);
  h.ip`netns attach its ${task.pid}`;
  expect(await run('nsenter -n/run/netns/its ip netns identify')).toBe('its\n[0]\n');
  expect(await run(`nsenter -t ${task.pid} -n ip netns identify`)).toBe('its\n[0]\n');
  task.exit();
});

it('files of /etc/netns/NAME shadow those of /etc inside [NETNS-05]', async () => {
  const files: Readonly<Record<string, string>> = { '/etc/hostname': 'outside\n', '/etc/other': 'plain\n', '/etc/netns/a/hostname': 'inside\n' };
  const none = (): number => -U.ENOENT;
  const io = { stdout: () => {}, stderr: () => {}, files: { readText: (path: string) => files[path] ?? -U.ENOENT, readBytes: none, create: none } };
  h.ip`netns add a`;
  h.ip`netns add b`;
  const named = async (line: string): Promise<string> => {
    expect((await h.start(line, io).done).code).toBe(0);
    return h.task.utsname.nodename;
  };
  expect(await named('hostname -F /etc/hostname')).toBe('outside');
  expect(await named('ip netns exec a hostname -F /etc/hostname')).toBe('inside');
  expect(await named('ip netns exec a hostname -F /etc/other')).toBe('plain');
  expect(await named('ip netns exec b hostname -F /etc/hostname')).toBe('outside');
});

it('beyond max_net_namespaces there is no more [NET-03] [TOOL-22]', async () => {
  expect(h.sysctl('user.max_net_namespaces', 1)).toBe('1');
  h.ip`netns add a`;
  expect(await run('ip netns add b')).toBe('Failed to create a new network namespace "b": No space left on device\n[1]\n');
  expect(await run('unshare -n uname')).toBe('unshare: unshare failed: No space left on device\n[1]\n');
  h.ip`netns del a`;
  await net.advance(0);
  h.ip`netns add b`;
});

it('a veth pair joins two namespaces, and traffic flows [NETNS-10]', async () => {
  for (const line of ['netns add ns1', 'netns add ns2', 'netns exec ns1 ip link add if_one type veth peer name if_one_peer', 'netns exec ns1 ip link set dev if_one_peer netns ns2']) {
    expect(await run(`ip ${line}`)).toBe('[0]\n');
  }
  for (const [ns, dev, addr] of [['ns1', 'if_one', '192.168.10.1/24'], ['ns2', 'if_one_peer', '192.168.10.2/24']] as const) {
    h.ip`netns exec ${ns} ip addr add ${addr} dev ${dev}`;
    h.ip`netns exec ${ns} ip link set ${dev} up`;
  }
  const { code, stdout } = await h.run('ip netns exec ns1 ping -c 2 192.168.10.2');
  expect([code, stdout]).toEqual([0, expect.stringContaining('2 packets transmitted, 2 received, 0% packet loss')]);
  expect((await h.run('ping -c 1 -W 1 192.168.10.2')).code).not.toBe(0);
});

it('each way to make a namespace gives a stack of its own, and setns leads into it [NSP-03]', async () => {
  h.ip`netns add a`;
  const a = net.kernel.netns.list.at(-1) as Net;
  const [unshared, cloned] = [h.task.clone(0), h.task.clone(U.CLONE_NEWNET)];
  if (typeof unshared === 'number' || typeof cloned === 'number') throw new Error('no task');
  unshared.unshare(U.CLONE_NEWNET);
  for (const ns of [a, unshared.net, cloned.net]) expect([ns === h.ns, ns.devList.map((dev) => dev.name)]).toEqual([false, ['lo']]);
  const fd = unshared.open(`/proc/${cloned.pid}/ns/net`);
  expect([unshared.setns(fd, U.CLONE_NEWNET), unshared.net === cloned.net]).toEqual([0, true]);
  for (const task of [unshared, cloned]) task.exit();
  expect(await run('unshare -n ip -br link')).toBe('lo               DOWN           00:00:00:00:00:00 <LOOPBACK> \n[0]\n');
});

it('hosts have names of their own; sysctl shows and sets them [NS-22] [NS-25]', async () => {
  const other = net.host('other');
  expect([await run('hostname'), await run('hostname', other), h.sysctl('kernel.hostname')]).toEqual(['vm1\n[0]\n', 'other\n[0]\n', 'vm1']);
  expect(await run('sysctl -w kernel.hostname=new')).toBe('kernel.hostname = new\n[0]\n');
  expect([await run('uname -n'), await run('sysctl kernel.hostname', other)]).toEqual(['new\n[0]\n', 'kernel.hostname = other\n[0]\n']);
});
