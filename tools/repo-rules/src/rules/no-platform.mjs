import { analyze } from '@typescript-eslint/scope-manager';
import { PLATFORM_FILE, PLATFORM_LAYER } from '../layers.mjs';
import { isNode, sourcesOf } from '../repository.mjs';
import { walk } from '../source-file.mjs';

/** @typedef {import('../source-file.mjs').SourceFile} SourceFile */

/** What the language itself gives beyond the library list of the scope analysis. */
const LANGUAGE = new Set(['undefined', 'Promise', 'Symbol', 'NaN', 'Infinity', 'arguments']);

/**
 * Names that a file uses but neither declares nor gets from ECMAScript 2023.
 * @param {SourceFile} file
 * @returns {{ name: string, line: number }[]}
 */
export function freeNames(file) {
  const manager = analyze(/** @type {never} */ (file.program), { sourceType: 'module', lib: ['es2023'] });
  return (manager.globalScope?.through ?? [])
    .map((reference) => reference.identifier)
    .filter((identifier) => !LANGUAGE.has(identifier.name))
    .map((identifier) => ({ name: identifier.name, line: file.lineAt(identifier.range[0]) }));
}

/** `declare const brand: unique symbol` names a type that nobody else can make; no platform provides it. @param {import('../source-file.mjs').Node} node */
function isBrand(node) {
  const declared = /** @type {{ id: { typeAnnotation?: { typeAnnotation: { type: string, operator?: string } } } }[] | undefined} */ (node.declarations) ?? [];
  return declared.length > 0 && declared.every(({ id }) => id.typeAnnotation?.typeAnnotation.type === 'TSTypeOperator' && id.typeAnnotation.typeAnnotation.operator === 'unique');
}

/** @param {SourceFile} file */
function ambientDeclarations(file) {
  /** @type {number[]} */
  const lines = [];
  walk(file.program, (node, parents) => {
    const inAmbient = parents.some((p) => p.declare === true);
    if (node.declare === true && !inAmbient && !isBrand(node) && !node.type.startsWith('TSType') && node.type !== 'TSInterfaceDeclaration' && node.type !== 'PropertyDefinition') {
      lines.push(file.lineAt(node.start));
    }
  });
  return lines;
}

/** @type {import('../repository.mjs').Rule} */
export default {
  name: 'no-platform',
  reason: 'The same packages run in Node and in a browser tab, a hundred kernels in one process: only packages/host may touch a platform.',
  *check(repo) {
    const mend = 'Take it as an option of the kernel or of the plugin, or move the code to a package in packages/host.';
    for (const pkg of repo.packages) {
      if (pkg.kind !== 'package' || pkg.layer === PLATFORM_LAYER) continue;
      for (const file of sourcesOf(pkg)) {
        if (file.path === PLATFORM_FILE) continue;
        for (const { name, line } of freeNames(file)) {
          yield { file: file.path, line, message: `\`${name}\` is not part of ECMAScript 2023: a platform global`, mend };
        }
        for (const line of ambientDeclarations(file)) {
          yield { file: file.path, line, message: 'a `declare` of something that the platform would have to provide', mend };
        }
        for (const imported of file.imports) {
          if (isNode(imported.specifier)) yield { file: file.path, line: imported.line, message: `import of \`${imported.specifier}\``, mend };
        }
      }
    }
  },
};
