import { createKernel, setupNet, type Kernel, type Net } from '@skbuff/core';
import { EACCES, EEXIST, EINVAL, EISDIR, ENOENT } from '@skbuff/uapi';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { INT_MAX, INT_MIN, procGetLongs, registerNetSysctl, sysctl, type SysctlEntry, sysctlField, sysctlInt, sysctlIntVec, sysctlOf, SysctlTree } from '../src/index.ts';

let kernel: Kernel;
let undos: (() => void)[];

beforeEach(() => {
  kernel = createKernel({ plugins: [sysctl()] });
  undos = [];
});

afterEach(() => {
  for (const undo of undos) undo();
  expect(kernel.shutdown()).toEqual({});
});

/** An `int` file and its value. */
function intFile(options = {}): { entry: SysctlEntry; value: () => number } {
  const object = { value: 7 };
  return { entry: sysctlField('net/x', object, 'value', options), value: () => object.value };
}

describe('an integer file', () => {
  it.each([
    ['5', 5],
    [' 7\n', 7],
    ['5 6', 5],
    ['1\n2', 1],
    ['0x10', 16],
    ['010', 8],
    ['-3', -3],
    ['0', 0],
    [String(INT_MAX), INT_MAX],
    [String(INT_MIN), INT_MIN],
    ['', 7],
  ])('takes %j for %i, as a running kernel does', (text, value) => {
    const file = intFile();
    expect([file.entry.write?.(text), file.value()]).toEqual([0, value]);
    expect(file.entry.read()).toBe(`${value}\n`);
  });

  it.each(['5x', ' ', '+4', '2147483648', '-2147483649', '99999999999999999999999', '09', 'x', '--1'])('refuses %j', (text) => {
    const file = intFile();
    expect([file.entry.write?.(text), file.value()]).toEqual([-EINVAL, 7]);
  });

  it('has a range, and no sign where nothing is below 0', () => {
    const file = intFile({ min: 0, max: 255 });
    expect(['255', '256', '-1'].map((text) => file.entry.write?.(text))).toEqual([0, -EINVAL, -EINVAL]);
  });

  it('may refuse by itself', () => {
    const entry = sysctlInt('net/x', () => 1, (value) => (value === 3 ? -EACCES : 0));
    expect([entry.write?.('3'), entry.write?.('4')]).toEqual([-EACCES, 0]);
  });
});

describe('a file of several integers', () => {
  it('shows tabs, keeps what is not given, looks at all together', () => {
    let range: readonly number[] = [32768, 60999];
    const entry = sysctlIntVec('net/r', () => range, (values) => ((values[0] as number) > (values[1] as number) ? -EINVAL : ((range = values), 0)), { min: 1, max: 65535 });
    expect(entry.read()).toBe('32768\t60999\n');
    expect([entry.write?.(' 1500\t1600 '), entry.write?.('1400'), entry.write?.('2000'), entry.write?.('1 2 3'), entry.write?.('1 70000'), entry.write?.('1,2')]).toEqual([
      0,
      0,
      -EINVAL,
      0,
      -EINVAL,
      -EINVAL,
    ]);
    expect(range).toEqual([1, 2]);
    expect(entry.write?.('')).toBe(0);
  });
});

it('stops at a zero byte', () => {
  expect(procGetLongs('5\0x', 1)).toEqual([5]);
});

describe('the tree', () => {
  it('knows files, directories and what is neither', () => {
    const tree = new SysctlTree();
    const undo = tree.register([intFile().entry, { ...intFile({ readOnly: true }).entry, path: 'net/dir/y' }]);
    expect([tree.read('net/x'), tree.read('net/dir'), tree.read('net/z'), tree.write('net/dir/y', '1'), tree.write('net', '1')]).toEqual([
      '7\n',
      -EISDIR,
      -ENOENT,
      -EACCES,
      -EISDIR,
    ]);
    expect(tree.list()).toEqual(['net/dir/y', 'net/x']);
    expect(tree.list('net/dir')).toEqual(['net/dir/y']);
    expect(tree.register([intFile().entry])).toBe(-EEXIST);
    (undo as () => void)();
    expect(tree.size).toBe(0);
  });

  it('is one for each namespace, gone with it', () => {
    const other = setupNet(kernel) as Net;
    undos.push(registerNetSysctl(kernel.initNet, [intFile().entry]));
    expect([sysctlOf(kernel.initNet).size, sysctlOf(other).size]).toEqual([1, 0]);
    expect(() => registerNetSysctl(kernel.initNet, [intFile().entry])).toThrow('net/x');
    other.put();
  });

  it('tells of files that nobody took back', () => {
    const other = setupNet(kernel) as Net;
    const undo = registerNetSysctl(other, [intFile().entry]);
    other.put();
    kernel.onClock();
    expect(kernel.leaks()).toMatchObject({ sysctl: 1 });
    undo();
    kernel.shutdown();
    kernel = createKernel();
  });
});
