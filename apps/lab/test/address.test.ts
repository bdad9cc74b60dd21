import { isIP } from 'node:net';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isAddress } from '../src/topology/address.ts';

const group = fc.constantFrom('0', 'f', '12', 'abcd', 'ABCD', '00001', 'g', '', '1.2.3.4', '1.2.3', '%lo');

it.each([fc.ipV4(), fc.ipV6(), fc.ipV4().map((a) => `::ffff:${a}`), fc.ipV6().map((a) => `${a}%eth0`), fc.array(group, { maxLength: 9 }).map((g) => g.join(':')), fc.array(fc.nat(300), { maxLength: 5 }).map((g) => g.join('.')), fc.string()])('what Node takes for an address, and nothing else (%#)', (texts) => {
  fc.assert(fc.property(texts, (text) => isAddress(text) === (isIP(text) !== 0)), { numRuns: 2000 });
});
it.each(['1.2.3.4', '::', '::1', '1::', '1:2:3:4:5:6:7:8', '1:2:3:4:5:6:1.2.3.4', '::1.2.3.4', 'fe80::1%eth0'])('%s', (text) => expect([isAddress(text), isIP(text) !== 0]).toEqual([true, true]));
it.each(['', '01.2.3.4', '1.2.3', '1.2.3.4.', '1.2.3.4.5', ':', ':::', '1::2::3', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '1.2.3.4::', '1:2:3:4:5:6:7::8', '::1%', '10.0.0.1/24'])('no address: %s', (text) => expect(isAddress(text)).toBe(isIP(text) !== 0));
