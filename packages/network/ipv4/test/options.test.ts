import { ICMP_DEST_UNREACH, ICMP_SR_FAILED, EINVAL } from '@skbuff/uapi';
import { be32 } from '@skbuff/wire';
import { ipPacket } from '@skbuff/testkit';
import { describe, expect, it } from 'vitest';
import { IpOptions, ipOptionsCompile, ipOptionsFragment, ipOptionsGet, ipOptionsUndo, ipoptCopied } from '../src/index.ts';
import { ip4, TestSock, cookie, useHost } from './support.ts';
import { Flowi4, IpPayload, ipMakeSkb, ipSendSkb, type Rtable } from '../src/index.ts';

const t = useHost();
const bytes = (opt: IpOptions): number[] => [...opt.data.slice(0, opt.optlen)];
const addr = (text: string): number[] => text.split('.').map(Number);
const get = (list: readonly number[], privileged = false): IpOptions | number => ipOptionsGet(t.h.net, Uint8Array.from(list), privileged);

describe('what a program may ask for', () => {
  it('pads with END to a multiple of 4 and refuses more than 40 bytes [OPT-23]', () => {
    expect(bytes(get([1]) as IpOptions)).toEqual([1, 0, 0, 0]);
    expect((get(new Array<number>(40).fill(1)) as IpOptions).optlen).toBe(40);
    expect(get(new Array<number>(41).fill(1))).toBe(-EINVAL);
  });

  it('moves the first hop of a source route out of the list [OPT-23, OPT-03]', () => {
    const opt = get([131, 11, 4, ...addr('10.0.0.9'), ...addr('10.0.5.5')]) as IpOptions;
    expect(opt.faddr).toBe(ip4('10.0.0.9'));
    expect(opt.srr).toBe(20);
    expect(bytes(opt)).toEqual([131, 11, 4, ...addr('10.0.5.5'), ...addr('10.0.5.5'), 0]);
  });

  it.each([
    ['a source route whose pointer is not at the start', [131, 7, 8, 10, 0, 0, 9]],
    ['an empty source route', [131, 3, 4]],
    ['a source route with half an address', [131, 9, 4, 10, 0, 0, 9, 1, 2]],
    ['a record route that is too short', [7, 2, 4]],
    ['a time stamp of an unknown kind', [68, 8, 5, 2, 0, 0, 0, 0]],
    ['an option that it does not know', [0x99, 4, 0, 0]],
    ['a security label', [130, 4, 0, 0]],
  ] as const)('refuses %s [OPT-05]', (_what, list) => {
    expect(get(list)).toBe(-EINVAL);
  });

  it('lets a privileged program send options that nobody here knows [OPT-05]', () => {
    expect((get([0x99, 4, 0, 0], true) as IpOptions).optlen).toBe(4);
    expect((get([68, 8, 5, 2, 0, 0, 0, 0], true) as IpOptions).optlen).toBe(8);
  });

  it('moves the pointer of a record route without writing anything [OPT-10]', () => {
    const opt = get([7, 11, 4, 0, 0, 0, 0, 0, 0, 0, 0]) as IpOptions;
    expect(bytes(opt)).toEqual([7, 11, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('can be asked back as it was given', () => {
    for (const list of [
      [131, 11, 4, ...addr('10.0.0.9'), ...addr('10.0.5.5'), 0],
      [7, 11, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0],
      [68, 12, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0],
      [68, 12, 5, 1, 0, 0, 0, 0, 0, 0, 0, 0],
      [68, 12, 5, 3, ...addr('10.0.0.1'), 0, 0, 0, 0],
    ]) {
      t.h.eth(`e${list[0]}${list[3]}`, '', 24);
      const opt = new IpOptions();
      opt.data.set(list);
      opt.optlen = list.length;
      expect(ipOptionsCompile(t.h.net, opt, false)).toBe(0);
      ipOptionsUndo(opt);
      if (list[3] !== 3) expect(bytes(opt)).toEqual(list);
    }
  });
});

describe('what is sent', () => {
  function sendWith(list: readonly number[], to: string): Uint8Array {
    const { h } = t;
    const dev = h.eth('a', '10.0.0.1');
    h.route('0.0.0.0', 0, dev, '10.0.0.254');
    const opt = get(list) as IpOptions;
    const fl4 = new Flowi4().init(0, 0, 0, 0, 17, 0, opt.srr !== 0 ? opt.faddr : ip4(to), 0, 0, 0);
    const rt = h.routing.routeOutput(h.net, fl4, null) as Rtable;
    const skb = ipMakeSkb(new TestSock(h.net), fl4, new IpPayload().set(new Uint8Array(4), 0, 4, 0), cookie({ opt, addr: ip4(to) }), rt, 0);
    if (typeof skb === 'number') throw new Error(String(skb));
    expect(ipSendSkb(h.net, skb)).toBe(0);
    return h.take()[0]?.ip as Uint8Array;
  }

  it('names the first hop in the header and the destination at the end of a source route [OPT-22]', () => {
    const ip = sendWith([131, 11, 4, ...addr('10.0.0.9'), ...addr('10.0.7.7')], '10.0.8.8');
    expect(be32(ip, 16)).toBe(ip4('10.0.0.9'));
    expect([...ip.slice(20, 32)]).toEqual([131, 11, 4, ...addr('10.0.7.7'), ...addr('10.0.8.8'), 0]);
  });

  it('fills in its own address [OPT-22, OPT-10]', () => {
    const ip = sendWith([7, 11, 4, 0, 0, 0, 0, 0, 0, 0, 0], '10.0.0.9');
    expect([...ip.slice(20, 32)]).toEqual([7, 11, 8, ...addr('10.0.0.1'), 0, 0, 0, 0, 0]);
  });

  it('fills in its address and the time since midnight [OPT-22, OPT-13, OPT-16]', () => {
    t.h.clock.advance(3_723_004_000_000);
    const ip = sendWith([68, 12, 5, 1, 0, 0, 0, 0, 0, 0, 0, 0], '10.0.0.9');
    expect([...ip.slice(20, 28)]).toEqual([68, 12, 13, 1, ...addr('10.0.0.1')]);
    expect(be32(ip, 28)).toBe(3_723_004);
  });
});

it('does not forward a strict source route to a gateway [FWD-06, ICMP-36, OPT-19]', () => {
  const { h } = t;
  const a = h.eth('a', '10.0.0.1');
  const b = h.eth('b', '10.0.1.1');
  h.route('10.9.0.0', 16, b, '10.0.1.2');
  h.sysctl('net/ipv4/conf/all/accept_source_route', '1');
  const options = [137, 7, 4, ...addr('10.9.0.1'), 0];
  h.receive(a, ipPacket({ saddr: '10.0.0.2', daddr: '10.0.0.1', options }));
  expect(h.icmp).toEqual([[ICMP_DEST_UNREACH, ICMP_SR_FAILED, 0]]);
  expect(h.take()).toEqual([]);
  options[2] = 4;
  options[0] = 131;
  h.receive(a, ipPacket({ saddr: '10.0.0.2', daddr: '10.0.0.1', options }));
  expect(h.take().length).toBe(1);
});

it('tells copied options from others by their top bit [OPT-02]', () => {
  expect([130, 131, 134, 136, 137, 148].every(ipoptCopied)).toBe(true);
  expect([0, 1, 7, 68].some(ipoptCopied)).toBe(false);
});

it('leaves a packet alone whose options lie about their length', () => {
  const skb = t.h.kernel.skbs.alloc(100);
  if (skb === null) throw new Error('no memory');
  skb.networkHeader = skb.putData(ipPacket({ saddr: '1.1.1.1', daddr: '2.2.2.2', options: [7, 30, 4, 0] }), 0, 32);
  skb.cb[3] = 4;
  const before = skb.bytes.slice(skb.data, skb.tail);
  ipOptionsFragment(skb);
  expect(skb.bytes.slice(skb.data, skb.tail)).toEqual(before);
  skb.consume();
});
