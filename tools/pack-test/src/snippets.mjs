/**
 * @typedef {object} Snippet a fenced block of a document that CI runs
 * @property {string} doc path of the document from the root
 * @property {number} line of the fence
 * @property {'ts' | 'sh'} language
 * @property {string | undefined} file name given with `file=…`
 * @property {string} code
 * @property {string | undefined} output what the next block, fenced as `text output`, says must be printed
 */

const FENCE = /^(\s*)(`{3,})\s*(.*?)\s*$/;

/** @param {string} text @returns {{ info: string, line: number, code: string }[]} */
function blocks(text) {
  const lines = text.split('\n');
  /** @type {{ info: string, line: number, code: string }[]} */
  const found = [];
  for (let i = 0; i < lines.length; i++) {
    const open = FENCE.exec(lines[i] ?? '');
    if (open === null) continue;
    const begin = i;
    /** @type {string[]} */
    const code = [];
    for (i++; i < lines.length; i++) {
      const close = FENCE.exec(lines[i] ?? '');
      if (close !== null && close[3] === '' && String(close[2]).length >= String(open[2]).length) break;
      code.push((lines[i] ?? '').slice(String(open[1]).length));
    }
    found.push({ info: String(open[3]), line: begin + 1, code: `${code.join('\n')}\n` });
  }
  return found;
}

/** The blocks fenced as `ts run` and `sh run`. @param {string} doc @param {string} text @returns {Snippet[]} */
export function snippetsOf(doc, text) {
  const all = blocks(text);
  return all.flatMap(({ info, line, code }, i) => {
    const [language, ...words] = info.split(/\s+/);
    if ((language !== 'ts' && language !== 'sh') || !words.includes('run')) return [];
    const file = words.find((word) => word.startsWith('file='))?.slice('file='.length);
    const next = all[i + 1];
    const output = next !== undefined && /^text output$/.test(next.info) ? next.code : undefined;
    return [{ doc, line, language, file, code, output }];
  });
}
