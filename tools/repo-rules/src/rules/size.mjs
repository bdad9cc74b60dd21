import { allFiles } from '../repository.mjs';
import { walk } from '../source-file.mjs';

export const MAX_FILE_LINES = 600;
export const MAX_FUNCTION_LINES = 80;
const TOP = 20;
const WAIVER = /\blong: \S+ \S+/;
const FUNCTIONS = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);

/** @typedef {import('../source-file.mjs').SourceFile} SourceFile */

/** Whether a comment right above the line gives a reason. @param {SourceFile} file @param {number} line */
function waived(file, line) {
  let above = line - 1;
  for (;;) {
    const comment = file.comments.find((c) => c.endLine === above);
    if (comment === undefined) return false;
    if (WAIVER.test(comment.text)) return true;
    above = comment.line - 1;
  }
}

/** @param {SourceFile} file @returns {Iterable<import('../repository.mjs').Finding>} */
function* longFunctions(file) {
  /** @type {import('../repository.mjs').Finding[]} */
  const found = [];
  walk(file.program, (node) => {
    if (!FUNCTIONS.has(node.type)) return;
    const line = file.lineAt(node.start);
    const lines = file.lineAt(node.end) - line + 1;
    if (lines <= MAX_FUNCTION_LINES || waived(file, line)) return;
    found.push({ file: file.path, line, message: `a function of ${lines} lines (at most ${MAX_FUNCTION_LINES})`, mend: 'Split it by the steps that it takes, or say why not right above it: `// long: <reason>`.' });
  });
  yield* found;
}

/** @type {import('../repository.mjs').Rule} */
export default {
  name: 'size',
  reason: 'What fits on a page is read; what does not is only searched.',
  *check(repo) {
    for (const file of allFiles(repo)) {
      const lines = file.text.split('\n').length - 1;
      const excused = file.comments.some((c) => c.line <= TOP && WAIVER.test(c.text));
      if (lines > MAX_FILE_LINES && !excused) {
        yield { file: file.path, line: 1, message: `${lines} lines (at most ${MAX_FILE_LINES})`, mend: 'Split it, or say why not near the top: `// long: <reason>`.' };
      }
      if (!/\.test\.ts$/.test(file.path)) yield* longFunctions(file);
    }
  },
};
