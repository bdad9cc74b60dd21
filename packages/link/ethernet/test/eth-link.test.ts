import type { NewlinkParams, NlaRange } from '@skbuff/core';
import { createKernel } from '@skbuff/core';
import { EADDRNOTAVAIL, EINVAL, IFLA_ADDRESS, IFLA_MTU } from '@skbuff/uapi';
import { expect, it } from 'vitest';
import { ethValidateLink } from '../src/index.ts';

/** One attribute, lying somewhere in a message. */
function attr(type: number, payload: readonly number[]): NlaRange {
  const len = 4 + payload.length;
  const bytes = new Uint8Array(8 + ((len + 3) & ~3));
  bytes.set([len, 0, type, 0, ...payload], 8);
  return { bytes, off: 8, len: bytes.length - 8 };
}

const kernel = createKernel();
const params = (tb: NlaRange | null): NewlinkParams => ({ srcNet: kernel.initNet, data: null, tb, extack: null, createPeer: null });

it.each([
  ['no attributes', null, 0],
  ['no address', attr(IFLA_MTU, [0, 5, 0, 0]), 0],
  ['a unicast address', attr(IFLA_ADDRESS, [2, 0, 0, 0, 0, 1]), 0],
  ['five bytes', attr(IFLA_ADDRESS, [2, 0, 0, 0, 0]), -EINVAL],
  ['zeros', attr(IFLA_ADDRESS, [0, 0, 0, 0, 0, 0]), -EADDRNOTAVAIL],
  ['a multicast address', attr(IFLA_ADDRESS, [3, 0, 0, 0, 0, 1]), -EADDRNOTAVAIL],
])('judges a link request with %s', (_name, tb, want) => {
  expect(ethValidateLink(params(tb))).toBe(want);
});
