// What a bundle takes from Node.
import { analyze } from '@typescript-eslint/scope-manager';
import { parseSync } from 'oxc-parser';

/** What Node has and no browser. */
const NODE_ONLY = new Set(['process', 'Buffer', 'global', 'require', 'module', 'exports', '__dirname', '__filename', 'setImmediate', 'clearImmediate']);

/** Names of globals that only Node has, sorted. @param {string} code @returns {string[]} */
export function nodeGlobals(code) {
  const { program, errors } = parseSync('bundle.mjs', code, { sourceType: 'module', astType: 'ts', range: true });
  if (errors.length > 0) throw new Error(errors[0].message);
  const manager = analyze(/** @type {never} */ (program), { sourceType: 'module', lib: ['es2023'] });
  const names = (manager.globalScope?.through ?? []).map(({ identifier }) => identifier.name).filter((name) => NODE_ONLY.has(name));
  return [...new Set(names)].sort();
}
