import { walk } from '../../repo-rules/src/source-file.mjs';

/**
 * @typedef {import('../../repo-rules/src/source-file.mjs').SourceFile} SourceFile
 * @typedef {import('../../repo-rules/src/source-file.mjs').Node} Node
 * @typedef {{ id: string, file: string, line: number }} Mention
 */

const TESTS = new Set(['it', 'test']);
const GROUPS = new Set(['describe', 'suite']);
const ID = /^[A-Z][A-Z0-9]*-\d+[a-z]?$/;

/** The ids in the brackets of a title: `[ARP-17]`, `[ARP-17, ARP-18]`. Brackets that hold anything else are prose. @param {string} title @returns {string[]} */
export function idsIn(title) {
  return [...title.matchAll(/\[([^\]]+)\]/g)].flatMap((match) => {
    const words = String(match[1]).split(/[\s,;]+/).filter(Boolean);
    return words.every((word) => ID.test(word)) ? words : [];
  });
}

/** `it` of `it.each(…)`, `it.skipIf(…)`. @param {Node | undefined} callee @returns {string} */
function runner(callee) {
  let at = callee;
  while (at !== undefined && at.type !== 'Identifier') {
    at = /** @type {Node | undefined} */ (at.type === 'MemberExpression' ? at.object : at.type === 'TaggedTemplateExpression' ? at.tag : at.callee);
  }
  return String(at?.name);
}

/** The text of a title: what a template puts in is unknown here. @param {Node | undefined} node @returns {string | undefined} */
function titleOf(node) {
  if (node?.type === 'Literal' && typeof node.value === 'string') return node.value;
  if (node?.type === 'TemplateLiteral') {
    return /** @type {{ value: { raw: string } }[]} */ (node.quasis).map((part) => part.value.raw).join('…');
  }
  if (node?.type === 'BinaryExpression' && node.operator === '+') {
    return `${titleOf(/** @type {Node} */ (node.left)) ?? '…'}${titleOf(/** @type {Node} */ (node.right)) ?? '…'}`;
  }
  return undefined;
}

/** Rows that the tests of a file name in their titles. @param {SourceFile} file @returns {{ tests: Mention[], groups: Mention[] }} */
export function mentionsOf(file) {
  /** @type {{ tests: Mention[], groups: Mention[] }} */
  const found = { tests: [], groups: [] };
  walk(file.program, (node) => {
    if (node.type !== 'CallExpression') return;
    const name = runner(/** @type {Node} */ (node.callee));
    if (!TESTS.has(name) && !GROUPS.has(name)) return;
    const title = titleOf(/** @type {Node[]} */ (node.arguments)[0]);
    if (title === undefined) return;
    const list = TESTS.has(name) ? found.tests : found.groups;
    for (const id of idsIn(title)) list.push({ id, file: file.path, line: file.lineAt(node.start) });
  });
  return found;
}

/** Rows that the comments of a source name. @param {SourceFile} file @param {ReadonlySet<string>} prefixes @returns {Mention[]} */
export function claimsOf(file, prefixes) {
  return file.comments.flatMap((comment) =>
    [...comment.text.matchAll(/\b([A-Z][A-Z0-9]*)-\d+[a-z]?\b/g)]
      .filter((match) => prefixes.has(String(match[1])))
      .map((match) => ({ id: match[0], file: file.path, line: comment.line + comment.text.slice(0, match.index).split('\n').length - 1 })),
  );
}

/**
 * @param {readonly import('./rows.mjs').Row[]} rows
 * @param {readonly SourceFile[]} files
 * @returns {{ shown: Set<string>, claimed: Set<string>, problems: string[] }}
 */
export function coverage(rows, files) {
  const known = new Set(rows.map((row) => row.id));
  const prefixes = new Set(rows.map((row) => row.id.replace(/-.*/, '')));
  const isTest = (/** @type {SourceFile} */ file) => /\.test\.ts$/.test(file.path);
  const tests = files.filter(isTest).map(mentionsOf);
  const shown = tests.flatMap((t) => t.tests);
  const claimed = files.filter((file) => /\/src\//.test(file.path) && file.path.startsWith('packages/')).flatMap((file) => claimsOf(file, prefixes));
  const unknown = [...shown, ...claimed].filter((m) => !known.has(m.id)).map((m) => `${m.file}:${m.line}  ${m.id} is no row of docs/spec`);
  const misplaced = tests.flatMap((t) => t.groups).map((m) => `${m.file}:${m.line}  ${m.id} is named by a describe; name it in the title of the test that shows it`);
  return {
    shown: new Set(shown.map((m) => m.id).filter((id) => known.has(id))),
    claimed: new Set(claimed.map((m) => m.id).filter((id) => known.has(id))),
    problems: [...unknown, ...misplaced],
  };
}
