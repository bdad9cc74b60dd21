import path from 'node:path';
import { isBare, packageName, partOf } from '../repository.mjs';
import { UNKNOWN } from '../source-file.mjs';

/** @type {import('../repository.mjs').Rule} */
export default {
  name: 'no-deep-import',
  reason: 'What a package exports is its contract; whoever reaches past it breaks with the next change inside.',
  *check(repo) {
    const byName = new Map(repo.packages.map((p) => [p.manifest.name, p]));
    for (const pkg of repo.packages) {
      for (const file of pkg.files) {
        for (const { specifier, line } of file.imports) {
          if (specifier.startsWith('.')) {
            const target = path.posix.join(path.posix.dirname(file.path), specifier);
            if (!target.startsWith(`${pkg.dir}/`)) {
              yield { file: file.path, line, message: `\`${specifier}\` leaves the package`, mend: 'Import the other package by its name and declare it in dependencies.' };
            } else if (pkg.kind === 'package' && partOf(pkg, file) !== 'bench' && !pkg.files.some((f) => f.path === target)) {
              const what = specifier === UNKNOWN ? 'an import of something that only the running program knows' : `\`${specifier}\` names no file of the package`;
              yield { file: file.path, line, message: what, mend: 'Name the file with its extension: `./ip-input.ts`.' };
            }
            continue;
          }
          if (!isBare(specifier)) continue;
          const target = byName.get(packageName(specifier));
          if (target === undefined) continue;
          if (target === pkg) {
            yield { file: file.path, line, message: 'a package imports itself by name', mend: 'Use a relative import.' };
            continue;
          }
          const subpath = `.${specifier.slice(packageName(specifier).length)}`;
          if (target.manifest.exports?.[subpath] === undefined) {
            yield { file: file.path, line, message: `\`${specifier}\` is not exported by ${target.dir}`, mend: `Import \`${packageName(specifier)}\`, and export there what is missing.` };
          }
        }
      }
    }
  },
};
