import { describe, expect, it } from 'vitest';
import { formatDiagnostic, formatDiagnostics, parseTopology, type Diagnostic } from '../src/index.ts';
import { distance, suggest } from '../src/topology/suggest.ts';
import { interfaceNameError, parseMac, sysctlPath } from '../src/topology/units.ts';
import { links } from './helpers.ts';

const base: Diagnostic = { severity: 'error', file: 'f.yml', line: 1, column: 1, path: '', message: 'm' };

describe('a printed diagnostic', () => {
  it('has the place, the line with a caret, what was found, expected and advised', () => {
    const { diagnostics, source } = parseTopology(links('- endpoints: ["a:eth1", "bb:eth1"]'), { file: 'lab.yml' });
    expect(formatDiagnostics(diagnostics, source)).toBe([
      'lab.yml:8:29: error: there is no node bb',
      ' 8 |     - endpoints: ["a:eth1", "bb:eth1"]',
      '   |                             ^^^^^^^^^',
      '   at:       topology.links[0].endpoints[1]',
      '   found:    bb',
      '   expected: one of a, b',
      '   hint:     did you mean b?',
    ].join('\n'));
  });
  it('keeps control characters away from the terminal', () => {
    const text = formatDiagnostic({ ...base, message: 'x\u001b[2Jy', found: '\u009b1m' }, 'a\u001b[31mb\tc');
    expect(text).not.toMatch(/[\u001b\u009b\t]/);
  });
  it('cuts a window out of a long line', () => {
    const text = formatDiagnostic({ ...base, column: 5001, length: 3 }, `${'x'.repeat(5000)}abc${'y'.repeat(5000)}`);
    const [, line = '', caret = ''] = text.split('\n');
    expect(line.slice(caret.indexOf('^'), caret.lastIndexOf('^') + 1)).toBe('abc');
    expect(line.length).toBeLessThan(140);
  });
  it('does without a source, and with a place behind its end', () => {
    expect(formatDiagnostic({ ...base, line: 9 }, 'one line')).toBe('f.yml:9:1: error: m');
    expect(formatDiagnostic({ ...base, severity: 'note', column: 99 }, 'one')).toBe('f.yml:1:99: note: m\n 1 | one\n   |    ^');
  });
  it('counts lines ending in CRLF', () => {
    const source = links('- endpoints: ["a:eth1", "bb:eth1"]').replaceAll('\n', '\r\n');
    expect(parseTopology(source, { file: 'f' }).diagnostics.map((d) => [d.line, d.column, d.length])).toEqual([[8, 29, 9]]);
  });
});

describe('suggestions', () => {
  it.each([['expct', 'expect'], ['impiar', 'impair'], ['EXEC', 'exec'], ['xxxx', undefined], ['abcd', undefined]])('%s → %s', (word, near) => {
    expect(suggest(word, ['expect', 'impair', 'exec', 'env'])).toBe(near);
  });
  it('counts a transposition as one step', () => {
    expect([distance('ab', 'ba', 2), distance('abc', 'abc', 2), distance('a', 'bcd', 1)]).toEqual([1, 0, 2]);
  });
});

describe('names', () => {
  // Checked against `ip link add` of Linux 6: it takes and refuses the same names.
  it.each(['eth0', 'eth0.1', 'éé', '123456789012345', 'a-b_c@d'])('an interface may be named %s', (name) => {
    expect(interfaceNameError(name)).toBeUndefined();
  });
  it.each(['', '.', '..', 'a/b', 'a:b', 'a b', 'e%d', 'à', 'ééééééé1é', 'all', 'default', 'lo', '1234567890123456'])('no interface may be named "%s"', (name) => {
    expect(interfaceNameError(name)).toBeTypeOf('string');
  });
  it.each([['net.ipv4.ip_forward', 'net/ipv4/ip_forward'], ['net/ipv4/conf/eth0.1/forwarding', 'net/ipv4/conf/eth0.1/forwarding'], ['net.ipv4.conf.eth0/1.forwarding', 'net/ipv4/conf/eth0.1/forwarding'], ['plain', 'plain']])('sysctl %s is %s', (name, path) => {
    expect(sysctlPath(name)).toBe(path);
  });
  it('an Ethernet address has one kind of separator', () => {
    expect([parseMac('02:00:00:00:00:01'), parseMac('02-AB-00-00-00-01'), parseMac('02:00-00:00:00:01')]).toEqual(['02:00:00:00:00:01', '02:ab:00:00:00:01', { error: 'this is no Ethernet address' }]);
  });
});
