import { LAYERS, SINGLE_PACKAGE_LAYER } from '../../repo-rules/src/layers.mjs';

/** @typedef {{ layer: string, name: string, camel: string, pascal: string, npm: string, dir: string }} Names */

const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const TAKEN = new Set(['index', 'plugin', 'node-modules', ...LAYERS]);

/** The spellings of a package's name. Throws a sentence if the layer or the name cannot be. @param {string} layer @param {string} name @returns {Names} */
export function namesOf(layer, name) {
  const layers = LAYERS.filter((l) => l !== SINGLE_PACKAGE_LAYER);
  if (!layers.includes(layer)) throw new Error(`"${layer}" is no layer that takes packages. Layers: ${layers.join(' ')}.`);
  if (!NAME.test(name)) throw new Error(`"${name}" is no name: kebab case, a letter first (fib-trie).`);
  if (TAKEN.has(name)) throw new Error(`"${name}" means something else here.`);
  const camel = name.replace(/-([a-z0-9])/g, (_, letter) => letter.toUpperCase());
  return { layer, name, camel, pascal: camel.charAt(0).toUpperCase() + camel.slice(1), npm: `@skbuff/${name}`, dir: `packages/${layer}/${name}` };
}
