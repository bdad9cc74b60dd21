import { CONTAINER_FOLDER } from '../layers.mjs';
import { allFiles, packageName } from '../repository.mjs';

/** @type {import('../repository.mjs').Rule} */
export default {
  name: 'container',
  reason: 'One thin façade keeps the traps of the container in one place, and no container is touched after boot.',
  *check(repo) {
    for (const file of allFiles(repo)) {
      for (const { specifier, line } of file.imports) {
        if (packageName(specifier) === 'tsyringe' && !file.path.startsWith(CONTAINER_FOLDER)) {
          yield { file: file.path, line, message: 'tsyringe outside its façade', mend: `Use the tokens that @skbuff/core exports; only ${CONTAINER_FOLDER} knows tsyringe.` };
        }
      }
    }
  },
};
