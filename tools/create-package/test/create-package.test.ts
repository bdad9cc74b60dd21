import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRepository } from '../../repo-rules/src/repository.mjs';
import { RULES } from '../../repo-rules/src/rules/index.mjs';
import { createPackage } from '../src/create.mjs';

const ROOT = new URL('../../..', import.meta.url).pathname;
const OURS = ['core', 'base/uapi', 'base/wire'];
const NEW = [['base', 'first-thing'], ['network', 'second-thing'], ['preset', 'third-thing']] as const;
const DIRS = NEW.map(([layer, name]) => `packages/${layer}/${name}`);
let root = '';

function link(from: string, name: string): void {
  const at = path.join(root, 'node_modules', name);
  mkdirSync(path.dirname(at), { recursive: true });
  symlinkSync(from, at);
}

/** A small copy of the repository in which packages find each other as pnpm would link them. */
beforeAll(() => {
  root = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'skbuff-create-')));
  for (const file of ['package.json', 'tsconfig.base.json', 'tsconfig.json', 'vitest.config.ts']) cpSync(path.join(ROOT, file), path.join(root, file));
  for (const dir of OURS) {
    cpSync(path.join(ROOT, 'packages', dir, 'src'), path.join(root, 'packages', dir, 'src'), { recursive: true });
    cpSync(path.join(ROOT, 'packages', dir, 'package.json'), path.join(root, 'packages', dir, 'package.json'));
    link(path.join(root, 'packages', dir), `@skbuff/${path.basename(dir)}`);
  }
  const { dependencies } = JSON.parse(readFileSync(path.join(ROOT, 'packages/core/package.json'), 'utf8')) as { dependencies: Record<string, string> };
  const foreign = Object.keys(dependencies).filter((name) => !name.startsWith('@skbuff/'));
  for (const name of foreign) link(path.join(ROOT, 'packages/core/node_modules', name), name);
  for (const name of ['vitest', '@types/node']) link(path.join(ROOT, 'node_modules', name), name);
  for (const [layer, name] of NEW) createPackage(root, layer, name);
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

function run(script: string, ...args: readonly string[]): { readonly code: number | null; readonly output: string } {
  const result = spawnSync(process.execPath, [path.join(ROOT, 'node_modules', script), ...args], { cwd: root, encoding: 'utf8' });
  return { code: result.status, output: `${result.stdout}${result.stderr}` };
}

describe('a package for each kind of layer', () => {
  it('satisfies every repo rule', () => {
    const repo = readRepository(root);
    expect(repo.packages.map((pkg) => pkg.dir)).toEqual(expect.arrayContaining(DIRS));
    expect(RULES.flatMap((rule) => [...rule.check(repo)]).filter(({ file }) => file.includes('-thing'))).toEqual([]);
  });

  it('type-checks without platform types, and together with its tests', () => {
    const own = { extends: './tsconfig.base.json', compilerOptions: { noEmit: true, customConditions: ['skbuff-source'] }, include: DIRS.map((dir) => `${dir}/src`) };
    const all = { extends: './tsconfig.json', include: DIRS };
    for (const [name, config] of Object.entries({ own, all })) {
      writeFileSync(path.join(root, `${name}.json`), JSON.stringify(config));
      expect(run('typescript/bin/tsc', '-p', `${name}.json`, '--pretty', 'false')).toEqual({ code: 0, output: '' });
    }
  });

  it('passes its own tests', () => {
    const { code, output } = run('vitest/vitest.mjs', 'run', '--root', root, '--reporter=json', ...DIRS);
    expect(output).toContain('"numPassedTests":4');
    expect(code).toBe(0);
  });
});

describe('bad input', () => {
  it.each([
    ['attic', 'x', '"attic" is no layer'],
    ['core', 'x', '"core" is no layer that takes packages'],
    ['link', 'Veth', '"Veth" is no name'],
    ['link', '../x', '"../x" is no name'],
    ['link', 'plugin', '"plugin" means something else'],
    ['link', 'first-thing', '@skbuff/first-thing is there already: packages/base/first-thing'],
  ])('%s %s', (layer, name, message) => {
    expect(() => createPackage(root, layer, name)).toThrow(message);
  });
});
