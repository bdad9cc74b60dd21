import { allFiles } from '../repository.mjs';
import { walk } from '../source-file.mjs';

const RUNNERS = new Set(['it', 'test', 'describe', 'suite', 'bench']);
const MODIFIERS = new Set(['skip', 'only', 'todo', 'fails']);
const ALIASES = new Set(['xit', 'xtest', 'xdescribe', 'fit', 'fdescribe']);

/** @typedef {import('../source-file.mjs').Node} Node */

/** `it` of `it.each(…).skip`. @param {Node | undefined} node @returns {string | undefined} */
function rootName(node) {
  let at = node;
  while (at !== undefined && at.type !== 'Identifier') at = /** @type {Node | undefined} */ (at.type === 'MemberExpression' ? at.object : at.callee);
  return /** @type {string | undefined} */ (at?.name);
}

/** @type {import('../repository.mjs').Rule} */
export default {
  name: 'no-skipped-test',
  reason: 'A skipped test passes for ever. (A test that needs root uses `skipIf`, and CI fails if it skipped.)',
  *check(repo) {
    for (const file of allFiles(repo)) {
      if (!/\.test\.ts$/.test(file.path)) continue;
      /** @type {import('../repository.mjs').Finding[]} */
      const found = [];
      const mend = 'Mend the test or remove it.';
      walk(file.program, (node) => {
        const at = { file: file.path, line: file.lineAt(node.start), mend };
        const property = /** @type {Node | undefined} */ (node.property);
        if (node.type === 'MemberExpression' && MODIFIERS.has(String(property?.name)) && RUNNERS.has(String(rootName(node)))) {
          found.push({ ...at, message: `\`.${String(property?.name)}\`` });
        }
        const callee = /** @type {Node | undefined} */ (node.callee);
        if (node.type === 'CallExpression' && ALIASES.has(String(callee?.name))) found.push({ ...at, message: `\`${String(callee?.name)}\`` });
      });
      yield* found;
    }
  },
};
