/** The doors by which a host is configured: files, ioctls, netlink; and that they lead to the same rooms. */
import { execFileSync, spawnSync } from 'node:child_process';
import { arp } from '@skbuff/arp';
import {
  allocNetdev,
  createKernel,
  insmod,
  type Net,
  type NetDevice,
  type NetDeviceOps,
  NETDEV_CHANGEMTU,
  NETDEV_TX_OK,
  netdevOpsDefaults,
  netifDeviceDetach,
  registerNetdevice,
  rmmod,
  setupNet,
  sysfsRead,
  sysfsReaddir,
  unregisterNetdevice,
  VirtualClock,
} from '@skbuff/core';
import { netlinkPort, type NetlinkPort } from '@skbuff/netlink';
import { procNetOf } from '@skbuff/procfs';
import { kernelTask } from '@skbuff/sock';
import { registerNetSysctl, sysctlOf } from '@skbuff/sysctl';
import * as U from '@skbuff/uapi';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createNet, type Host, type HostNet, linux } from '../src/index.ts';

const possible = process.getuid?.() === 0 && spawnSync('ip', ['-V']).status === 0;
if (!possible) console.warn('net.core and /sys/class/net oracle SKIPPED: it needs root and iproute2');

const NAME = `skbuff-cfg-${process.pid}`;
const inside = (command: string): string => execFileSync('ip', ['netns', 'exec', NAME, 'sh', '-c', command], { encoding: 'utf8' });

let net: HostNet;
let clock: VirtualClock;
let h: Host;

beforeEach(() => {
  clock = new VirtualClock();
  net = createNet({ debug: true, clock });
  h = net.host('h');
});
afterEach(() => {
  expect(net.close()).toEqual({});
});

/** A request of RTM_*LINK about the device of that index, with an MTU if it is a change. */
function linkRequest(type: number, ifindex: number, mtu = 0): Uint8Array {
  const bytes = new Uint8Array(mtu === 0 ? 32 : 40);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length, true);
  view.setUint16(4, type, true);
  view.setUint16(6, U.NLM_F_REQUEST, true);
  view.setUint32(20, ifindex, true);
  if (mtu !== 0) {
    view.setUint16(32, 8, true);
    view.setUint16(34, U.IFLA_MTU, true);
    view.setUint32(36, mtu, true);
  }
  return bytes;
}

/** Types of the messages that wait at a port. */
function heard(port: NetlinkPort): number[] {
  const types: number[] = [];
  for (let got = port.recvmsg(); typeof got !== 'number'; got = port.recvmsg()) types.push((got.data[4] as number) | ((got.data[5] as number) << 8));
  return types;
}

function open(ns: Net, groups = 0): NetlinkPort {
  const port = netlinkPort(ns, U.NETLINK_ROUTE) as NetlinkPort;
  expect(port.bind(0, groups)).toBe(0);
  return port;
}

describe('/proc/net/arp', () => {
  it('is there as soon as ARP is, in every namespace, and goes with it; nobody writes it [CFG-02]', async () => {
    const kernel = createKernel({ plugins: linux().filter(({ name }) => name !== '@skbuff/arp') });
    const other = setupNet(kernel) as Net;
    const read = (): unknown[] => [kernel.initNet, other].map((ns) => procNetOf(ns).read('arp'));
    expect(read()).toEqual([-U.ENOENT, -U.ENOENT]);
    insmod(kernel, arp());
    const header = 'IP address       HW type     Flags       HW address            Mask     Device\n';
    expect(read()).toEqual([header, header]);
    expect([rmmod(kernel, '@skbuff/arp'), read()]).toEqual([0, [-U.ENOENT, -U.ENOENT]]);
    other.put();
    expect(kernel.shutdown()).toEqual({});
  });
});

describe('a variable', () => {
  it('of the kernel can be seen while it is registered; which namespace sees which is its owner’s choice', async () => {
    const read = async (name: string): Promise<string> => {
      const { code, stdout, stderr } = await h.run(['sysctl', '-n', name]);
      return `${stdout}${stderr}[${code}]`;
    };
    expect(await read('net.test.answer')).toBe('sysctl: cannot stat /proc/sys/net/test/answer: No such file or directory\n[1]');
    const undo = registerNetSysctl(h.ns, 'net/test', { answer: { read: () => '42\n', write: null } }, null);
    expect([await read('net.test.answer'), sysctlOf(h.ns).write('net/test/answer', '43'), sysctlOf(net.kernel.initNet).read('net/test/answer')]).toEqual(['42\n[0]', -U.EACCES, -U.ENOENT]);
    undo();
    expect(await read('net.test.answer')).toContain('No such file');
  });

  it.each([
    ['busy_read', '-1', '7'],
    ['busy_poll', '-1', '7'],
    ['dev_weight', '0', '7'],
    ['gro_normal_batch', '0', '7'],
    ['netdev_unregister_timeout_secs', '0', '3600'],
    ['netdev_unregister_timeout_secs', '3601', '1'],
    ['rps_sock_flow_entries', '536870913', '64'],
    ['rps_default_mask', 'zz', '1'],
    ['somaxconn', '-1', '7'],
  ])('net.core.%s is not %s, but may be %s', (name, bad, good) => {
    const tree = sysctlOf(net.kernel.initNet);
    expect([tree.write(`net/core/${name}`, `${bad}\n`), tree.write(`net/core/${name}`, `${good}\n`), tree.read(`net/core/${name}`)]).toEqual([-U.EINVAL, 0, `${good}\n`]);
  });
});

describe.skipIf(!possible)('as the kernel underneath has it', () => {
  beforeAll(() => {
    execFileSync('ip', ['netns', 'add', NAME]);
    execFileSync('ip', ['-n', NAME, 'link', 'add', 'v0', 'address', '02:00:00:00:00:01', 'type', 'veth', 'peer', 'name', 'v1', 'address', '02:00:00:00:00:02']);
  });
  afterAll(() => void spawnSync('ip', ['netns', 'del', NAME]));

  /** Files of protocols that are not here. */
  const MISSING = /^(xfrm_|txrehash)/;

  it('net.core of a namespace has the same files with the same contents; the buffer sizes cannot be written there', () => {
    const theirs = inside('cd /proc/sys/net/core; for f in *; do echo "$f $(stat -c %a $f) $(cat $f)"; done')
      .split('\n')
      .filter((line) => line !== '' && !MISSING.test(line))
      .map((line) => line.replace(/^rps_default_mask .*/, 'rps_default_mask 644 0'));
    const tree = sysctlOf(h.ns);
    const ours = tree.list('net/core').map((path) => `${path.slice('net/core/'.length)} ${tree.write(path, tree.read(path) as string) === -U.EACCES ? 444 : 644} ${String(tree.read(path)).trimEnd()}`);
    expect(ours).toEqual(theirs);
  });

  it('net.core of the initial namespace has no file that is not there, and the same defaults', () => {
    const tree = sysctlOf(net.kernel.initNet);
    const theirs = execFileSync('sh', ['-c', 'cd /proc/sys/net/core; grep -H . * 2>/dev/null'], { encoding: 'utf8' });
    const names = tree.list('net/core').map((path) => path.slice('net/core/'.length));
    expect(names.filter((name) => !theirs.includes(`${name}:`))).toEqual([]);
    const fixed = ['busy_poll', 'busy_read', 'dev_weight', 'dev_weight_rx_bias', 'dev_weight_tx_bias', 'gro_normal_batch', 'netdev_budget', 'netdev_tstamp_prequeue', 'netdev_unregister_timeout_secs'];
    for (const name of fixed) expect(`${name}:${tree.read(`net/core/${name}`)}`).toBe(`${theirs.split('\n').find((line) => line.startsWith(`${name}:`))}\n`);
  });

  /** The directory of power management, and which receive queue sends by which queue. */
  const files = (names: readonly string[]): string[] => names.filter((name) => !/^(power|subsystem|xps_rxqs)$/.test(name));

  it.each(['v0', 'lo'])('/sys/class/net/%s has the same files, in each state with the same contents', (name) => {
    h.ip`link add v0 address 02:00:00:00:00:01 type veth peer name v1 address 02:00:00:00:00:02`;
    const base = `/sys/class/net/${name}`;
    for (const dir of ['', '/queues/rx-0', '/queues/tx-0', '/statistics']) {
      const theirs = inside(`ls -1 ${base}${dir}`).split('\n').filter((file) => file !== '');
      expect(sysfsReaddir(h.ns, `${base}${dir}`)).toEqual(files(theirs));
    }
    const paths = ['', '/queues/rx-0', '/queues/tx-0'].flatMap((dir) => (sysfsReaddir(h.ns, `${base}${dir}`) as string[]).map((file) => `${base}${dir}/${file}`));
    // Indices differ, lo is up from the beginning here, and a veth has a queue for each CPU there.
    const compared = paths.filter((path) => !/\/(ifindex|iflink|uevent|queues|statistics|carrier_.*|v0\/queues\/tx-0\/(traffic_class|xps_cpus))$/.test(path));
    for (const state of ['down', 'up']) {
      for (const dev of ['v0', 'v1', 'lo']) {
        execFileSync('ip', ['-n', NAME, 'link', 'set', dev, state]);
        h.ip`link set ${dev} ${state}`;
        clock.advance(1e9);
      }
      const theirs = inside(compared.map((path) => `echo "${path} $(cat ${path} 2>/dev/null)"`).join('; '));
      const ours = compared.map((path) => `${path} ${typeof sysfsRead(h.ns, path) === 'number' ? '' : String(sysfsRead(h.ns, path)).trimEnd()}\n`).join('');
      expect(ours).toBe(theirs.replace(/(rps_cpus|xps_cpus) 0+\b/g, '$1 0'));
    }
  });
});

describe('netlink', () => {
  it('reaches the kernel at address 0, and a group of listeners at once; raw and datagram sockets are the same [CFG-05]', () => {
    const [asks, listens, deaf] = [open(h.ns), open(h.ns, U.RTMGRP_LINK), open(h.ns)];
    expect([asks.sendmsg(linkRequest(U.RTM_GETLINK, 1), 0), heard(asks), heard(listens)]).toEqual([32, [U.RTM_NEWLINK], []]);
    expect([asks.sendmsg(linkRequest(U.RTM_NEWLINK, 1, 60000), 0), heard(listens), heard(deaf), heard(asks)]).toEqual([40, [U.RTM_NEWLINK], [], []]);
    expect(h.ip`link show lo`).toContain('mtu 60000');
    // A port of another process, by its number.
    expect([asks.sendmsg(linkRequest(U.NLMSG_DONE, 1), deaf.portid), heard(deaf)]).toEqual([32, [U.NLMSG_DONE]]);
    for (const port of [asks, listens, deaf]) port.close();
    expect(netlinkPort(h.ns, 99)).toBe(-U.EPROTONOSUPPORT);
  });

  it('is the way in which routes, neighbours and links are set: whoever listens hears of each [ARCH-10]', () => {
    h.ip`link add d0 type dummy`;
    const port = open(h.ns, U.RTMGRP_LINK | U.RTMGRP_IPV4_IFADDR | U.RTMGRP_IPV4_ROUTE | U.RTMGRP_NEIGH);
    const after = (command: () => void): number[] => (command(), heard(port));
    expect(after(() => h.ip`link set d0 up`)).toContain(U.RTM_NEWLINK);
    expect(after(() => h.ip`addr add 10.0.0.1/24 dev d0`)).toContain(U.RTM_NEWADDR);
    expect(after(() => h.ip`route add 10.9.0.0/16 via 10.0.0.2`)).toEqual([U.RTM_NEWROUTE]);
    expect(after(() => h.ip`route del 10.9.0.0/16`)).toEqual([U.RTM_DELROUTE]);
    expect(after(() => h.ip`neigh add 10.0.0.9 lladdr 02:00:00:00:00:09 dev d0`)).toEqual([U.RTM_NEWNEIGH]);
    port.close();
  });
});

describe('a change', () => {
  it('is done before the next begins, also one that is asked for in its midst [CFG-06]', () => {
    h.ip`link add d0 type dummy`;
    const d0 = h.ns.devGetByName('d0') as NetDevice;
    const port = open(h.ns);
    const log: unknown[] = [];
    insmod(net.kernel, {
      name: 'nosy',
      init: (ctx) =>
        ctx.netdeviceNotifier({
          notifierCall: (_nb, event, { dev }) => {
            if (event !== NETDEV_CHANGEMTU || dev !== d0) return 0;
            log.push(dev.mtu);
            if (dev.mtu === 1400) log.push(port.sendmsg(linkRequest(U.RTM_NEWLINK, dev.ifindex, 1300), 0), dev.mtu);
            return 0;
          },
        }),
    });
    h.ip`link set d0 mtu 1400`;
    // Sent in the midst of the first, and carried out when that was over.
    expect([log, d0.mtu]).toEqual([[1400, 40, 1400, 1300], 1300]);
    port.close();
    rmmod(net.kernel, 'nosy');
  });
});

describe('old and new tools', () => {
  it('see the same interface, whichever of them changed it [CFG-07]', async () => {
    const task = kernelTask(h.ns);
    const fd = task.socket(U.AF_INET, U.SOCK_DGRAM);
    h.ip`link add d0 type dummy`;
    const mtu = (request: number, value = 0): number => {
      const ifreq = new Uint8Array(U.IFREQ_LEN);
      ifreq.set([0x64, 0x30]);
      new DataView(ifreq.buffer).setInt32(U.IFREQ_UNION, value, true);
      const rc = task.ioctl(fd, request, ifreq);
      return rc < 0 ? rc : new DataView(ifreq.buffer).getInt32(U.IFREQ_UNION, true);
    };
    expect([mtu(U.SIOCSIFMTU, 1250), h.ip`link show d0`.includes('mtu 1250'), sysfsRead(h.ns, '/sys/class/net/d0/mtu')]).toEqual([1250, true, '1250\n']);
    h.ip`link set d0 mtu 1350`;
    expect([mtu(U.SIOCGIFMTU), sysfsRead(h.ns, '/sys/class/net/d0/mtu')]).toEqual([1350, '1350\n']);
    task.exit();
  });
});

describe('a driver', () => {
  it('gets the requests that only it can know, and says where its hardware is when told [NDO-08] [CFG-04]', () => {
    const said: unknown[] = [];
    const ops: NetDeviceOps = {
      ...netdevOpsDefaults,
      ndoStartXmit: (skb) => (skb.consume(), NETDEV_TX_OK),
      ndoSiocdevprivate: (dev, ifreq, cmd) => (said.push(dev.name, cmd), (ifreq[U.IFREQ_UNION] = 0x77), -U.EALREADY),
      ndoEthIoctl: (_dev, ifreq, cmd) => ((ifreq[U.IFREQ_UNION + 1] = cmd & 0xff), 0),
      ndoSetConfig: (_dev, map) => (said.push(map), 0),
    };
    const dev = allocNetdev(h.ns, { name: 'card0', setup() {}, ops });
    const plain = allocNetdev(h.ns, { name: 'card1', setup() {}, ops: { ...ops, ndoSiocdevprivate: null, ndoEthIoctl: null, ndoSetConfig: null } });
    for (const d of [dev, plain]) expect(registerNetdevice(d)).toBe(0);
    const task = kernelTask(h.ns);
    const fd = task.socket(U.AF_INET, U.SOCK_DGRAM);
    const ioctl = (request: number, name = 'card0', union: readonly number[] = []): [number, number, number] => {
      const ifreq = new Uint8Array(U.IFREQ_LEN);
      ifreq.set(Uint8Array.from(name, (c) => c.charCodeAt(0)));
      ifreq.set(union, U.IFREQ_UNION);
      return [task.ioctl(fd, request, ifreq), ifreq[U.IFREQ_UNION] as number, ifreq[U.IFREQ_UNION + 1] as number];
    };
    expect([ioctl(U.SIOCDEVPRIVATE + 3), said.splice(0)]).toEqual([[-U.EALREADY, 0x77, 0], ['card0', U.SIOCDEVPRIVATE + 3]]);
    expect(ioctl(U.SIOCGMIIPHY)).toEqual([0, 0, U.SIOCGMIIPHY & 0xff]);
    const map = [0, 0, 0xd0, 0, 0, 0, 0, 0, 0, 0, 0xd1, 0, 0, 0, 0, 0, 0x20, 0x03, 11, 3, 2];
    expect([ioctl(U.SIOCSIFMAP, 'card0', map)[0], said.splice(0)]).toEqual([0, [{ memStart: 0xd00000, memEnd: 0xd10000, baseAddr: 0x320, irq: 11, dma: 3, port: 2 }]]);
    expect([U.SIOCDEVPRIVATE, U.SIOCGMIIPHY, U.SIOCSIFMAP].map((request) => ioctl(request, 'card1')[0])).toEqual([-U.EOPNOTSUPP, -U.EOPNOTSUPP, -U.EOPNOTSUPP]);
    netifDeviceDetach(dev);
    expect([U.SIOCDEVPRIVATE, U.SIOCGMIIPHY, U.SIOCSIFMAP].map((request) => ioctl(request)[0])).toEqual([-U.ENODEV, -U.ENODEV, -U.ENODEV]);
    for (const d of [dev, plain]) unregisterNetdevice(d);
    task.exit();
  });
});

describe('a namespace', () => {
  it('has its own devices by name and number, its own loopback, files and protocols, and is counted [NET-01]', () => {
    h.ip`link add d0 type dummy`;
    const [a, b] = [h.ns, net.host('other').ns];
    expect([a, b].map((ns) => ns.devList.map(({ name, ifindex }) => `${name} ${ifindex}`))).toEqual([['lo 1', 'd0 2'], ['lo 1']]);
    expect([a.devGetByName('d0') === a.devGetByIndex(2), b.devGetByName('d0'), a.loopbackDev === b.loopbackDev, a.loopbackDev === a.devGetByIndex(1)]).toEqual([true, null, false, true]);
    expect([a.ifindex, a.inode === b.inode, a.alive]).toEqual([2, false, true]);
    expect([procNetOf(a) === procNetOf(b), sysctlOf(a) === sysctlOf(b)]).toEqual([false, false]);
    const before = a.count;
    const task = kernelTask(a);
    expect(a.count).toBeGreaterThan(before);
    task.exit();
    expect(a.count).toBe(before);
  });

  it('keeps its loopback: it is no device that moves [NETNS-08]', async () => {
    net.host('other');
    h.ip`netns add n1`;
    h.ip`link add d0 type dummy`;
    const move = async (dev: string): Promise<string> => {
      const { code, stderr } = await h.run(`ip link set ${dev} netns n1`);
      return `${stderr}[${code}]`;
    };
    expect([await move('lo'), await move('d0'), h.ns.devList.map(({ name }) => name)]).toEqual(['Error: The interface netns is immutable.\n[2]', '[0]', ['lo']]);
  });
});
