import type { Diagnostic } from './diagnostic.ts';

/** 4 MiB: a topology of ten thousand nodes is smaller. */
export const MAX_SOURCE_BYTES: number = 4 << 20;

/** The text of a file, or what is wrong with its bytes. */
export type SourceText = { readonly text: string; readonly error?: undefined } | { readonly text: string; readonly error: Diagnostic };

function at(file: string, text: string, offset: number, rest: Pick<Diagnostic, 'message' | 'found' | 'expected' | 'hint'>): SourceText {
  const before = text.slice(0, offset).split('\n');
  const error: Diagnostic = { severity: 'error', file, line: before.length, column: before.at(-1)!.length + 1, path: '', ...rest };
  return { text, error };
}

/** Decodes UTF-8 and refuses what is no text, before the YAML parser wastes its time on it. */
export function sourceText(source: string | Uint8Array, file: string): SourceText {
  if (source.length > MAX_SOURCE_BYTES) {
    return at(file, '', 0, { message: 'the file is too large', found: `${source.length} bytes`, expected: `at most ${MAX_SOURCE_BYTES} bytes` });
  }
  const text = typeof source === 'string' ? source : new TextDecoder('utf-8').decode(source);
  const bad = text.search(/[\u0000-\u0008\u000e-\u001f\ufffd]/);
  if (bad >= 0) {
    const utf16 = source[0] === 0xff || source[0] === 0xfe;
    return at(file, text, bad, {
      message: 'this is no text file',
      found: text[bad] === '\ufffd' ? 'bytes that are no UTF-8' : `the control character 0x${text.charCodeAt(bad).toString(16).padStart(2, '0')}`,
      expected: 'a containerlab topology file: YAML in UTF-8',
      ...(utf16 && { hint: 'the file looks like UTF-16; save it as UTF-8' }),
    });
  }
  if (/^\ufeff?\s*$/.test(text)) return at(file, text, 0, { message: 'the file is empty', expected: 'a containerlab topology file with `name` and `topology`' });
  return { text };
}
