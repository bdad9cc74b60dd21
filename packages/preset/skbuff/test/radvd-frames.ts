/** Solicitations and adverts of others, right and wrong, as frames. */
import { inetPton6 } from '@skbuff/wire';

const OTHER_MAC = '0200000000aa';
const ALL_ROUTERS_MAC = '333300000002';

/** A frame with a message of ICMPv6, whose checksum is filled in. */
export function icmp6Frame(from: string, to: string, message: readonly number[], hopLimit = 255): string {
  const ip = new Uint8Array(40 + message.length);
  ip.set([0x60, 0, 0, 0, message.length >> 8, message.length & 0xff, 58, hopLimit]);
  ip.set(inetPton6(from) as Uint8Array, 8);
  ip.set(inetPton6(to) as Uint8Array, 24);
  ip.set(message, 40);
  const sum = checksum(ip, message.length);
  ip[42] = sum >> 8;
  ip[43] = sum & 0xff;
  return `${ALL_ROUTERS_MAC}${OTHER_MAC}86dd${Buffer.from(ip).toString('hex')}`;
}

function checksum(ip: Uint8Array, length: number): number {
  let sum = length + 58;
  for (let at = 8; at < ip.length; at += 2) sum += ((ip[at] as number) << 8) | (ip[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return ~sum & 0xffff;
}

const zeros = (n: number): number[] => Array.from({ length: n }, () => 0);
const be32 = (n: number): number[] => [n >>> 24, (n >> 16) & 0xff, (n >> 8) & 0xff, n & 0xff];
const addr = (text: string): number[] => [...(inetPton6(text) as Uint8Array)];
const SLLA = [1, 1, 2, 0, 0, 0, 0, 0xaa];
const RS = [133, 0, 0, 0, 0, 0, 0, 0];
const HOST = 'fe80::aa';
const ROUTER = 'fe80::bb';

export const SOLICITATION: string = icmp6Frame(HOST, 'ff02::2', [...RS, ...SLLA]);
export const NAMELESS_SOLICITATION: string = icmp6Frame('::', 'ff02::2', RS);

export const SOLICITATIONS: readonly string[] = [
  SOLICITATION,
  NAMELESS_SOLICITATION,
  icmp6Frame('::', 'ff02::2', [...RS, ...SLLA]),
  icmp6Frame(HOST, 'ff02::2', [...RS, ...SLLA], 64),
  icmp6Frame(HOST, 'ff02::2', RS.slice(0, 6)),
  icmp6Frame(HOST, 'ff02::2', [133, 1, ...RS.slice(2)]),
  icmp6Frame(HOST, 'ff02::2', [...RS, 1, 0, ...SLLA.slice(2)]),
  icmp6Frame(HOST, 'ff02::2', [...RS, 1, 2, ...SLLA.slice(2)]),
  icmp6Frame(HOST, 'ff02::2', [...RS, ...SLLA, 1]),
  icmp6Frame('2001:db8:77::5', 'ff02::2', [...RS, ...SLLA]),
  icmp6Frame(HOST, 'ff02::1', [135, 0, ...zeros(22)]),
];

const header = (hops = 64, flags = 0, lifetime = 1800, reachable = 0, retrans = 0): number[] => [134, 0, 0, 0, hops, flags, lifetime >> 8, lifetime & 0xff, ...be32(reachable), ...be32(retrans)];
const prefix = (len: number, text: string): number[] => [3, 4, len, 0xc0, ...be32(100), ...be32(50), ...zeros(4), ...addr(text)];
const mtu = (value: number): number[] => [5, 1, 0, 0, ...be32(value)];
const rdnss = (...servers: readonly string[]): number[] => [25, 1 + 2 * servers.length, 0, 0, ...be32(600), ...servers.flatMap(addr)];
const dnssl = (...labels: readonly number[]): number[] => [31, 2, 0, 0, ...be32(600), ...labels, ...zeros(8 - labels.length)];
const ELSEWHERE = prefix(64, '2001:db8:99::');
const F = 0x66;

export const ADVERTS: readonly string[] = [
  ...[
    header(), header(0), header(3, 0xc0, 5, 5, 6), [...header(), ...mtu(1300), ...prefix(64, '2001:db8:1::')], [...header(), ...mtu(0)],
    [...header(), ...prefix(63, '2001:db8:1::'), ...prefix(64, '2001:db8:2::')],
    [...header(), ...rdnss('2001:db8::9')], [...header(), ...rdnss('2001:db8::1'), ...ELSEWHERE], [...header(), ...rdnss('2001:db8::9'), ...ELSEWHERE],
    [...header(), ...rdnss('2001:db8::9', '2001:db8::a'), ...ELSEWHERE], [...header(), ...rdnss('2001:db8::9', '2001:db8::1', '2001:db8::a')],
    [...header(), 25, 2, ...zeros(14), ...ELSEWHERE, ...ELSEWHERE], [...header(), 25, 2, ...zeros(14)],
    [...header(), ...dnssl(3, F, F, F)], [...header(), ...dnssl(3, F, F, F, 3, F, F, F)], [...header(), ...dnssl(6, F, F, F)], [...header(), ...dnssl(7, F, F, F)], [...header(), ...dnssl(80, F, F, F)],
    [...header(), 99, 1, ...zeros(6)], [...header(), 1, 0, ...zeros(6)], [...header(), 1, 2, ...zeros(6)], [...header(), 1], header().slice(0, 12),
    [...header(), 3, 1, ...zeros(6)], [...header(), 5, 2, ...zeros(14)], [...header(), 31, 1, ...zeros(6)],
    [...header(), 4, 1, ...zeros(6), 7, 1, ...zeros(6), 8, 1, ...zeros(6), 24, 1, ...zeros(6), 2, 1, ...zeros(6)],
  ].map((message) => icmp6Frame(ROUTER, 'ff02::1', message)),
  icmp6Frame('2001:db8:77::9', 'ff02::1', header()),
];
