/** Driver, counters, permanent address, time stamps. */
import { EOPNOTSUPP, ENODEV, ETH_SS_STATS, ETHTOOL_DRVINFO_LEN, ETHTOOL_GDRVINFO, ETHTOOL_GET_TS_INFO, ETHTOOL_GPERMADDR, ETHTOOL_GSSET_INFO, ETHTOOL_GSTATS, ETHTOOL_TS_INFO_LEN } from '@skbuff/uapi';
import { formatMac, le32, setLe32 } from '@skbuff/wire';
import { badArgs, type EthtoolContext, text } from './context.ts';
import { type Json, jsonList } from './json.ts';
import { dumpAll, eachDevice, WILDCARD } from './wildcard.ts';

const yesNo = (value: number): string => (value !== 0 ? 'yes' : 'no');

/** `-i`. */
export function driverInfo(ctx: EthtoolContext): number {
  if (ctx.args.length > 0) badArgs(ctx.env);
  const info = ctx.ask(ETHTOOL_GDRVINFO, ETHTOOL_DRVINFO_LEN);
  if (typeof info === 'number') ctx.fail(71, ctx.perror('Cannot get driver information', info));
  ctx.out(
    `driver: ${text(info, 4, 32)}\nversion: ${text(info, 36, 32)}\nfirmware-version: ${text(info, 68, 32)}\n` +
      `expansion-rom-version: ${text(info, 132, 32)}\nbus-info: ${text(info, 100, 32)}\n` +
      `supports-statistics: ${yesNo(le32(info, 180))}\nsupports-test: ${yesNo(le32(info, 184))}\n` +
      `supports-eeprom-access: ${yesNo(le32(info, 188))}\nsupports-register-dump: ${yesNo(le32(info, 192))}\n` +
      `supports-priv-flags: ${yesNo(le32(info, 176))}\n`,
  );
  return 0;
}

const GROUPS = ['eth-phy', 'eth-mac', 'eth-ctrl', 'rmon', 'phydev'];

/** `-S`: the driver's own counters, or those that have a name in the standard. */
export function statistics(ctx: EthtoolContext): number {
  const [word, ...rest] = ctx.args;
  if (word === undefined) return ctx.json ? badArgs(ctx.env) : driverStatistics(ctx);
  if (word === '--all-groups' && rest.length === 0) return groups(ctx, GROUPS);
  if (word === '--groups' && rest.length > 0) return groups(ctx, rest);
  return ctx.fail(1, `ethtool (${ctx.option}): ${word === '--groups' ? 'no value for' : 'unknown'} parameter '${word}'`);
}

/** Nothing that counts by the standard is behind these devices: the groups are empty. */
function groups(ctx: EthtoolContext, names: readonly string[]): number {
  const unknown = names.findIndex((name) => !GROUPS.includes(name));
  // Each name stands in an attribute of its own, in one for its bit, behind the list, its flag and the list of bits.
  const at = names.slice(0, Math.max(unknown, 0)).reduce((off, name) => off + 8 + ((name.length + 4) & ~3), ctx.attributes() + 16);
  const there = ctx.dev === WILDCARD ? 0 : ctx.ask(ETHTOOL_GSSET_INFO, 36);
  if (unknown >= 0 && there !== -ENODEV) return ctx.netlinkFail(-EOPNOTSUPP, 1, `bit name not found (offset ${at})`);
  if (ctx.dev === WILDCARD) return dumpAll(ctx, (one) => groups(one, names));
  if (typeof there === 'number') return ctx.netlinkFail(there, 1);
  const empty: Record<string, Json> = { ifname: ctx.dev };
  for (const group of GROUPS) if (names.includes(group)) empty[group] = {};
  ctx.out(ctx.json ? jsonList(empty) : `Standard stats for ${ctx.dev}:\n`);
  return 0;
}

function driverStatistics(ctx: EthtoolContext): number {
  const there = ctx.ask(ETHTOOL_GSSET_INFO, 36);
  if (typeof there === 'number') return ctx.fail(96, ctx.perror('Cannot get stats strings information', there));
  const names = ctx.strings(ETH_SS_STATS);
  if (names.length === 0) return ctx.fail(94, 'no stats available');
  const data = new Uint8Array(8 + 8 * names.length);
  const rc = ctx.ioctl(ETHTOOL_GSTATS, data);
  if (rc < 0) return ctx.fail(97, ctx.perror('Cannot get stats information', rc));
  const count = (i: number): number => le32(data, 8 + 8 * i) + le32(data, 12 + 8 * i) * 0x100000000;
  ctx.out(`NIC statistics:\n${names.map((name, i) => `     ${name}: ${count(i)}\n`).join('')}`);
  return 0;
}

/** `--phy-statistics`: no device here has a PHY. */
export function phyStatistics(ctx: EthtoolContext): number {
  if (ctx.args.length > 0) badArgs(ctx.env);
  const there = ctx.ask(ETHTOOL_GSSET_INFO, 36);
  if (typeof there === 'number') return ctx.fail(96, ctx.perror('Cannot get stats strings information', there));
  return ctx.fail(94, 'no stats available');
}

/** `-P`. Of all devices only those are named that have one. */
export function permanentAddress(ctx: EthtoolContext): number {
  if (ctx.dev === WILDCARD) {
    for (const text of eachDevice(ctx, (one) => showAddress(one, ` of ${one.dev}`, ''))) ctx.out(text);
    return 0;
  }
  return showAddress(ctx, '', 'Permanent address: not set\n');
}

function showAddress(ctx: EthtoolContext, of: string, none: string): number {
  const data = new Uint8Array(40);
  setLe32(data, 4, 32);
  const rc = ctx.ioctl(ETHTOOL_GPERMADDR, data);
  if (rc < 0) return ctx.fail(1, ctx.perror('netlink error', rc));
  const bytes = data.subarray(8, 8 + le32(data, 4));
  ctx.out(bytes.some((byte) => byte !== 0) ? `Permanent address${of}: ${formatMac(bytes, 0, bytes.length)}\n` : none);
  return 0;
}

const CAPABILITIES = [
  'hardware-transmit', 'software-transmit', 'hardware-receive', 'software-receive', 'software-system-clock', 'hardware-legacy-clock', 'hardware-raw-clock',
];

/** `-T`. */
export function timeStamping(ctx: EthtoolContext): number {
  ctx.noMore();
  const data = ctx.ask(ETHTOOL_GET_TS_INFO, ETHTOOL_TS_INFO_LEN);
  if (typeof data === 'number') return ctx.netlinkFail(data, 1);
  const can = le32(data, 4);
  const clock = le32(data, 8) | 0;
  const lines = CAPABILITIES.filter((_, bit) => ((can >>> bit) & 1) !== 0).map((name) => `\t${name}\n`);
  ctx.out(
    `Time stamping parameters for ${ctx.dev}:\nCapabilities:\n${lines.join('')}PTP Hardware Clock: ${clock < 0 ? 'none' : clock}\n` +
      'Hardware Transmit Timestamp Modes: none\nHardware Receive Filter Modes: none\n',
  );
  return 0;
}
