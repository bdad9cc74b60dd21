import { PLATFORM_LAYER, TIME_FOLDER } from '../layers.mjs';
import { partOf } from '../repository.mjs';
import { walk } from '../source-file.mjs';
import { freeNames } from './no-platform.mjs';

/** @typedef {import('../source-file.mjs').SourceFile} SourceFile */
/** @typedef {import('../source-file.mjs').Node} Node */

const TIMERS = new Set(['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'requestAnimationFrame', 'performance', 'crypto']);
const MEMBERS = new Set(['Date.now', 'Math.random', 'performance.now', 'crypto.getRandomValues', 'crypto.randomUUID']);

/** `Date.now` of the node of `Date.now`, also behind `globalThis`. @param {Node} node @returns {string} */
function memberName(node) {
  const object = /** @type {Node} */ (node.object);
  const property = /** @type {Node} */ (node.property);
  const name = object.type === 'MemberExpression' ? /** @type {Node} */ (object.property).name : object.name;
  return `${String(name)}.${String(property.name ?? property.value)}`;
}

/** @param {SourceFile} file @returns {Iterable<{ name: string, line: number }>} */
function* uses(file) {
  /** @type {{ name: string, line: number }[]} */
  const found = [];
  walk(file.program, (node) => {
    if (node.type === 'MemberExpression' && MEMBERS.has(memberName(node))) found.push({ name: memberName(node), line: file.lineAt(node.start) });
    const isDate = /** @type {Node | undefined} */ (node.callee)?.name === 'Date';
    const reads = node.type === 'CallExpression' || (node.type === 'NewExpression' && /** @type {unknown[]} */ (node.arguments).length === 0);
    if (isDate && reads) found.push({ name: 'Date of now', line: file.lineAt(node.start) });
  });
  yield* found;
}

/** @type {import('../repository.mjs').Rule} */
export default {
  name: 'no-real-time',
  reason: 'Time and chance come from the options of the kernel: same seed, same trace, byte for byte, and a test never waits.',
  *check(repo) {
    const mend = 'Use the clock and the random source of the kernel (a test: a virtual clock and a seed).';
    for (const pkg of repo.packages) {
      if (pkg.kind !== 'package' || pkg.layer === PLATFORM_LAYER) continue;
      for (const file of pkg.files) {
        if (file.path.startsWith(TIME_FOLDER) || file.path.startsWith(TIME_FOLDER.replace('/src/', '/test/'))) continue;
        for (const { name, line } of uses(file)) yield { file: file.path, line, message: `\`${name}\` is real time or chance`, mend };
        if (partOf(pkg, file) !== 'src') continue;
        for (const { name, line } of freeNames(file)) {
          if (TIMERS.has(name)) yield { file: file.path, line, message: `\`${name}\` is real time or chance`, mend };
        }
      }
    }
  },
};
