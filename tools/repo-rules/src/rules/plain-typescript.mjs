import { allFiles } from '../repository.mjs';
import { walk } from '../source-file.mjs';

const MEND = Object.freeze({
  any: 'Use `unknown` and narrow it, or name the type.',
  enum: 'Use a const object and a union type, or `export const NAME = …` for a number of the kernel.',
  silence: 'Mend the type instead of silencing the compiler.',
});

/** @type {import('../repository.mjs').Rule} */
export default {
  name: 'plain-typescript',
  reason: 'Types that are erased without a trace and never lie: no `any`, no `enum`, no silenced compiler.',
  *check(repo) {
    for (const file of allFiles(repo)) {
      /** @type {import('../repository.mjs').Finding[]} */
      const found = [];
      walk(file.program, (node) => {
        const at = { file: file.path, line: file.lineAt(node.start) };
        if (node.type === 'TSAnyKeyword') found.push({ ...at, message: '`any`', mend: MEND.any });
        if (node.type === 'TSEnumDeclaration') found.push({ ...at, message: '`enum`', mend: MEND.enum });
      });
      for (const comment of file.comments) {
        if (/^\s*@ts-(ignore|nocheck|expect-error)/.test(comment.text)) found.push({ file: file.path, line: comment.line, message: 'the compiler is silenced', mend: MEND.silence });
      }
      for (const message of file.errors) found.push({ file: file.path, line: 1, message: `does not parse: ${message}`, mend: 'Mend the syntax.' });
      yield* found;
    }
  },
};
