import { VirtualClock, createKernel, devOpen, type Kernel, type SkBuff } from '@skbuff/core';
import { procfs } from '@skbuff/procfs';
import { ETH_P_IP, IPPROTO_UDP } from '@skbuff/uapi';
import { be16, be32, csumFold, csumPartial, inetPton4, ipComputeCsum } from '@skbuff/wire';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HOST_A, HOST_B, bytesOf, dropsByName, ethFrame, ipFrame, ipPacket, mib, mibFiles, packetFamilies, receiveFrame, testDevice, udpDatagram, udpFrame } from '../src/index.ts';

let kernel: Kernel;
let got: SkBuff[];

beforeEach(() => {
  got = [];
  const func = (skb: SkBuff): number => got.push(skb);
  const listener = { type: ETH_P_IP, dev: null, net: null, ignoreOutgoing: false, listFunc: null, func };
  kernel = createKernel({ clock: new VirtualClock(), debug: true, plugins: [procfs(), { name: 'listener', init: (ctx) => ctx.packetType(listener) }] });
});

afterEach(() => {
  for (const skb of got) skb.consume();
  expect(kernel.shutdown()).toEqual({});
});

describe('frames', () => {
  it('are right in what nobody said', () => {
    const to = testDevice(kernel.initNet, 'eth7', () => {});
    const frame = udpFrame({ to, dport: 53 });
    expect([...frame.subarray(0, 6)]).toEqual([2, 0, 0, 0, 0, 0x37]);
    expect(be16(frame, 12)).toBe(ETH_P_IP);
    expect(ipComputeCsum(frame, 14, 20)).toBe(0);
    expect(be16(frame, 16)).toBe(frame.length - 14);
    expect(frame[23]).toBe(IPPROTO_UDP);
    expect([be32(frame, 26), be32(frame, 30)]).toEqual([inetPton4(HOST_A), inetPton4(HOST_B)]);
    expect([be16(frame, 34), be16(frame, 36), be16(frame, 38)]).toEqual([1000, 53, 12]);
    const cut = udpFrame({ to, dport: 53, ulen: 99, check: 1, cut: 6, options: [1, 1, 1, 0], ttl: 3 });
    expect(cut.length).toBe(14 + 24 + 6);
    expect([cut[14], cut[22], be16(cut, 38 + 4)]).toEqual([0x46, 3, 99]);
  });

  it.each(packetFamilies)('say which version of IP they carry: $name', (family) => {
    const { version, ethType, hostA, hostB, pseudo } = family;
    const to = testDevice(kernel.initNet, 'eth7', () => {});
    for (const frame of [udpFrame({ to, dport: 53 }, family), ipFrame(to, 253, new Uint8Array(3), {}, family)]) {
      expect([be16(frame, 12), (frame[14] as number) >> 4]).toEqual([ethType, version]);
    }
    const datagram = udpDatagram({ dport: 53, payload: 5 }, family);
    expect([...datagram.subarray(8)]).toEqual([0, 1, 2, 3, 4]);
    expect(csumFold(csumPartial(datagram, 0, 13, pseudo(hostA, hostB, 13, IPPROTO_UDP)))).toBe(0);
  });

  it('go from and to whom the test says, with the type that it says', () => {
    const frame = ethFrame([1, 2, 3, 4, 5, 6], Uint8Array.of(0xf0), { from: [6, 5, 4, 3, 2, 1], type: 0x1234 });
    expect([...frame]).toEqual([1, 2, 3, 4, 5, 6, 6, 5, 4, 3, 2, 1, 0x12, 0x34, 0xf0]);
    expect(() => ethFrame([1, 2, 3, 4, 5, 6], Uint8Array.of(0xf0))).toThrow('EtherType');
  });
});

describe('counters', () => {
  it('are read from two lines for each group', () => {
    expect(mibFiles['snmp']?.('Ip: Forwarding InReceives\nIp: 1 7\nUdp: InErrors\nUdp: 3\n')).toEqual({ 'Ip:Forwarding': 1, 'Ip:InReceives': 7, 'Udp:InErrors': 3 });
  });
});

describe('a device', () => {
  it('receives what the test says and shows what it sends', () => {
    const sent: Uint8Array[] = [];
    const dev = testDevice(kernel.initNet, 'eth0', (frame) => void sent.push(frame));
    devOpen(dev);
    const packet = ipPacket({ payload: 100 });
    receiveFrame(dev, ethFrame(dev, packet));
    expect(got.map(bytesOf)).toEqual([packet]);
    const out = kernel.skbs.alloc(60) as SkBuff;
    out.putZero(60);
    out.dev = dev;
    kernel.xmit.devQueueXmit(out);
    expect(sent).toEqual([new Uint8Array(60)]);
  });

  it('loses what is no frame, and that has a name', () => {
    const dev = testDevice(kernel.initNet, 'eth0', () => {});
    devOpen(dev);
    receiveFrame(dev, new Uint8Array(13));
    expect([dropsByName(kernel), got.length]).toEqual([{ NOT_SPECIFIED: 1 }, 0]);
    expect(mib(kernel.initNet, 'Ip', 'InReceives')).toBeNaN();
  });
});
