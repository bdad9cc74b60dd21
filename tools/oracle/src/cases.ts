/** Single packets, each with what should become of it: the tables of the suites on errors and on forwarding. */
import { icmpMessage, type IpPacket, ipPacket } from '@skbuff/testkit';
import { ETH_HLEN, ETH_P_ARP, ETH_P_IP, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, ICMP_PARAMETERPROB, ICMP_REDIRECT, IPPROTO_ICMP, IPPROTO_UDP } from '@skbuff/uapi';
import { be16, be32, csumPartial, csumTcpudpMagic, inetNtoa, inetPton4, IPHDR_DADDR, IPHDR_FRAG_OFF, IPHDR_PROTOCOL, IPHDR_SADDR, IPHDR_TTL, setBe16 } from '@skbuff/wire';
import { frameOf } from './packets.ts';
import { counters, describeFrame, describeRan, difference, openPair, type Pair, type Transcript } from './transcript.ts';
import type { Seen, World } from './world.ts';

export interface Case {
  /** What comes out, each as {@link tell} says it. */
  readonly out: readonly string[];
  /** To the node `r` by `w1`. The identification tells packets apart. */
  readonly packets: readonly IpPacket[];
  /** Commands on `r` before, and after. */
  readonly before?: readonly string[];
  readonly after?: readonly string[];
  /** Link-layer destination; default `r`'s own. */
  readonly mac?: readonly number[];
  /** Milliseconds that pass before the last look. */
  readonly wait?: number;
}

export const BROADCAST: readonly number[] = [255, 255, 255, 255, 255, 255];

/** A datagram to a port where nobody listens. `check` and `ulen`: default the truth. */
export function udp(fields: IpPacket & { readonly length?: number; readonly check?: number; readonly ulen?: number }): IpPacket {
  const datagram = Uint8Array.from({ length: 8 + (fields.length ?? 4) }, (_, i) => i);
  setBe16(datagram, 0, 4000);
  setBe16(datagram, 2, 33434);
  setBe16(datagram, 4, fields.ulen ?? datagram.length);
  setBe16(datagram, 6, 0);
  const sum = csumTcpudpMagic(inetPton4(fields.saddr ?? '0.0.0.0'), inetPton4(fields.daddr ?? '0.0.0.0'), datagram.length, IPPROTO_UDP, csumPartial(datagram, 0, datagram.length, 0));
  setBe16(datagram, 6, fields.check ?? (sum || 0xffff));
  return { ...fields, proto: IPPROTO_UDP, payload: datagram };
}

/** An ICMP message, by default an echo request. */
export function icmp(fields: IpPacket & { readonly type?: number; readonly code?: number; readonly length?: number }): IpPacket {
  const data = Uint8Array.from({ length: fields.length ?? 8 }, (_, i) => i);
  return { ...fields, proto: IPPROTO_ICMP, payload: icmpMessage(fields.type ?? 8, fields.code ?? 0, 0x12340001, data) };
}

/** A frame in a few words: where it came out, what it is, to whom. */
export function tell({ port, frame }: Seen): string {
  const type = be16(frame, 12);
  if (type === ETH_P_ARP) return `${port} ARP for ${inetNtoa(be32(frame, ETH_HLEN + 24))}`;
  if (type !== ETH_P_IP) return `${port} ${type.toString(16)}`;
  const ip = frame.subarray(ETH_HLEN);
  const way = `${port} ${inetNtoa(be32(ip, IPHDR_SADDR))} > ${inetNtoa(be32(ip, IPHDR_DADDR))}`;
  const frag = be16(ip, IPHDR_FRAG_OFF) & 0x3fff;
  const part = frag === 0 ? '' : ` ${(frag & 0x1fff) * 8}${(frag & 0x2000) === 0 ? '' : '+'}`;
  if (ip[IPHDR_PROTOCOL] === IPPROTO_ICMP && (frag & 0x1fff) === 0) return `${way}${part} ${tellIcmp(ip.subarray(((ip[0] as number) & 15) * 4))}`;
  return `${way}${part} proto ${ip[IPHDR_PROTOCOL]} ttl ${ip[IPHDR_TTL]}`;
}

function tellIcmp(message: Uint8Array): string {
  const [type, code] = [message[0], message[1]];
  const what = `icmp ${type}/${code}`;
  if (type === ICMP_DEST_UNREACH && code === ICMP_FRAG_NEEDED) return `${what} mtu ${be16(message, 6)}`;
  if (type === ICMP_PARAMETERPROB) return `${what} at ${message[4]}`;
  return type === ICMP_REDIRECT ? `${what} by ${inetNtoa(be32(message, 4))}` : what;
}

/** Plays one case: what came out, to the byte, and the counters that it moved. The first lines are {@link tell}'s. */
async function playCase(world: World, { packets, before = [], after = [], mac, wait }: Case, id: number): Promise<Transcript> {
  const out: Transcript = [];
  for (const line of before) out.push(describeRan(line, await world.run('r', line)));
  const counted = await counters(world, 'r');
  const to = mac === undefined ? await world.mac('r', 'eth1') : Uint8Array.from(mac);
  const seen = await world.send('w1', ...packets.map((packet) => frameOf(to, ipPacket({ id, ...packet }))));
  if (wait !== undefined) seen.push(...(await world.wait(wait)));
  // Which link was looked at first is chance.
  seen.sort((a, b) => (a.port < b.port ? -1 : a.port > b.port ? 1 : 0));
  out.push(...seen.map((one) => describeFrame(one, id, world.timeOfDay())));
  out.push(...(await counters(world, 'r')).filter((line, i) => line !== counted[i]));
  for (const line of after) out.push(describeRan(line, await world.run('r', line)));
  return [...seen.map(tell), '', ...out];
}

/** Settings of net.ipv4 for one case: what they are set to, and what they are afterwards. */
export function set(...values: (readonly [name: string, on: number, off: number])[]): Required<Pick<Case, 'before' | 'after'>> {
  return {
    before: values.map(([name, on]) => `sysctl -w net.ipv4.${name}=${on}`),
    after: values.map(([name, , off]) => `sysctl -w net.ipv4.${name}=${off}`).reverse(),
  };
}

/** A lab in both worlds, on which cases are played one after the other. */
export class CasePlayer {
  private readonly pair: Pair;
  private id = 0x4000;

  private constructor(pair: Pair) {
    this.pair = pair;
  }

  static async open(lab: string): Promise<CasePlayer> {
    return new CasePlayer(await openPair(lab));
  }

  /** What differs between the worlds, and what came out in ours as {@link tell} says it. */
  async play(one: Case): Promise<{ readonly difference: string; readonly out: readonly string[] }> {
    const id = this.id++;
    const both = await this.pair.play((world) => playCase(world, one, id));
    return { difference: difference(both), out: both.ours.slice(0, both.ours.indexOf('')) };
  }

  close(): Promise<void> {
    return this.pair.close();
  }
}
