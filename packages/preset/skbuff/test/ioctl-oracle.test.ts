/**
 * The same ioctls in the same order, by the kernel underneath in a namespace of its own and by our stack: same errno, same bytes. Needs
 * root, iproute2 and python3; says aloud when it cannot.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { kernelTask } from '@skbuff/sock';
import * as U from '@skbuff/uapi';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNet, type Host, type HostNet, VirtualClock } from '../src/index.ts';

const has = (command: string): boolean => spawnSync(command, ['-V']).status === 0;
const possible = process.getuid?.() === 0 && has('ip') && has('python3');
if (!possible) console.warn('ioctl oracle SKIPPED: it needs root, iproute2 and python3');

const NAME = `skbuff-ioctl-${process.pid}`;

/** A line for ip, or a request: its number, the bytes of its argument, where pointers are in it. `user`: without privileges. */
interface Step {
  readonly what: string;
  readonly ip?: string;
  readonly request?: number;
  readonly hex?: string;
  readonly pointers?: readonly number[];
  readonly user?: boolean;
}

const hex = (b: Uint8Array): string => Buffer.from(b).toString('hex');
const sin = (addr: string, family = 2): number[] => [family & 255, family >> 8, 0, 0, ...addr.split('.').map(Number), 0, 0, 0, 0, 0, 0, 0, 0];
const int = (value: number): number[] => [value & 255, (value >> 8) & 255, (value >> 16) & 255, (value >> 24) & 255];
const mac = (text: string, type = 1): number[] => [type, 0, ...text.split(':').map((x) => Number.parseInt(x, 16))];
const name = (text: string): number[] => [...Buffer.from(text.padEnd(16, '\0')).subarray(0, 16)];

function bytes(length: number, ...parts: readonly (readonly [at: number, values: readonly number[]])[]): Uint8Array {
  const b = new Uint8Array(length);
  for (const [at, values] of parts) b.set(values, at);
  return b;
}

const ip = (line: string): Step => ({ what: `ip ${line}`, ip: line });
const ifreq = (request: keyof typeof U, dev: string, union: readonly number[] = [], more: Partial<Step> = {}): Step => ({
  what: `${request} ${dev} ${union.join(' ')}${more.user === true ? ' (no privilege)' : ''}`,
  request: U[request] as number,
  hex: hex(bytes(40, [0, name(dev)], [16, union])),
  ...more,
});
const raw = (request: number, what: string, b: Uint8Array, more: Partial<Step> = {}): Step => ({ what, request, hex: hex(b), ...more });
const ifconf = (room: number, buf: boolean): Step =>
  raw(U.SIOCGIFCONF, `SIOCGIFCONF ${room} ${buf}`, bytes(16 + 400, [0, int(room)], [8, [buf ? 16 : 0]]), { pointers: [8] });

interface Rt {
  readonly gw?: string;
  readonly mask?: string;
  readonly flags?: number;
  readonly metric?: number;
  readonly dev?: string;
  readonly mtu?: number;
  readonly family?: number;
}
const rt = (request: 'SIOCADDRT' | 'SIOCDELRT', dst: string, r: Rt, user = false): Step => {
  const dev = r.dev === undefined ? [] : [...Buffer.from(r.dev), 0];
  const b = bytes(
    120 + 20,
    [8, sin(dst, r.family ?? 2)],
    [24, r.gw === undefined ? [] : sin(r.gw)],
    [40, r.mask === undefined ? [] : sin(r.mask)],
    [56, int(r.flags ?? 1).slice(0, 2)],
    [80, [r.metric ?? 0]],
    [88, r.dev === undefined ? [] : [120]],
    [96, int(r.mtu ?? 0)],
    [120, dev],
  );
  return raw(U[request], `${request} ${dst} ${JSON.stringify(r)}${user ? ' (no privilege)' : ''}`, b, { pointers: [88], user });
};

interface Arp {
  readonly ha?: string;
  readonly hatype?: number;
  readonly flags?: number;
  readonly mask?: string;
  readonly dev?: string;
  readonly family?: number;
}
const arp = (request: 'SIOCSARP' | 'SIOCDARP' | 'SIOCGARP', pa: string, a: Arp, user = false): Step =>
  raw(
    U[request],
    `${request} ${pa} ${JSON.stringify(a)}${user ? ' (no privilege)' : ''}`,
    bytes(68, [0, sin(pa, a.family ?? 2)], [16, a.ha === undefined ? [] : mac(a.ha, a.hatype ?? 1)], [32, int(a.flags ?? 0)], [36, a.mask === undefined ? [] : sin(a.mask)], [52, a.dev === undefined ? [] : name(a.dev)]),
    { user },
  );

const GET = ['SIOCGIFFLAGS', 'SIOCGIFMETRIC', 'SIOCGIFMTU', 'SIOCGIFHWADDR', 'SIOCGIFMAP', 'SIOCGIFINDEX', 'SIOCGIFTXQLEN', 'SIOCGIFADDR', 'SIOCGIFDSTADDR', 'SIOCGIFBRDADDR', 'SIOCGIFNETMASK', 'SIOCGIFSLAVE', 'SIOCGIFMEM', 'SIOCGIFPFLAGS'] as const;
const SET = ['SIOCSIFFLAGS', 'SIOCSIFMETRIC', 'SIOCSIFMTU', 'SIOCSIFHWADDR', 'SIOCSIFHWBROADCAST', 'SIOCSIFMAP', 'SIOCSIFTXQLEN', 'SIOCSIFADDR', 'SIOCSIFDSTADDR', 'SIOCSIFBRDADDR', 'SIOCSIFNETMASK', 'SIOCSIFNAME', 'SIOCSIFSLAVE', 'SIOCSIFMEM', 'SIOCSIFLINK', 'SIOCSIFPFLAGS', 'SIOCADDMULTI', 'SIOCDELMULTI', 'SIOCGMIIPHY', 'SIOCGMIIREG', 'SIOCSMIIREG'] as const;
const UP = U.IFF_UP;

const STEPS: readonly Step[] = [
  ip('link add v0 address 02:00:00:00:00:01 type veth peer name v1 address 02:00:00:00:00:02'),
  ip('link set v1 up'),
  ...GET.map((g) => ifreq(g, 'v0')),
  ...GET.map((g) => ifreq(g, 'lo')),
  ...GET.map((g) => ifreq(g, 'nosuch')),
  ...SET.map((s) => ifreq(s, 'nosuch', sin('10.0.0.1'))),
  ...SET.map((s) => ifreq(s, 'v0', sin('10.0.0.1'), { user: true })),
  ...[1, 2, 3, 99].map((index) => ifreq('SIOCGIFNAME', '', int(index))),
  ...[0x8938, 0x8939, 0x8999, 0x89f0, 0x89f3, 0x89ff, 0x8a00, 0x1234].map((n) => raw(n, `0x${n.toString(16)}`, bytes(40, [0, name('v0')]))),
  ...[0x89f0, 0x89f3].map((n) => raw(n, `0x${n.toString(16)} of nothing`, bytes(40, [0, name('nosuch')]))),
  ifconf(400, false),
  // Addresses.
  ifreq('SIOCSIFADDR', 'v0', sin('10.0.0.1')),
  ...['SIOCGIFADDR', 'SIOCGIFNETMASK', 'SIOCGIFBRDADDR', 'SIOCGIFDSTADDR'].map((g) => ifreq(g as 'SIOCGIFADDR', 'v0')),
  ifreq('SIOCGIFADDR', 'v0:1'),
  ifreq('SIOCGIFMTU', 'v0:1'),
  ifreq('SIOCGIFHWADDR', 'v0:1'),
  ifreq('SIOCSIFADDR', 'v0', sin('10.0.0.1')),
  ifreq('SIOCSIFADDR', 'v0', sin('10.0.0.1', 0)),
  ifreq('SIOCSIFADDR', 'v0', sin('10.0.0.1', 10)),
  ifreq('SIOCSIFNETMASK', 'v0', sin('255.255.255.0')),
  ifreq('SIOCGIFBRDADDR', 'v0'),
  ifreq('SIOCSIFNETMASK', 'v0', sin('255.0.255.0')),
  ifreq('SIOCSIFNETMASK', 'v0', sin('255.255.255.0')),
  ifreq('SIOCSIFBRDADDR', 'v0', sin('10.0.0.254')),
  ifreq('SIOCGIFBRDADDR', 'v0'),
  ifreq('SIOCSIFNETMASK', 'v0', sin('255.255.0.0')),
  ifreq('SIOCGIFBRDADDR', 'v0'),
  ifreq('SIOCSIFDSTADDR', 'v0', sin('10.0.9.9')),
  ifreq('SIOCGIFDSTADDR', 'v0'),
  ifreq('SIOCGIFADDR', 'v0'),
  ifreq('SIOCSIFDSTADDR', 'v0', sin('224.0.0.9')),
  ifreq('SIOCSIFADDR', 'v0', sin('224.0.0.9')),
  ifreq('SIOCSIFADDR', 'v0:1', sin('172.16.0.1')),
  ifreq('SIOCGIFADDR', 'v0:1'),
  ifreq('SIOCGIFNETMASK', 'v0:1'),
  ifreq('SIOCSIFADDR', 'v0:2', sin('192.168.7.1')),
  ifreq('SIOCSIFADDR', 'v0:2', sin('0.0.0.0')),
  ifreq('SIOCGIFADDR', 'v0:2'),
  ifreq('SIOCSIFADDR', 'v0:3', sin('250.1.1.1')),
  ifreq('SIOCGIFNETMASK', 'v0:3'),
  ifreq('SIOCSIFADDR', 'v0:4', sin('127.7.0.1')),
  ip('addr show v0'),
  ip('addr add 10.0.0.2/16 dev v0'),
  ifreq('SIOCGIFNETMASK', 'v0', sin('10.0.0.2')),
  ifreq('SIOCGIFADDR', 'v0', sin('10.0.0.2')),
  ifreq('SIOCGIFADDR', 'v0', sin('10.0.0.3')),
  ifreq('SIOCSIFFLAGS', 'v0:1', int(0)),
  ifreq('SIOCGIFADDR', 'v0:1'),
  ifreq('SIOCSIFFLAGS', 'v0:1', int(0)),
  ifreq('SIOCSIFFLAGS', 'v0:9', int(UP)),
  ifconf(400, true),
  ifconf(81, true),
  ifconf(39, true),
  ifconf(-1, true),
  ifconf(0, false),
  // The device itself.
  ifreq('SIOCSIFFLAGS', 'v0', int(UP | U.IFF_BROADCAST | U.IFF_MULTICAST)),
  ifreq('SIOCGIFFLAGS', 'v0'),
  ip('addr show v0'),
  ip('route'),
  ifreq('SIOCSIFFLAGS', 'v0', int(UP | U.IFF_PROMISC | U.IFF_NOARP)),
  ifreq('SIOCGIFFLAGS', 'v0'),
  ifreq('SIOCSIFFLAGS', 'v0', int(UP | U.IFF_MULTICAST | U.IFF_ALLMULTI)),
  ifreq('SIOCGIFFLAGS', 'v0'),
  ifreq('SIOCSIFFLAGS', 'v0', int(UP | U.IFF_MULTICAST)),
  ifreq('SIOCSIFMTU', 'v0', int(1400)),
  ifreq('SIOCGIFMTU', 'v0'),
  ifreq('SIOCSIFMTU', 'v0', int(10)),
  ifreq('SIOCSIFMTU', 'v0', int(-1)),
  ifreq('SIOCSIFMTU', 'v0', int(70000)),
  ifreq('SIOCSIFMETRIC', 'v0', int(1)),
  ifreq('SIOCSIFTXQLEN', 'v0', int(77)),
  ifreq('SIOCGIFTXQLEN', 'v0'),
  ifreq('SIOCSIFTXQLEN', 'v0', int(-1)),
  ifreq('SIOCSIFMAP', 'v0'),
  ifreq('SIOCSIFHWADDR', 'v0', mac('02:00:00:00:00:77')),
  ifreq('SIOCGIFHWADDR', 'v0'),
  ifreq('SIOCSIFHWADDR', 'v0', mac('01:00:00:00:00:77')),
  ifreq('SIOCSIFHWADDR', 'v0', mac('02:00:00:00:00:78', 6)),
  ifreq('SIOCSIFHWADDR', 'lo', mac('02:00:00:00:00:78')),
  ifreq('SIOCSIFHWADDR', 'lo', mac('02:00:00:00:00:78', 772 & 255)),
  ifreq('SIOCSIFHWBROADCAST', 'v0', mac('ff:ff:ff:ff:ff:fe')),
  ifreq('SIOCSIFHWBROADCAST', 'v0', mac('ff:ff:ff:ff:ff:ff', 2)),
  ip('link show v0'),
  ifreq('SIOCSIFHWBROADCAST', 'v0', mac('ff:ff:ff:ff:ff:ff')),
  ifreq('SIOCADDMULTI', 'v0', mac('33:33:00:00:00:05', 0)),
  ifreq('SIOCADDMULTI', 'v0', mac('33:33:00:00:00:05', 0)),
  ifreq('SIOCADDMULTI', 'v0', mac('33:33:00:00:00:05', 1)),
  ifreq('SIOCADDMULTI', 'lo', mac('33:33:00:00:00:05', 0)),
  ifreq('SIOCDELMULTI', 'v0', mac('33:33:00:00:00:05', 0)),
  ifreq('SIOCDELMULTI', 'v0', mac('33:33:00:00:00:05', 0)),
  ifreq('SIOCGMIIPHY', 'v0'),
  ifreq('SIOCGMIIREG', 'v0'),
  ifreq('SIOCSMIIREG', 'v0'),
  ifreq('SIOCSIFNAME', 'v0', name('v1')),
  ifreq('SIOCSIFNAME', 'v0', name('a/b')),
  ifreq('SIOCSIFNAME', 'v0', name('')),
  ifreq('SIOCSIFNAME', 'v0', name('w%d')),
  ifreq('SIOCGIFINDEX', 'w0'),
  ifreq('SIOCGIFADDR', 'w0'),
  ifreq('SIOCSIFNAME', 'w0', name('v0')),
  ip('addr show v0'),
  // Routes.
  rt('SIOCADDRT', '10.9.0.0', { mask: '255.255.0.0', dev: 'v0' }, true),
  rt('SIOCADDRT', '10.9.0.0', { mask: '255.255.0.0', dev: 'v0' }),
  rt('SIOCADDRT', '10.9.0.0', { mask: '255.255.0.0', dev: 'v0' }),
  rt('SIOCADDRT', '10.10.0.0', { mask: '255.255.0.0', gw: '10.0.0.9', flags: 3, metric: 6 }),
  rt('SIOCADDRT', '0.0.0.0', { mask: '0.0.0.0', gw: '10.0.0.8', flags: 3 }),
  rt('SIOCADDRT', '10.11.0.0', { mask: '255.255.0.0', gw: '172.99.0.9', flags: 3 }),
  rt('SIOCADDRT', '10.12.0.1', { flags: 5, dev: 'v0' }),
  rt('SIOCADDRT', '10.13.0.0', { mask: '255.255.0.0', flags: 0x201 }),
  rt('SIOCADDRT', '10.14.0.0', { mask: '255.255.0.0', flags: 0x43, gw: '10.0.0.9', mtu: 1200 }),
  rt('SIOCADDRT', '10.15.0.1', { mask: '255.255.0.0', dev: 'v0' }),
  rt('SIOCADDRT', '10.15.0.0', { mask: '255.255.0.0', dev: 'nosuch' }),
  rt('SIOCADDRT', '10.15.0.0', { mask: '255.255.0.0', dev: 'v0:3' }),
  rt('SIOCADDRT', '10.15.1.0', { mask: '255.255.255.0', dev: 'v0', family: 10 }),
  ip('route'),
  rt('SIOCDELRT', '10.9.0.0', { mask: '255.255.0.0' }, true),
  rt('SIOCDELRT', '10.9.0.0', { mask: '255.255.0.0' }),
  rt('SIOCDELRT', '10.9.0.0', { mask: '255.255.0.0' }),
  rt('SIOCDELRT', '10.13.0.0', { mask: '255.255.0.0', flags: 0x201 }),
  raw(U.SIOCADDRT, 'SIOCADDRT with a pointer that leads nowhere', bytes(120, [8, sin('10.77.0.0')], [56, [5]], [88, int(-1)], [92, int(-1)])),
  raw(U.SIOCRTMSG, 'SIOCRTMSG', bytes(120)),
  ip('route'),
  // ARP.
  arp('SIOCSARP', '10.0.0.50', { ha: '02:00:00:00:00:50', flags: U.ATF_COM | U.ATF_PERM, dev: 'v0' }, true),
  arp('SIOCSARP', '10.0.0.50', { ha: '02:00:00:00:00:50', flags: U.ATF_COM | U.ATF_PERM, dev: 'v0' }),
  arp('SIOCGARP', '10.0.0.50', { dev: 'v0' }, true),
  arp('SIOCGARP', '10.0.0.50', {}),
  arp('SIOCGARP', '10.0.0.50', { dev: 'v1' }),
  arp('SIOCGARP', '10.0.0.51', { dev: 'v0' }),
  arp('SIOCGARP', '10.0.0.51', { dev: 'nosuch' }),
  arp('SIOCGARP', '10.0.0.50', { dev: 'v0', family: 10 }),
  arp('SIOCSARP', '10.0.0.52', { ha: '02:00:00:00:00:52', flags: U.ATF_COM }),
  arp('SIOCSARP', '10.0.0.53', { ha: '02:00:00:00:00:53', flags: U.ATF_PERM }),
  arp('SIOCSARP', '10.0.0.54', { ha: '02:00:00:00:00:54', hatype: 6, flags: U.ATF_COM, dev: 'v0' }),
  arp('SIOCSARP', '10.0.0.54', { ha: '02:00:00:00:00:54', hatype: 6, flags: U.ATF_COM }),
  arp('SIOCSARP', '10.0.0.55', { flags: 0, dev: 'v0' }),
  arp('SIOCSARP', '10.0.0.56', { flags: U.ATF_NETMASK, dev: 'v0' }),
  arp('SIOCSARP', '10.0.0.57', { flags: U.ATF_DONTPUB, dev: 'v0' }),
  arp('SIOCSARP', '10.0.0.58', { flags: U.ATF_PUBL | U.ATF_PERM, dev: 'v0' }),
  arp('SIOCSARP', '10.0.0.59', { ha: '02:00:00:00:00:02', flags: U.ATF_PUBL | U.ATF_PERM | U.ATF_COM }),
  arp('SIOCSARP', '10.0.0.60', { ha: '02:00:00:00:00:99', flags: U.ATF_PUBL | U.ATF_PERM | U.ATF_COM }),
  arp('SIOCSARP', '10.0.0.61', { flags: U.ATF_PUBL | U.ATF_PERM }),
  arp('SIOCSARP', '10.0.0.0', { flags: U.ATF_PUBL | U.ATF_PERM | U.ATF_NETMASK, mask: '255.255.255.0', dev: 'v0' }),
  arp('SIOCSARP', '0.0.0.0', { flags: U.ATF_PUBL | U.ATF_PERM | U.ATF_NETMASK, mask: '0.0.0.0', dev: 'v0' }),
  { what: 'proxy_arp', ip: 'netconf show dev v0' },
  ip('neigh'),
  ip('neigh show proxy'),
  arp('SIOCDARP', '10.0.0.50', { dev: 'v0' }, true),
  arp('SIOCDARP', '10.0.0.50', { dev: 'v0' }),
  arp('SIOCDARP', '10.0.0.50', { dev: 'v0' }),
  arp('SIOCGARP', '10.0.0.50', { dev: 'v0' }),
  arp('SIOCDARP', '10.0.0.52', {}),
  arp('SIOCDARP', '10.0.0.99', {}),
  arp('SIOCDARP', '10.0.0.58', { flags: U.ATF_PUBL, dev: 'v0' }),
  arp('SIOCDARP', '10.0.0.58', { flags: U.ATF_PUBL, dev: 'v0' }),
  arp('SIOCDARP', '10.0.0.61', { flags: U.ATF_PUBL, dev: 'v0' }),
  arp('SIOCDARP', '10.0.0.61', { flags: U.ATF_PUBL }),
  arp('SIOCDARP', '0.0.0.0', { flags: U.ATF_PUBL | U.ATF_NETMASK, mask: '0.0.0.0', dev: 'v0' }),
  ip('neigh'),
  ip('neigh show proxy'),
  ifreq('SIOCSIFFLAGS', 'v0', int(0)),
  ip('route'),
  ifreq('SIOCGIFFLAGS', 'v0'),
].filter(({ ip: line }) => !(line ?? '').startsWith('netconf'));

const PYTHON = `
import ctypes, json, os, socket, struct, subprocess, sys, time
libc = ctypes.CDLL(None, use_errno=True)
out = []
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
def call(step):
    data = bytearray.fromhex(step['hex'])
    buf = (ctypes.c_char * len(data)).from_buffer(data)
    base = ctypes.addressof(buf)
    points = step.get('pointers') or []
    for off in points:
        v = struct.unpack_from('<Q', data, off)[0]
        if v: struct.pack_into('<Q', data, off, v + base)
    if step.get('user'): libc.syscall(117, -1, 65534, -1)
    rc = libc.ioctl(s.fileno(), ctypes.c_ulong(step['request']), buf)
    err = ctypes.get_errno() if rc < 0 else 0
    if step.get('user'): libc.syscall(117, -1, 0, -1)
    for off in points:
        v = struct.unpack_from('<Q', data, off)[0]
        if v: struct.pack_into('<Q', data, off, v - base)
    return '%d %s' % (err, data.hex() if err == 0 else '')
for step in json.load(sys.stdin):
    if step.get('ip'):
        p = subprocess.run(['ip'] + step['ip'].split(' '), capture_output=True, text=True)
        out.append('%d %s%s' % (p.returncode, p.stdout, p.stderr))
    else:
        out.append(call(step))
        # The kernel looks at the carrier soon after an interface goes up.
        if step['request'] == 0x8914: time.sleep(0.25)
print(json.dumps(out))
`;

describe.skipIf(!possible)('ioctls as the kernel underneath has them', () => {
  const clock = new VirtualClock();
  let net: HostNet;
  let host: Host;
  let theirs: readonly string[];

  beforeAll(() => {
    execFileSync('ip', ['netns', 'add', NAME]);
    for (const which of ['all', 'default']) execFileSync('ip', ['netns', 'exec', NAME, 'sysctl', '-q', '-w', `net.ipv6.conf.${which}.disable_ipv6=1`]);
    execFileSync('ip', ['-n', NAME, 'link', 'set', 'lo', 'up']);
    theirs = JSON.parse(execFileSync('ip', ['netns', 'exec', NAME, 'python3', '-c', PYTHON], { input: JSON.stringify(STEPS) }).toString()) as string[];
    net = createNet({ clock, debug: true });
    host = net.host('h');
    for (const which of ['all', 'default']) host.sysctl(`net.ipv6.conf.${which}.disable_ipv6`, '1');
  });

  afterAll(() => {
    execFileSync('ip', ['netns', 'del', NAME]);
    expect(net.close()).toEqual({});
  });

  async function ours(step: Step): Promise<string> {
    if (step.ip !== undefined) {
      const { code, stdout, stderr } = await host.run(`ip ${step.ip}`);
      return `${code} ${stdout}${stderr}`;
    }
    const task = kernelTask(host.ns, step.user === true ? { uid: 65534 } : {});
    const fd = task.socket(U.AF_INET, U.SOCK_DGRAM, 0);
    const arg = new Uint8Array(Buffer.from(step.hex ?? '', 'hex'));
    const rc = task.ioctl(fd, step.request ?? 0, arg);
    task.exit();
    return `${-rc} ${rc === 0 ? hex(arg) : ''}`;
  }

  /** Neighbours stand in the order of a hash that differs from boot to boot. */
  const sorted = (step: Step, text: string): string => (step.ip?.startsWith('neigh') === true ? text.slice(2).split('\n').sort().join('\n') : text);

  it.each(STEPS.map((step, i) => [step.what, step, i] as const))('%s [CFG-04]', async (_what, step, i) => {
    expect(sorted(step, await ours(step))).toBe(sorted(step, theirs[i] as string));
    // What the kernel does soon afterwards, such as looking at carriers.
    clock.advance(0);
  });
});
