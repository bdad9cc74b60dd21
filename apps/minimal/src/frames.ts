/** Frames of the other side, written by hand: it has no stack. */
import { ARPOP_REPLY, ARPOP_REQUEST, ETH_P_ARP, ETH_P_IP, ICMP_ECHO, ICMP_ECHOREPLY, IPPROTO_ICMP } from '@skbuff/uapi';
import { be16, be32, inetNtoa, ipComputeCsum, setBe16, setBe32 } from '@skbuff/wire';

/** One who can be asked, and asks. */
export interface Station {
  readonly mac: Uint8Array;
  /** u32 */
  readonly address: number;
}

const ETH = 14;
const IP = ETH + 20;

function ethernet(to: Uint8Array, from: Uint8Array, type: number, payload: number): Uint8Array {
  const frame = new Uint8Array(ETH + payload);
  frame.set(to, 0);
  frame.set(from, 6);
  setBe16(frame, 12, type);
  return frame;
}

/** An echo request with 32 bytes of payload. */
export function echoRequest(from: Station, to: Station, id: number, seq: number): Uint8Array {
  const frame = ethernet(to.mac, from.mac, ETH_P_IP, 20 + 8 + 32);
  frame.set([0x45, 0, 0, frame.length - ETH, 0, 1, 0, 0, 64, IPPROTO_ICMP], ETH);
  setBe32(frame, ETH + 12, from.address);
  setBe32(frame, ETH + 16, to.address);
  setBe16(frame, ETH + 10, ipComputeCsum(frame, ETH, 20));
  frame[IP] = ICMP_ECHO;
  setBe16(frame, IP + 4, id);
  setBe16(frame, IP + 6, seq);
  setBe16(frame, IP + 2, ipComputeCsum(frame, IP, frame.length - IP));
  return frame;
}

/** The answer to an ARP request for `self`, or null if the frame is something else. */
export function arpReply(self: Station, frame: Uint8Array): Uint8Array | null {
  if (be16(frame, 12) !== ETH_P_ARP || be16(frame, ETH + 6) !== ARPOP_REQUEST || be32(frame, ETH + 24) !== self.address) return null;
  const reply = ethernet(frame.subarray(6, 12), self.mac, ETH_P_ARP, 28);
  reply.set([0, 1, 8, 0, 6, 4, 0, ARPOP_REPLY], ETH);
  reply.set(self.mac, ETH + 8);
  setBe32(reply, ETH + 14, self.address);
  reply.set(frame.subarray(6, 12), ETH + 18);
  reply.set(frame.subarray(ETH + 14, ETH + 18), ETH + 24);
  return reply;
}

/** `64 bytes from …` if the frame is an echo reply. */
export function echoLine(frame: Uint8Array): string | null {
  if (be16(frame, 12) !== ETH_P_IP || frame[ETH + 9] !== IPPROTO_ICMP || frame[IP] !== ICMP_ECHOREPLY) return null;
  return `${be16(frame, ETH + 2) - 20} bytes from ${inetNtoa(be32(frame, ETH + 12))}: icmp_seq=${be16(frame, IP + 6)} ttl=${frame[ETH + 8]}`;
}
