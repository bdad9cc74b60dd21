/** A router advertisement in words (RFC 4861 §4.2, 4191, 8106). */
import { NDISC_ROUTER_ADVERTISEMENT } from '@skbuff/uapi';
import { be16, be32, inetNtop6 } from '@skbuff/wire';
import { lladdrText, optionsOf, type Told } from './discovery.ts';

/** Offsets in the message. */
const HOP_LIMIT = 4;
const FLAGS = 5;
const LIFETIME = 6;
const REACHABLE = 8;
const RETRANS = 12;
const OPTIONS = 16;

const OPT_SOURCE = 1;
const OPT_PREFIX = 3;
const OPT_MTU = 5;
const OPT_ROUTE = 24;
const OPT_RDNSS = 25;
const OPT_DNSSL = 31;

const PREFIX_LEN = 32;
const MIN_MTU = 1280;
const INFINITE = 0xffff_ffff;

export function isAdvert(b: Uint8Array): boolean {
  return b.length >= OPTIONS && b[0] === NDISC_ROUTER_ADVERTISEMENT && b[1] === 0;
}

/** By the bits 0x18 of the flags. */
const PREFERENCES: readonly string[] = ['medium', 'high', 'medium (invalid)', 'low'];

function preference(flags: number): string {
  return (PREFERENCES[(flags >> 3) & 3] as string).padStart(6);
}

const yesNo = (on: number): string => (on !== 0 ? 'Yes' : 'No').padStart(3);

function number(value: number, unit: string): string {
  return `${String(value).padStart(12)} (0x${value.toString(16).padStart(8, '0')}) ${unit}${value === 1 ? '' : 's'}\n`;
}

/** A time in seconds that may be without end. */
function seconds(value: number): string {
  return value === INFINITE ? '    infinite (0xffffffff)\n' : number(value, 'second');
}

function milliseconds(value: number): string {
  return value === 0 ? ' unspecified (0x00000000)\n' : number(value, 'millisecond');
}

/** Everything that an advertisement says, or its prefixes alone, one to a line. A prefix that is not as long as one must be spoils it. */
export function advertText(b: Uint8Array, verbose: boolean): Told {
  let text = verbose ? headerText(b) : '';
  for (const option of optionsOf(b, OPTIONS)) {
    if (option[0] === OPT_PREFIX && option.length < PREFIX_LEN) return { text, valid: false };
    if (verbose) text += optionText(option);
    else if (option[0] === OPT_PREFIX) text += prefix(option);
  }
  return { text, valid: true };
}

function headerText(b: Uint8Array): string {
  const hops = b[HOP_LIMIT] as number;
  const flags = b[FLAGS] as number;
  return (
    `\nHop limit                 :    ${hops === 0 ? 'undefined' : `      ${String(hops).padStart(3)}`} (      0x${hops.toString(16).padStart(2, '0')})\n` +
    `Stateful address conf.    :          ${yesNo(flags & 0x80)}\n` +
    `Stateful other conf.      :          ${yesNo(flags & 0x40)}\n` +
    `Mobile home agent         :          ${yesNo(flags & 0x20)}\n` +
    `Router preference         :       ${preference(flags)}\n` +
    `Neighbor discovery proxy  :          ${yesNo(flags & 0x04)}\n` +
    `Router lifetime           : ${number(be16(b, LIFETIME), 'second')}` +
    `Reachable time            : ${milliseconds(be32(b, REACHABLE))}` +
    `Retransmit time           : ${milliseconds(be32(b, RETRANS))}`
  );
}

function prefix(option: Uint8Array): string {
  return `${inetNtop6(option, 16)}/${option[2]}\n`;
}

function optionText(o: Uint8Array): string {
  switch (o[0]) {
    case OPT_SOURCE:
      return ` Source link-layer address: ${lladdrText(o.subarray(2))}\n`;
    case OPT_PREFIX:
      return prefixText(o);
    case OPT_MTU: {
      const mtu = be32(o, 4);
      return ` MTU                      :        ${String(mtu).padStart(5)} bytes (${mtu >= MIN_MTU ? 'valid' : 'invalid'})\n`;
    }
    case OPT_ROUTE:
      return routeText(o);
    case OPT_RDNSS:
      return o.length % 16 !== 8 || o.length < 24 ? '' : rdnssText(o);
    case OPT_DNSSL:
      return o.length < 16 ? '' : dnsslText(o);
    default:
      return '';
  }
}

function prefixText(o: Uint8Array): string {
  const flags = o[3] as number;
  return (
    ` Prefix                   : ${prefix(o)}` +
    `  On-link                 :          ${yesNo(flags & 0x80)}\n` +
    `  Autonomous address conf.:          ${yesNo(flags & 0x40)}\n` +
    `  Valid time              : ${seconds(be32(o, 4))}` +
    `  Pref. time              : ${seconds(be32(o, 8))}`
  );
}

/** The option has as much of the prefix as it needs. */
function routeText(o: Uint8Array): string {
  const bits = o[2] as number;
  if (bits > 128 || (bits > 64 && o.length < 24) || (bits > 0 && o.length < 16)) return '';
  const prefix = new Uint8Array(16);
  prefix.set(o.subarray(8, 24));
  return (
    ` Route                    : ${inetNtop6(prefix, 0)}/${bits}\n` +
    `  Route preference        :       ${preference(o[3] as number)}\n` +
    `  Route lifetime          : ${seconds(be32(o, 4))}`
  );
}

function rdnssText(o: Uint8Array): string {
  const servers = (o.length - 8) >> 4;
  let out = '';
  for (let i = 0; i < servers; i++) out += ` Recursive DNS server     : ${inetNtop6(o, 8 + i * 16)}\n`;
  return `${out}${servers === 1 ? '  DNS server lifetime     : ' : '  DNS servers lifetime    : '}${seconds(be32(o, 4))}`;
}

/** Names of domains, up to one that is broken: then nothing is said of their time. */
function dnsslText(o: Uint8Array): string {
  let out = ' DNS search list          : ';
  for (let at = 8; at < o.length && o[at] !== 0; ) {
    const labels: string[] = [];
    for (let length = o[at] as number; length !== 0; length = o[at] as number) {
      if (at + length + 1 >= o.length) return `${out}\n`;
      labels.push(String.fromCharCode(...o.subarray(at + 1, at + 1 + length)));
      at += 1 + length;
    }
    at++;
    out += `${labels.join('.')} `;
  }
  return `${out}\n  DNS search list lifetime: ${seconds(be32(o, 4))}`;
}
