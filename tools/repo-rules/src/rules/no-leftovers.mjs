import { allFiles } from '../repository.mjs';

const MARKS = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X', 'HA' + 'CK'].join('|')})\\b`);

/** @type {import('../repository.mjs').Rule} */
export default {
  name: 'no-leftovers',
  reason: 'What is here works. What is missing is known from the specification rows, not from notes in the code.',
  *check(repo) {
    for (const file of allFiles(repo)) {
      for (const comment of file.comments) {
        const mark = MARKS.exec(comment.text);
        if (mark === null) continue;
        const line = comment.line + comment.text.slice(0, mark.index).split('\n').length - 1;
        yield { file: file.path, line, message: `a ${mark[1]} note`, mend: 'Do it now, or leave it out.' };
      }
    }
  },
};
