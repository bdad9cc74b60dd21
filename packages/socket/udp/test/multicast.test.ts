import { icmp } from '@skbuff/icmp';
import { type SkBuff } from '@skbuff/core';
import { type InDevice, RTCF_LOCAL, type Rtable, inDevGet } from '@skbuff/ipv4';
import { AF_INET, EACCES, IPPROTO_UDP, IP_ADD_MEMBERSHIP, MSG_DONTWAIT, SOCK_DGRAM, SOL_IP } from '@skbuff/uapi';
import { bytes, ipFrame, sin, text, udpFrame } from '@skbuff/testbed';
import { setBe16, be16 } from '@skbuff/wire';
import { describe, expect, it } from 'vitest';
import { useLab } from './support.ts';

const t = useLab(() => [icmp()]);
const GROUP = '239.1.2.3';
const LOCAL = '224.0.0.99';

function member(...groups: string[]): number {
  const { tb } = t.lab;
  const fd = tb.socket(AF_INET, SOCK_DGRAM, 0);
  tb.bind(fd, sin('0.0.0.0', 5000));
  for (const group of groups) expect(tb.setsockopt(fd, SOL_IP, IP_ADD_MEMBERSHIP, Uint8Array.from([...group.split('.').map(Number), 10, 0, 0, 2]))).toBe(0);
  return fd;
}

function arrives(fd: number, group: string): string {
  const { lab } = t;
  const buf = new Uint8Array(10);
  lab.inject(lab.vb, udpFrame({ to: lab.vb, saddr: '10.0.0.1', daddr: group, sport: 1, dport: 5000, payload: bytes('hi') }));
  lab.clock.advance(0);
  const n = lab.tb.recvfrom(fd, buf, MSG_DONTWAIT) as number;
  return n < 0 ? 'nothing' : text(buf, n);
}

/** As a multicast routing daemon leaves the interface; what it is given, and whether with a copy for this host. */
function routed(): boolean[] {
  const { lab } = t;
  const seen: boolean[] = [];
  lab.ip.mroute = {
    input: (skb: SkBuff) => {
      seen.push(((skb.dst as Rtable).rtFlags & RTCF_LOCAL) !== 0);
      skb.consume();
      return 0;
    },
  };
  (inDevGet(lab.vb) as InDevice).cnf.mcForwarding = 1;
  return seen;
}

describe('a packet to a group', () => {
  it('is taken in by a member, and by a multicast router unless the group is of the link; by nobody else [MC4-02]', () => {
    const { lab } = t;
    const fd = member(GROUP);
    const delivers = (): number => lab.snmp(lab.b, 'Ip', 'InDelivers');
    const before = delivers();
    expect([arrives(fd, GROUP), arrives(fd, '239.1.2.4'), arrives(fd, LOCAL), delivers() - before]).toEqual(['hi', 'nothing', 'nothing', 1]);
    const seen = routed();
    expect([arrives(fd, '239.1.2.4'), arrives(fd, LOCAL), seen]).toEqual(['nothing', 'nothing', [false]]);
    (inDevGet(lab.vb) as InDevice).cnf.mcForwarding = 0;
    arrives(fd, '239.1.2.4');
    expect(seen).toEqual([false]);
  });

  it('goes to the router even if this host is a member, which the route says; but not one of the link [MC4-03]', () => {
    const fd = member(GROUP, LOCAL);
    const seen = routed();
    expect([arrives(fd, GROUP), seen]).toEqual(['nothing', [true]]);
    expect([arrives(fd, '239.1.2.4'), seen]).toEqual(['nothing', [true, false]]);
    expect([arrives(fd, LOCAL), seen]).toEqual(['hi', [true, false]]);
  });
});

it('mc_forwarding can be read, and is the routing daemon’s to set [MC4-04]', () => {
  const { lab } = t;
  const path = 'net/ipv4/conf/vb/mc_forwarding';
  expect([lab.readSysctl(lab.b, path), lab.sysctl(lab.b, path, '1'), lab.readSysctl(lab.b, path)]).toEqual(['0\n', -EACCES, '0\n']);
  routed();
  expect([lab.readSysctl(lab.b, path), lab.sysctl(lab.b, path, '0'), lab.readSysctl(lab.b, path)]).toEqual(['1\n', -EACCES, '1\n']);
});

describe('what a packet is made of', () => {
  it('is copied from the parts that the sender has, or from the packet that is complained about, wherever its bytes lie [TX4-19]', () => {
    const { lab } = t;
    const frames = lab.capture(lab.va);
    const fd = lab.ta.socket(AF_INET, SOCK_DGRAM, 0);
    const parts = [bytes('scat'), new Uint8Array(0), bytes('tered '), bytes('bytes')];
    expect(lab.ta.sendmsg(fd, { iov: parts, name: sin('10.0.0.2', 9) })).toBe(15);
    const sent = frames.find((f) => be16(f, 12) === 0x0800 && f[23] === IPPROTO_UDP) as Uint8Array;
    expect(text(sent.subarray(42), 15)).toBe('scattered bytes');
    // A datagram in two fragments to a port where nobody is: the complaint quotes both.
    const answers = lab.capture(lab.vb);
    const datagram = udpFrame({ to: lab.vb, saddr: '10.0.0.1', dport: 9, payload: Uint8Array.from({ length: 40 }, (_, i) => i) }).subarray(34);
    const id = { saddr: '10.0.0.1', daddr: '10.0.0.2', id: 7 };
    lab.inject(lab.vb, ipFrame(lab.vb, IPPROTO_UDP, datagram.subarray(0, 24), { ...id, fragOff: 0x2000 }));
    lab.inject(lab.vb, ipFrame(lab.vb, IPPROTO_UDP, datagram.subarray(24), { ...id, fragOff: 3 }));
    lab.clock.advance(0);
    const error = answers.find((f) => f[23] === 1) as Uint8Array;
    expect([error[34], error[35], [...error.subarray(62)]]).toEqual([3, 3, [...datagram]]);
  });

  it('port unreachable answers what is whole, and nothing what is damaged [ICMP-34]', () => {
    const { lab } = t;
    const answers = lab.capture(lab.vb);
    const count = (): number[] => ['NoPorts', 'InErrors', 'InCsumErrors'].map((name) => lab.snmp(lab.b, 'Udp', name));
    const good = udpFrame({ to: lab.vb, saddr: '10.0.0.1', dport: 9 });
    const bad = good.slice();
    setBe16(bad, 40, be16(bad, 40) ^ 1);
    lab.inject(lab.vb, bad);
    expect([count(), answers.filter((f) => f[23] === 1).length]).toEqual([[0, 1, 1], 0]);
    lab.inject(lab.vb, good);
    expect([count(), answers.filter((f) => f[23] === 1).map((f) => [f[34], f[35]])]).toEqual([[1, 1, 1], [[3, 3]]]);
  });
});
