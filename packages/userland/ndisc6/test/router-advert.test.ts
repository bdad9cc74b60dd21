import { expect, it } from 'vitest';
import { advertText } from '../src/router-advert.ts';

const HEADER = '860000004048070800000000000003e8';
const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));

it('says what the header of an advertisement says', () => {
  expect(advertText(bytes(HEADER), true)).toEqual({
    valid: true,
    text: `
Hop limit                 :           64 (      0x40)
Stateful address conf.    :           No
Stateful other conf.      :          Yes
Mobile home agent         :           No
Router preference         :         high
Neighbor discovery proxy  :           No
Router lifetime           :         1800 (0x00000708) seconds
Reachable time            :  unspecified (0x00000000)
Retransmit time           :         1000 (0x000003e8) milliseconds
`,
  });
});

it('tells prefixes alone, and of an advertisement with a prefix of the wrong length that it is none', () => {
  const prefix = `030440c0${'00'.repeat(12)}20010db8${'00'.repeat(12)}`;
  expect(advertText(bytes(`${HEADER}${prefix}`), false)).toEqual({ text: '2001:db8::/64\n', valid: true });
  expect(advertText(bytes(`${HEADER}${prefix}030300c0${'00'.repeat(20)}${prefix}`), false)).toEqual({ text: '2001:db8::/64\n', valid: false });
});
