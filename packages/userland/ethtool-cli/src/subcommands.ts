/** All subcommands that name a device. */
import { change } from './change.ts';
import type { EthtoolContext } from './context.ts';
import { cableTest, dump, eepromChange, eepromShow, flash, identify, moduleShow, moduleSet, perQueue, phyTunable, phyTunableSet, registers, reset, restart, selfTest, setDump, tunable, tunableSet, tunnels, unsupported } from './device.ts';
import { featuresSet, featuresShow } from './features.ts';
import { driverInfo, permanentAddress, statistics, phyStatistics, timeStamping } from './info.ts';
import { classRules, classRulesSet, hashTable, hashTableSet } from './rxclass.ts';
import { channelsSet, channelsShow, coalesceSet, coalesceShow, eeeSet, eeeShow, pauseSet, pauseShow, ringsSet, ringsShow } from './parameters.ts';

export interface Subcommand {
  readonly names: readonly string[];
  readonly run: (ctx: EthtoolContext) => number;
  /** Takes --json. */
  readonly json?: true;
  /** How it refuses a name that does not fit into an ifreq; netlink takes every name. */
  readonly ioctl?: string;
  /** For all devices: it is asked of each, or sees to it itself. Else it refuses. */
  readonly wildcard?: 'each' | 'own';
}

const ONLY = 'ioctl-only request';
const MISSING = 'ethtool netlink support for subcommand missing';

export const SUBCOMMANDS: readonly Subcommand[] = [
  { names: ['-s', '--change'], run: change, wildcard: 'own' },
  { names: ['-a', '--show-pause'], run: pauseShow, json: true, wildcard: 'each' },
  { names: ['-A', '--pause'], run: pauseSet },
  { names: ['-c', '--show-coalesce'], run: coalesceShow, wildcard: 'each' },
  { names: ['-C', '--coalesce'], run: coalesceSet },
  { names: ['-g', '--show-ring'], run: ringsShow, wildcard: 'each' },
  { names: ['-G', '--set-ring'], run: ringsSet },
  { names: ['-k', '--show-features', '--show-offload'], run: featuresShow, json: true, wildcard: 'own' },
  { names: ['-K', '--features', '--offload'], run: featuresSet },
  { names: ['-i', '--driver'], run: driverInfo, ioctl: MISSING },
  { names: ['-d', '--register-dump'], run: registers, ioctl: MISSING },
  { names: ['-e', '--eeprom-dump'], run: eepromShow, ioctl: MISSING },
  { names: ['-E', '--change-eeprom'], run: eepromChange, ioctl: MISSING },
  { names: ['-r', '--negotiate'], run: restart, ioctl: MISSING },
  { names: ['-p', '--identify'], run: identify, ioctl: MISSING },
  { names: ['-t', '--test'], run: selfTest, ioctl: MISSING },
  { names: ['-S', '--statistics'], run: statistics, json: true, ioctl: ONLY, wildcard: 'own' },
  { names: ['--phy-statistics'], run: phyStatistics, ioctl: MISSING },
  { names: ['-n', '-u', '--show-nfc', '--show-ntuple'], run: classRules, ioctl: MISSING },
  { names: ['-N', '-U', '--config-nfc', '--config-ntuple'], run: classRulesSet, ioctl: MISSING },
  { names: ['-T', '--show-time-stamping'], run: timeStamping, wildcard: 'each' },
  { names: ['-x', '--show-rxfh-indir', '--show-rxfh'], run: hashTable, ioctl: MISSING },
  { names: ['-X', '--set-rxfh-indir', '--rxfh'], run: hashTableSet, ioctl: MISSING },
  { names: ['-f', '--flash'], run: flash, ioctl: MISSING },
  { names: ['-P', '--show-permaddr'], run: permanentAddress, wildcard: 'own' },
  { names: ['-w', '--get-dump'], run: dump, ioctl: MISSING },
  { names: ['-W', '--set-dump'], run: setDump, ioctl: MISSING },
  { names: ['-l', '--show-channels'], run: channelsShow, wildcard: 'each' },
  { names: ['-L', '--set-channels'], run: channelsSet },
  { names: ['--show-priv-flags'], run: unsupported(1), wildcard: 'each' },
  { names: ['--set-priv-flags'], run: unsupported(1, true) },
  { names: ['-m', '--dump-module-eeprom', '--module-info'], run: moduleShow },
  { names: ['--show-eee'], run: eeeShow, wildcard: 'each' },
  { names: ['--set-eee'], run: eeeSet },
  { names: ['--set-phy-tunable'], run: phyTunableSet, ioctl: MISSING },
  { names: ['--get-phy-tunable'], run: phyTunable, ioctl: MISSING },
  { names: ['--get-tunable'], run: tunable, ioctl: MISSING },
  { names: ['--set-tunable'], run: tunableSet, ioctl: MISSING },
  { names: ['--reset'], run: reset, ioctl: MISSING },
  { names: ['--show-fec'], run: unsupported(1), json: true, wildcard: 'each' },
  { names: ['--set-fec'], run: unsupported(83, true) },
  { names: ['-Q', '--per-queue'], run: perQueue, ioctl: MISSING },
  { names: ['--cable-test'], run: cableTest, json: true, wildcard: 'own' },
  { names: ['--cable-test-tdr'], run: cableTest, json: true, wildcard: 'own' },
  { names: ['--show-tunnels'], run: tunnels, wildcard: 'each' },
  { names: ['--show-module'], run: moduleSet(false), json: true, wildcard: 'each' },
  { names: ['--set-module'], run: moduleSet(true) },
];
