import { describe, expect, it } from 'vitest';
import { exitCode, paintFor, parseTopology, renderJson, renderText, type ExpectationResult, type LabOutcome, type LabReport } from '../src/index.ts';

const at = { file: 'lab.yml', line: 9, column: 5 };
const pass: ExpectationResult = { name: 'h1 reaches h2', kind: 'reach', pass: true, timeNs: 1_500_000, at };
const fail: ExpectationResult = { name: 'r1 routes x', kind: 'route', pass: false, timeNs: 2e9, at, expected: 'via 10.0.0.1', found: 'via 10.0.0.2\ndev eth1', trace: ['h1 eth1 out', 'r1 eth1 in'] };

function ran(expectations: ExpectationResult[], more: Partial<LabReport> = {}): LabOutcome {
  return {
    kind: 'ran',
    report: {
      file: 'lab.yml', lab: 'demo', seed: 7, virtualTimeNs: 12.5e9, links: 1, ignored: [], diagnostics: [], exec: [], captures: [], expectations,
      nodes: [{ name: 'h1', interfaces: ['eth1'], execLines: 1, sent: 3, received: 2, drops: [{ reason: 'NO_SOCKET', count: 1 }] }, { name: 'h2', interfaces: ['eth1'], execLines: 0, sent: 1, received: 3, drops: [] }],
      ...more,
    },
  };
}

const bad = (): LabOutcome => {
  const { diagnostics, source } = parseTopology('name: x\n', { file: 'bad.yml' });
  return { kind: 'bad-input', file: 'bad.yml', diagnostics, source };
};

describe('exit code', () => {
  it.each<[string, LabOutcome[], number]>([
    ['0 when all held', [ran([pass]), ran([])], 0],
    ['0 when an exec line failed but all held', [ran([pass], { exec: [{ kind: 'failed', node: 'h1', line: 'ip x', at, text: 'exit code 1' }] })], 0],
    ['1 when one did not', [ran([pass]), ran([pass, fail])], 1],
    ['2 when a file is bad, whatever else', [ran([fail]), bad()], 2],
    ['0 for nothing', [], 0],
  ])('is %s', (_label, outcomes, code) => {
    expect(exitCode(outcomes)).toBe(code);
  });
});

describe('text', () => {
  it('tells what was passed over, what held and what did not, with the way of the packet', () => {
    const report = ran([pass, fail], {
      ignored: [{ key: 'prefix', scope: 'lab', count: 1, reason: 'why' }, { key: 'image', scope: 'node', count: 2, reason: 'why' }],
      diagnostics: [{ ...at, severity: 'note', path: '', message: 'unknown field x' }],
      exec: [{ kind: 'note', node: 'h1', line: 'apk add x', at, text: '`apk add x` is passed over' }, { kind: 'failed', node: 'h2', line: 'ip x', at, text: 'exit code 1' }],
      captures: ['out/h1-eth1.pcapng'],
    });
    expect(renderText([report])).toBe([
      'demo lab.yml · 2 nodes, 1 link · seed 7',
      '  ignored prefix: why',
      '  ignored image (2 nodes): why',
      '  note lab.yml:9:5: unknown field x',
      '  note lab.yml:9:5: h1: `apk add x` is passed over',
      '  failed lab.yml:9:5: h2: `ip x`: exit code 1',
      '  ✓ h1 reaches h2 at 1.5ms',
      '  ✗ r1 routes x at 2s  lab.yml:9:5',
      '      expected: via 10.0.0.1',
      '      found:    via 10.0.0.2',
      '                dev eth1',
      '      | h1 eth1 out',
      '      | r1 eth1 in',
      '  captured out/h1-eth1.pcapng',
      '1 of 2 not as expected · 4 frames · 12.5s of virtual time',
      '',
    ].join('\n'));
  });
  it('tells with more words what each node saw', () => {
    expect(renderText([ran([])], undefined, true)).toBe('demo lab.yml · 2 nodes, 1 link · seed 7\n  h1: 3 frames out, 2 in, dropped: NO_SOCKET 1\n  h2: 1 frame out, 3 in\nno expectations · 4 frames · 12.5s of virtual time\n');
  });
  it('shows the errors of a bad file, and a total of several', () => {
    const text = renderText([bad(), ran([pass]), ran([fail])]);
    expect(text).toContain('bad.yml:1:1: error: the top level has no `topology`');
    expect(text).toContain('not run: 1 error in bad.yml');
    expect(text.endsWith('3 labs: 1 passed, 1 failed, 1 not run\n')).toBe(true);
  });
  it('has colours on a terminal only, and not under NO_COLOR', () => {
    const escape = /\u001b\[/;
    expect(renderText([ran([fail])], paintFor({ isTTY: true }, {}))).toMatch(escape);
    expect(renderText([ran([fail])], paintFor({ isTTY: true }, { NO_COLOR: '1' }))).not.toMatch(escape);
    expect(renderText([ran([fail])], paintFor({}, {}))).not.toMatch(escape);
  });
  it('keeps escapes of a lab away from the terminal', () => {
    expect(renderText([ran([{ ...fail, name: '\u001b[2J', found: '\u001b]0;x\u0007' }])])).not.toMatch(/\u001b|\u0007/);
  });
});

describe('JSON', () => {
  it('is one document with version, exit code and all labs', () => {
    const document = JSON.parse(renderJson([ran([fail]), bad()])) as { version: number; exitCode: number; labs: { result: string }[] };
    expect([document.version, document.exitCode, document.labs.map((l) => l.result)]).toEqual([1, 2, ['ran', 'bad-input']]);
    expect(document.labs[0]).toMatchObject({ lab: 'demo', seed: 7, expectations: [{ pass: false, trace: ['h1 eth1 out', 'r1 eth1 in'] }] });
  });
  it('is the same for the same outcome, byte for byte', () => {
    expect(renderJson([ran([pass]), bad()])).toBe(renderJson([ran([pass]), bad()]));
  });
});
