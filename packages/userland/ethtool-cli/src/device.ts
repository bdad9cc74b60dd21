/** Subcommands for what only hardware has: each asks, and says what the kernel says. */
import { ENODEV, EOPNOTSUPP, ETHTOOL_DRVINFO_LEN, ETHTOOL_FLASHDEV, ETHTOOL_GCHANNELS, ETHTOOL_GDRVINFO, ETHTOOL_GEEPROM, ETHTOOL_GET_DUMP_FLAG, ETHTOOL_GLINK, ETHTOOL_GMODULEINFO, ETHTOOL_GREGS, ETHTOOL_GTUNABLE, ETHTOOL_NWAY_RST, ETHTOOL_PHY_GTUNABLE, ETHTOOL_PHY_STUNABLE, ETHTOOL_PHYS_ID, ETHTOOL_RESET, ETHTOOL_SET_DUMP, ETHTOOL_STUNABLE, ETHTOOL_TEST, strerror } from '@skbuff/uapi';
import { le32, setLe32 } from '@skbuff/wire';
import { badArgs, type EthtoolContext } from './context.ts';
import { WILDCARD } from './wildcard.ts';

/** What the kernel answers to a command with zeros behind it. */
function ask(ctx: EthtoolContext, cmd: number, value = 0): number {
  const data = new Uint8Array(256);
  setLe32(data, 4, value);
  return ctx.ioctl(cmd, data);
}

function isDevice(ctx: EthtoolContext): number {
  const rc = ask(ctx, ETHTOOL_GLINK);
  return rc === -ENODEV ? rc : 0;
}

/** `perror` and a status if it failed. */
function done(ctx: EthtoolContext, rc: number, words: string, status: number): number {
  return rc < 0 ? ctx.fail(status, ctx.perror(words, rc)) : 0;
}

/** Subcommands of netlink that no driver here has anything for. */
export function unsupported(status: number, more = false): (ctx: EthtoolContext) => number {
  return (ctx) => {
    if (!more) ctx.noMore();
    const there = isDevice(ctx);
    ctx.netlinkError(there < 0 ? there : -EOPNOTSUPP);
    if (ctx.json) ctx.out('[ ]\n');
    return status;
  };
}

export function restart(ctx: EthtoolContext): number {
  if (ctx.args.length > 0) badArgs(ctx.env);
  return done(ctx, ask(ctx, ETHTOOL_NWAY_RST), 'Cannot restart autonegotiation', 255);
}

export function identify(ctx: EthtoolContext): number {
  if (ctx.args.length > 1 || !/^[0-9]*$/.test(ctx.args[0] ?? '')) badArgs(ctx.env);
  return done(ctx, ask(ctx, ETHTOOL_PHYS_ID, Number(ctx.args[0] ?? 0)), 'Cannot identify NIC', 255);
}

export function selfTest(ctx: EthtoolContext): number {
  const [how] = ctx.args;
  if (ctx.args.length > 1 || (how !== undefined && !['online', 'offline', 'external_lb'].includes(how))) badArgs(ctx.env);
  const there = isDevice(ctx);
  return there < 0 ? done(ctx, there, 'Cannot get strings', 74) : done(ctx, ask(ctx, ETHTOOL_TEST), 'Cannot test', 74);
}

/** Words `NAME on|off` of a dump. */
function dumpWords(ctx: EthtoolContext, names: readonly string[]): void {
  for (let i = 0; i < ctx.args.length; i += 2) {
    const value = ctx.args[i + 1];
    if (!names.includes(ctx.args[i] as string) || value === undefined) badArgs(ctx.env);
  }
}

export function registers(ctx: EthtoolContext): number {
  dumpWords(ctx, ['raw', 'hex', 'file']);
  const info = ctx.ask(ETHTOOL_GDRVINFO, ETHTOOL_DRVINFO_LEN);
  if (typeof info === 'number') return ctx.fail(72, ctx.perror('Cannot get driver information', info));
  return done(ctx, ask(ctx, ETHTOOL_GREGS), 'Cannot get register dump', 74);
}

export function eepromShow(ctx: EthtoolContext): number {
  dumpWords(ctx, ['raw', 'offset', 'length']);
  const info = ctx.ask(ETHTOOL_GDRVINFO, ETHTOOL_DRVINFO_LEN);
  if (typeof info === 'number') return ctx.fail(74, ctx.perror('Cannot get driver information', info));
  return done(ctx, ask(ctx, ETHTOOL_GEEPROM), 'Cannot get EEPROM data', 74);
}

/** `-E`: there is no room for a byte, so none has come. */
export function eepromChange(ctx: EthtoolContext): number {
  dumpWords(ctx, ['magic', 'offset', 'length', 'value']);
  const info = ctx.ask(ETHTOOL_GDRVINFO, ETHTOOL_DRVINFO_LEN);
  if (typeof info === 'number') return ctx.fail(74, ctx.perror('Cannot get driver information', info));
  return ctx.fail(75, 'not enough data from stdin');
}

export function flash(ctx: EthtoolContext): number {
  if (ctx.args.length < 1 || ctx.args.length > 2) badArgs(ctx.env);
  return done(ctx, ask(ctx, ETHTOOL_FLASHDEV), 'Flashing failed', 1);
}

export function dump(ctx: EthtoolContext): number {
  if (ctx.args.length !== 0 && !(ctx.args.length === 2 && ctx.args[0] === 'data')) badArgs(ctx.env);
  return done(ctx, ask(ctx, ETHTOOL_GET_DUMP_FLAG), 'Can not get dump level', 1);
}

export function setDump(ctx: EthtoolContext): number {
  if (ctx.args.length !== 1 || !/^[0-9]+$/.test(ctx.args[0] as string)) badArgs(ctx.env);
  return done(ctx, ask(ctx, ETHTOOL_SET_DUMP), 'Can not set dump level', 1);
}

/** `-m`: over netlink, unless the words are of the old way. */
export function moduleShow(ctx: EthtoolContext): number {
  const known = ['raw', 'hex', 'offset', 'length', 'page', 'bank', 'i2c'];
  const unknown = ctx.args.find((word, i) => i % 2 === 0 && !known.includes(word));
  if (unknown !== undefined) return ctx.fail(1, `ethtool (${ctx.option}): unknown parameter '${unknown}'`);
  const there = isDevice(ctx);
  if (there < 0) return ctx.netlinkFail(there, 1);
  if (ctx.args.length === 0) return ctx.netlinkFail(-EOPNOTSUPP, 1);
  return done(ctx, ask(ctx, ETHTOOL_GMODULEINFO), 'Cannot get module EEPROM information', 1);
}

/** `--show-module` and `--set-module`: a device without a module has no parameters, and that is no failure. */
export function moduleSet(set: boolean): (ctx: EthtoolContext) => number {
  return (ctx) => {
    if (!set) ctx.noMore();
    const there = isDevice(ctx);
    if (there < 0) return ctx.netlinkFail(there, set ? 83 : 1);
    if (set) return ctx.netlinkFail(-EOPNOTSUPP, 83, `Setting power mode policy is not supported by this device (offset ${ctx.attributes()})`);
    ctx.out(ctx.json ? `[ {\n        "ifname": "${ctx.dev}"\n    } ]\n` : `Module parameters for ${ctx.dev}:\n`);
    return 0;
  };
}

export function cableTest(ctx: EthtoolContext): number {
  // A dump is what the kernel has none of; the other test is no dump.
  const there = ctx.dev === WILDCARD && ctx.option === '--cable-test' ? 0 : isDevice(ctx);
  ctx.netlinkError(there < 0 ? there : -EOPNOTSUPP);
  if (ctx.json) ctx.out('[ ]\n');
  return 1;
}

export function tunnels(ctx: EthtoolContext): number {
  ctx.noMore();
  const there = isDevice(ctx);
  return there < 0 ? ctx.netlinkFail(there, 1) : ctx.netlinkFail(-EOPNOTSUPP, 1, 'device does not report tunnel offload info');
}

const TUNABLES = ['rx-copybreak', 'tx-copybreak', 'pfc-prevention-tout', 'tx-buf-size'];

export function tunable(ctx: EthtoolContext): number {
  if (ctx.args.length < 1 || ctx.args.some((name) => !TUNABLES.includes(name))) badArgs(ctx.env);
  return ask(ctx, ETHTOOL_GTUNABLE) < 0 ? ctx.fail(255, `${ctx.args[0]}: Cannot get tunable`) : 0;
}

export function tunableSet(ctx: EthtoolContext): number {
  const [name, value] = ctx.args;
  if (name === undefined || value === undefined || !TUNABLES.includes(name) || !/^[0-9]+$/.test(value)) return badArgs(ctx.env);
  return done(ctx, ask(ctx, ETHTOOL_STUNABLE), name, 255);
}

const PHY_TUNABLES: Readonly<Record<string, string>> = { downshift: 'downshift count', 'fast-link-down': 'Fast Link Down value', 'energy-detect-power-down': 'Energy Detect Power Down value' };

export function phyTunable(ctx: EthtoolContext): number {
  const words = PHY_TUNABLES[ctx.args[0] ?? ''];
  if (words === undefined || ctx.args.length !== 1) return badArgs(ctx.env);
  return done(ctx, ask(ctx, ETHTOOL_PHY_GTUNABLE), `Cannot Get PHY ${words}`, 87);
}

export function phyTunableSet(ctx: EthtoolContext): number {
  const [name, state] = ctx.args;
  const words = PHY_TUNABLES[name ?? ''];
  if (words === undefined || (state !== 'on' && state !== 'off')) return badArgs(ctx.env);
  return done(ctx, ask(ctx, ETHTOOL_PHY_STUNABLE), `Cannot Set PHY ${words.replace('Power Down value', 'Power Down')}`, 87);
}

const RESETS = ['mgmt', 'irq', 'dma', 'filter', 'offload', 'mac', 'phy', 'ram', 'ap'];

/** `--reset`: it says what it asked for even if that failed. */
export function reset(ctx: EthtoolContext): number {
  let flags = 0;
  for (const word of ctx.args) {
    const bit = RESETS.indexOf(word.replace(/-shared$/, ''));
    if (word === 'all') flags = 0xffffffff;
    else if (word === 'dedicated') flags |= 0xffff;
    else if (bit >= 0) flags |= 1 << (bit + (word.endsWith('-shared') ? 16 : 0));
    else badArgs(ctx.env);
  }
  if (flags === 0) badArgs(ctx.env);
  ctx.out(`ETHTOOL_RESET 0x${(flags >>> 0).toString(16)}\n`);
  const rc = ask(ctx, ETHTOOL_RESET, flags);
  return done(ctx, rc, 'Cannot issue ETHTOOL_RESET', 1);
}

/** `-Q`. */
export function perQueue(ctx: EthtoolContext): number {
  const masked = ctx.args[0] === 'queue_mask';
  const sub = ctx.args[masked ? 2 : 0];
  if (sub === undefined) return badArgs(ctx.env);
  const there = isDevice(ctx);
  const errno = there < 0 ? there : -EOPNOTSUPP;
  const words = 'Cannot get device per queue parameters';
  const channels = ctx.ask(ETHTOOL_GCHANNELS, 36);
  const queues = typeof channels === 'number' ? 0 : Math.max(le32(channels, 20), le32(channels, 24)) + le32(channels, 32);
  if (!masked) ctx.out(`The sub commands will be applied to all ${queues} queues\n`);
  return ctx.fail(242, `${words}: ${strerror(-errno)}\n${words}: ${strerror(-errno)}`);
}
