/** RTM_GETSTATS; requests and answers as a 6.18 kernel gives them. */
import * as N from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Bench, hex, makeBench } from './support.ts';

let bench: Bench;
beforeEach(() => {
  bench = makeBench();
});
afterEach(() => {
  expect(bench.kernel.shutdown()).toEqual({});
});

/** What is answered: the payload of each message, at most 32 bytes of it, or the errno and its text. */
function ask(header: Partial<N.IfStatsMsg>, flags = 0, strict = false): unknown {
  const b = new N.NlMsgBuilder();
  const nlh = b.nlmsgPut(U.RTM_GETSTATS, U.NLM_F_REQUEST | flags, 1, 0, N.IfStatsMsg.of(header));
  b.nlmsgEnd(nlh);
  const port = bench.port(bench.a);
  port.setsockopt(U.NETLINK_GET_STRICT_CHK, Number(strict));
  const { error, extack, msgs } = N.nlTalk(port, b.bytes().slice());
  port.close();
  if (error < 0) return [error, extack];
  return msgs.map((m) => `${m.type} ${hex(m.buf.subarray(m.data, m.data + Math.min(m.dataLen, 32)))} ${m.dataLen}`);
}

const dump = (header: Partial<N.IfStatsMsg>, strict = false): unknown => ask(header, U.NLM_F_DUMP, strict);

describe('counters of a link', () => {
  it('are told as far as they are asked for', () => {
    expect(ask({ ifindex: 1, filterMask: 1 })).toEqual(['92 000000000100000001000000cc00010000000000000000000000000000000000 216']);
    expect(ask({ ifindex: 1, filterMask: 1 << 4 })).toEqual(['92 00000000010000001000000004000500 16']);
    expect(ask({ ifindex: 1, filterMask: 2 })).toEqual(['92 000000000100000002000000 12']);
    expect(ask({ ifindex: 1, filterMask: 8 })).toEqual(['92 0000000001000000080000001c00040018000280140003800500010000000000 40']);
    expect(ask({ ifindex: 1, filterMask: 31 })).toHaveLength(1);
    expect(ask({ ifindex: 1, filterMask: 32 })).toEqual(['92 000000000100000020000000 12']);
  });

  it('must be asked of one that exists, and for something', () => {
    expect(ask({ filterMask: 1 })).toEqual([-U.EINVAL, '']);
    expect(ask({ ifindex: 999, filterMask: 1 })).toEqual([-U.ENODEV, '']);
    expect(ask({ ifindex: 1 })).toEqual([-U.EINVAL, 'Filter mask must be set for stats get']);
    expect(ask({ ifindex: 1, filterMask: 32 }, 0, true)).toEqual([-U.EINVAL, 'Invalid stats requested through filter mask']);
  });

  it('are told of all links, by index', () => {
    expect(dump({ filterMask: 1 << 4 })).toEqual(bench.a.devList.map(({ ifindex }) => `92 00000000${hex(Uint8Array.of(ifindex))}0000001000000004000500 16`));
    expect(dump({ ifindex: 999, filterMask: 1 })).toHaveLength(bench.a.devList.length);
    expect(dump({})).toEqual([-U.EINVAL, 'Filter mask must be set for stats dump']);
    expect(dump({ ifindex: 1, filterMask: 1 }, true)).toEqual([-U.EINVAL, 'Invalid values in header for stats dump request']);
    expect(dump({ filterMask: 32 }, true)).toEqual([-U.EINVAL, 'Invalid stats requested through filter mask']);
  });
});
