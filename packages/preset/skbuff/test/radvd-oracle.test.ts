/**
 * radvd of the system in a namespace of the running kernel, and ours: what they send, and what they say of it. Needs root and radvd 2.19; says
 * aloud when it cannot.
 */
import { spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import { ODD_FILES, ODD_OPTIONS, randomConfig } from './radvd-configs.ts';
import { ADVERTS, NAMELESS_SOLICITATION, SOLICITATION, SOLICITATIONS } from './radvd-frames.ts';
import { ourRadvd, plain, type RadvdCase, type RadvdRun, realRadvd } from './radvd-lab.ts';

const possible = process.getuid?.() === 0 && spawnSync('radvd', ['-v']).stderr?.toString().startsWith('Version: 2.19\n') === true;
if (!possible) console.warn('radvd oracle SKIPPED: it needs root and radvd 2.19');

const on = (options: string): string => `interface va { AdvSendAdvert on; ${options} };`;
const PLAIN = on('MinRtrAdvInterval 3; MaxRtrAdvInterval 4; prefix 2001:db8:1::/64 { };');
const TALKATIVE = on(
  'prefix 2001:db8:1::/64 { }; RDNSS 2001:db8::1 { }; DNSSL foo.bar { }; AdvLinkMTU 1400; AdvReachableTime 1000; AdvRetransTimer 1000; route 2001:db8:5::/48 { };',
);
const SOLICITED = [on('AdvRASolicitedUnicast off; MinRtrAdvInterval 3; MaxRtrAdvInterval 4;'), on('UnicastOnly on;'), on('clients { fe80::aa; fe80::2; };'), 'interface va { };', PLAIN];
/** Lifetimes that run down, and an interval of a second for the first three adverts. */
const RUNNING_DOWN = on(
  'AdvHomeAgentFlag on; MinDelayBetweenRAs 0.03; MinRtrAdvInterval 0.749; MaxRtrAdvInterval 1; prefix 2001:db8:1::/64 { DecrementLifetimes on; AdvPreferredLifetime 2; AdvValidLifetime 4; }; prefix 2001:db8:3::/64 { DecrementLifetimes on; DeprecatePrefix on; };',
);

/** How often radvd is asked before a difference counts. */
const HEARINGS = 3;

/** Every level of talk. */
const LEVELS = [0, 1, 2, 3, 4];

const GROUPS: Readonly<Record<string, readonly RadvdCase[]>> = {
  'a mix of all settings': Array.from({ length: 40 }, (_, seed) => ({ config: randomConfig(seed), wait: 60 })),
  'files that are refused, or nearly': ODD_FILES.map((config) => ({ config, wait: 60 })),
  'settings that are refused, or nearly': ODD_OPTIONS.map((options) => ({ config: on(options), wait: 60 })),
  'a test of a file': [...ODD_FILES.slice(0, 8), ...ODD_OPTIONS.slice(30, 60).map(on)].map((config) => ({ config, options: ['-c'], wait: 40 })),
  'ways to log': ['none', 'syslog', 'stderr_syslog', 'stderr', 'logfile'].flatMap((method) => [
    { config: 'nonsense', options: ['-m', method, '-l', 'log'], debug: 0 },
    { config: on('prefix 1::/129 { };'), options: ['-m', method, '-l', 'log', '-c'] },
    { config: on('RDNSS 1:: { AdvRDNSSLifetime 5; };'), options: ['-m', method, '-l', 'log'], debug: 0 },
  ]),
  solicitations: SOLICITED.map((config) => ({ config, frames: SOLICITATIONS, gap: 40 })),
  'adverts of others': [{ config: TALKATIVE, frames: ADVERTS, gap: 40 }, { config: PLAIN, frames: ADVERTS, gap: 40 }],
  'levels of talk': LEVELS.flatMap((debug) => [
    { config: SOLICITED[0] as string, frames: SOLICITATIONS, gap: 40, debug },
    { config: SOLICITED[2] as string, frames: SOLICITATIONS, gap: 40, debug },
    { config: TALKATIVE, frames: ADVERTS, gap: 40, debug },
    { config: 'interface lo { AdvSendAdvert on; }; interface nope { AdvSendAdvert on; }; interface va { UnicastOnly on; };', frames: [SOLICITATION, NAMELESS_SOLICITATION], gap: 40, debug },
    { config: on('prefix ::/64 { }; prefix 2::/48 { Base6to4Interface va; }; prefix 2::/64 { Base6to4Interface nope; }; prefix 1::/64 { Base6Interface va; }; AdvRASrcAddress { 2001:db8:77::1; };'), debug },
    { config: on('AdvRASrcAddress { fe80::1; };'), debug },
    { config: on('MinRtrAdvInterval 2; IgnoreIfMissing off;'), debug },
  ]),
  'the time that passes': [
    { config: RUNNING_DOWN, wait: 2500 },
    { config: on('AdvRASolicitedUnicast off;'), frames: [NAMELESS_SOLICITATION, NAMELESS_SOLICITATION], gap: 3300 },
  ],
};

function texts(run: RadvdRun): string {
  return [...plain(run.stderr), `exit ${run.code}`, ...run.adverts, 'SIGTERM', ...run.last].join('\n');
}

describe.skipIf(!possible)('radvd of the system and ours', () => {
  let real: readonly RadvdRun[] = [];
  const all = Object.values(GROUPS).flat();

  beforeAll(async () => {
    real = await realRadvd(all, `skradvd${process.pid}`);
  }, 180_000);

  it.each(Object.keys(GROUPS))('send and say the same: %s', async (group) => {
    for (const one of GROUPS[group] ?? []) {
      const ours = texts(await ourRadvd(one));
      let theirs = texts(real[all.indexOf(one)] as RadvdRun);
      // On a busy machine radvd may be too late for the one who waits for it: it is heard again, alone.
      for (let asked = 1; asked < HEARINGS && theirs !== ours; asked++) theirs = texts((await realRadvd([one], `skradvd${process.pid}y`))[0] as RadvdRun);
      expect(`${one.config}\n${ours}`).toBe(`${one.config}\n${theirs}`);
    }
  }, 180_000);
});
