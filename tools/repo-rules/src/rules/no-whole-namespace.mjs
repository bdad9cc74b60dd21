import { partOf } from '../repository.mjs';
import { walk } from '../source-file.mjs';

/** @typedef {import('../source-file.mjs').SourceFile} SourceFile */

/** Where `import * as N` is taken for a value, and not for one member of it. @param {SourceFile} file @returns {Iterable<{ name: string, line: number }>} */
function* taken(file) {
  const names = new Set();
  /** @type {{ name: string, line: number }[]} */
  const found = [];
  walk(file.program, (node, parents) => {
    if (node.type === 'ImportNamespaceSpecifier') names.add(/** @type {{ name: string }} */ (node.local).name);
    if (node.type !== 'Identifier' || !names.has(node.name)) return;
    const parent = parents.at(-1);
    if (parent?.type === 'ImportNamespaceSpecifier' || parent?.type === 'TSQualifiedName' || parent?.key === node) return;
    const member = parent?.type === 'MemberExpression' && (parent.property === node || parent.computed !== true);
    if (!member) found.push({ name: String(node.name), line: file.lineAt(node.start) });
  });
  yield* found;
}

/** @type {import('../repository.mjs').Rule} */
export default {
  name: 'no-whole-namespace',
  reason: 'Whoever takes a module for a value takes all of it: no bundler can leave a part of it out.',
  *check(repo) {
    for (const pkg of repo.packages) {
      for (const file of pkg.files) {
        if (partOf(pkg, file) !== 'src') continue;
        for (const { name, line } of taken(file)) {
          yield { file: file.path, line, message: `all of \`${name}\` is taken`, mend: `Name its member where it is used (\`${name}.X\`), or import that by name.` };
        }
      }
    }
  },
};
