/** `ethtool DEVICE`: link, Wake-on-LAN, messages. */
import { ENODEV, EOPNOTSUPP, ETH_SS_LINK_MODES, ETHTOOL_GLINK, ETHTOOL_GLINKSETTINGS, ETHTOOL_GMSGLVL, ETHTOOL_GWOL, PORT_TP } from '@skbuff/uapi';
import { le32 } from '@skbuff/wire';
import type { EthtoolContext } from './context.ts';
import { linkModes } from './link-modes.ts';
import { MESSAGES, WAKE } from './names.ts';
import { eachDevice, WILDCARD } from './wildcard.ts';

const DUPLEX = ['Half', 'Full'];
const PORTS: Readonly<Record<number, string>> = { 0: 'Twisted Pair', 1: 'AUI', 2: 'MII', 3: 'FIBRE', 4: 'BNC', 5: 'Direct Attach Copper', 0xef: 'None', 0xff: 'Other' };
const MDIX = ['Unknown', 'off', 'on'];
/** `ETH_TP_MDI_AUTO`: crossing is found by the device. */
const MDI_AUTO = 3;
const UNKNOWN = 0xffff_ffff;
/** What netlink asks, one after the other; when the device is missing each fails by itself. */
const QUESTIONS = 5;

export function settings(ctx: EthtoolContext): number {
  if (ctx.dev === WILDCARD) return allSettings(ctx);
  if (ctx.ask(ETHTOOL_GLINK, 8) === -ENODEV) {
    for (let i = 0; i < QUESTIONS; i++) ctx.netlinkError(-ENODEV);
    ctx.out('No data available\n');
    return 75;
  }
  const all = PARTS.map((part) => part(ctx)).join('');
  ctx.out(all === '' ? 'No data available\n' : `Settings for ${ctx.dev}:\n${all}`);
  return all === '' ? 75 : 0;
}

/** Part by part, each of all the devices that have it. */
function allSettings(ctx: EthtoolContext): number {
  for (const part of PARTS) for (const text of eachDevice(ctx, (one) => show(one, part))) ctx.out(text);
  return 0;
}

function show(ctx: EthtoolContext, part: (ctx: EthtoolContext) => string): number {
  const text = part(ctx);
  if (text !== '') ctx.out(`Settings for ${ctx.dev}:\n${text}`);
  return 0;
}

/** `struct ethtool_link_settings` with its masks, asked for with the kernel's number of words; or a negative errno. */
export function linkSettings(ctx: EthtoolContext): Uint8Array | number {
  const first = ctx.ask(ETHTOOL_GLINKSETTINGS, 48);
  if (typeof first === 'number') return first;
  const words = 256 - (first[15] as number);
  const data = new Uint8Array(48 + 12 * words);
  data[15] = words;
  const rc = ctx.ioctl(ETHTOOL_GLINKSETTINGS, data);
  return rc < 0 ? rc : data;
}

function modesText(ctx: EthtoolContext): string {
  const data = linkSettings(ctx);
  if (typeof data === 'number') return '';
  const byte = (off: number): number => data[off] as number;
  const speed = le32(data, 4);
  return (
    linkModes(data, ctx.strings(ETH_SS_LINK_MODES)) +
    `\tSpeed: ${speed === 0 || speed === 0xffff || speed === UNKNOWN ? 'Unknown!' : `${speed}Mb/s`}\n` +
    `\tDuplex: ${DUPLEX[byte(8)] ?? `Unknown! (${byte(8)})`}\n` +
    `\tAuto-negotiation: ${byte(11) === 0 ? 'off' : 'on'}\n`
  );
}

function portText(ctx: EthtoolContext): string {
  const data = linkSettings(ctx);
  if (typeof data === 'number') return '';
  const byte = (off: number): number => data[off] as number;
  return (
    `\tPort: ${PORTS[byte(9)] ?? `Unknown! (${byte(9)})`}\n` +
    `\tPHYAD: ${byte(10)}\n` +
    `\tTransceiver: ${['internal', 'external'][byte(16)] ?? 'Unknown!'}\n` +
    (byte(9) === PORT_TP ? `\tMDI-X: ${mdix(byte(13), byte(14))}\n` : '')
  );
}

function mdix(status: number, wish: number): string {
  if (wish === 1) return 'off (forced)';
  if (wish === 2) return 'on (forced)';
  return `${MDIX[status] ?? 'Unknown'}${wish === MDI_AUTO ? ' (auto)' : ''}`;
}

/** Complains of what is forbidden, not of what the driver lacks. */
function orComplain(ctx: EthtoolContext, answer: Uint8Array | number): Uint8Array | null {
  if (typeof answer !== 'number') return answer;
  if (answer !== -EOPNOTSUPP) ctx.netlinkError(answer);
  return null;
}

function wolText(ctx: EthtoolContext): string {
  const data = orComplain(ctx, ctx.ask(ETHTOOL_GWOL, 20));
  if (data === null || le32(data, 4) === 0) return '';
  const letters = (mask: number): string => WAKE.filter(([, bit]) => (mask & bit) !== 0).map(([letter]) => letter).join('');
  return `\tSupports Wake-on: ${letters(le32(data, 4))}\n\tWake-on: ${letters(le32(data, 8)) || 'd'}\n`;
}

function stateText(ctx: EthtoolContext): string {
  const link = ctx.ask(ETHTOOL_GLINK, 8);
  return typeof link === 'number' ? '' : `\tLink detected: ${le32(link, 4) !== 0 ? 'yes' : 'no'}\n`;
}

function messageText(ctx: EthtoolContext): string {
  const data = orComplain(ctx, ctx.ask(ETHTOOL_GMSGLVL, 8));
  if (data === null) return '';
  const level = le32(data, 4);
  const names = MESSAGES.filter((_, bit) => ((level >>> bit) & 1) !== 0).map((name) => ` ${name}`).join('');
  const number = `0x${level.toString(16).padStart(8, '0')} (${level | 0})`;
  return `        Current message level: ${number}\n                              ${names}\n`;
}

const PARTS = [modesText, portText, wolText, messageText, stateText];
