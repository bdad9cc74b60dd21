import { CHECKSUM_PARTIAL, type Kernel, type NetDevice, type SkBuff } from '@skbuff/core';
import { csumFold, csumPartial, csumTcpudpNofold, ipComputeCsum, setBe16, setBe32 } from '@skbuff/wire';

export const PROTO_TCP = 6;
export const PROTO_UDP = 17;
const SADDR = 0x0a000001;
const DADDR = 0x0a000002;

/** A packet of TCP or UDP over IPv4 over Ethernet, its checksum left to the device as a socket leaves it. */
export function ipPacket(kernel: Kernel, dev: NetDevice, dest: Uint8Array, proto: number, payload: number): SkBuff {
  const thlen = proto === PROTO_TCP ? 20 : 8;
  const skb = kernel.skbs.alloc(64 + 34 + thlen + payload) as SkBuff;
  skb.reserve(64);
  const b = skb.bytes;
  const eth = skb.putZero(34 + thlen);
  for (let i = 0, at = skb.put(payload); i < payload; i++) b[at + i] = i & 0xff;
  b.set(dest.subarray(0, 6), eth);
  b.set(dev.devAddr.subarray(0, 6), eth + 6);
  setBe16(b, eth + 12, 0x0800);
  const iph = eth + 14;
  b[iph] = 0x45;
  setBe16(b, iph + 2, 20 + thlen + payload);
  b[iph + 8] = 64;
  b[iph + 9] = proto;
  setBe32(b, iph + 12, SADDR);
  setBe32(b, iph + 16, DADDR);
  setBe16(b, iph + 10, ipComputeCsum(b, iph, 20));
  const th = iph + 20;
  setBe16(b, th, 40000);
  setBe16(b, th + 2, 9);
  if (proto === PROTO_TCP) b[th + 12] = 0x50;
  if (proto === PROTO_TCP) b[th + 13] = 0x10;
  else setBe16(b, th + 4, 8 + payload);
  skb.csumStart = th;
  skb.csumOffset = proto === PROTO_TCP ? 16 : 6;
  setBe16(b, th + skb.csumOffset, ~csumFold(csumTcpudpNofold(SADDR, DADDR, thlen + payload, proto)) & 0xffff);
  skb.ipSummed = CHECKSUM_PARTIAL;
  skb.networkHeader = iph;
  skb.transportHeader = th;
  skb.protocol = 0x0800;
  skb.dev = dev;
  return skb;
}

/** Whether the transport checksum of a captured frame sums up. */
export function transportOk(frame: Uint8Array, ip = 14): boolean {
  const len = (frame[ip + 2] as number) * 256 + (frame[ip + 3] as number) - 20;
  return csumFold(csumPartial(frame, ip + 20, len, csumTcpudpNofold(SADDR, DADDR, len, frame[ip + 9] as number))) === 0;
}
