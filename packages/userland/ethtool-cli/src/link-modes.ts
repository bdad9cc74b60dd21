/** What a link can, what it offers, what its partner offers. */
import { le32 } from '@skbuff/wire';

const PORT_BITS: readonly (readonly [number, string])[] = [
  [7, 'TP'], [8, 'AUI'], [11, 'BNC'], [9, 'MII'], [10, 'FIBRE'], [16, 'Backplane'],
];
const FEC_BITS: readonly (readonly [number, string])[] = [
  [49, 'None'], [51, 'BaseR'], [50, 'RS'], [74, 'LLRS'],
];
const AUTONEG_BIT = 6;
const PAUSE_BIT = 13;
const ASYM_PAUSE_BIT = 14;
const NOT_MODES: ReadonlySet<number> = new Set([AUTONEG_BIT, PAUSE_BIT, ASYM_PAUSE_BIT, ...PORT_BITS.map(([bit]) => bit), ...FEC_BITS.map(([bit]) => bit)]);
const INDENT = `\n\t${' '.repeat(24)}`;

type Mask = (bit: number) => boolean;

/** The lines about modes from a `struct ethtool_link_settings` with its masks. */
export function linkModes(data: Uint8Array, names: readonly string[]): string {
  const words = data[15] as number;
  const mask = (which: number): Mask => (bit) => ((le32(data, 48 + (which * words + (bit >> 5)) * 4) >>> (bit & 31)) & 1) !== 0;
  const [supported, advertised, partner] = [mask(0), mask(1), mask(2)];
  const theirs = names.some((_, bit) => partner(bit));
  return (
    `\tSupported ports: [ ${PORT_BITS.filter(([bit]) => supported(bit)).map(([, name]) => `${name}\t`).join('')} ]\n` +
    block('Supported', supported, names) +
    block('Advertised', advertised, names) +
    (theirs ? block('Link partner advertised', partner, names) : '')
  );
}

function block(who: string, mask: Mask, names: readonly string[]): string {
  const supports = who === 'Supported';
  const fec = FEC_BITS.filter(([bit]) => mask(bit)).map(([, name]) => ` ${name}`).join('');
  const modes = modeLines(mask, names);
  return (
    `\t${who} link modes:${supports ? '  ' : ' '}${modes === '' ? ' Not reported' : modes}\n` +
    `\t${who} pause frame use: ${pause(mask)}\n` +
    `\t${supports ? 'Supports' : who} auto-negotiation: ${mask(AUTONEG_BIT) ? 'Yes' : 'No'}\n` +
    `\t${who} FEC modes:${fec === '' ? ' Not reported' : fec}\n`
  );
}

function pause(mask: Mask): string {
  if (mask(PAUSE_BIT)) return mask(ASYM_PAUSE_BIT) ? 'Symmetric Receive-only' : 'Symmetric';
  return mask(ASYM_PAUSE_BIT) ? 'Transmit-only' : 'No';
}

/** Half and full duplex of the same kind share a line. */
function modeLines(mask: Mask, names: readonly string[]): string {
  let text = '';
  let last = '';
  names.forEach((name, bit) => {
    if (!mask(bit) || NOT_MODES.has(bit)) return;
    const kind = name.replace(/\/.*/, '');
    text += `${text !== '' && kind !== last ? INDENT : ' '}${name}`;
    last = kind;
  });
  return text;
}
