import { expect, it } from 'vitest';
import { In6Addr, In6Map } from '../src/index.ts';

it('is a map by the words of addresses, which may change afterwards', () => {
  const map = new In6Map<string>();
  const addr = new In6Addr(0x20010db8, 0, 0, 1);
  map.set(addr, 'one');
  addr.w3 = 2;
  expect([map.get(addr), map.size]).toEqual([undefined, 1]);
  map.set(addr, 'two');
  map.set(addr, 'TWO');
  expect([map.size, [...map].map(([key, value]) => `${key} ${value}`).sort()]).toEqual([2, ['2001:db8::1 one', '2001:db8::2 TWO']]);
  expect([map.delete(addr), map.delete(addr), map.size]).toEqual([true, false, 1]);
  map.clear();
  expect([map.size, [...map], map.get(new In6Addr(0x20010db8, 0, 0, 1))]).toEqual([0, [], undefined]);
});

it('does what a map of texts does, whatever is done to it', () => {
  const map = new In6Map<number>();
  const texts = new Map<string, number>();
  for (let i = 0; i < 20_000; i++) {
    const addr = new In6Addr(0, Math.imul(i, 0x9e3779b1) & 3, (i >> 3) & 7, Math.imul(i, 0x85ebca6b) & 0xff);
    if (i % 3 === 0) expect(map.delete(addr)).toBe(texts.delete(`${addr}`));
    else {
      map.set(addr, i);
      texts.set(`${addr}`, i);
    }
    expect([map.get(addr), map.size]).toEqual([texts.get(`${addr}`), texts.size]);
  }
  expect(new Map([...map].map(([addr, value]) => [`${addr}`, value]))).toEqual(texts);
});

it('keeps addresses apart whose hashes are the same', () => {
  const [a, b] = [new In6Addr(1, 0, 0, 0), new In6Addr(0, 0, 0, 0x89a514a8)];
  expect(a.hash(0)).toBe(b.hash(0));
  for (const [first, second] of [[a, b], [b, a]] as const) {
    const map = new In6Map<string>();
    map.set(a, 'a');
    map.set(b, 'b');
    expect([map.get(a), map.get(b), map.delete(first), map.get(first), map.get(second)]).toEqual(['a', 'b', true, undefined, first === a ? 'b' : 'a']);
    expect([map.delete(second), map.size]).toEqual([true, 0]);
  }
});
