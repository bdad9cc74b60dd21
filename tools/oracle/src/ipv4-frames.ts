/** IPv4 packets as text: in a few words, and to the byte. */
import { createHash } from 'node:crypto';
import {
  ICMP_DEST_UNREACH,
  ICMP_FRAG_NEEDED,
  ICMP_PARAMETERPROB,
  ICMP_REDIRECT,
  ICMP_TIMESTAMP,
  ICMP_TIMESTAMPREPLY,
  ICMP_TIME_EXCEEDED,
  IPPROTO_ICMP,
  IP_MF,
  IP_OFFSET,
} from '@skbuff/uapi';
import {
  be16,
  be32,
  ICMPHDR_LEN,
  inetNtoa,
  IPHDR_CHECK,
  IPHDR_DADDR,
  IPHDR_FRAG_OFF,
  IPHDR_ID,
  IPHDR_LEN,
  IPHDR_PROTOCOL,
  IPHDR_SADDR,
  IPHDR_TOT_LEN,
  IPHDR_TTL,
  ipComputeCsum,
  setBe16,
} from '@skbuff/wire';

/** An IPv4 packet in a few words. */
export function tellIp(ip: Uint8Array): string {
  const way = `${inetNtoa(be32(ip, IPHDR_SADDR))} > ${inetNtoa(be32(ip, IPHDR_DADDR))}`;
  const frag = be16(ip, IPHDR_FRAG_OFF) & (IP_MF | IP_OFFSET);
  const part = frag === 0 ? '' : ` ${(frag & IP_OFFSET) * 8}${(frag & IP_MF) === 0 ? '' : '+'}`;
  if (ip[IPHDR_PROTOCOL] === IPPROTO_ICMP && (frag & IP_OFFSET) === 0) return `${way}${part} ${tellIcmp(ip.subarray(((ip[0] as number) & 15) * 4))}`;
  return `${way}${part} proto ${ip[IPHDR_PROTOCOL]} ttl ${ip[IPHDR_TTL]}`;
}

function tellIcmp(message: Uint8Array): string {
  const [type, code] = [message[0], message[1]];
  const what = `icmp ${type}/${code}`;
  if (type === ICMP_DEST_UNREACH && code === ICMP_FRAG_NEEDED) return `${what} mtu ${be16(message, 6)}`;
  if (type === ICMP_PARAMETERPROB) return `${what} at ${message[4]}`;
  return type === ICMP_REDIRECT ? `${what} by ${inetNtoa(be32(message, 4))}` : what;
}

const ERRORS: readonly number[] = [ICMP_DEST_UNREACH, ICMP_TIME_EXCEEDED, ICMP_PARAMETERPROB, ICMP_REDIRECT];
/** net.ipv4.ip_default_ttl. */
const OWN_TTL = 64;
/** Bytes of a packet that are shown; of the rest there is a hash. */
const SHOWN = 120;
/** How far apart the two clocks may be, milliseconds. */
const CLOCK_SKEW = 60_000;

/**
 * All of an IPv4 packet. What is chance is left out: the identification unless it is `id`, that of the packet which was sent; words that are
 * the time of day; and the checksums over those, but whether they were right is said.
 */
export function describeIp(packet: Uint8Array, id: number, timeOfDay: number): string {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  if (packet.length < IPHDR_LEN) return hex(packet);
  const ip = packet.slice();
  const hlen = ((ip[0] as number) & 15) * 4;
  const ident = be16(ip, IPHDR_ID);
  // What the lab sends itself has the usual time to live, and by chance perhaps the same identification.
  const same = ident === id && ip[IPHDR_TTL] !== OWN_TTL;
  const words = [same ? 'id' : ident === 0 ? 'no-id' : 'other-id', ...maskChecksums(ip, hlen)];
  maskTime(ip, 0, timeOfDay);
  const rest = ip.length > SHOWN ? ` ${createHash('sha1').update(ip.subarray(SHOWN)).digest('hex').slice(0, 12)}` : '';
  return `${words.join(' ')} ${hex(ip.subarray(0, SHOWN))}${rest} ${ip.length}`;
}

/** Of the IP header, and of a whole ICMP message, or of the first fragment of one. */
function maskChecksums(ip: Uint8Array, hlen: number): string[] {
  const said = [ipComputeCsum(ip, 0, hlen) === 0 ? 'right' : 'wrong'];
  setBe16(ip, IPHDR_ID, 0);
  setBe16(ip, IPHDR_CHECK, 0);
  if (ip[IPHDR_PROTOCOL] !== IPPROTO_ICMP || (be16(ip, IPHDR_FRAG_OFF) & IP_OFFSET) !== 0) return said;
  const whole = (be16(ip, IPHDR_FRAG_OFF) & IP_MF) === 0;
  if (whole) said.push(ipComputeCsum(ip, hlen, be16(ip, IPHDR_TOT_LEN) - hlen) === 0 ? 'icmp right' : 'icmp wrong');
  setBe16(ip, hlen + 2, 0);
  return said;
}

/**
 * Milliseconds since midnight in the options of a packet, in ICMP timestamp messages, and in what an ICMP error quotes. They need not be
 * aligned. Elsewhere a word that looks like one is data.
 */
function maskTime(ip: Uint8Array, at: number, timeOfDay: number): void {
  if (ip.length < at + IPHDR_LEN) return;
  const payload = at + ((ip[at] as number) & 15) * 4;
  maskWords(ip, at + IPHDR_LEN, payload, timeOfDay);
  if (ip[at + IPHDR_PROTOCOL] !== IPPROTO_ICMP || (be16(ip, at + IPHDR_FRAG_OFF) & IP_OFFSET) !== 0) return;
  const type = ip[payload] as number;
  if (type === ICMP_TIMESTAMP || type === ICMP_TIMESTAMPREPLY) maskWords(ip, payload + ICMPHDR_LEN, payload + ICMPHDR_LEN + 12, timeOfDay);
  else if (ERRORS.includes(type)) maskTime(ip, payload + ICMPHDR_LEN, timeOfDay);
}

function maskWords(ip: Uint8Array, from: number, to: number, timeOfDay: number): void {
  for (let i = from; i + 4 <= Math.min(ip.length, to); i++) {
    const word = be16(ip, i) * 0x10000 + be16(ip, i + 2);
    if (Math.abs(word - timeOfDay) < CLOCK_SKEW) setBe16(ip, i, 0x7777), setBe16(ip, i + 2, 0x7777);
  }
}
