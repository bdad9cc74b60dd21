/** Small things about the IPv4 header that transmission, forwarding and fragmentation share. */
import type { NetDevice } from '@skbuff/core';
import { IPHDR_CHECK, ipFastCsum, setBe16 } from '@skbuff/wire';

/** `LL_RESERVED_SPACE`: headroom for the device's header, rounded up to 16. */
export function llReservedSpace(dev: NetDevice): number {
  return ((dev.hardHeaderLen + dev.neededHeadroom) & -16) + 16;
}

/** `ip_send_check`: computes the header checksum. */
export function ipSendCheck(bytes: Uint8Array, iph: number): void {
  bytes[iph + IPHDR_CHECK] = 0;
  bytes[iph + IPHDR_CHECK + 1] = 0;
  setBe16(bytes, iph + IPHDR_CHECK, ipFastCsum(bytes, iph, bytes[iph] & 0x0f));
}
