/** `skbuff run`: scripts of the machine on our kernel. The client is the built one: `npm test` builds first. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createStackHost, type StackHost } from '../src/lab/stack-host.ts';
import { runProgram } from '../src/program/run-program.ts';
import { setUp } from '../src/lab/run.ts';
import { parseTopologyOrThrow } from '../src/topology/parse.ts';
import { lab } from './helpers.ts';

const CLIENT = fileURLToPath(new URL('../dist/program/client.js', import.meta.url));
if (!existsSync(CLIENT)) throw new Error('these tests need the built client: npm run build');

/** Without IPv6, whose addresses are tried for two seconds of real time before each test. */
const LAB = lab({ top: ['ipv6: false'], a: ['exec: [ip addr add 10.0.0.1/24 dev eth1]'] }).replace('b: {kind: linux}', 'b: { kind: linux, exec: [ip addr add 10.0.0.2/24 dev eth1] }');

let directory: string;
let host: StackHost;
beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'skbuff-program-'));
});
afterAll(() => rmSync(directory, { recursive: true }));
beforeEach(async () => {
  const topology = parseTopologyOrThrow(LAB, { file: 'two' });
  host = createStackHost(topology, { seed: 1, realTime: true });
  await setUp(host, topology);
});
afterEach(() => expect(host.close().leaks).toEqual({}));

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

type Child = Parameters<NonNullable<Parameters<typeof runProgram>[2]['onSpawn']>>[0];

async function run(script: string, onSpawn: (child: Child) => void = () => {}, on: StackHost = host): Promise<Ran> {
  const ran = { out: '', err: '' };
  const code = await runProgram(on, ['bash', '-c', script], {
    commands: on.commands,
    node: 'a',
    client: CLIENT,
    stdio: ['pipe', 'pipe', 'pipe'],
    onSpawn(child) {
      child.stdout?.on('data', (text) => (ran.out += String(text)));
      child.stderr?.on('data', (text) => (ran.err += String(text)));
      onSpawn(child);
    },
  });
  return { code, ...ran };
}

describe('a script', () => {
  it('sets up namespaces and pings across them, without root [TOOL-22]', async () => {
    const { code, out, err } = await run(`
      set -e
      for ns in left right; do ip netns add $ns; done
      ip link add vl netns left type veth peer name vr netns right
      ip -n left addr add 192.168.7.1/30 dev vl
      ip -n right addr add 192.168.7.2/30 dev vr
      ip -n left link set vl up
      ip -n right link set vr up
      ip netns exec left ping -c 1 192.168.7.2 | grep -o '1 received'
      ip netns list
    `);
    expect(err).toBe('');
    expect(out).toBe('1 received\nright\nleft\n');
    expect(code).toBe(0);
  });

  it('runs programs of the machine in a namespace, and their commands stay there', async () => {
    const { out, err } = await run(`
      ip netns add n
      ip netns exec n bash -c 'ip link add d0 type dummy; ip -br link | cut -d" " -f1'
      ip -br link | cut -d' ' -f1
    `);
    expect(err).toBe('');
    expect(out).toBe('lo\nd0\nlo\neth1@if2\n');
  });

  it('keeps all the namespaces of a program, not only that of the network [TOOL-56]', async () => {
    const { out, err } = await run(`
      unshare -u -n sh -c 'hostname inside; hostname; ip -br link | cut -d" " -f1'
      hostname
    `);
    expect(err).toBe('');
    expect(out).toBe('inside\nlo\na\n');
  });

  it('reads what is piped in, bytes too', async () => {
    const { out, err } = await run(`
      printf 'addr add 10.9.9.1/24 dev lo\\nlink set lo mtu 1400\\n' | ip -batch -
      ip addr save dev lo > saved; ip addr flush dev lo; ip addr restore < saved
      ip -br -4 addr show lo
    `.replaceAll('saved', path.join(directory, 'saved')));
    expect(err).toBe('');
    expect(out).toMatch(/^lo +UNKNOWN +127.0.0.1\/8 10.9.9.1\/24 \n$/);
  });

  it('gets the exit status of a command, and gives its own', async () => {
    const { code, out, err } = await run(`
      PATH=\${PATH%%:*}:/usr/bin:/bin # a directory that may not be searched would be what execvp(3) complains of
      ping -c 1 -W 0.1 10.0.0.9 > /dev/null; echo $?
      ip link show nosuch; echo $?
      ip netns add n; ip netns exec n sh -c 'exit 7'; echo $?
      ip netns exec n nosuch; echo $?
      exit 3
    `);
    expect(out).toBe('1\n1\n7\n1\n');
    expect(err).toBe('Device "nosuch" does not exist.\nexec of "nosuch" failed: No such file or directory\n');
    expect(code).toBe(3);
  });

  it('chooses another node of the topology', async () => {
    const { out, err } = await run(`SKBUFF_NODE=b ip -br -4 addr show eth1; SKBUFF_NODE=c ip addr; echo $?`);
    expect(out).toBe('eth1@if2         UP             10.0.0.2/24 \n127\n');
    expect(err).toBe('ip: there is no node c (SKBUFF_NODE)\n');
  });

  it('keeps its standard input to itself: commands that do not read it leave it alone', async () => {
    const { out } = await run(`printf 'lo\\neth1\\n' | while read dev; do ip -br link show $dev > /dev/null && echo $dev; done`);
    expect(out).toBe('lo\neth1\n');
  });

  it('has files: a batch, a redirection', async () => {
    writeFileSync(path.join(directory, 'batch'), 'link add d0 type dummy\nlink set d0 up\n');
    const { err } = await run(`cd ${directory} && ip -batch batch && ip -br link show d0 > shown`);
    expect(err).toBe('');
    expect(readFileSync(path.join(directory, 'shown'), 'utf8')).toMatch(/^d0 +UNKNOWN/);
  });

  it('interrupts a command, which says what it has to say', async () => {
    const { out } = await run(`ping -i 0.2 10.0.0.2 & sleep 0.7; kill -INT $!; wait $!; echo status $?`);
    expect(out).toMatch(/(\d) packets transmitted, \1 received, 0% packet loss/);
    expect(out).toMatch(/status 0\n$/);
  });

  it('knows processes by the numbers that the shell has for them', async () => {
    const { out, err } = await run(`
      unshare -n sleep 30 & pid=$!
      sleep 0.5
      ip link add v0 type veth peer name v1
      ip link set v1 netns $pid
      nsenter -t $pid -n ip -br link show v1 | cut -c1-2
      ip netns add n; ip netns exec n bash -c 'sleep 0.2; ip netns identify $$'
      kill $pid
    `);
    expect(err).toBe('');
    expect(out).toBe('v1\nn\n');
  });

  it('reads files that only its caller has open', async () => {
    const { out, err } = await run(`ip -batch <(echo link set lo mtu 1400) && ip -batch /dev/stdin <<< 'link show lo' | grep -o 'mtu 1400'`);
    expect(err).toBe('');
    expect(out).toBe('mtu 1400\n');
  });

  it('ends by the signal that ended it, and says nothing after that', async () => {
    const { out } = await run(`timeout 0.7 ping 10.0.0.2 | grep -c statistics; ip netns add n; (ip netns exec n bash -c 'kill -TERM $$') 2>&1; echo $?`);
    expect(out).toMatch(/^0\n(.*Terminated.*\n)?143\n$/);
  });

  it('ends a command that a signal ends while it listens', async () => {
    const { out } = await run(`ip monitor link & sleep 0.5; kill $!; wait $!; echo $?`);
    expect(out).toBe('143\n');
  });

  it('takes sudo in front of a command for what it says', async () => {
    const { out, err } = await run(`sudo -E ip netns add n; sudo -u root -- ip netns list; sudo A=b sh -c 'echo $A'; sudo -n false; echo $?`);
    expect(err).toBe('');
    expect(out).toBe('n\nb\n1\n');
  });

  it('leaves nothing behind: what runs in the background ends with the program', async () => {
    const { code, out } = await run('ping 10.0.0.2 > /dev/null & echo started');
    expect([code, out]).toEqual([0, 'started\n']);
  });

  it('may be ended by a signal, or may not exist', async () => {
    expect((await run('kill -TERM $$')).code).toBe(128 + 15);
    expect(await runProgram(host, [path.join(directory, 'nosuch')], { commands: host.commands, node: 'a', client: CLIENT })).toBe(127);
  });
});

it('a script of IPv6 runs as it is, with a router that advertises itself in the background', async () => {
  const six = createStackHost(parseTopologyOrThrow(lab(), { file: 'two' }), { seed: 1, realTime: true });
  const config = path.join(directory, 'radvd.conf');
  writeFileSync(config, 'interface vr { AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4; prefix 2001:db8:8::/64 { }; };\n');
  const { code, out, err } = await run(`
    set -e
    for ns in left right; do ip netns add $ns; done
    ip link add vl netns left type veth peer name vr netns right
    ip -n left addr add 2001:db8:7::1/64 dev vl nodad
    ip -n right addr add 2001:db8:7::2/64 dev vr nodad
    ip -n right addr add fe80::1/64 dev vr nodad
    ip -n left link set vl up
    ip -n right link set vr up
    ip netns exec left ping -6 -c 1 2001:db8:7::2 | grep -o '1 received'
    ip netns exec right sysctl -w net.ipv6.conf.all.forwarding=1
    ip netns exec right radvd -C ${config}
    ip netns exec left rdisc6 -1 -w 3000 vl | grep -o 'Prefix .*: 2001:db8:8::/64'
    ip -n left -6 -o addr show dev vl scope global | grep -c 2001:db8:8:
    ip -n left -6 route show default
  `, undefined, six);
  expect([err, code]).toEqual(['', 0]);
  expect(out).toMatch(/^1 received\nnet.ipv6.conf.all.forwarding = 1\nPrefix +: 2001:db8:8::\/64\n1\ndefault via fe80::\S+ dev vl proto ra metric 1024 expires 1\d*sec hoplimit 64 pref medium\n$/);
  expect(six.close().leaks).toEqual({});
});
