#!/usr/bin/env node
// `npm run lint [ROOT]`: every rule over the whole repository.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { readRepository } from './repository.mjs';
import { RULES } from './rules/index.mjs';

const root = path.resolve(process.argv[2] ?? fileURLToPath(new URL('../../..', import.meta.url)));
const repo = readRepository(root);
let count = 0;
for (const rule of RULES) {
  const findings = [...rule.check(repo)];
  count += findings.length;
  if (findings.length === 0) continue;
  console.log(`\n${rule.name}: ${rule.reason}`);
  for (const { file, line, message, mend } of findings) console.log(`  ${file}:${line}  ${message}\n      mend: ${mend}`);
}
const files = repo.packages.reduce((sum, p) => sum + p.files.length, repo.tools.length);
console.log(`${count === 0 ? '' : '\n'}lint: ${RULES.length} rules, ${repo.packages.length} packages, ${files} files, ${count} findings`);
process.exitCode = count === 0 ? 0 : 1;
