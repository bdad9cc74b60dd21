/** Packets with impossible addresses (`ip_handle_martian_source`): dropped, and logged if the interface wants it. */
import { skbMacHeaderWasSet } from '@skbuff/core';
import type { NetDevice, SkBuff } from '@skbuff/core';
import { type InDevice, inDevLogMartians } from '@skbuff/ipv4';
import { inetNtoa } from '@skbuff/wire';

/** Returns `reason`. */
export function martianSource(skb: SkBuff, reason: number, daddr: number, saddr: number, dev: NetDevice, inDev: InDevice): number {
  if (!inDevLogMartians(inDev)) return reason;
  const { kernel } = dev.net;
  kernel.log(`IPv4: martian source ${inetNtoa(daddr)} from ${inetNtoa(saddr)}, on dev ${dev.name}`);
  if (dev.hardHeaderLen > 0 && skbMacHeaderWasSet(skb)) logHeader(skb, dev);
  return reason;
}

export function martianDestination(_skb: SkBuff, reason: number, daddr: number, saddr: number, dev: NetDevice, inDev: InDevice): number {
  if (inDevLogMartians(inDev)) dev.net.kernel.log(`IPv4: martian destination ${inetNtoa(daddr)} from ${inetNtoa(saddr)}, dev ${dev.name}`);
  return reason;
}

/** The link-layer header, 16 bytes a line. */
function logHeader(skb: SkBuff, dev: NetDevice): void {
  for (let at = 0; at < dev.hardHeaderLen; at += 16) {
    const bytes = skb.bytes.subarray(skb.macHeader + at, skb.macHeader + Math.min(at + 16, dev.hardHeaderLen));
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
    dev.net.kernel.log(`ll header: ${at.toString(16).padStart(8, '0')}: ${hex}`);
  }
}
