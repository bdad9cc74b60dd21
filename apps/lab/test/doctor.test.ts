/** What `skbuff doctor` says of the machine. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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

it('tries what exported labs of IPv6 need', () => {
  writeFileSync(path.join(bin, 'radvd'), '#!/bin/sh\necho "Version: 9.9"\n', { mode: 0o755 });
  expect(examine().find(({ what }) => what === 'radvd')).toEqual({ what: 'radvd', ok: true, found: 'Version: 9.9', for: 'routers that advertise themselves in an exported lab', needed: false });
  expect(examine().find(({ what }) => what === 'IPv6')).toMatchObject({ ok: existsSync('/proc/sys/net/ipv6'), needed: false });
});
