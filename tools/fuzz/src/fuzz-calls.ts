/** System calls by chance on sockets of every family, with ioctls, filters, namespaces and files of /proc. */
import { Random } from '@skbuff/core';
import { kernelTask, type Task } from '@skbuff/sock';
import * as U from '@skbuff/uapi';
import { createNet, VirtualClock } from 'skbuff';
import { pick, someBytes, someNumber } from './chance.ts';
import { fault, type Outcome, outcome, tally, thrown } from './report.ts';

const EPOCH = 20_000;
const MAX_ERRNO = 4095;
/** Descriptors below this are used: so many are open at most. */
const FDS = 24;

const FAMILIES = [U.AF_INET, U.AF_INET, U.AF_INET, U.AF_PACKET, U.AF_PACKET, U.AF_NETLINK, U.AF_UNSPEC, 10];
const TYPES = [U.SOCK_DGRAM, U.SOCK_DGRAM, U.SOCK_RAW, U.SOCK_RAW, U.SOCK_STREAM, 10];
const PROTOCOLS = [0, 0, 0, 1, 17, 136, 253, 255, 0x0300, 0x0008, 0x0608];
const LEVELS = [0, 0, 1, 1, 17, 255, 263, 270, 6];
const FLAGS = [0, 0, U.MSG_PEEK, U.MSG_TRUNC, U.MSG_ERRQUEUE, U.MSG_OOB, U.MSG_MORE, U.MSG_DONTROUTE, U.MSG_CONFIRM];
const CLONE_FLAGS = [0x00020000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000, 0x00000200, 0x00000400];
const FILES = ['/proc/self/ns/net', '/proc/self/ns/uts', '/proc/self/ns/user', '/proc/self/status', '/proc/1/ns/net', '/proc/self/net/dev', '/proc/sys/net/ipv4/ip_forward', '/proc/self/uid_map', '/proc/self/setgroups', '/nowhere'];
const INTERFACES = ['lo', 'eth0', 'eth1', 'eth0:1', 'nobody', '', 'a-name-that-is-too-long'];

/** The arguments of calls. */
class Arguments {
  private readonly random: Random;

  constructor(random: Random) {
    this.random = random;
  }

  /** A `sockaddr` of some family, or noise. */
  address(): Uint8Array {
    const { random } = this;
    const kind = random.below(6);
    if (kind === 0) return someBytes(random, 40);
    if (kind === 1) return Uint8Array.from([17, 0, 8, 0, random.below(4), 0, 0, 0, 1, 0, 0, 6, 255, 255, 255, 255, 255, 255, 0, 0].slice(0, random.below(5) === 0 ? random.below(20) : 20));
    const host = pick(random, [[10, 0, 0, 1], [10, 0, 0, 2], [10, 0, 0, 255], [0, 0, 0, 0], [127, 0, 0, 1], [224, 0, 0, 1], [255, 255, 255, 255]]);
    return Uint8Array.from([random.below(8) === 0 ? 0 : 2, 0, 3, random.below(8), ...host, 0, 0, 0, 0, 0, 0, 0, 0].slice(0, random.below(8) === 0 ? random.below(16) : 16));
  }

  option(): number | Uint8Array {
    const { random } = this;
    return random.below(3) === 0 ? someBytes(random, 48) : someNumber(random) | 0;
  }

  /** A `struct ifreq`, 40 bytes; for SIOCETHTOOL the words of its command follow. */
  ifreq(): Uint8Array {
    const { random } = this;
    const bytes = new Uint8Array(40 + random.below(80));
    const name = pick(random, INTERFACES);
    for (let i = 0; i < Math.min(16, name.length); i++) bytes[i] = name.charCodeAt(i);
    random.bytes(bytes, 16, bytes.length - 16);
    if (random.below(2) === 0) bytes.set([2, 0, 0, 0, 10, 0, 0, random.below(4)], 16);
    if (bytes.length >= 44 && random.below(2) === 0) bytes.set([random.below(0x60), 0, 0, 0], 40);
    return random.below(8) === 0 ? bytes.subarray(0, random.below(40)) : bytes;
  }

  /** Instructions of classic BPF: opcodes that exist, with any operands. */
  filter(): Uint8Array {
    const { random } = this;
    const program = new Uint8Array(8 * random.below(8));
    for (let at = 0; at < program.length; at += 8) {
      program.set([pick(random, [0x28, 0x30, 0x20, 0x15, 0x25, 0x06, 0x16, 0x87, 0x07, 0x54, 0x34, 0xb1, 0x60, 0x02, 0xff]), 0, random.below(4), random.below(4), random.below(64), 0, pick(random, [0, 0, 0xff]), pick(random, [0, 0, 0xff])], at);
    }
    if (program.length >= 8 && random.below(2) === 0) program.set([6, 0, 0, 0, 255, 0, 0, 0], program.length - 8);
    return program;
  }
}

type Call = readonly [name: string, make: () => number | string | Promise<number>];

function calls(task: Task, random: Random): readonly Call[] {
  const args = new Arguments(random);
  const fd = (): number => (random.below(8) === 0 ? random.below(FDS) : (pick(random, task.fds.open()) ?? 0));
  const level = (): number => (random.below(8) === 0 ? someNumber(random) | 0 : pick(random, LEVELS));
  const flags = (): number => (random.below(8) === 0 ? someNumber(random) | 0 : pick(random, FLAGS)) | U.MSG_DONTWAIT;
  const name = (): number => (random.below(8) === 0 ? someNumber(random) | 0 : random.below(80));
  const control = (): Uint8Array => Uint8Array.from([random.below(64), 0, 0, 0, 0, 0, 0, 0, random.below(2), 0, 0, 0, random.below(52), 0, 0, 0, ...someBytes(random, 24)]);
  return [
    ['socket', () => task.socket(pick(random, FAMILIES), pick(random, TYPES), random.below(8) === 0 ? someNumber(random) | 0 : pick(random, PROTOCOLS))],
    ['socket', () => task.socket(pick(random, FAMILIES), pick(random, TYPES), pick(random, PROTOCOLS))],
    ['bind', () => task.bind(fd(), args.address())],
    ['connect', () => task.connect(fd(), args.address())],
    ['sendto', () => task.sendto(fd(), someBytes(random, random.below(16) === 0 ? 3000 : 60), flags(), random.below(3) === 0 ? null : args.address())],
    ['sendmsg', () => task.sendmsg(fd(), { name: args.address(), iov: [someBytes(random, 40), someBytes(random, 40)], control: control() }, flags())],
    ['recvfrom', () => task.recvfrom(fd(), new Uint8Array(random.below(80)), flags(), random.below(2) === 0 ? null : new Uint8Array(random.below(24)))],
    ['recvmsg', () => task.recvmsg(fd(), { name: new Uint8Array(random.below(32)), iov: [new Uint8Array(random.below(80))], control: new Uint8Array(random.below(80)) }, flags())],
    ['setsockopt', () => task.setsockopt(fd(), level(), name(), args.option())],
    ['setsockopt', () => task.setsockopt(fd(), level(), name(), args.option())],
    ['setsockopt', () => task.setsockopt(fd(), U.SOL_SOCKET, U.SO_ATTACH_FILTER, args.filter())],
    ['getsockopt', () => task.getsockopt(fd(), level(), name(), new Uint8Array(random.below(40)))],
    ['ioctl', () => task.ioctl(fd(), random.below(8) === 0 ? someNumber(random) : 0x8900 + random.below(0x60), args.ifreq())],
    ['ioctl SIOCETHTOOL', () => task.ioctl(fd(), U.SIOCETHTOOL, args.ifreq())],
    ['fcntl', () => task.fcntl(fd(), random.below(8), someNumber(random) | 0)],
    ['shutdown', () => task.shutdown(fd(), random.below(4))],
    ['listen', () => task.listen(fd(), someNumber(random) | 0)],
    ['getsockname', () => task.getsockname(fd(), new Uint8Array(random.below(40)))],
    ['getpeername', () => task.getpeername(fd(), new Uint8Array(random.below(40)))],
    ['epoll_create', () => task.epollCreate(random.below(4) === 0 ? someNumber(random) | 0 : 0)],
    ['epoll_ctl', () => task.epollCtl(fd(), random.below(5), fd(), { events: random.u32(), data: 1 } as never)],
    ['open', () => task.open(pick(random, FILES))],
    ['setns', () => task.setns(fd(), random.below(2) === 0 ? 0 : pick(random, CLONE_FLAGS))],
    ['unshare', () => (random.below(20) === 0 ? task.unshare(random.below(4) === 0 ? someNumber(random) | 0 : pick(random, CLONE_FLAGS)) : 0)],
    ['proc', () => (random.below(2) === 0 ? Number(typeof task.procRead(pick(random, FILES)) === 'string') : task.procWrite(pick(random, FILES), `${someNumber(random)}\n`))],
    ['sethostname', () => task.sethostname(someBytes(random, 70))],
    ['dup', () => task.dup(fd())],
    ['close', () => task.close(fd())],
    ['close', () => task.close(fd())],
    ['write', () => task.write(fd(), someBytes(random, 40))],
  ];
}

export async function fuzzCalls(count: number, seed: number, until: () => boolean = () => false): Promise<Outcome> {
  const result = outcome('system calls');
  for (let epoch = 0; result.done < count && !until(); epoch++) await oneNetwork(result, Math.min(EPOCH, count - result.done), seed + epoch);
  return result;
}

async function oneNetwork(result: Outcome, count: number, seed: number): Promise<void> {
  const clock = new VirtualClock();
  const net = createNet({ seed, debug: true, clock, memory: 16 << 20 });
  const [a, b, victim] = net.hosts('a', 'b', 'victim');
  net.link(a, b);
  net.link(victim, b);
  a.addr.add({ dev: 'eth0', cidr: '10.1.0.1/24' });
  b.addr.add({ dev: 'eth0', cidr: '10.1.0.2/24' });
  b.addr.add({ dev: 'eth1', cidr: '10.0.0.2/24' });
  const random = new Random(seed).fork('calls');
  for (let done = 0; done < count; done += 500) {
    // A process that lost its devices or its privileges is succeeded by another one.
    const task = kernelTask(victim.ns);
    await manyCalls(result, task, random, Math.min(500, count - done), () => clock.advance(1e8));
    task.exit();
    clock.advance(1e9);
    if (victim.ns.devGetByName('eth0') !== null) victim.ip`addr replace 10.0.0.1/24 dev eth0`;
  }
  result.done += count;
  const { replies } = await a.ping('10.1.0.2', { count: 2 });
  if (replies.length !== 2) fault(result, `seed ${seed}: after ${count} calls on another host a does not reach b any more`);
  const leaks = net.close();
  if (Object.keys(leaks).length > 0) fault(result, `seed ${seed}: leaks ${JSON.stringify(leaks)}`);
}

async function manyCalls(result: Outcome, task: Task, random: Random, count: number, pass: () => void): Promise<void> {
  const all = calls(task, random);
  for (let i = 0; i < count; i++) {
    const [name, make] = pick(random, all);
    try {
      let rc = make();
      if (typeof rc === 'object') {
        // It waits: nobody answers, so a signal has to end it.
        task.interrupt();
        rc = await rc;
      }
      judge(result, name, rc);
      if (i % 50 === 0) pass();
    } catch (error) {
      thrown(result, error, name);
    }
    while (task.fds.open().length > FDS) task.close(task.fds.open()[0] as number);
  }
}

function judge(result: Outcome, name: string, rc: number | string): void {
  if (typeof rc === 'string' || rc >= 0) return tally(result.ends, 'done');
  tally(result.ends, U.errnoName(-rc));
  if (rc < -MAX_ERRNO || !Number.isInteger(rc)) fault(result, `${name}: ${rc} is no errno`);
}
