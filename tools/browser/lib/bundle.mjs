// Bundles as a user's bundler makes them.
import { rolldown } from 'rolldown';

/**
 * One minified module for a browser, out of the built packages, as a bundler takes them that knows nothing of this repository. Throws if a browser
 * could not resolve all of it.
 *
 * @param {string} entry a file; with `code` it need not exist
 * @param {{ code?: string }} [options] `code`: what stands in the file
 * @returns {Promise<import('rolldown').OutputChunk>}
 */
export async function bundleForBrowser(entry, { code } = {}) {
  /** @type {string[]} */
  const complaints = [];
  const bundle = await rolldown({
    input: entry,
    platform: 'browser',
    // `module` is what Vite, webpack and esbuild add by themselves: ES modules of packages that have both kinds.
    resolve: { conditionNames: ['browser', 'module', 'import', 'default'] },
    onLog(level, log) {
      if (level === 'warn') complaints.push(log.message);
    },
    plugins: code === undefined ? [] : [{ name: 'given-entry', resolveId: (id) => (id === entry ? id : null), load: (id) => (id === entry ? code : null) }],
  });
  // Nobody bundles the bundle: notes for bundlers are left out, too.
  const { output } = await bundle.generate({ format: 'esm', minify: true, comments: false, codeSplitting: false, sourcemap: true });
  await bundle.close();
  const [chunk] = output;
  complaints.push(...[...chunk.imports, ...chunk.dynamicImports].map((name) => `nothing in a browser provides ${name}`));
  if (complaints.length > 0) throw new Error(`${entry}: ${complaints.join('; ')}`);
  return chunk;
}
