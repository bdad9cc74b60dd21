/** Frames as text, each as its EtherType says. */
import { ETH_HLEN, ETH_P_ARP, ETH_P_IP, ETH_P_IPV6 } from '@skbuff/uapi';
import { be16, be32, inetNtoa } from '@skbuff/wire';
import { describeIp, tellIp } from './ipv4-frames.ts';
import { describeIp6, tellIp6 } from './ipv6-frames.ts';
import type { Seen } from './world.ts';

/** How what is in frames of one EtherType is written down. */
interface Reader {
  /** In a few words: what it is, to whom. */
  readonly tell: (packet: Uint8Array) => string;
  /** All of it but for what is chance. `id` was given to the packet that was sent; `timeOfDay` in milliseconds since midnight. */
  readonly describe: (packet: Uint8Array, id: number, timeOfDay: number) => string;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const READERS: ReadonlyMap<number, Reader> = new Map([
  [ETH_P_ARP, { tell: (packet: Uint8Array) => `ARP for ${inetNtoa(be32(packet, 24))}`, describe: hex }],
  [ETH_P_IP, { tell: tellIp, describe: describeIp }],
  [ETH_P_IPV6, { tell: tellIp6, describe: describeIp6 }],
]);

/** A frame in a few words: where it came out, what it is, to whom. */
export function tell({ port, frame }: Seen): string {
  const type = be16(frame, 12);
  return `${port} ${READERS.get(type)?.tell(frame.subarray(ETH_HLEN)) ?? type.toString(16)}`;
}

/** A frame as a line, without what is chance. */
export function describeFrame({ port, frame }: Seen, id: number, timeOfDay: number): string {
  const head = `${port} ${hex(frame.subarray(0, 6))} ${hex(frame.subarray(6, 12))} ${hex(frame.subarray(12, 14))}`;
  const { describe = hex } = READERS.get(be16(frame, 12)) ?? {};
  return `${head} ${describe(frame.subarray(ETH_HLEN), id, timeOfDay)}`;
}
