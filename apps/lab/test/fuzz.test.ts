import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classify, commandsOf, formatDiagnostics, parseLine, parseTopology, renderText } from '../src/index.ts';
import { example, exampleNames } from './helpers.ts';

/** A result is a topology without errors, or errors at places that exist; printing it never fails. */
function holds(source: string | Uint8Array): void {
  const result = parseTopology(source, { file: 'f.yml' });
  const errors = result.diagnostics.filter((d) => d.severity === 'error');
  expect(result.topology === undefined).toBe(errors.length > 0);
  for (const d of result.diagnostics) expect(d.line >= 1 && d.column >= 1 && d.message !== '').toBe(true);
  const text = formatDiagnostics(result.diagnostics, result.source);
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  if (errors.length > 0) renderText([{ kind: 'bad-input', file: 'f.yml', diagnostics: result.diagnostics, source: result.source }]);
}

const bytes = exampleNames.map((name) => new TextEncoder().encode(example(name)));
const someExample = fc.constantFrom(...bytes);

describe('whatever comes in', () => {
  it('arbitrary bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), holds), { numRuns: 300 });
  });
  it('arbitrary text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), holds), { numRuns: 300 });
  });
  it('text of YAML characters', () => {
    const unit = fc.constantFrom('a', 'b', ':', ' ', '\n', '-', '[', ']', '{', '}', '*', '&', '!', '|', '>', '"', "'", '#', '<', '?', ',', '%', '@', '0', '\t', '\r', '$');
    fc.assert(fc.property(fc.string({ unit, maxLength: 120 }), holds), { numRuns: 500 });
  });
  it('examples with bytes replaced, removed or doubled', () => {
    const edit = fc.record({ at: fc.nat(), remove: fc.nat(4), insert: fc.uint8Array({ maxLength: 4 }) });
    fc.assert(fc.property(someExample, fc.array(edit, { minLength: 1, maxLength: 6 }), (source, edits) => {
      let text = [...source];
      for (const e of edits) {
        const at = e.at % text.length;
        text = [...text.slice(0, at), ...e.insert, ...text.slice(at + e.remove)];
      }
      holds(Uint8Array.from(text));
    }), { numRuns: 150 });
  });
  it('examples cut off anywhere', () => {
    fc.assert(fc.property(someExample, fc.nat(), (source, n) => holds(source.slice(0, n % source.length))), { numRuns: 150 });
  });
  it('well-formed documents with any values at the known keys', () => {
    const keys = ['name', 'topology', 'nodes', 'links', 'defaults', 'kinds', 'groups', 'a', 'kind', 'exec', 'env', 'endpoints', 'endpoint', 'type', 'impair', 'down', 'delay', 'expect', 'reach', 'from', 'to', 'output', 'node', 'sysctl', 'capture', 'at', '__proto__'];
    const leaf = fc.oneof(fc.constantFrom<unknown>('linux', 'veth', 'a:eth1', '10ms', 'a', null, true, 1, -1, 1e300, ''), fc.string());
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof({ depthSize: 'medium' }, leaf, fc.array(tie('tree'), { maxLength: 3 }), fc.dictionary(fc.constantFrom(...keys), tie('tree'), { maxKeys: 5 })),
    }));
    fc.assert(fc.property(tree, tree, tree, (nodes, links, list) => {
      // JSON is YAML.
      holds(JSON.stringify({ name: 'x', topology: { nodes, links }, expect: list }));
      holds(JSON.stringify({ name: 'x', topology: { nodes: { a: nodes }, links: [links] }, expect: [list] }));
    }), { numRuns: 300 });
  });
});

describe('whatever stands in an exec line', () => {
  const unit = fc.constantFrom('a', 'ip', 'sh', ' ', '-c', "'", '"', '\\', '$', '{', '}', '(', ')', '&', '|', ';', '>', '<', '1', '2', '#', '\n', '=', 'A', '`', '/dev/null', 'sudo ', 'echo ', '/proc/sys/x');
  it('is read without a throw, and each command has a meaning', () => {
    fc.assert(fc.property(fc.oneof(fc.string({ unit, maxLength: 40 }), fc.string({ unit: 'binary' })), (line) => {
      const script = parseLine(line, { A: 'x y' });
      if ('refused' in script) return void expect(script.refused).not.toBe('');
      for (const command of commandsOf(script.group)) {
        expect(command.argv.length).toBeGreaterThan(0);
        expect(classify(command, new Set(['ip'])).kind).toBeTypeOf('string');
      }
      return undefined;
    }), { numRuns: 2000 });
  });
});
