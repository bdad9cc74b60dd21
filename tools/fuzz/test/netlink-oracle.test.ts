/** The running kernel and this stack, asked the same by mutated netlink messages: errno, text and the attribute to blame are equal. */
import { Random } from '@skbuff/core';
import { describe, expect, it } from 'vitest';
import { isComparable, kernelAnswers, kernelMissing, Messages, ourAnswers, recordRequests, type Request } from '../src/index.ts';

const missing = kernelMissing();
const possible = missing === null;
if (!possible) {
  if (process.env['SKBUFF_NO_SKIP'] !== undefined) throw new Error(`mutated netlink messages cannot be compared with the kernel: ${missing}`);
  console.warn(`mutated netlink messages against the running kernel SKIPPED: ${missing}`);
}

const COUNT = 2000;
/** The requests are sent as they were recorded before so many others: they make what the others are about. */
const RENEW = 500;

/** The recorded requests that both sides understand, then others made of them. */
async function requests(seed: number): Promise<Request[]> {
  const samples = await recordRequests();
  const messages = new Messages(new Random(seed).fork('netlink'), samples);
  const recorded = samples.map((message) => ({ message, strict: false })).filter(isComparable);
  const all: Request[] = [];
  while (all.length < COUNT) {
    if (all.length % RENEW === 0) all.push(...recorded);
    const request = { message: messages.next(), strict: all.length % 4 === 0 };
    if (isComparable(request)) all.push(request);
  }
  return all;
}

describe.runIf(possible)('mutated netlink messages', () => {
  it.each([1, 2, 4])('are answered as the kernel answers them, seed %i', async (seed) => {
    const asked = await requests(seed);
    const kernel = kernelAnswers(asked);
    const ours = ourAnswers(asked);
    const differences = asked.flatMap(({ message }, i) => (kernel[i] === ours[i] ? [] : [`#${i} kernel: ${kernel[i]} ours: ${ours[i]} on ${Buffer.from(message).toString('hex')}`]));
    expect(ours.length).toBe(asked.length);
    expect(differences).toEqual([]);
    // Both sides have to refuse much and do much, or little is compared.
    expect(ours.filter((line) => line.startsWith('0;')).length).toBeGreaterThan(200);
    expect(new Set(ours).size).toBeGreaterThan(60);
  });
});
