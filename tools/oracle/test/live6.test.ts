/**
 * This stack and the running kernel on the two ends of one cable, a TAP, in real time. Each play has two parts, and is played three times: by
 * two kernels, and with this stack in either part. What both sides see has to be the same.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import * as U from '@skbuff/uapi';
import { type Calls, difference, int, KernelMachine, kernelMissing, type Kind, type Machine, openCable, sin6, StackMachine, tellCompared, type Transcript } from '../src/index.ts';

const noTap = kernelMissing() ?? (existsSync('/dev/net/tun') ? null : 'it needs /dev/net/tun');
const missing = noTap ?? (spawnSync('radvd', ['--version']).error === undefined ? null : 'it needs radvd');
if (missing !== null) console.warn(`IPv6 with the running kernel on the other end of a cable SKIPPED: ${missing}`);

/** One machine of a play, and what it sees. */
class Part {
  readonly seen: Transcript;
  private readonly machine: Machine;
  private readonly name: string;
  private program: Calls | null = null;

  constructor(machine: Machine, name: string, seen: Transcript) {
    this.machine = machine;
    this.name = name;
    this.seen = seen;
  }

  advertise(config: string): void {
    this.machine.advertise(config);
  }

  /** Commands that must not fail. */
  async set(...lines: readonly string[]): Promise<void> {
    for (const line of lines) {
      const { code, stderr } = await this.machine.run(line);
      if (code !== 0) throw new Error(`${this.name}: ${line}: ${stderr}`);
    }
  }

  /** What a command says. */
  async see(line: string): Promise<void> {
    const { code, stdout, stderr } = await this.machine.run(line);
    const text = line.startsWith('ip ') ? sorted(stdout) : stdout;
    this.seen.push(`${this.name}$ ${line}`, String(code), ...masked(`${text}${stderr}`).split('\n'));
  }

  /** Waits until a command says something. */
  async until(line: string, what: RegExp): Promise<void> {
    const end = Date.now() + PATIENCE_MS;
    let said = '';
    while (Date.now() < end) {
      said = (await this.machine.run(line)).stdout;
      if (what.test(said)) return;
      await sleep(50);
    }
    throw new Error(`${this.name}, ${this.machine instanceof StackMachine ? 'this stack' : 'the kernel'}: ${line}: never ${String(what)}:\n${said}`);
  }

  /** A system call that may have to wait for something to arrive. */
  async call(line: string): Promise<string> {
    this.program ??= await this.machine.calls();
    let answer = await this.program.ask(line);
    for (const end = Date.now() + PATIENCE_MS; answer === `-${U.EAGAIN}` && Date.now() < end; ) {
      await sleep(5);
      answer = await this.program.ask(line);
    }
    this.seen.push(`${this.name}: ${line} = ${answer}`);
    return answer.split(' ')[0] as string;
  }

  /** A UDP socket. */
  socket(): Promise<string> {
    return this.call(`socket ${U.AF_INET6}`);
  }
}

/** What a busy machine may need for something that takes a few seconds at most. */
const PATIENCE_MS = 25_000;
/** The bridge asks twice, in four tenths of a second, before it forgets. */
const SETTLED_MS = 1500;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
/** Neighbours come in the order of a hash with a secret; the rest of what ip says is a line each, too. */
const sorted = (text: string): string => text.split('\n').sort().join('\n');
/** Seconds are told up to this many: so long a play may take. */
const SLACK_S = 20;

/** Without times, and numbers that depend on what else the machine has. */
function masked(text: string): string {
  return text
    .replace(/ ?(time=|time |rtt )[^\n]*/g, '')
    .replace(/[\d.]+ ms/g, 'T ms')
    .replace(/REACHABLE|STALE|DELAY|PROBE/g, 'KNOWN')
    .replace(/(\d+)sec/g, (_, s: string) => `${Math.ceil(Number(s) / SLACK_S) * SLACK_S}sec`);
}

const ADDR = 'ip -6 -o addr show dev eth0 scope global';
const NEIGH = 'ip -6 neigh show dev eth0';
const UP = 'ip link set eth0 up';
const A = '2001:db8:1::1';
const B = '2001:db8:1::2';
const LL = { a: 'fe80::ff:fe00:a', b: 'fe80::ff:fe00:b' };
const ping = (to: string, more = ''): string => `ping -n -c 1 -W 12${more} ${to}`;

/** Both have an address; nobody says anything by itself any more. */
async function addressed(a: Part, b: Part): Promise<void> {
  for (const [part, addr] of [[a, A], [b, B]] as const) await part.set('sysctl -w net.ipv6.conf.eth0.router_solicitations=0', UP, `ip addr add ${addr}/64 dev eth0 nodad`);
  for (const part of [a, b]) await part.until('ip -6 addr show dev eth0', /^(?![^]*tentative)[^]*fe80/);
}

const CONFIG = `interface eth0 {
  AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4; AdvLinkMTU 1400; AdvCurHopLimit 60; AdvReachableTime 20000; AdvRetransTimer 900;
  AdvDefaultPreference high; AdvDefaultLifetime 900;
  prefix 2001:db8:1::/64 { AdvValidLifetime 7200; AdvPreferredLifetime 3600; };
  prefix 2001:db8:7::/64 { AdvOnLink off; };
  route 2001:db8:aa::/48 { AdvRoutePreference low; AdvRouteLifetime 600; };
};
`;
const MADE = '2001:db8:1:0:0:ff:fe00:b';

/** The part `a` has a narrow link behind it, with somebody there who never answers. */
const NARROW = [
  'sysctl -w net.ipv6.conf.all.forwarding=1',
  'ip link add n0 type veth peer name n1',
  'ip link set n0 mtu 1280',
  'ip link set n0 up',
  'ip link set n1 up',
  'ip addr add 2001:db8:2::1/64 dev n0 nodad',
  'ip neigh add 2001:db8:2::2 lladdr 02:00:00:00:02:02 dev n0',
];

const PLAYS: Readonly<Record<string, (a: Part, b: Part) => Promise<void>>> = {
  async 'a host lives by what a router advertises'(a, b) {
    await a.set('sysctl -w net.ipv6.conf.all.forwarding=1', UP, `ip addr add ${A}/64 dev eth0 nodad`);
    await b.set('sysctl -w net.ipv6.conf.eth0.accept_ra_rt_info_max_plen=64', UP);
    await a.until('ip -6 addr show dev eth0', /^(?![^]*tentative)[^]*fe80/);
    a.advertise(CONFIG);
    await b.until(ADDR, /^(?![^]*tentative)[^]*2001:db8:7:[^]*/);
    for (const line of [ADDR, 'ip -6 route', ping(A), ping(LL.a.concat('%eth0')), ping('ff02::2%eth0')]) await b.see(line);
    for (const name of ['conf.eth0.mtu', 'conf.eth0.hop_limit', 'neigh.eth0.base_reachable_time_ms', 'neigh.eth0.retrans_time_ms']) await b.see(`sysctl net.ipv6.${name}`);
    for (const line of [ping(MADE), ping(`${LL.b}%eth0`), NEIGH]) await a.see(line);
  },

  async 'a router that ceases to be one is forgotten'(a, b) {
    await a.set('sysctl -w net.ipv6.conf.all.forwarding=1', UP);
    // Once a second routes are looked at that have ended.
    await b.set('sysctl -w net.ipv6.route.gc_interval=1', UP);
    await a.until('ip -6 addr show dev eth0', /^(?![^]*tentative)[^]*fe80/);
    a.advertise('interface eth0 { AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4; AdvDefaultLifetime 4; prefix 2001:db8:1::/64 { AdvValidLifetime 3; AdvPreferredLifetime 2; }; };');
    await b.until('ip -6 route show default', /default via/);
    await b.until(ADDR, /2001:db8:1:/);
    await a.set('ip link set eth0 down');
    await b.until('ip -6 route', /^(?![^]*default)/);
    await b.until(ADDR, /^(?![^]*2001)/);
    for (const line of [ADDR, 'ip -6 route show default']) await b.see(line);
  },

  async 'neighbours find each other, doubt and ask again'(a, b) {
    await addressed(a, b);
    // Longer than DELAY, or asking keeps it going.
    for (const part of [a, b]) await part.set('sysctl -w net.ipv6.neigh.eth0.delay_first_probe_time=1', 'sysctl -w net.ipv6.neigh.eth0.base_reachable_time_ms=3000');
    await b.see(ping(A));
    await b.until(`${NEIGH} nud stale`, new RegExp(A));
    // Long enough to be seen by a slow one.
    await b.set('sysctl -w net.ipv6.neigh.eth0.delay_first_probe_time=4');
    await b.see(ping(A));
    await b.until(`${NEIGH} nud delay`, new RegExp(A));
    await b.until(`${NEIGH} nud reachable`, new RegExp(A));
    await b.set('sysctl -w net.ipv6.neigh.eth0.delay_first_probe_time=1');
    await b.see(ping('2001:db8:1::99'));
    await b.see(`${NEIGH} nud failed`);
    // The station behind the address becomes another one, and tells everybody.
    await b.until(`${NEIGH} nud stale`, new RegExp(A));
    await a.set('sysctl -w net.ipv6.conf.eth0.ndisc_notify=1', 'ip link set eth0 address 02:00:00:00:00:0c');
    await b.until(NEIGH, new RegExp(`${A} lladdr 02:00:00:00:00:0c`));
    await b.see(ping(A));
    await a.see(ping(B));
  },

  async 'an address is not taken twice'(a, b) {
    await a.set(UP, `ip addr add ${A}/64 dev eth0`);
    await b.set(UP, `ip addr add ${B}/64 dev eth0`);
    for (const part of [a, b]) await part.until('ip -6 addr show dev eth0', /^(?![^]*tentative)[^]*fe80/);
    await b.set(`ip addr add ${A}/64 dev eth0`, 'ip addr add 2001:db8:1::3/64 dev eth0');
    await b.until(ADDR, /dadfailed/);
    await b.until(ADDR, /2001:db8:1::3\/64[^\n]*global *\\/);
    await b.see(ADDR);
    await a.see(ADDR);
    await b.see(ping(A, ` -I ${B}`));
    // Both begin at once: who asks first is chance, and who gets it.
    await Promise.all([a, b].map((part) => part.set('ip addr add 2001:db8:1::7/64 dev eth0')));
    await Promise.race([a, b].map((part) => part.until(`${ADDR} to 2001:db8:1::7`, /dadfailed/)));
  },

  async 'datagrams of every length come and go, whole and in fragments'(a, b) {
    await addressed(a, b);
    const [one, other] = [await a.socket(), await b.socket()];
    await a.call(`bind ${one} ${sin6(A, 5000)}`);
    await b.call(`bind ${other} ${sin6('::', 5001)}`);
    for (const name of [U.IPV6_RECVPKTINFO, U.IPV6_RECVHOPLIMIT, U.IPV6_RECVTCLASS, U.IPV6_RECVFRAGSIZE]) await b.call(`set ${other} ${U.SOL_IPV6} ${name} ${int(1)}`);
    for (const length of [0, 1, 4, 1451, 1452, 1453, 1500, 2900, 5000, 30_000, 65_527]) {
      await a.call(`send ${one} 0 ${length} ${sin6(B, 5001)}`);
      await b.call(`recv ${other} ${U.MSG_TRUNC}`);
      await b.call(`send ${other} 0 ${length} ${sin6(A, 5000)}`);
      await a.call(`recv ${one} ${U.MSG_TRUNC}`);
    }
    await b.call(`set ${other} ${U.SOL_IPV6} ${U.IPV6_RECVERR} ${int(1)}`);
    await b.call(`send ${other} 0 9 ${sin6(A, 5999)}`);
    await b.call(`recv ${other} ${U.MSG_ERRQUEUE}`);
    for (const [part, to] of [[a, B], [b, A]] as const) for (const size of [0, 1, 56, 1452, 1453, 9000, 40_000]) await part.see(ping(to, ` -s ${size}`));
  },

  async 'a router says what is too long, and what cannot be reached'(a, b) {
    await addressed(a, b);
    await a.set(...NARROW, 'ip -6 route add unreachable 2001:db8:82::/48', 'ip -6 route add prohibit 2001:db8:83::/48', 'sysctl -w net.ipv6.icmp.ratelimit=0');
    await b.set(`ip -6 route add default via ${A}`);
    for (const [to, more] of [['2001:db8:2::2', ' -M do -s 1300'], ['2001:db8:2::2', ' -t 1'], ['2001:db8:82::1', ''], ['2001:db8:83::1', ''], ['2001:db8:99::1', '']] as const) await b.see(ping(to, more));
    await b.see('ip -6 route get 2001:db8:2::2');
    await b.see('ip -6 route get 2001:db8:2::3');
    const fd = await b.socket();
    await b.call(`connect ${fd} ${sin6('2001:db8:2::2', 7)}`);
    await b.call(`get ${fd} ${U.SOL_IPV6} ${U.IPV6_MTU} 4`);
    await b.call(`set ${fd} ${U.SOL_IPV6} ${U.IPV6_MTU_DISCOVER} ${int(U.IPV6_PMTUDISC_DO)}`);
    await b.call(`send ${fd} 0 1300`);
    await b.call(`send ${fd} 0 1232`);
    await b.see('traceroute -n -q 1 -m 2 -w 1 2001:db8:2::1');
  },

  async 'a router sends a host to who is nearer'(a, b) {
    await addressed(a, b);
    await a.set('sysctl -w net.ipv6.conf.all.forwarding=1', 'ip -6 route add 2001:db8:3::/64 dev eth0', 'ip neigh add 2001:db8:3::9 lladdr 02:00:00:00:00:0c dev eth0');
    await a.set('ip neigh add fe80::d lladdr 02:00:00:00:00:0d dev eth0', 'ip -6 route add 2001:db8:4::/64 via fe80::d dev eth0');
    await b.set(`ip -6 route add default via ${LL.a} dev eth0`);
    for (const [to, nearer] of [['2001:db8:3::9', /from :: dev eth0/], ['2001:db8:4::9', /from :: via fe80::d dev eth0/]] as const) {
      await b.see(ping(to, ' -w 1'));
      await b.until(`ip -6 route get ${to}`, nearer);
      await b.see(`ip -6 route get ${to}`);
    }
    await b.see('ip -6 neigh show to fe80::d dev eth0');
    await b.see('ip -6 neigh show to 2001:db8:3::9 dev eth0');
    await b.set('sysctl -w net.ipv6.conf.eth0.accept_redirects=0');
    await a.set('ip neigh add 2001:db8:3::a lladdr 02:00:00:00:00:0c dev eth0');
    await b.see(ping('2001:db8:3::a', ' -w 1'));
    await b.see('ip -6 route get 2001:db8:3::a');
  },

  async 'an address is answered for by a proxy'(a, b) {
    await addressed(a, b);
    await a.set('sysctl -w net.ipv6.conf.all.forwarding=1', 'sysctl -w net.ipv6.conf.eth0.proxy_ndp=1', 'sysctl -w net.ipv6.neigh.eth0.proxy_delay=0', 'ip -6 addr add 2001:db8:5::5/128 dev lo', 'ip -6 neigh add proxy 2001:db8:1::55 dev eth0');
    await a.set(...NARROW.slice(1), 'ip -6 route add 2001:db8:1::55/128 via 2001:db8:2::2');
    await b.see(ping('2001:db8:1::55', ' -w 1'));
    await b.until(NEIGH, /2001:db8:1::55 lladdr 02:00:00:00:00:0a/);
    await b.see('ip -6 neigh show to 2001:db8:1::55 dev eth0 nud reachable nud stale nud delay');
  },
};

async function play(a: Kind, b: Kind, what: string): Promise<Transcript> {
  const cable = await openCable(a, b);
  const seen: Transcript = [];
  try {
    await (PLAYS[what] as (typeof PLAYS)[string])(new Part(cable.a, 'a', seen), new Part(cable.b, 'b', seen));
  } finally {
    await cable.close();
  }
  return seen;
}

/** Of the bridge that asks its ports for groups; hundredths of a second. */
const TIMES = ['startup_query_interval 100', 'startup_query_count 20', 'query_interval 200', 'query_response_interval 100', 'last_member_interval 20', 'membership_interval 6000'];

/** What a kernel's bridge learns of a host on one of its ports. */
async function switched(version: 1 | 2, kind: Kind): Promise<Transcript> {
  const bridge = new KernelMachine();
  const host = kind === 'kernel' ? new KernelMachine() : new StackMachine(await bridge.tap('host'), Uint8Array.of(2, 0, 0, 0, 0, 11));
  const seen: Transcript = [];
  const part = new Part(host, 'host', seen);
  const there = new Part(bridge, 'bridge', seen);
  // Of the groups, without when.
  const groups = async (): Promise<string[]> => {
    const { stdout } = await bridge.run('bridge -d mdb show dev br0');
    return stdout.split('\n').filter((line) => /grp ff05/.test(line)).map((line) => line.replace(/\d+\.\d+/g, 'T').trim()).sort();
  };
  /** What the bridge knows once it has stood for a while. */
  const settled = async (what: string, before: readonly string[]): Promise<string[]> => {
    let [last, since] = [before, Date.now()];
    for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await sleep(50)) {
      const now = await groups();
      if (now.join() !== last.join()) [last, since] = [now, Date.now()];
      else if (now.join() !== before.join() && Date.now() - since > SETTLED_MS) {
        seen.push(what, ...now);
        return now;
      }
    }
    throw new Error(`${what}: ${last.join('\n')}`);
  };
  try {
    if (host instanceof KernelMachine) bridge.ip(`-n ${bridge.netns} link add host type veth peer name eth0 netns ${host.netns}`);
    await there.set(`ip link add br0 type bridge mcast_snooping 1 ${TIMES.map((time) => `mcast_${time}`).join(' ')} mcast_mld_version ${version}`);
    await there.set('ip link set br0 type bridge mcast_querier 1', 'ip link set host master br0 up', 'ip link set br0 up');
    await part.set(UP);
    await part.until('ip -6 addr show dev eth0', /^(?![^]*tentative)[^]*fe80/);
    // Only then it knows which version is spoken.
    await part.until('nstat -asz Icmp6InGroupMembQueries', /Queries +[1-9]/);
    await member(part);
    const joined = await settled('joined', []);
    await part.call(`close 0`);
    const left = await settled('one has left', joined);
    await part.call(`close 1`);
    await settled('all have left', left);
    return seen;
  } finally {
    if (host instanceof StackMachine) await host.close();
    for (const one of [host, bridge]) if (one instanceof KernelMachine) await one.close();
  }
}

const groupAddr = (addr: string): string => `${sin6(addr, 0)}${'00'.repeat(100)}`;
/** `struct group_source_req` of device 2, the first behind lo. */
const sourced = (group: string, source: string): string => `0200000000000000${groupAddr(group)}${groupAddr(source)}`;

/** Two sockets that listen to groups: of everybody, of two sources, and of everybody but one. */
async function member(part: Part): Promise<void> {
  const [one, other] = [await part.socket(), await part.socket()];
  const join = (fd: string, group: string): string => `set ${fd} ${U.SOL_IPV6} ${U.IPV6_ADD_MEMBERSHIP} ${sin6(group, 0).slice(16, 48)}02000000`;
  for (const line of [
    join(one, 'ff05::77'),
    join(one, 'ff05::78'),
    join(other, 'ff05::78'),
    `set ${one} ${U.SOL_IPV6} ${U.MCAST_JOIN_SOURCE_GROUP} ${sourced('ff05::79', '2001:db8::1')}`,
    `set ${one} ${U.SOL_IPV6} ${U.MCAST_JOIN_SOURCE_GROUP} ${sourced('ff05::79', '2001:db8::2')}`,
    `set ${other} ${U.SOL_IPV6} ${U.MCAST_JOIN_SOURCE_GROUP} ${sourced('ff05::79', '2001:db8::2')}`,
    join(other, 'ff05::7a'),
    `set ${other} ${U.SOL_IPV6} ${U.MCAST_BLOCK_SOURCE} ${sourced('ff05::7a', '2001:db8::3')}`,
  ]) await part.call(line);
}

describe.runIf(missing === null).concurrent('on one cable with the running kernel', () => {
  it.each(Object.keys(PLAYS))('%s', async (what) => {
    const [kernels, hears, speaks] = await Promise.all([play('kernel', 'kernel', what), play('kernel', 'ours', what), play('ours', 'kernel', what)]);
    for (const ours of [hears, speaks]) expect(difference({ ours, theirs: kernels }, 6)).toBe('');
  }, 60_000);
  it.each([1, 2] as const)('a bridge of the kernel learns the groups of a host by MLDv%i', async (version) => {
    const [kernel, ours] = await Promise.all([switched(version, 'kernel'), switched(version, 'ours')]);
    expect(kernel.filter((line) => line.includes('ff05::77'))).not.toEqual([]);
    expect(difference({ ours, theirs: kernel }, 6)).toBe('');
  }, 60_000);
});

afterAll(() => tellCompared('IPv6 on one cable with the running kernel'));
