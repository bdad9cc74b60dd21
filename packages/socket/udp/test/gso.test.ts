import { NETIF_F_HW_CSUM, type SkBuff } from '@skbuff/core';
import { int32Bytes } from '@skbuff/sock';
import {
  AF_INET,
  EAGAIN,
  EINVAL,
  EMSGSIZE,
  IP_MTU_DISCOVER,
  IP_PMTUDISC_DO,
  IP_TTL,
  MSG_DONTWAIT,
  MSG_MORE,
  SOCK_DGRAM,
  SOL_IP,
  SOL_SOCKET,
  SOL_UDP,
  SO_NO_CHECK,
  SO_RCVBUF,
  SO_SNDBUF,
  UDP_CORK,
  UDP_GRO,
  UDP_SEGMENT,
} from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import { USO, ethtool, join, pair, payload, read, readAll, to, wire } from './gso-support.ts';
import { useLab } from './support.ts';

const t = useLab();

function segment(fd: number, size: number): void {
  expect(t.lab.ta.setsockopt(fd, SOL_UDP, UDP_SEGMENT, size)).toBe(0);
}

describe('the options', () => {
  it.each([
    [UDP_SEGMENT, -1, -EINVAL, 0],
    [UDP_SEGMENT, 1, 0, 1],
    [UDP_SEGMENT, 65535, 0, 65535],
    [UDP_SEGMENT, 65536, -EINVAL, 0],
    [UDP_GRO, 1, 0, 1],
    [UDP_GRO, 7, 0, 1],
    [UDP_GRO, -1, 0, 1],
    [UDP_GRO, 0, 0, 0],
  ])('%i set to %i: %i, and reads as %i', (name, val, result, after) => {
    const { ta } = t.lab;
    const s = ta.socket(AF_INET, SOCK_DGRAM);
    expect([ta.setsockopt(s, SOL_UDP, name, val), ta.getsockoptInt(s, SOL_UDP, name)]).toEqual([result, after]);
    expect(ta.setsockopt(s, SOL_UDP, name, new Uint8Array(2))).toBe(-EINVAL);
  });
});

describe('a send with UDP_SEGMENT', () => {
  it('goes whole over a device that cuts, and the receiver reads datagrams [SHI-05]', () => {
    const { lab } = t;
    const { s, r } = pair(lab);
    segment(s, 1000);
    const sent = lab.capture(lab.va);
    expect(lab.ta.sendto(s, payload(3500), 0, to)).toBe(3500);
    expect(wire(sent)).toEqual(['3542 id+0 udp 3508 ip good pseudo']);
    const all = readAll(lab.tb, r);
    expect([all.map(({ data }) => data.length), join(all)]).toEqual([[1000, 1000, 1000, 500], payload(3500)]);
  });

  it('is cut before a device that does not: lengths, identifications and checksums are those of single datagrams [SHI-05] [TX-10]', () => {
    const { lab } = t;
    const { s, r } = pair(lab);
    ethtool(lab.va, USO, false);
    segment(s, 1000);
    const sent = lab.capture(lab.va);
    expect(lab.ta.sendto(s, payload(2500), 0, to)).toBe(2500);
    expect(wire(sent)).toEqual([
      '1042 id+0 udp 1008 ip good pseudo',
      '1042 id+1 udp 1008 ip good pseudo',
      '542 id+2 udp 508 ip good pseudo',
    ]);
    expect(join(readAll(lab.tb, r))).toEqual(payload(2500));
    expect([lab.snmp(lab.a, 'Udp', 'OutDatagrams'), lab.snmp(lab.b, 'Udp', 'InDatagrams')]).toEqual([2, 4]);
  });

  it('is summed too where the device cannot, which then cuts nothing either [TX-10] [TX-09]', () => {
    const { lab } = t;
    const { s, r } = pair(lab);
    ethtool(lab.va, NETIF_F_HW_CSUM, false);
    expect(lab.va.features & USO).toBe(0);
    const sent = lab.capture(lab.va);
    for (const [size, n] of [[1000, 2500], [100, 250]] as const) {
      segment(s, size);
      lab.ta.sendto(s, payload(n), 0, to);
    }
    expect(wire(sent)).toEqual([
      '1042 id+0 udp 1008 ip good summed',
      '1042 id+1 udp 1008 ip good summed',
      '542 id+2 udp 508 ip good summed',
      expect.stringMatching(/^142 id\+\d+ DF udp 108 ip good summed$/),
      expect.stringMatching(/^142 id\+\d+ DF udp 108 ip good summed$/),
      expect.stringMatching(/^92 id\+\d+ DF udp 58 ip good summed$/),
    ]);
    expect(join(readAll(lab.tb, r))).toEqual(Uint8Array.of(...payload(2500), ...payload(250)));
  });

  it('is cut when it is longer than the device’s gso_max_size, frame header included [DEV-27]', () => {
    const { lab } = t;
    const { s, r } = pair(lab);
    segment(s, 1000);
    const sent = lab.capture(lab.va);
    lab.ta.sendto(s, payload(65494), 0, to);
    lab.ta.sendto(s, payload(65493), 0, to);
    expect(sent.map((f) => f.length)).toEqual([...new Array<number>(65).fill(1042), 536, 65535]);
    expect(readAll(lab.tb, r).length).toBeGreaterThan(66);
  });

  it.each([
    ['a segment fills the MTU', 1472, 4416, 4416],
    ['a segment is one byte too long', 1473, 3000, -EMSGSIZE],
    ['a segment would be too long, but there is less', 1473, 1472, 1472],
    ['that is all of it', 1473, 1473, -EMSGSIZE],
    ['128 segments', 100, 12800, 12800],
    ['129 segments', 100, 12801, -EINVAL],
    ['the longest packet', 1000, 65507, 65507],
    ['longer than any packet', 1000, 65508, -EMSGSIZE],
    ['not even a length', 1000, 65536, -EMSGSIZE],
    ['nothing', 1000, 0, 0],
  ])('%s: segments of %i, %i bytes: %i', (_what, size, n, result) => {
    const { s } = pair(t.lab);
    segment(s, size);
    expect(t.lab.ta.sendto(s, payload(n), 0, to)).toBe(result);
  });

  it('needs checksums', () => {
    const { ta } = t.lab;
    const { s } = pair(t.lab);
    segment(s, 100);
    ta.setsockopt(s, SOL_SOCKET, SO_NO_CHECK, 1);
    expect([ta.sendto(s, payload(250), 0, to), ta.sendto(s, payload(50), 0, to)]).toEqual([-EINVAL, -EINVAL]);
  });

  it('may have DF, and is measured by its segments then', () => {
    const { lab } = t;
    const { s } = pair(lab);
    lab.ta.setsockopt(s, SOL_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO);
    const sent = lab.capture(lab.va);
    segment(s, 1472);
    expect(lab.ta.sendto(s, payload(3000), 0, to)).toBe(3000);
    segment(s, 1473);
    expect(lab.ta.sendto(s, payload(3000), 0, to)).toBe(-EMSGSIZE);
    expect(wire(sent)).toEqual(['3042 id+0 DF udp 3008 ip good pseudo']);
  });

  it('counts identifications from a connected socket’s, which counts sends', () => {
    const { lab } = t;
    const { s } = pair(lab);
    lab.ta.connect(s, to);
    ethtool(lab.va, USO, false);
    segment(s, 1000);
    const sent = lab.capture(lab.va);
    for (let i = 0; i < 2; i++) lab.ta.sendto(s, payload(2500), 0);
    expect(wire(sent).map((f) => f.split(' ')[1])).toEqual(['id+0', 'id+1', 'id+2', 'id+1', 'id+2', 'id+3']);
  });

  it('charges the sender for what it keeps, until the segments are gone', () => {
    const { lab } = t;
    const { s } = pair(lab);
    const inFlight = (): number => {
      const out = new Uint8Array(4);
      expect(lab.ta.ioctl(s, 0x5411, out)).toBe(0);
      return (out[0] as number) + ((out[1] as number) << 8) + ((out[2] as number) << 16);
    };
    lab.ta.setsockopt(s, SOL_SOCKET, SO_SNDBUF, 4608);
    segment(s, 1000);
    let held = lab.hold(lab.va);
    lab.ta.sendto(s, payload(30000), 0, to);
    expect([held.length, inFlight()]).toEqual([1, 30832]);
    expect(lab.ta.sendto(s, payload(30000), MSG_DONTWAIT, to)).toBe(-EAGAIN);
    for (const skb of held) skb.consume();
    expect(inFlight()).toBe(0);
    ethtool(lab.va, USO, false);
    held = lab.hold(lab.va);
    lab.ta.sendto(s, payload(3000), 0, to);
    const each = (held[0] as SkBuff).truesize;
    expect([held.length, inFlight()]).toEqual([3, 3 * each]);
    (held.pop() as SkBuff).consume();
    expect(inFlight()).toBe(2 * each);
    for (const skb of held) skb.consume();
    expect(inFlight()).toBe(0);
  });
});

describe('ancillary data', () => {
  it.each([
    ['of its own', { type: UDP_SEGMENT, data: Uint8Array.of(100, 0) }, 0, 250, '100 100 50'],
    ['instead of the option’s', { type: UDP_SEGMENT, data: Uint8Array.of(100, 0) }, 60, 250, '100 100 50'],
    ['that switches the option off', { type: UDP_SEGMENT, data: Uint8Array.of(0, 0) }, 60, 250, '250'],
    ['of a wrong length', { type: UDP_SEGMENT, data: int32Bytes(100) }, 0, -EINVAL, ''],
    ['that is none of UDP’s', { type: UDP_GRO, data: int32Bytes(1) }, 0, -EINVAL, ''],
  ])('%s', (_what, cmsg, option, result, got) => {
    const { lab } = t;
    const { s, r } = pair(lab);
    segment(s, option);
    expect(lab.ta.sendmsg(s, { name: to, iov: [payload(250)], control: [{ level: SOL_UDP, ...cmsg }] })).toBe(result);
    expect(read(lab.tb, r)).toBe(got);
  });

  it('of UDP and IP go together', () => {
    const { lab } = t;
    const { s } = pair(lab);
    const sent = lab.capture(lab.va);
    const control = [{ level: SOL_IP, type: IP_TTL, data: int32Bytes(9) }, { level: SOL_UDP, type: UDP_SEGMENT, data: Uint8Array.of(100, 0) }];
    expect(lab.ta.sendmsg(s, { name: to, iov: [payload(250)], control })).toBe(250);
    expect([sent.length, sent[0]?.[22]]).toEqual([1, 9]);
  });
});

describe('a corked socket', () => {
  it('cuts what it collected, as the first piece said', () => {
    const { lab } = t;
    const { s, r } = pair(lab);
    const with_ = (size: number, flags: number): number =>
      lab.ta.sendmsg(s, { name: to, iov: [payload(100)], control: [{ level: SOL_UDP, type: UDP_SEGMENT, data: Uint8Array.of(size, 0) }] }, flags) as number;
    expect([with_(40, MSG_MORE), with_(10, 0)]).toEqual([100, 100]);
    expect(read(lab.tb, r)).toBe('40 40 40 40 40');
    segment(s, 1000);
    lab.ta.setsockopt(s, SOL_UDP, UDP_CORK, 1);
    for (let i = 0; i < 2; i++) expect(lab.ta.sendto(s, payload(5000), 0, to)).toBe(5000);
    lab.ta.setsockopt(s, SOL_UDP, UDP_CORK, 0);
    expect(read(lab.tb, r)).toBe(new Array<string>(10).fill('1000').join(' '));
  });

  it('is refused at the end, and empty then', () => {
    const { lab } = t;
    const { s, r } = pair(lab);
    segment(s, 10);
    expect([lab.ta.sendto(s, payload(1000), MSG_MORE, to), lab.ta.sendto(s, payload(1000), 0, to)]).toEqual([1000, -EINVAL]);
    expect([lab.ta.sendto(s, payload(15), 0, to), read(lab.tb, r)]).toEqual([15, '10 5']);
  });
});

describe('a socket with UDP_GRO', () => {
  it('reads what was sent as one, and how it is divided', () => {
    const { lab } = t;
    const { s, r } = pair(lab);
    lab.tb.setsockopt(r, SOL_UDP, UDP_GRO, 1);
    const lengths = [3500, 1000, 500, 0].map((n) => {
      segment(s, 1000);
      lab.ta.sendto(s, payload(n), 0, to);
      return read(lab.tb, r);
    });
    expect(lengths).toEqual(['3500/1000', '1000', '500', '0']);
    expect(lab.snmp(lab.b, 'Udp', 'InDatagrams')).toBe(5);
  });

  it('is charged as Linux does: for all of it', () => {
    const { lab } = t;
    const { s, r } = pair(lab);
    lab.tb.setsockopt(r, SOL_UDP, UDP_GRO, 1);
    lab.tb.setsockopt(r, SOL_SOCKET, SO_RCVBUF, 40000);
    segment(s, 1000);
    for (let i = 0; i < 4; i++) lab.ta.sendto(s, payload(30000), 0, to);
    // 80,000 bytes hold two of 30,832; the third finds no room.
    expect([read(lab.tb, r), lab.snmp(lab.b, 'Udp', 'RcvbufErrors')]).toEqual(['30000/1000 30000/1000', 2]);
  });
});
