/** All of standard input. */
import { bytesToStr } from '@skbuff/netlink';
import type { CommandEnv } from './command.ts';

export async function readStdin(env: Pick<CommandEnv, 'stdin'>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for (let piece = await env.stdin(); piece.length > 0; piece = await env.stdin()) pieces.push(piece);
  const all = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/** The same as text. */
export async function readStdinText(env: Pick<CommandEnv, 'stdin'>): Promise<string> {
  const bytes = await readStdin(env);
  return bytesToStr(bytes, 0, bytes.length);
}
