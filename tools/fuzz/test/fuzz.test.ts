/** A slice of what `npm run fuzz` does at length: nothing throws, nothing leaks, and every refusal has its reason. */
import { describe, expect, it } from 'vitest';
import { fuzzCalls, fuzzFrames, fuzzNetlink, ipv4Scene, ipv6Scene, type Outcome } from '../src/index.ts';

/** How many ends of that kind there were. */
const times = (result: Outcome, ...ends: readonly string[]): number => ends.reduce((sum, end) => sum + (result.ends.get(end) ?? 0), 0);

describe('input that nobody sends on purpose', () => {
  it('20,000 frames into hosts and a router are delivered, answered or dropped for a reason', async () => {
    const result = await fuzzFrames(ipv4Scene, 20_000, 1);
    expect(result.faults).toEqual([]);
    expect(result.done).toBe(20_000);
    expect(result.mostPackets).toBeLessThan(10_000);
    for (const reason of ['IP_CSUM', 'IP_INHDR', 'PKT_TOO_SMALL', 'UNHANDLED_PROTO', 'OTHERHOST', 'FRAG_REASM_TIMEOUT', 'IP_RPFILTER', 'NO_SOCKET', 'UDP_CSUM', 'ICMP_CSUM']) {
      expect(times(result, reason), reason).toBeGreaterThan(0);
    }
  });

  it('20,000 frames of IPv6 likewise: the search for neighbours and groups, chains of headers, fragments', async () => {
    const result = await fuzzFrames(ipv6Scene, 20_000, 1);
    expect(result.faults).toEqual([]);
    expect(result.done).toBe(20_000);
    expect(result.mostPackets).toBeLessThan(10_000);
    // gc_thresh3 of the three hosts together; of what is learned a bucket of each route has few.
    expect(result.mostNeighbours).toBeLessThanOrEqual(3 * 1024);
    expect(result.mostLearned).toBeLessThan(10_000);
    for (const reason of ['IP_INHDR', 'PKT_TOO_SMALL', 'UNHANDLED_PROTO', 'OTHERHOST', 'FRAG_REASM_TIMEOUT', 'NO_SOCKET', 'UDP_CSUM', 'ICMP_CSUM']) {
      expect(times(result, reason), reason).toBeGreaterThan(0);
    }
  });

  it('20,000 netlink requests are refused with an errno or carried out, and answered either way', async () => {
    const result = await fuzzNetlink(20_000, 1);
    expect(result.faults).toEqual([]);
    expect(times(result, 'done')).toBeGreaterThan(1000);
    expect(times(result, 'EINVAL', 'ERANGE', 'ENODEV', 'EEXIST')).toBeGreaterThan(5000);
  });

  it('20,000 system calls with arguments by chance return an errno or do as they are told', async () => {
    const result = await fuzzCalls(20_000, 1);
    expect(result.faults).toEqual([]);
    expect(times(result, 'done')).toBeGreaterThan(2000);
    expect(times(result, 'EINVAL', 'EBADF', 'ENOTSOCK', 'ENOTTY', 'ENOPROTOOPT')).toBeGreaterThan(2000);
  });

  it('the same seed does the same', async () => {
    const once = await fuzzNetlink(1000, 7);
    const again = await fuzzNetlink(1000, 7);
    expect([...once.ends]).toEqual([...again.ends]);
  });
});
