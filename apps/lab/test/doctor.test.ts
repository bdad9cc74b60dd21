/** What `skbuff doctor` says of the machine. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { examine, type Finding } from '../src/cli/doctor-command.ts';

let bin: string;

beforeEach(() => {
  bin = mkdtempSync(path.join(tmpdir(), 'skbuff-doctor-'));
  vi.stubEnv('PATH', `${bin}:${process.env['PATH']}`);
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(bin, { recursive: true });
});

/** What is found of netem where `unshare`, which tries it, does what `body` says. */
function netem(body: string): Finding | undefined {
  writeFileSync(path.join(bin, 'unshare'), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  return examine().find(({ what }) => what === 'netem');
}

it('has tc try netem, since a kernel may lack it', () => {
  expect(netem('exit 0')).toMatchObject({ ok: true, needed: false });
  const lacking = netem('echo "Error: Specified qdisc kind is unknown." >&2; exit 2');
  expect(lacking).toMatchObject({ ok: false, needed: false, found: 'Error: Specified qdisc kind is unknown.', for: 'impairments of an exported lab' });
  expect(lacking?.mend).toContain('modprobe sch_netem');
});
