/** The same play on both worlds, as two transcripts to be compared. */
import { createHash } from 'node:crypto';
import { parseTopologyOrThrow } from '@skbuff/cli';
import {
  ETH_HLEN,
  ETH_P_IP,
  ICMP_DEST_UNREACH,
  ICMP_PARAMETERPROB,
  ICMP_REDIRECT,
  ICMP_TIMESTAMP,
  ICMP_TIMESTAMPREPLY,
  ICMP_TIME_EXCEEDED,
  IPPROTO_ICMP,
  IP_MF,
  IP_OFFSET,
} from '@skbuff/uapi';
import { be16, ICMPHDR_LEN, IPHDR_CHECK, IPHDR_FRAG_OFF, IPHDR_ID, IPHDR_LEN, IPHDR_PROTOCOL, IPHDR_TOT_LEN, IPHDR_TTL, ipComputeCsum, setBe16 } from '@skbuff/wire';
import { kernelWorld } from './kernel-world.ts';
import { stackWorld } from './stack-world.ts';
import type { Ran, Seen, World } from './world.ts';

/** What happened, a line each. */
export type Transcript = string[];

export interface Both {
  readonly ours: Transcript;
  readonly theirs: Transcript;
}

/** The same lab on this stack and on the running kernel. */
export class Pair {
  readonly ours: World;
  readonly theirs: World;

  constructor(ours: World, theirs: World) {
    this.ours = ours;
    this.theirs = theirs;
  }

  /** Plays on both. */
  async play(play: (world: World) => Promise<Transcript>): Promise<Both> {
    const [ours, theirs] = await Promise.all([play(this.ours), play(this.theirs)]);
    return { ours, theirs };
  }

  async close(): Promise<void> {
    await Promise.all([this.ours.close(), this.theirs.close()]);
  }
}

/** `yaml` is a topology file. */
export async function openPair(yaml: string): Promise<Pair> {
  const topology = parseTopologyOrThrow(yaml, { file: 'oracle' });
  const theirs = await kernelWorld(topology);
  return new Pair(await stackWorld(topology), theirs);
}

/** {@link Pair.play} in a lab of its own. */
export async function onBoth(yaml: string, play: (world: World) => Promise<Transcript>): Promise<Both> {
  const pair = await openPair(yaml);
  try {
    return await pair.play(play);
  } finally {
    await pair.close();
  }
}

/** So many differences are shown one by one; more are probably one that moved everything behind it. */
const SHOWN_SINGLY = 20;

/** Lines of one that the other has not at that place, with some lines around the first: empty if they are equal. */
export function difference({ ours, theirs }: Both, around = 3): string {
  const at = ours.findIndex((line, i) => line !== theirs[i]);
  if (at < 0 && ours.length === theirs.length) return '';
  const first = at < 0 ? ours.length : at;
  const all = ours.filter((line, i) => line !== theirs[i]).length;
  if (all <= SHOWN_SINGLY && ours.length === theirs.length) {
    const pairs = ours.flatMap((line, i) => (line === theirs[i] ? [] : [`line ${i}\n  ours:   ${line}\n  theirs: ${theirs[i]}`]));
    return `${all} of ${ours.length} lines differ\n${pairs.join('\n')}`;
  }
  const part = (lines: Transcript): string => lines.slice(first, first + around).join('\n');
  return `${all} of ${ours.length} lines differ, the first is line ${first}\nbefore:\n${ours.slice(Math.max(0, first - around), first).join('\n')}\nours:\n${part(ours)}\ntheirs:\n${part(theirs)}`;
}

/** Counters of a node that its packets move: a name and its number a line. */
export async function counters(world: World, node: string): Promise<Transcript> {
  const text = `${await world.read(node, 'snmp')}${await world.read(node, 'netstat')}`;
  const lines = text.split('\n').filter((line) => /^(Ip|Icmp|IcmpMsg|Udp|IpExt):/.test(line));
  return lines.flatMap((names, i) => {
    if (i % 2 === 1) return [];
    const [group = '', ...keys] = names.split(' ');
    const numbers = (lines[i + 1] ?? '').split(' ').slice(1);
    return keys.map((key, k) => `${group}${key} ${numbers[k]}`);
  });
}

export function describeRan(line: string, { code, stdout, stderr }: Ran): string {
  return `$ ${line}\n${code}\n${stdout}${stderr}`;
}

const ERRORS: readonly number[] = [ICMP_DEST_UNREACH, ICMP_TIME_EXCEEDED, ICMP_PARAMETERPROB, ICMP_REDIRECT];
/** net.ipv4.ip_default_ttl. */
const OWN_TTL = 64;
/** Bytes of a packet that are shown; of the rest there is a hash. */
const SHOWN = 120;
/** How far apart the two clocks may be, milliseconds. */
const CLOCK_SKEW = 60_000;

/**
 * A frame as a line. What is chance is left out: the identification of an IPv4 packet unless it is `id`, that of the packet which was
 * sent; words that are the time of day; and the checksums over those, but whether they were right is said.
 */
export function describeFrame({ port, frame }: Seen, id: number, timeOfDay: number): string {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  const head = `${port} ${hex(frame.subarray(0, 6))} ${hex(frame.subarray(6, 12))} ${hex(frame.subarray(12, 14))}`;
  if (be16(frame, 12) !== ETH_P_IP || frame.length < ETH_HLEN + IPHDR_LEN) return `${head} ${hex(frame.subarray(ETH_HLEN))}`;
  const ip = frame.slice(ETH_HLEN);
  const hlen = ((ip[0] as number) & 15) * 4;
  const ident = be16(ip, IPHDR_ID);
  // What the lab sends itself has the usual time to live, and by chance perhaps the same identification.
  const same = ident === id && ip[IPHDR_TTL] !== OWN_TTL;
  const words = [same ? 'id' : ident === 0 ? 'no-id' : 'other-id', ...maskChecksums(ip, hlen)];
  maskTime(ip, 0, timeOfDay);
  const rest = ip.length > SHOWN ? ` ${createHash('sha1').update(ip.subarray(SHOWN)).digest('hex').slice(0, 12)}` : '';
  return `${head} ${words.join(' ')} ${hex(ip.subarray(0, SHOWN))}${rest} ${ip.length}`;
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
