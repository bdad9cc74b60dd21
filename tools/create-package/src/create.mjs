import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readRepository } from '../../repo-rules/src/repository.mjs';
import { namesOf } from './names.mjs';
import { filesOf } from './templates.mjs';

/** Writes a package and its first changeset. Throws a sentence if that cannot be. @param {string} root @param {string} layer @param {string} name @returns {string[]} the files, from the root */
export function createPackage(root, layer, name) {
  const names = namesOf(layer, name);
  const other = readRepository(root).packages.find((pkg) => pkg.manifest.name === names.npm);
  if (other !== undefined) throw new Error(`${names.npm} is there already: ${other.dir}.`);
  if (existsSync(path.join(root, names.dir))) throw new Error(`${names.dir} is there already.`);
  const files = {
    ...Object.fromEntries(Object.entries(filesOf(names)).map(([file, text]) => [`${names.dir}/${file}`, text])),
    [`.changeset/new-${name}.md`]: `---\n"${names.npm}": minor\n---\n\nNew package.\n`,
  };
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), text);
  }
  return Object.keys(files);
}
