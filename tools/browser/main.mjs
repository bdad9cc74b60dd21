#!/usr/bin/env node
// `npm run bundle-size`: how large the stack is in a browser.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { ROOT } from './lib/node.mjs';
import { updateReadme } from './lib/readme.mjs';
import { BUNDLES, kilobytes, sizeOf } from './lib/sizes.mjs';

const options = new Command('bundle-size')
  .description('Sizes of bundles for a browser, made of the built packages: thousands of bytes, minified and gzipped.')
  .option('--parts [count]', 'list the largest packages in each', undefined)
  .option('--files [count]', 'list the largest files in each', undefined)
  .option('--readme', 'write the sizes into README.md')
  .parse()
  .opts();

const sizes = [];
for (const [name] of BUNDLES) {
  const size = await sizeOf(name, { byFile: options.files !== undefined });
  sizes.push(size);
  console.log(`${kilobytes(size.minified).padStart(7)} kB minified ${kilobytes(size.compressed).padStart(7)} kB gzipped  ${name}`);
  const count = options.files ?? options.parts;
  for (const [part, bytes] of count === undefined ? [] : size.parts.slice(0, count === true ? undefined : Number(count))) console.log(`${kilobytes(bytes).padStart(11)}  ${part}`);
}
if (options.readme) {
  const file = path.join(ROOT, 'README.md');
  writeFileSync(file, updateReadme(readFileSync(file, 'utf8'), sizes));
}
