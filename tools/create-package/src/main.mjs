#!/usr/bin/env node
// `npm run create-package <layer> <name>`: a package that passes `npm run check`.
import { Command } from 'commander';
import { LAYERS } from '../../repo-rules/src/layers.mjs';
import { ROOT, pnpmCommand, step } from '../../run.mjs';
import { createPackage } from './create.mjs';

new Command('create-package')
  .description('Writes packages/<layer>/<name>: manifest, tsconfig, sources, a test, a README and a changeset.')
  .argument('<layer>', LAYERS.join(' '))
  .argument('<name>', 'kebab case, as the kernel calls the module')
  .action((layer, name) => {
    try {
      for (const file of createPackage(ROOT, layer, name)) console.log(file);
    } catch (error) {
      console.error(error instanceof Error ? error.message : error);
      process.exitCode = 2;
      return;
    }
    const done = step('install', [...pnpmCommand(), 'install', '--no-frozen-lockfile'])
      && step('the table of packages in README.md', [process.execPath, 'tools/spec/src/main.mjs', '--readme']);
    process.exitCode = done ? 0 : 1;
  })
  .parse();
