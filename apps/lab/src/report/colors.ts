import pc from 'picocolors';
import { type Paint, plainPaint } from '@skbuff/explain';

/** Colours for a stream: only if it is a terminal and nobody has set NO_COLOR. */
export function paintFor(stream: { readonly isTTY?: boolean }, env: Readonly<Record<string, string | undefined>>): Paint {
  const noColor = env['NO_COLOR'];
  return stream.isTTY === true && (noColor === undefined || noColor === '') && env['TERM'] !== 'dumb' ? pc.createColors(true) : plainPaint;
}
