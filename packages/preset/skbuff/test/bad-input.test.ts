/** Whatever user space says to the kernel: nothing throws, nothing leaks, and what was there goes on working. */
import { Random, VirtualClock } from '@skbuff/core';
import { NetlinkPort, netlinkNet, netlinkOpen } from '@skbuff/netlink';
import { kernelTask } from '@skbuff/sock';
import { describe, expect, it } from 'vitest';
import { createNet, type Host, type HostNet } from '../src/index.ts';

const NETLINK_ROUTE = 0;
const NLM_F_REQUEST = 1;
const NLM_F_ACK = 4;

const COMMANDS = [
  'ip link add d0 type dummy',
  'ip link add v0 type veth peer name v1',
  'ip link set v0 up mtu 1400 txqueuelen 5 alias left',
  'ip link set v1 up address 02:00:00:00:00:77',
  'ip link property add dev v0 altname a-long-name',
  'ip addr add 10.7.0.1/24 brd + dev v0 label v0:1 valid_lft 100 preferred_lft 50',
  'ip addr add 10.8.0.1 peer 10.8.0.2 dev d0',
  'ip link set d0 up',
  'ip route add 10.50.0.0/16 via 10.7.0.9 metric 7 mtu 1300 advmss 1200 src 10.7.0.1',
  'ip route add 10.51.0.0/16 nexthop via 10.7.0.9 weight 2 nexthop via 10.7.0.8',
  'ip route add blackhole 10.52.0.0/16',
  'ip route get 10.50.1.1 from 10.7.0.1 mark 3',
  'ip neigh add 10.7.0.9 lladdr 02:00:00:00:00:99 dev v0 nud permanent',
  'ip neigh add proxy 10.7.0.10 dev v0',
  'ip neigh del proxy 10.7.0.11 dev v0',
  'ip rule add not from 10.7.0.0/16 to 10.50.0.0/16 tos 0x10 fwmark 1/0xff iif v0 table 300 pref 100',
  'ip rule add oif v1 uidrange 0-100 realms 1/2 suppress_prefixlength 8 table main',
  'ip rule add pref 200 goto 300',
  'ip rule add pref 300 tun_id 7 prohibit',
  'ip rule add pref 301 l3mdev protocol static',
  'ip rule add pref 302 ipproto udp sport 5-6 table 7',
  'ip rule del pref 200',
  'ip rule show',
  'ip netns add n1',
  'ip netns set n1 7',
  'ip netns list-id',
  'ip netns list-id nsid 7',
  'ip netns list-id target-nsid 7',
  'ip link add v2 type veth peer name v3',
  'ip link set v3 netns n1',
  'ip link add v4 netns n1 type veth peer name v5',
  'ip netns del n1',
  'ip -s link show',
  'ip addr show dev v0',
  'ip route show table all',
  'ip neigh show',
];

/** A request goes out under this length, whatever is done to it. */
const LIMIT = 4096;

function twoHosts(): { net: HostNet; clock: VirtualClock; h1: Host; h2: Host } {
  const clock = new VirtualClock();
  const net = createNet({ seed: 3, debug: true, clock });
  const [h1, h2] = net.hosts('h1', 'h2');
  net.link(h1, h2);
  h1.addr.add({ dev: 'eth0', cidr: '10.0.0.1/24' });
  h2.addr.add({ dev: 'eth0', cidr: '10.0.0.2/24' });
  return { net, clock, h1, h2 };
}

/** The requests that the commands make. */
async function requests(): Promise<Uint8Array[]> {
  const { net, h1 } = twoHosts();
  const seen: Uint8Array[] = [];
  const { sendmsg } = NetlinkPort.prototype;
  NetlinkPort.prototype.sendmsg = function record(this: NetlinkPort, data: Uint8Array, ...rest): number {
    seen.push(data.slice());
    return sendmsg.call(this, data, ...rest);
  };
  for (const command of COMMANDS) await h1.run(command);
  NetlinkPort.prototype.sendmsg = sendmsg;
  expect(net.close()).toEqual({});
  return seen;
}

/** Bytes changed, cut off, doubled, attributes with absurd lengths; the header's own length follows, mostly. */
function mutated(request: Uint8Array, random: Random): Uint8Array {
  let bytes = request.slice();
  for (let times = 1 + random.below(5); times > 0; times--) {
    const at = random.below(bytes.length);
    const kind = random.below(5);
    if (kind === 0) bytes[at] = random.u32() & 0xff;
    else if (kind === 1) bytes[at] ^= 1 << random.below(8);
    else if (kind === 2) bytes = bytes.slice(0, Math.max(16, at));
    else if (kind === 3 && bytes.length < LIMIT / 2) bytes = Uint8Array.from([...bytes, ...bytes.subarray(at)]);
    else if (at >= 16 && at < bytes.length - 4) bytes.set([[0, 0], [1, 0], [3, 0], [4, 0], [255, 255]][random.below(5)] as number[], at & ~3);
  }
  const view = new DataView(bytes.buffer);
  if (random.below(8) !== 0) view.setUint32(0, bytes.length, true);
  view.setUint16(6, view.getUint16(6, true) | NLM_F_REQUEST | NLM_F_ACK, true);
  return bytes;
}

describe('bad input from user space', () => {
  it('netlink requests with absurd attributes are refused or carried out, and answered either way', async () => {
    const samples = await requests();
    expect(samples.length).toBeGreaterThan(COMMANDS.length);
    const { net, clock, h1, h2 } = twoHosts();
    // What is asked is done to a host of its own, so that the others can be looked at afterwards.
    const victim = net.host('victim');
    const random = new Random(11);
    let answered = 0;
    let refused = 0;
    for (let i = 0; i < 15_000; i++) {
      const port = netlinkOpen(netlinkNet.of(victim.ns), NETLINK_ROUTE) as NetlinkPort;
      port.sendmsg(mutated(samples[random.below(samples.length)] as Uint8Array, random));
      for (let reply = port.recvmsg(); typeof reply !== 'number'; reply = port.recvmsg()) {
        answered++;
        if (reply.data[4] === 2 && (reply.data[16] ?? 0) !== 0) refused++;
      }
      port.close();
      if (i % 100 === 0) clock.advance(1e8);
    }
    expect(answered).toBeGreaterThan(10_000);
    expect(refused).toBeGreaterThan(3000);
    expect((await h1.ping('10.0.0.2', { count: 2 })).replies.length).toBe(2);
    expect((await h2.run('ip addr show dev eth0')).stdout).toContain('10.0.0.2/24');
    expect(net.close()).toEqual({});
  });

  it('system calls with arguments by chance return an errno or do as they are told', async () => {
    const { net, clock, h1 } = twoHosts();
    const random = new Random(12);
    const task = kernelTask(h1.ns);
    const some = (): number => [0, 1, -1, 2, 3, 16, 17, 255, 0xffff, 0x7fffffff, -0x80000000, random.u32()][random.below(12)] as number;
    const blob = (): Uint8Array => Uint8Array.from({ length: random.below(40) }, () => random.u32() & 0xff);
    const address = (): Uint8Array => {
      const bytes = blob();
      if (bytes.length > 1 && random.below(4) !== 0) bytes.set([2, 0]);
      return bytes;
    };
    let fine = 0;
    let failed = 0;
    for (let i = 0; i < 30_000; i++) {
      const fd = random.below(24);
      const calls = [
        () => task.socket([2, 2, 2, 16, some()][random.below(5)] as number, [1, 2, 3, some()][random.below(4)] as number, [0, 1, 17, some()][random.below(4)] as number),
        () => task.bind(fd, address()),
        () => task.connect(fd, address()),
        () => task.sendto(fd, blob(), some() | 0x40, random.below(2) === 0 ? null : address()),
        () => task.recvfrom(fd, blob(), some() | 0x40, null),
        () => task.setsockopt(fd, [0, 1, 17, 255, some()][random.below(5)] as number, random.below(80), random.below(2) === 0 ? some() : blob()),
        () => task.getsockopt(fd, [0, 1, 17, 255, some()][random.below(5)] as number, random.below(80), blob()),
        () => task.ioctl(fd, 0x8900 + random.below(0x60), blob()),
        () => task.fcntl(fd, random.below(8), some()),
        () => task.shutdown(fd, some()),
        () => task.listen(fd, some()),
        () => task.getsockname(fd, blob()),
        () => (random.below(6) === 0 ? task.close(fd) : task.dup(fd)),
      ];
      const rc = (calls[random.below(calls.length)] as () => number | Promise<number>)();
      if (typeof rc !== 'number') {
        // It waits: for ever, as nobody answers; closing the descriptor ends it.
        task.close(fd);
        expect(await rc).toBeLessThan(0);
      } else if (rc < 0) failed++;
      else fine++;
      if (i % 200 === 0) clock.advance(1e8);
    }
    expect(fine).toBeGreaterThan(1000);
    expect(failed).toBeGreaterThan(1000);
    task.exit();
    expect((await h1.ping('10.0.0.2', { count: 2 })).replies.length).toBe(2);
    expect(net.close()).toEqual({});
  });
});
