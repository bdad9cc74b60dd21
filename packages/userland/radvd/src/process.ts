/** What comes in: solicitations, and the adverts of other routers (RFC 4861 §6.2.6 and §6.2.7). */
import { be32, In6Addr, inetNtop6, ipv6PrefixEqual } from '@skbuff/wire';
import type { RaConfig } from './config.ts';
import type { Radvd, RaIface } from './interface.ts';
import type { RaSender } from './send.ts';

const ROUTER_SOLICIT = 133;
const ROUTER_ADVERT = 134;
const ICMP6_HEADER = 8;
const RA_HEADER = 16;
const HOP_LIMIT = 255;
/** Answers wait up to so many seconds, so that routers do not speak at once. */
const MAX_RA_DELAY = 0.5;
const NSEC_PER_SEC = 1e9;
/** As many bytes as the option has with three servers have to follow for it to be looked at. */
const RDNSS_LEN = 56;

/** A message with what the kernel told of it. */
export interface Received {
  readonly bytes: Uint8Array;
  readonly from: In6Addr;
  readonly ifindex: number;
  readonly hopLimit: number;
}

export class RaReceiver {
  private readonly d: Radvd;
  private readonly sender: RaSender;
  private readonly ifaces: readonly RaIface[];

  constructor(d: Radvd, sender: RaSender, ifaces: readonly RaIface[]) {
    this.d = d;
    this.sender = sender;
    this.ifaces = ifaces;
  }

  /** `device`: the name of the interface it came by. */
  process(device: string, msg: Received): void {
    const { log } = this.d;
    const { bytes, from, ifindex, hopLimit } = msg;
    log.dlog(4, `${device} received a packet`);
    const wrong = wrongOf(device, bytes, from);
    if (wrong !== null) return log.flog(wrong);
    const isRs = bytes[0] === ROUTER_SOLICIT;
    const iface = this.ifaces.find((one) => one.ifindex === ifindex);
    if (iface === undefined) return log.dlog(4, `${device} received icmpv6 RS/RA packet on an unknown interface with index ${ifindex}`);
    if ((!iface.ready || iface.changed) && !iface.setup()) return log.flog(`${device} received RS or RA on ${device} but ${device} is not ready and setup_iface failed`);
    if (hopLimit !== HOP_LIMIT) return log.flog(`${device} received RS or RA with invalid hoplimit ${hopLimit} from ${from}`);
    if (isRs) {
      log.dlog(3, `${device} received RS from: ${from}`);
      this.solicited(iface, bytes, from);
      return;
    }
    log.dlog(3, `${device} received RA from: ${from}${iface.source?.equals(from) === true ? ' (myself)' : ''}`);
    this.advert(iface, bytes, String(from));
  }

  /** Answers a solicitation, if it is one. */
  private solicited(iface: RaIface, bytes: Uint8Array, from: In6Addr): void {
    const { log } = this.d;
    const wrong = wrongOptions(bytes, from);
    if (wrong !== null) return log.flog(wrong);
    const sinceLast = (this.d.env.now() - iface.lastMulticast) / NSEC_PER_SEC;
    const delay = MAX_RA_DELAY * iface.random();
    if (iface.unicastOnly || (iface.config.solicitedUnicast && !from.isAny())) {
      this.sender.sendForAll(iface, from);
    } else if (sinceLast < iface.config.minDelay) {
      const next = iface.config.minDelay - sinceLast + delay;
      log.dlog(5, `${iface.name}: rate limiting RA's, rescheduling RA ${next.toFixed(6)} seconds from now`);
      iface.reschedule(next);
    } else {
      this.sender.sendForAll(iface, null);
      iface.reschedule(iface.randomInterval());
    }
    log.dlog(2, `${iface.name} processed an RS`);
  }

  /** Tells what another router says that is not what this one says. */
  private advert(iface: RaIface, bytes: Uint8Array, from: string): void {
    const { log } = this.d;
    const { name, config } = iface;
    for (const what of disagreements(config, bytes)) log.flog(`our ${what} on ${name} doesn't agree with ${from}`);
    if (bytes.length === RA_HEADER) return;
    for (let at = RA_HEADER; at < bytes.length; ) {
      const left = bytes.length - at;
      if (left < 2) {
        log.flog(`trailing garbage in RA on ${name} from ${from}`);
        break;
      }
      const len = (bytes[at + 1] as number) * 8;
      if (len === 0) {
        log.flog(`zero length option in RA on ${name} from ${from}`);
        break;
      }
      if (len > left) {
        log.flog(`option length (${len}) greater than total length (${left}) in RA on ${name} from ${from}`);
        break;
      }
      if (!this.option(iface, bytes, at, from)) return;
      at += len;
    }
    log.dlog(2, `processed RA on ${name}`);
  }

  /** False: the rest is too short for it, and is not looked at. */
  private option({ name, config }: RaIface, bytes: Uint8Array, at: number, from: string): boolean {
    const { log } = this.d;
    const type = bytes[at] as number;
    const left = bytes.length - at;
    switch (type) {
      case 5:
        if (config.linkMtu !== 0 && be32(bytes, at + 4) !== config.linkMtu) log.flog(`our AdvLinkMTU on ${name} doesn't agree with ${from}`);
        break;
      case 3:
        if (left < 32) return false;
        for (const [what, prefix] of prefixDisagreements(config, bytes, at)) log.flog(`our ${what} on ${name} for ${prefix} doesn't agree with ${from}`);
        break;
      case 25:
        if (left < RDNSS_LEN) return false;
        this.servers(name, config, bytes, at, from);
        break;
      case 31:
        if (!suffixesFit(bytes, at)) log.flog(`oversized suffix in DNSSL option on ${name} from ${from}`);
        break;
      case 1:
      case 7:
      case 8:
      case 24:
        break;
      case 2:
      case 4:
        log.flog(`invalid option ${type} in RA on ${name} from ${from}`);
        break;
      default:
        log.dlog(1, `unknown option ${type} in RA on ${name} from ${from}`);
    }
    return true;
  }

  private servers(name: string, { rdnss }: RaConfig, bytes: Uint8Array, at: number, from: string): void {
    const units = bytes[at + 1] as number;
    if (![3, 5, 7].includes(units)) return this.d.log.flog(`invalid len ${units} in RDNSS option on ${name} from ${from}`);
    // The last one first.
    for (let i = (units - 1) / 2 - 1; i >= 0; i--) {
      const addr = new In6Addr().load(bytes, at + 8 + 16 * i);
      if (rdnss.some(({ addrs }) => addrs.some((one) => one.equals(addr)))) continue;
      this.d.log.flog(`RDNSS address ${addr} received on ${name} from ${from} is not advertised by us`);
    }
  }
}

/** What keeps a message from being a solicitation or an advert, or null. */
function wrongOf(device: string, bytes: Uint8Array, from: In6Addr): string | null {
  const { length } = bytes;
  if (length < ICMP6_HEADER) return `${device} received icmpv6 packet with invalid length (${length}) from ${from}`;
  if (bytes[0] === ROUTER_ADVERT && length < RA_HEADER) return `${device} received icmpv6 RA packet with invalid length (${length}) from ${from}`;
  if (bytes[0] === ROUTER_ADVERT && !from.isLinkLocal()) return `${device} received icmpv6 RA packet with non-linklocal source address from ${from}`;
  if (bytes[1] !== 0) return `${device} received icmpv6 RS/RA packet with invalid code (${bytes[1]}) from ${from}`;
  return null;
}

/** What is wrong with the options of a solicitation, or null. */
function wrongOptions(bytes: Uint8Array, from: In6Addr): string | null {
  for (let at = ICMP6_HEADER; at < bytes.length; ) {
    const left = bytes.length - at;
    if (left < 2) return 'trailing garbage in RS';
    const len = (bytes[at + 1] as number) * 8;
    if (len === 0) return 'zero length option in RS';
    if (len > left) return 'option length greater than total length in RS';
    if (bytes[at] === 1 && from.isAny()) return 'received icmpv6 RS packet with unspecified source address and there is a lladdr option';
    at += len;
  }
  return null;
}

/** Where 0 is said, nothing is. */
function differ(ours: number, theirs: number): boolean {
  return ours !== 0 && theirs !== 0 && ours !== theirs;
}

function disagreements(c: RaConfig, bytes: Uint8Array): string[] {
  const flags = bytes[5] as number;
  return [
    ...(differ(c.curHopLimit, bytes[4] as number) ? ['AdvCurHopLimit'] : []),
    ...(((flags & 0x80) !== 0) === c.managed ? [] : ['AdvManagedFlag']),
    ...(((flags & 0x40) !== 0) === c.otherConfig ? [] : ['AdvOtherConfigFlag']),
    ...(differ(c.reachableTime, be32(bytes, 8)) ? ['AdvReachableTime'] : []),
    ...(differ(c.retransTimer, be32(bytes, 12)) ? ['AdvRetransTimer'] : []),
  ];
}

function prefixDisagreements(c: RaConfig, bytes: Uint8Array, at: number): (readonly [what: string, prefix: string])[] {
  const theirs = new In6Addr().load(bytes, at + 16);
  const text = inetNtop6(bytes, at + 16);
  return c.prefixes
    .filter(({ prefix, len, decrement }) => len === bytes[at + 2] && !decrement && ipv6PrefixEqual(prefix, theirs, len))
    .flatMap(({ valid, preferred }) => [
      ...(be32(bytes, at + 4) === valid ? [] : [['AdvValidLifetime', text] as const]),
      ...(be32(bytes, at + 8) === preferred ? [] : [['AdvPreferredLifetime', text] as const]),
    ]);
}

/** The labels end within the option. */
function suffixesFit(bytes: Uint8Array, at: number): boolean {
  const end = at + (bytes[at + 1] as number) * 8;
  for (let pos = at + 8; pos < end; ) {
    const len = bytes[pos] as number;
    if (len > 0 && pos + 1 + len >= end) return false;
    pos += 1 + len;
  }
  return true;
}

