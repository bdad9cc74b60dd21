import { LAYERS } from '../layers.mjs';
import { isBare, lineOf, packageName } from '../repository.mjs';

/** @typedef {import('../repository.mjs').Package} Package */

/** @param {Package} from @param {Package} to @returns {string | undefined} what is wrong */
function verdict(from, to) {
  if (to.kind === 'tool') return `${to.dir} is a tool; nothing imports it`;
  if (to.kind === 'app' && from.kind !== 'tool') return `${to.dir} is an app; only tools import it, to measure and to compare it`;
  if (from.kind !== 'package') return undefined;
  const low = LAYERS.indexOf(/** @type {string} */ (from.layer));
  const high = LAYERS.indexOf(/** @type {string} */ (to.layer));
  return high > low ? `layer ${from.layer} may not import layer ${to.layer} above it` : undefined;
}

/** @type {import('../repository.mjs').Rule} */
export default {
  name: 'layer-order',
  reason: 'A layer that knows only what lies below it can be used, tested and replaced without the rest.',
  *check(repo) {
    const mend = `Let the lower package own a small interface and a token, and let the upper one register the real thing. Order: ${LAYERS.join(' ')}.`;
    for (const dir of repo.strays) {
      yield { file: dir, line: 1, message: 'not a package of a known layer', mend: `A package is packages/<layer>/<name> with a package.json, an app is apps/<name>. Layers: ${LAYERS.join(' ')}.` };
    }
    const byName = new Map(repo.packages.map((p) => [p.manifest.name, p]));
    for (const pkg of repo.packages) {
      const declared = { ...pkg.manifest.dependencies, ...pkg.manifest.devDependencies };
      for (const name of Object.keys(declared)) {
        const target = byName.get(name);
        const wrong = target && verdict(pkg, target);
        if (wrong) yield { file: `${pkg.dir}/package.json`, line: lineOf(pkg.manifestText, `"${name}"`), message: wrong, mend };
      }
      for (const file of pkg.files) {
        for (const imported of file.imports) {
          const target = isBare(imported.specifier) ? byName.get(packageName(imported.specifier)) : undefined;
          const wrong = target && target !== pkg && verdict(pkg, target);
          if (wrong) yield { file: file.path, line: imported.line, message: wrong, mend };
        }
      }
    }
  },
};
