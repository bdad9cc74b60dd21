import { icmp } from '@skbuff/icmp';
import type { Cmsg } from '@skbuff/sock';
import {
  AF_INET,
  MSG_DONTWAIT,
  MSG_ERRQUEUE,
  SCM_TIMESTAMP,
  SCM_TIMESTAMPING,
  SOCK_DGRAM,
  SOF_TIMESTAMPING_OPT_ID,
  SOF_TIMESTAMPING_OPT_TSONLY,
  SOF_TIMESTAMPING_RAW_HARDWARE,
  SOF_TIMESTAMPING_RX_SOFTWARE,
  SOF_TIMESTAMPING_SOFTWARE,
  SOF_TIMESTAMPING_TX_SCHED,
  SOF_TIMESTAMPING_TX_SOFTWARE,
  SOL_SOCKET,
  SO_TIMESTAMP,
  SO_TIMESTAMPING,
} from '@skbuff/uapi';
import { MS, bytes, sin } from '@skbuff/testbed';
import { describe, expect, it } from 'vitest';
import { leS32, leS64 } from '@skbuff/wire';
import { useLab } from './support.ts';

const t = useLab(() => [icmp()]);

/** Nanoseconds of the `i`th time in ancillary data. */
function timeOf(data: Uint8Array, i: number, unit = 1): number {
  return leS64(data, i * 16) * 1e9 + leS64(data, i * 16 + 8) * unit;
}

function receive(flags: number, host: 'ta' | 'tb', fd: number): Cmsg[] | number {
  const control: Cmsg[] = [];
  const n = t.lab[host].recvmsg(fd, { iov: [new Uint8Array(200)], control }, flags | MSG_DONTWAIT) as number;
  return n < 0 ? n : control;
}

const of = (cmsgs: Cmsg[] | number, type: number): Uint8Array => (cmsgs as Cmsg[]).find((c) => c.type === type)?.data as Uint8Array;

function receiver(options: readonly (readonly [number, number])[]): number {
  const { tb } = t.lab;
  const fd = tb.socket(AF_INET, SOCK_DGRAM, 0);
  tb.bind(fd, sin('10.0.0.2', 5000));
  for (const [name, value] of options) tb.setsockopt(fd, SOL_SOCKET, name, value);
  return fd;
}

function sender(flags: number): number {
  const { ta } = t.lab;
  const fd = ta.socket(AF_INET, SOCK_DGRAM, 0);
  ta.sendto(fd, bytes('x'), 0, sin('10.0.0.2', 9));
  ta.setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, flags);
  return fd;
}

describe('time stamps', () => {
  it('are the moment of arrival, not that of reading, in microseconds or nanoseconds [SHI-06]', () => {
    const { lab } = t;
    const fd = receiver([[SO_TIMESTAMP, 1], [SO_TIMESTAMPING, SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE]]);
    lab.clock.advance(7 * MS + 1);
    const arrival = lab.kernel.realTime();
    lab.ta.sendto(sender(0), bytes('x'), 0, sin('10.0.0.2', 5000));
    lab.clock.advance(50 * MS);
    const cmsgs = receive(0, 'tb', fd);
    expect([timeOf(of(cmsgs, SCM_TIMESTAMP), 0, 1000), timeOf(of(cmsgs, SCM_TIMESTAMPING), 0)]).toEqual([Math.floor(arrival / 1000) * 1000, arrival]);
  });

  it('of a device’s own clock come beside those of the system, not in their place [SHI-07]', () => {
    const { lab } = t;
    const fd = receiver([[SO_TIMESTAMPING, SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RAW_HARDWARE]]);
    const sending = sender(0);
    const held = lab.hold(lab.va);
    lab.ta.sendto(sending, bytes('x'), 0, sin('10.0.0.2', 5000));
    const [skb] = held;
    if (skb === undefined) throw new Error('nothing was sent');
    skb.orphan();
    skb.shinfo.hwtstamps = 123_000_000_456;
    skb.pull(14);
    skb.resetNetworkHeader();
    skb.dstDrop();
    skb.dev = lab.vb;
    skb.pktType = 0;
    lab.kernel.softnet.netifRx(skb);
    const stamps = of(receive(0, 'tb', fd), SCM_TIMESTAMPING);
    expect([timeOf(stamps, 0), timeOf(stamps, 1), timeOf(stamps, 2)]).toEqual([lab.kernel.realTime(), 0, 123_000_000_456]);
  });

  it('of what is sent tell of the queue and of the driver, in that order, and count the sends [SHI-06]', () => {
    const { lab } = t;
    const fd = sender(SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_TX_SCHED | SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_TSONLY | SOF_TIMESTAMPING_OPT_ID);
    lab.clock.advance(3 * MS);
    const now = lab.kernel.realTime();
    lab.ta.sendto(fd, bytes('x'), 0, sin('10.0.0.2', 5000));
    const records = [receive(MSG_ERRQUEUE, 'ta', fd), receive(MSG_ERRQUEUE, 'ta', fd)];
    expect(records.map((r) => [timeOf(of(r, SCM_TIMESTAMPING), 0), leS32(of(r, 11), 8), leS32(of(r, 11), 12)])).toEqual([
      [now, 1, 0],
      [now, 0, 0],
    ]);
  });

});
