/** Whatever arrives: it is counted, nothing throws, and nothing is left behind. */
import { ip6Packet } from '@skbuff/testkit';
import { IPSTATS_MIB_INPKTS } from '@skbuff/uapi';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Host6 } from './support.ts';

const US = '2001:db8:a::1';
const addresses = fc.constantFrom(US, '2001:db8:b::2', '2001:db8:9::9', 'ff02::1', 'ff05::9', '::1', '::', 'fe80::2', '2001:db8:a::2');
const kinds = fc.constantFrom(0, 43, 44, 50, 51, 59, 60, 17, 58, 200);
const header = fc.tuple(kinds, fc.array(fc.oneof(fc.constant(0), fc.nat(255)), { minLength: 8, maxLength: 8 }));
const packets = fc.record({
  saddr: addresses,
  daddr: addresses,
  ttl: fc.constantFrom(0, 1, 2, 255),
  proto: kinds,
  ext: fc.array(header, { maxLength: 4 }),
  payload: fc.uint8Array({ maxLength: 64 }),
  cut: fc.option(fc.nat(120), { nil: 999, freq: 8 }),
  to: fc.constantFrom(undefined, Uint8Array.of(0x33, 0x33, 0, 0, 0, 1)),
});

it('takes any packet', () => {
  fc.assert(
    fc.property(fc.array(packets, { maxLength: 40 }), (list) => {
      const h = new Host6();
      const a = h.eth('a', US);
      h.eth('b', '2001:db8:b::1');
      h.state.devconfAll.forwarding = 1;
      h.mld.groups.add('a ff02::1');
      for (const { cut, to, ...fields } of list) h.receive(a, ip6Packet(fields).subarray(0, cut), to);
      h.clock.advance(120e9);
      expect(h.state.stats[IPSTATS_MIB_INPKTS]).toBe(list.length);
      expect(h.shutdown()).toEqual({});
    }),
    { numRuns: 60, seed: 6 },
  );
});
