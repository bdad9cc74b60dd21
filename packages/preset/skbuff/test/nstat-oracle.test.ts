/**
 * nstat of the system in a namespace of the running kernel, and ours, after the same traffic. Needs root and iproute2 6.1; says aloud when
 * it cannot.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Files } from '@skbuff/hosts';
import { ENOENT } from '@skbuff/uapi';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNet, type Host, type HostNet } from '../src/index.ts';

const possible = process.getuid?.() === 0 && spawnSync('nstat', ['-V']).stdout?.toString() === 'nstat utility, iproute2-6.1.0\n';
if (!possible) console.warn('nstat oracle SKIPPED: it needs root and the command nstat of iproute2 6.1');

const NAME = `skbuff-nstat-${process.pid}`;
const PING = 'ping -c1 127.0.0.1';
/** In order: `ping` is traffic, the rest are words of nstat. */
const SCRIPT = `
-V
--version
-q
--nosuch
-as Ip* Icmp*
-s ipin*
Ip* Icmp*
-s Ip* Icmp*
ping
-s IpIn* Icmp*Echo*
-sj IpIn* Icmp*Echo*
-sjp IpIn*
IpIn*
IpIn*
-n
-sz IpIn*
ping
-r IpOut*
IpOut*
-a IcmpIn*
-az IpInDel* IpForwarding IpDefaultTTL
-s foo
-azj IpIn*
`;

class Memory implements Files {
  private readonly files: Map<string, Uint8Array> = new Map();

  readText(): number {
    return -ENOENT;
  }

  readBytes(path: string): Uint8Array | number {
    return this.files.get(path) ?? -ENOENT;
  }

  create(path: string): { write(bytes: Uint8Array): void; close(): void } {
    this.files.set(path, new Uint8Array(0));
    return { write: (bytes) => void this.files.set(path, Uint8Array.from([...(this.files.get(path) ?? []), ...bytes])), close: () => {} };
  }
}

const files = new Memory();
let net: HostNet;
let host: Host;
let dir: string;

describe.skipIf(!possible)("against the system's nstat", () => {
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'nstat-'));
    execFileSync('ip', ['netns', 'add', NAME]);
    execFileSync('ip', ['netns', 'exec', NAME, 'sysctl', '-q', '-w', 'net.ipv6.conf.all.disable_ipv6=1']);
    execFileSync('ip', ['-n', NAME, 'link', 'set', 'lo', 'up']);
    execFileSync('ip', ['netns', 'exec', NAME, ...PING.split(' ')]);
    net = createNet({ debug: true });
    host = net.host('h');
  });
  beforeAll(async () => {
    expect(await host.run('ip link set lo up')).toMatchObject({ code: 0 });
    expect(await host.run(PING)).toMatchObject({ code: 0 });
  });
  afterAll(() => {
    execFileSync('ip', ['netns', 'del', NAME]);
    rmSync(dir, { recursive: true });
    expect(net.close()).toEqual({});
  });

  it.each(SCRIPT.trim().split('\n'))('nstat %s', async (line) => {
    const words = line === 'ping' ? PING : `nstat ${line}`;
    const options = { env: { ...process.env, NSTAT_HISTORY: join(dir, 'history') } };
    const { status, stdout, stderr } = spawnSync('ip', ['netns', 'exec', NAME, ...words.split(' ')], options);
    const ours = await host.start(words, { stdout: () => {}, stderr: () => {}, files }).done;
    if (line === 'ping') expect([status, ours.code]).toEqual([0, 0]);
    else expect(ours).toEqual({ code: status, stdout: stdout.toString(), stderr: stderr.toString() });
  });
});
