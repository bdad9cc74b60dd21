import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, labSchema } from '../src/index.ts';
import { ignoredKeys, ownKeys, schemaMaps, schemaValidator, type SchemaNode } from '../src/topology/schema.ts';
import { parseDuration, parsePercent, parseRate } from '../src/topology/units.ts';

const definition = (name: string): SchemaNode & { pattern?: string } => labSchema.definitions![name]!;
const accepts = (name: string, text: string): boolean => new RegExp(definition(name).pattern!, 'u').test(text);

describe('the published schema', () => {
  it('is the one that the parser uses: `node apps/lab/schema/to-typescript.mjs` makes it so', () => {
    expect(labSchema).toEqual(JSON.parse(readFileSync(new URL('../schema/skbuff-lab.schema.json', import.meta.url), 'utf8')));
  });
  it('compiles in strict mode', () => {
    expect(schemaValidator()).toBeTypeOf('function');
  });
  it('describes every key', () => {
    const bare = schemaMaps().flatMap((m) => Object.entries(m.properties!).filter(([, s]) => !('description' in s) && s.$ref === undefined).map(([key]) => `${m.title}.${key}`));
    expect(bare).toEqual([]);
    expect(Object.entries(labSchema.definitions!).filter(([, d]) => !('description' in d) && d.title === undefined)).toEqual([]);
  });
  it('marks the keys that skbuff adds', () => {
    expect(Object.fromEntries(ownKeys)).toEqual({
      sysctl: ['the top level', 'a node'], ipv6: ['the top level'], seed: ['the top level'], capture: ['the top level'], expect: ['the top level'], impair: ['a link'], down: ['a link'],
    });
  });
  it('marks what concerns containers', () => {
    expect([...ignoredKeys('a node')]).toEqual(expect.arrayContaining(['image', 'cmd', 'entrypoint', 'binds', 'ports', 'cpu', 'memory', 'healthcheck', 'labels', 'runtime', 'user', 'license', 'startup-config']));
  });
});

describe('schema and parser agree about', () => {
  const digits = fc.stringMatching(/^[0-9]{0,4}(\.[0-9]{0,3})?$/);
  const texts = (units: string[]): fc.Arbitrary<string> => fc.oneof(fc.tuple(digits, fc.constantFrom(...units, '', 'x')).map((p) => p.join('')), fc.string());
  it.each<[string, string[], (text: string) => number | undefined]>([
    ['duration', ['ns', 'us', 'ms', 's', 'm', 'h'], parseDuration],
    ['percent', ['%', '%%'], parsePercent],
    ['rate', ['bit', 'kbit', 'Mbit', 'gbps', 'bps', 'kb'], parseRate],
  ])('%s', (name, units, parse) => {
    // The schema may refuse what the parser would take (999999h), never the other way round.
    fc.assert(fc.property(texts(units), (text) => !accepts(name, text) || parse(text) !== undefined));
    fc.assert(fc.property(texts(units), (text) => parse(text) !== undefined || !accepts(name, text)));
  });
  it.each([['duration', '10ms', 10e6], ['duration', '1.5s', 1.5e9], ['duration', '2m', 120e9], ['duration', '1h', 3600e9], ['duration', '0', 0], ['duration', '7ns', 7]])('%s %s', (name, text, ns) => {
    expect([accepts(name, text), parseDuration(text)]).toEqual([true, ns]);
  });
  it.each(['', '10', '-1s', '1 s', '1d', '1e3s', '9999999s', '1s '])('no duration: "%s"', (text) => {
    expect(accepts('duration', text)).toBe(false);
  });
  it('every duration it takes is an exact integer', () => {
    for (const text of ['999999.999999999s', '99999.999999m', '999.999999h', '999999999.999999999ms']) {
      expect([accepts('duration', text), Number.isSafeInteger(parseDuration(text))]).toEqual([true, true]);
    }
  });
  it.each([[0, '0s'], [7, '7ns'], [1500, '1.5us'], [20e6, '20ms'], [1.5e9, '1.5s'], [90e9, '90s']])('%d ns is written %s', (ns, text) => {
    expect(formatDuration(ns)).toBe(text);
  });
});
