import { isBare, lineOf, packageName, partOf } from '../repository.mjs';

/** @typedef {import('../repository.mjs').Package} Package */

/** @param {Package} pkg @param {boolean} shipped @returns {Set<string>} */
function importedBy(pkg, shipped) {
  const files = pkg.files.filter((f) => !shipped || partOf(pkg, f) === 'src');
  return new Set(files.flatMap((f) => f.imports.map((i) => i.specifier).filter(isBare).map(packageName)));
}

/** @type {import('../repository.mjs').Rule} */
export default {
  name: 'dependencies',
  reason: 'A package that declares exactly what it imports installs and works alone.',
  *check(repo) {
    const shared = new Set(Object.keys(repo.rootManifest.devDependencies ?? {}));
    for (const pkg of repo.packages) {
      const dependencies = new Set(Object.keys(pkg.manifest.dependencies ?? {}));
      const devDependencies = new Set(Object.keys(pkg.manifest.devDependencies ?? {}));
      const manifest = `${pkg.dir}/package.json`;
      for (const file of pkg.files) {
        const ships = partOf(pkg, file) === 'src';
        for (const { specifier, line } of file.imports) {
          const name = packageName(specifier);
          if (!isBare(specifier) || name === pkg.manifest.name || dependencies.has(name)) continue;
          if (!ships && (devDependencies.has(name) || shared.has(name))) continue;
          yield { file: file.path, line, message: `\`${name}\` is not declared`, mend: `Add it to ${ships ? '' : 'dev'}dependencies in ${manifest}, then \`npx pnpm install\`.` };
        }
      }
      const shipped = importedBy(pkg, true);
      for (const name of dependencies) {
        if (!shipped.has(name)) yield { file: manifest, line: lineOf(pkg.manifestText, `"${name}"`), message: `\`${name}\` is declared but no file in src imports it`, mend: 'Remove it, or move it to devDependencies if only tests use it.' };
      }
      const anywhere = importedBy(pkg, false);
      for (const name of devDependencies) {
        if (!anywhere.has(name)) yield { file: manifest, line: lineOf(pkg.manifestText, `"${name}"`), message: `\`${name}\` is declared but nothing imports it`, mend: 'Remove it.' };
      }
    }
  },
};
