import { createKernel, setupNet, type Kernel, type Net } from '@skbuff/core';
import { EACCES, EEXIST, EINVAL, EISDIR, ENOENT } from '@skbuff/uapi';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { INT_MAX, INT_MIN, procGetLongs, registerNetSysctl, sysctl, type SysctlFile, sysctlField, sysctlInt, sysctlIntVec, sysctlOf, type SysctlTable, SysctlTree } from '../src/index.ts';

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

interface Owner {
  value: number;
}

/** An `int` file of an owner whose value is 7. */
function intFile(options = {}): { read: () => string | number; write: (text: string) => number | undefined; value: () => number } {
  const owner = { value: 7 };
  const file = sysctlField<Owner>('value', options);
  return { read: () => file.read(owner), write: (text) => file.write?.(owner, text), value: () => owner.value };
}

const X: SysctlTable<Owner> = { x: sysctlField('value') };
const Y: SysctlTable<Owner> = { y: sysctlField('value', { readOnly: true }) };

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
    expect([file.write(text), file.value()]).toEqual([0, value]);
    expect(file.read()).toBe(`${value}\n`);
  });

  it.each(['5x', ' ', '+4', '2147483648', '-2147483649', '99999999999999999999999', '09', 'x', '--1'])('refuses %j', (text) => {
    const file = intFile();
    expect([file.write(text), file.value()]).toEqual([-EINVAL, 7]);
  });

  it('has a range, and no sign where nothing is below 0', () => {
    const file = intFile({ min: 0, max: 255 });
    expect(['255', '256', '-1'].map((text) => file.write(text))).toEqual([0, -EINVAL, -EINVAL]);
  });

  it('may refuse by itself', () => {
    const file = sysctlInt<null>(() => 1, (_, value) => (value === 3 ? -EACCES : 0));
    expect([file.write?.(null, '3'), file.write?.(null, '4')]).toEqual([-EACCES, 0]);
  });
});

describe('a file of several integers', () => {
  it('shows tabs, keeps what is not given, looks at all together', () => {
    const owner = { range: [32768, 60999] as readonly number[] };
    const set = (to: typeof owner, values: readonly number[]): number => ((values[0] as number) > (values[1] as number) ? -EINVAL : ((to.range = values), 0));
    const file: SysctlFile<typeof owner> = sysctlIntVec(({ range }) => range, set, { min: 1, max: 65535 });
    const write = (text: string): number | undefined => file.write?.(owner, text);
    expect(file.read(owner)).toBe('32768\t60999\n');
    expect(['1500\t1600 ', '1400', '2000', '1 2 3', '1 70000', '1,2'].map(write)).toEqual([0, 0, -EINVAL, 0, -EINVAL, -EINVAL]);
    expect(owner.range).toEqual([1, 2]);
    expect(write('')).toBe(0);
  });
});

it('stops at a zero byte', () => {
  expect(procGetLongs('5\0x', 1)).toEqual([5]);
});

describe('the tree', () => {
  it('knows files, directories and what is neither', () => {
    const tree = new SysctlTree();
    const owner = { value: 7 };
    const undos = [tree.register('net', X, owner), tree.register('net/dir', Y, owner)];
    expect([tree.read('net/x'), tree.read('net/dir'), tree.read('net/z'), tree.write('net/dir/y', '1'), tree.write('net', '1')]).toEqual([
      '7\n',
      -EISDIR,
      -ENOENT,
      -EACCES,
      -EISDIR,
    ]);
    expect(tree.list()).toEqual(['net/dir/y', 'net/x']);
    expect(tree.list('net/dir')).toEqual(['net/dir/y']);
    expect([tree.register('net', { z: Y['y'] as SysctlFile<Owner>, ...X }, owner), tree.read('net/z')]).toEqual([-EEXIST, -ENOENT]);
    for (const undo of undos) (undo as () => void)();
    expect(tree.size).toBe(0);
  });

  it('has files of several owners in one directory, and owners of one table in several', () => {
    const tree = new SysctlTree();
    const owners = [{ value: 1 }, { value: 2 }] as const;
    const undos = [tree.register('net/a', X, owners[0]), tree.register('net/a', Y, owners[1]), tree.register('net/b.c', X, owners[1])];
    expect([tree.write('net/a/x', '3'), tree.read('net/a/x'), tree.read('net/a/y'), tree.read('net/b.c/x')]).toEqual([0, '3\n', '2\n', '2\n']);
    (undos[0] as () => void)();
    expect(tree.list()).toEqual(['net/a/y', 'net/b.c/x']);
    expect([tree.read('net/a/x'), tree.read('net/a/constructor'), tree.read('net/a/y')]).toEqual([-ENOENT, -ENOENT, '2\n']);
  });

  it('is one for each namespace, gone with it', () => {
    const other = setupNet(kernel) as Net;
    undos.push(registerNetSysctl(kernel.initNet, 'net', X, { value: 7 }));
    expect([sysctlOf(kernel.initNet).size, sysctlOf(other).size]).toEqual([1, 0]);
    expect(() => registerNetSysctl(kernel.initNet, 'net', X, { value: 7 })).toThrow('x in net');
    other.put();
  });

  it('tells of files that nobody took back', () => {
    const other = setupNet(kernel) as Net;
    const undo = registerNetSysctl(other, 'net', X, { value: 7 });
    other.put();
    kernel.onClock();
    expect(kernel.leaks()).toMatchObject({ sysctl: 1 });
    undo();
    kernel.shutdown();
    kernel = createKernel();
  });
});
