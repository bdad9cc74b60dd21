/** Temporary addresses over a minute, as a running 6.18 kernel made, renewed and forgot them. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { useHost } from './support.ts';

/** What happened, after how many seconds, with how many left: valid, preferred. */
type Happened = readonly [what: string, at: number, valid: number, prefered: number];
/** Lifetimes that were advertised, temp_valid_lft, temp_prefered_lft. */
type Run = readonly [valid: number, prefered: number, tempValid: number, tempPrefered: number, events: readonly Happened[]];

const runs = JSON.parse(readFileSync(new URL('records/temp.json', import.meta.url), 'utf8')) as readonly Run[];
const t = useHost();

function happened({ at, text }: { at: number; text: string }, from: number): Happened[] {
  const words = text.split(' ');
  if (words[0] !== 'addr' && words[0] !== 'deladdr') return [];
  const what = words[0] === 'deladdr' ? 'gone' : words.includes('deprecated') ? 'deprecated' : 'there';
  const [valid, prefered] = words.slice(-2).map(Number) as [number, number];
  return [[`${words.includes('temporary') ? 'temporary' : 'public'} ${what}`, (at - from) / 1000, valid, prefered]];
}

/** By what happened; the order within a moment is that of a hash. */
const byKind = (list: readonly Happened[]): Happened[] => [...list].sort((x, y) => x[0].localeCompare(y[0]) || x[1] - y[1]);

it.each(runs.map((run, i) => [i, run] as const))('makes, renews and forgets them when the kernel does, run %i', (_i, [valid, prefered, tempValidLft, tempPreferedLft, events]) => {
  const { h } = t;
  const dev = h.eth('va');
  Object.assign(h.idev(dev).cnf, { acceptDad: 0, rtrSolicits: 0, maxDesyncFactor: 0, useTempaddr: 2, tempValidLft, tempPreferedLft });
  h.state.devconfAll.acceptDad = 0;
  h.up(dev);
  h.run(2);
  h.lines();
  const from = h.clock.now() / 1e6;
  h.prefix(dev, '2001:db8::', valid, prefered);
  h.run(80);
  const got = byKind(h.timed().flatMap((line) => happened(line, from)));
  const wanted = byKind(events);
  expect(got.map(([what]) => what)).toEqual(wanted.map(([what]) => what));
  // A look at the lifetimes may be late by a second and a quarter, and each renewal follows one.
  for (const [i, [what, at, left, preferedLeft]] of wanted.entries()) {
    const [, ours, ourLeft, ourPrefered] = got[i]!;
    expect([what, i, Math.abs(ours - at) < 2.5, Math.abs(ourLeft - left) <= 2, Math.abs(ourPrefered - preferedLeft) <= 2]).toEqual([what, i, true, true, true]);
  }
});
