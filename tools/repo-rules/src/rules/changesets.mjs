import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

/** @typedef {{ file: string, line: number, name: string, bump: string }} Entry one line of a changeset */

const ENTRY = /^["']?([^"':]+)["']?:\s*(\S+)\s*$/;

/** What the changesets say. @param {string} root @returns {Entry[]} */
function entries(root) {
  const dir = path.join(root, '.changeset');
  if (!existsSync(dir)) return [];
  const files = readdirSync(dir).filter((name) => name.endsWith('.md') && name !== 'README.md');
  return files.flatMap((name) => {
    const lines = readFileSync(path.join(dir, name), 'utf8').split('\n');
    const end = Math.max(0, lines.indexOf('---', 1));
    return lines.slice(0, end).flatMap((text, i) => {
      const match = ENTRY.exec(text);
      return match === null ? [] : [{ file: `.changeset/${name}`, line: i + 1, name: String(match[1]), bump: String(match[2]) }];
    });
  });
}

/** @type {import('../repository.mjs').Rule} */
export default {
  name: 'changesets',
  reason: 'A changeset for a package that does not exist stops the release; a package without one is never announced.',
  *check(repo) {
    const publishable = repo.packages.filter((p) => p.manifest.private !== true);
    const names = new Set(publishable.map((p) => p.manifest.name));
    const announced = entries(repo.root);
    for (const { file, line, name, bump } of announced) {
      if (!names.has(name)) yield { file, line, message: `no publishable package is called "${name}"`, mend: 'Write the name as in its package.json.' };
      if (!/^(major|minor|patch)$/.test(bump)) yield { file, line, message: `"${bump}" is no kind of release`, mend: 'Write major, minor or patch.' };
    }
    for (const pkg of publishable) {
      if (pkg.entries.includes('CHANGELOG.md') || announced.some((entry) => entry.name === pkg.manifest.name)) continue;
      yield { file: `${pkg.dir}/package.json`, line: 1, message: 'never released, and no changeset names it', mend: `Add the line \`"${String(pkg.manifest.name)}": minor\` to a file in .changeset.` };
    }
  },
};
