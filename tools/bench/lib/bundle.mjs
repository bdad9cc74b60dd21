// One file to run out of `ours/*.mjs` and the packages' sources, so that what is measured is never a stale build, and
// so that the same code can be had with something taken out of it.
import { existsSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { parseAst } from 'rolldown/parseAst';
import { rolldown } from 'rolldown';

/**
 * @typedef {(code: string, file: string) => string | undefined} Transform given TypeScript or JavaScript; undefined
 *   leaves it as it is
 * @param {string} entry
 * @param {string} file where the bundle goes
 * @param {Transform} [transform]
 */
export async function bundleWith(entry, file, transform) {
  const bundle = await rolldown({
    input: entry,
    platform: 'node',
    external: [/^node:/],
    resolve: { conditionNames: ['skbuff-source', 'node', 'import', 'default'] },
    plugins: [{
      name: 'bench-transform',
      transform(code, id) {
        const file = id.split('?')[0];
        const changed = withOwnUrl(transform?.(code, file) ?? code, file);
        return changed === code ? null : { code: changed, map: null };
      },
    }],
  });
  // Dead branches go (what a constant instead of a hook check leaves behind), names stay.
  await bundle.write({ file, format: 'esm', sourcemap: true, minify: 'dce-only', codeSplitting: false });
  await bundle.close();
  return file;
}

/** Our sources find files beside themselves, not beside the bundle. @param {string} code @param {string} file */
function withOwnUrl(code, file) {
  return file.includes('/node_modules/') ? code : code.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(file).href));
}

/**
 * A transform that replaces expressions by others.
 *
 * @typedef {{ match: RegExp, by: string }} Replacement `match` is tried on the source of each whole expression; `by` is
 *   what `String.replace` makes of it, `$1` and all
 * @param {readonly Replacement[]} replacements
 * @returns {{ transform: Transform, counts: number[] }} `counts`: how often each was applied, as files are transformed
 */
export function replaceExpressions(replacements) {
  const counts = replacements.map(() => 0);
  return {
    counts,
    transform(code, file) {
      if (file.includes('/node_modules/')) return undefined;
      const lang = languageOf(file);
      let changed = false;
      // What replaces an expression may hold further ones: outermost first, until none is left.
      for (let pass = 0; pass < 100; pass++) {
        const edits = matchesIn(parseAst(code, { lang }), code, replacements).sort((a, b) => b.start - a.start);
        if (edits.length === 0) return changed ? code : undefined;
        changed = true;
        for (const { start, end, index } of edits) {
          const { match, by } = replacements[index];
          code = code.slice(0, start) + code.slice(start, end).replace(match, by) + code.slice(end);
          counts[index]++;
        }
      }
      throw new Error(`${file}: a replacement contains what it replaces`);
    },
  };
}

/** @param {string} file @returns {'ts' | 'js'} */
const languageOf = (file) => (/\.[cm]?ts$/.test(file) ? 'ts' : 'js');

/**
 * @typedef {{ type: string, start: number, end: number, [member: string]: any }} Node
 * @param {any} node
 * @param {string} code
 * @param {readonly Replacement[]} replacements
 * @returns {{ start: number, end: number, index: number }[]}
 */
function matchesIn(node, code, replacements) {
  if (node.type.endsWith('Expression')) {
    const text = code.slice(node.start, node.end);
    const index = replacements.findIndex(({ match }) => match.test(text));
    if (index >= 0) return [{ start: node.start, end: node.end, index }];
  }
  return children(node).flatMap((child) => matchesIn(child, code, replacements));
}

/** @param {any} node @returns {any[]} */
export function children(node) {
  return Object.values(node).flat().filter((value) => value !== null && typeof value === 'object' && typeof value.type === 'string');
}

/**
 * A transform that gives one function another body: the packet's way ends there.
 *
 * @typedef {{ function: string, body: string, imports?: string }} Cut `function`: the name of a function declaration or
 *   of a method, which must be unique in what is bundled; `body`: statements; `imports`: lines that go before the file
 * @param {Cut} cut
 * @returns {{ transform: Transform, count: () => number }} `count`: how many were found
 */
export function cutAt(cut) {
  let count = 0;
  const name = new RegExp(`\\b${cut.function}\\b`);
  return {
    count: () => count,
    transform(code, file) {
      if (file.includes('/node_modules/') || !name.test(code)) return undefined;
      const bodies = bodiesOf(parseAst(code, { lang: languageOf(file) }), cut.function);
      if (bodies.length === 0) return undefined;
      count += bodies.length;
      const [{ start, end }] = bodies;
      return `${cut.imports ?? ''}${code.slice(0, start)}{ ${cut.body} }${code.slice(end)}`;
    },
  };
}

/** @param {any} node @param {string} name @returns {Node[]} */
function bodiesOf(node, name) {
  if (node.type === 'FunctionDeclaration' && node.id?.name === name) return [node.body];
  if (node.type === 'MethodDefinition' && node.key.name === name && node.value.body) return [node.value.body];
  return children(node).flatMap((child) => bodiesOf(child, name));
}

/** The measurement of ours that a bundle is made of, or why there is none. @param {string} entry */
export function whyNoOurs(entry) {
  return existsSync(entry) ? undefined : `${entry} does not exist`;
}

/** @param {string} bundle */
export const readMap = (bundle) => JSON.parse(readFileSync(`${bundle}.map`, 'utf8'));
