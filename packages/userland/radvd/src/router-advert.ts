/** Bytes of router advertisements (RFC 4861 §4.2 and §4.6, RFC 4191 §2.3, RFC 8106 §5, RFC 6275 §7, RFC 6775 §4). */
import { type In6Addr, setBe16, setBe32 } from '@skbuff/wire';
import type { AdvDnssl, AdvPrefix, AdvRdnss, AdvRoute, RaConfig } from './config.ts';

const ND_ROUTER_ADVERT = 134;
const RA_HEADER = 16;
/** Bytes of a message that are filled: with the least MTU of IPv6 it needs no fragments (RFC 6980 §5). */
export const MAX_RA_SIZE = 1210;
/** Lifetime of a prefix that is deprecated at the end (RFC 4862 §5.5.3 e): hosts do not shorten theirs below. */
const DEPRECATED_LIFETIME = 7200;

/** A prefix as it is told now. */
export interface PrefixInfo {
  readonly addr: In6Addr;
  readonly len: number;
  readonly conf: AdvPrefix;
}

function option(type: number, units: number): Uint8Array {
  const bytes = new Uint8Array(units * 8);
  bytes[0] = type;
  bytes[1] = units;
  return bytes;
}

/** The header, with a lifetime of 0 when the router ceases to be one. The kernel fills in the checksum. */
export function raHeader(c: RaConfig, cease: boolean): Uint8Array {
  const bytes = new Uint8Array(RA_HEADER);
  bytes[0] = ND_ROUTER_ADVERT;
  bytes[4] = c.curHopLimit;
  bytes[5] = (c.managed ? 0x80 : 0) | (c.otherConfig ? 0x40 : 0) | (c.homeAgentFlag ? 0x20 : 0) | (c.preference << 3);
  setBe16(bytes, 6, cease ? 0 : c.lifetime);
  setBe32(bytes, 8, c.reachableTime);
  setBe32(bytes, 12, c.retransTimer);
  return bytes;
}

export function prefixOption({ addr, len, conf }: PrefixInfo, cease: boolean): Uint8Array {
  const bytes = option(3, 4);
  const deprecated = cease && conf.deprecate;
  bytes[2] = len;
  bytes[3] = (conf.onLink ? 0x80 : 0) | (conf.autonomous ? 0x40 : 0) | (conf.routerAddr ? 0x20 : 0);
  setBe32(bytes, 4, deprecated ? Math.min(conf.currValid, DEPRECATED_LIFETIME) : conf.currValid);
  setBe32(bytes, 8, deprecated ? 0 : conf.currPreferred);
  addr.store(bytes, 16);
  return bytes;
}

/** Always with the whole prefix. */
export function routeOption(route: AdvRoute, cease: boolean): Uint8Array {
  const bytes = option(24, 3);
  bytes[2] = route.len;
  bytes[3] = route.preference << 3;
  setBe32(bytes, 4, cease && route.remove ? 0 : route.lifetime);
  route.prefix.store(bytes, 8);
  return bytes;
}

export function rdnssOption({ addrs, lifetime, flush }: AdvRdnss, cease: boolean): Uint8Array {
  const bytes = option(25, 1 + 2 * addrs.length);
  setBe32(bytes, 4, cease && flush ? 0 : lifetime);
  for (const [i, addr] of addrs.entries()) addr.store(bytes, 8 + 16 * i);
  return bytes;
}

export function dnsslOption({ suffixes, lifetime, flush }: AdvDnssl, cease: boolean): Uint8Array {
  const labels = suffixes.flatMap(suffixBytes);
  const bytes = option(31, 1 + Math.ceil(labels.length / 8));
  setBe32(bytes, 4, cease && flush ? 0 : lifetime);
  bytes.set(labels, 8);
  return bytes;
}

/** Labels as they are, even empty ones and long ones; a dot at the end says nothing. */
function suffixBytes(suffix: string): number[] {
  const labels = suffix.replace(/\.$/, '').split('.');
  return [...labels.flatMap((label) => [label.length, ...Array.from(label, (c) => c.charCodeAt(0))]), 0];
}

function mtuOption(mtu: number): Uint8Array {
  const bytes = option(5, 1);
  setBe32(bytes, 4, mtu);
  return bytes;
}

function sourceOption(hwaddr: Uint8Array): Uint8Array {
  const bytes = option(1, Math.ceil((2 + hwaddr.length) / 8));
  bytes.set(hwaddr, 2);
  return bytes;
}

/** Milliseconds; what is short is lengthened by how late a timer may be. */
function intervalOption(c: RaConfig): Uint8Array {
  const bytes = option(7, 1);
  setBe32(bytes, 4, Math.trunc(c.maxInterval * 1000) + (c.maxInterval < 0.2 ? 20 : 0));
  return bytes;
}

function homeAgentOption(c: RaConfig): Uint8Array {
  const bytes = option(8, 1);
  bytes[2] = c.mobRtrSupport ? 0x80 : 0;
  setBe16(bytes, 4, c.homeAgentPreference);
  setBe16(bytes, 6, c.homeLifetime);
  return bytes;
}

/** Routes and servers, which follow the prefixes. */
export function listOptions(c: RaConfig, cease: boolean): Uint8Array[] {
  return [
    ...c.routes.map((route) => routeOption(route, cease)),
    ...c.rdnss.map((rdnss) => rdnssOption(rdnss, cease)),
    ...c.dnssl.map((dnssl) => dnsslOption(dnssl, cease)),
  ];
}

/** What comes last, in the order it goes out. `hwaddr` is empty if the interface has none. */
export function deviceOptions(c: RaConfig, hwaddr: Uint8Array): Uint8Array[] {
  const tellsHome = c.homeAgentInfo && (c.homeAgentPreference !== 0 || c.homeLifetime !== c.lifetime || c.mobRtrSupport);
  return [
    ...(c.linkMtu === 0 ? [] : [mtuOption(c.linkMtu)]),
    ...(c.sourceLladdr && hwaddr.length > 0 ? [sourceOption(hwaddr)] : []),
    ...(c.intervalOpt ? [intervalOption(c)] : []),
    ...(tellsHome ? [homeAgentOption(c)] : []),
    ...lowpanOptions(c),
  ];
}

function lowpanOptions({ lowpanCo, abro }: RaConfig): Uint8Array[] {
  const all: Uint8Array[] = [];
  if (lowpanCo !== null) {
    const bytes = option(34, 3);
    bytes[2] = lowpanCo.length;
    bytes[3] = (lowpanCo.compression ? 0x10 : 0) | (lowpanCo.id & 15);
    setBe16(bytes, 6, lowpanCo.lifetime);
    all.push(bytes);
  }
  if (abro !== null) {
    const bytes = option(35, 3);
    setBe16(bytes, 2, abro.versionLow);
    setBe16(bytes, 4, abro.versionHigh);
    setBe16(bytes, 6, abro.valid);
    abro.addr.store(bytes, 8);
    all.push(bytes);
  }
  return all;
}

/** It fits in no message. */
export function isTooLong({ length }: Uint8Array): boolean {
  return RA_HEADER + length > MAX_RA_SIZE;
}

/** Options spread over as many messages as they need; one that is too long has its own. */
export function splitOptions(options: readonly Uint8Array[]): Uint8Array[][] {
  const messages: Uint8Array[][] = [[]];
  let size = RA_HEADER;
  for (const one of options) {
    if (size + one.length > MAX_RA_SIZE && size > RA_HEADER) {
      messages.push([]);
      size = RA_HEADER;
    }
    messages[messages.length - 1]?.push(one);
    size += one.length;
  }
  return messages;
}

export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
