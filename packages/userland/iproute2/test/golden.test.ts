/**
 * Command lines with what iproute2 6.1 printed, sent and returned for them on Linux 6.18, and with the kernel's answers. Ours
 * must send the same messages (padding and questions about names aside) and make the same text of the same answers.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runIp } from '../src/index.ts';
import { counts, describeMessage, recordedEnv, Replay } from './support.ts';

interface Case {
  readonly line: string;
  readonly status: number;
  /** Numbers of texts and messages of the record. */
  readonly stdout: number;
  readonly stderr: number;
  /** Null where the messages hold times and the order of a hash table. */
  readonly sent: readonly number[] | null;
  readonly talk: readonly (readonly [number, ...number[]])[];
}

interface Golden {
  readonly texts: readonly string[];
  readonly messages: readonly string[];
  readonly groups: readonly { readonly name: string; readonly cases: readonly Case[] }[];
}

const golden = JSON.parse(readFileSync(new URL('./records/golden.json', import.meta.url), 'utf8')) as Golden;

const message = (n: number): string => golden.messages[n] as string;

/** Words, held together by quotes. */
function split(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map((m) => m[1] ?? m[2] ?? (m[3] as string));
}

describe.each(golden.groups)('ip $name', ({ cases }) => {
  it.each(cases)('ip $line', async (c) => {
    const replay = new Replay(c.talk.map(([request, ...replies]) => ({ request: message(request), replies: replies.map(message) })));
    const out = { stdout: '', stderr: '' };
    const status = await runIp(['ip', ...split(c.line)], recordedEnv(replay, out));
    expect(out).toEqual({ stdout: golden.texts[c.stdout], stderr: golden.texts[c.stderr] });
    expect(status).toBe(c.status);
    if (c.sent === null) return;
    const theirs = c.sent.map((n) => describeMessage(Buffer.from(message(n), 'hex')));
    expect(replay.sent.filter(counts).map(describeMessage)).toEqual(theirs);
  });
});
