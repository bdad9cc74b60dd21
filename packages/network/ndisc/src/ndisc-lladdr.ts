/** Link-layer address options: source (1) and target (2), padded to 8 bytes (RFC 4861 §4.6.1). */
import type { NetDevice, SkBuff } from '@skbuff/core';
import { ARPHRD_INFINIBAND } from '@skbuff/uapi';
import { copyBytes } from '@skbuff/wire';

/** `ndisc_addr_option_pad`: bytes between the head of the option and the address (RFC 4391 §9.3). */
function ndiscAddrOptionPad(type: number): number {
  return type === ARPHRD_INFINIBAND ? 2 : 0;
}

/** `ndisc_opt_addr_space`: bytes of the option with an address of the device; 0 if it has none. */
export function ndiscOptAddrSpace(dev: NetDevice): number {
  return dev.addrLen === 0 ? 0 : (2 + ndiscAddrOptionPad(dev.type) + dev.addrLen + 7) & ~7;
}

/** `ndisc_fill_addr_option`: appends an option (ND_OPT_SOURCE_LL_ADDR, ND_OPT_TARGET_LL_ADDR) with an address from its first byte. */
export function ndiscFillAddrOption(skb: SkBuff, type: number, dev: NetDevice, ha: Uint8Array): void {
  const space = ndiscOptAddrSpace(dev);
  const at = skb.putZero(space);
  skb.bytes[at] = type;
  skb.bytes[at + 1] = space >> 3;
  copyBytes(skb.bytes, at + 2 + ndiscAddrOptionPad(dev.type), ha, 0, dev.addrLen);
}

/** `ndisc_opt_addr_data`: where the address is in the option at `opt`, or -1 if the option is not as long as one of the device's is. */
export function ndiscOptAddrData(b: Uint8Array, opt: number, dev: NetDevice): number {
  const pad = ndiscAddrOptionPad(dev.type);
  return b[opt + 1] << 3 === ((2 + pad + dev.addrLen + 7) & ~7) ? opt + 2 + pad : -1;
}
