/** What `ip link add … type KIND` asks of every Ethernet kind before the device is made. */
import { isValidEtherAddr, type NewlinkParams } from '@skbuff/core';
import { nlaFindLast, nlaLen } from '@skbuff/netlink';
import { EADDRNOTAVAIL, EINVAL, ETH_ALEN, IFLA_ADDRESS, NLA_HDRLEN } from '@skbuff/uapi';

/** IFLA_ADDRESS, if given: -EINVAL unless 6 bytes, -EADDRNOTAVAIL if zero or multicast. */
export function ethValidateLink(params: NewlinkParams): number {
  const { tb } = params;
  if (tb === null) return 0;
  const attr = nlaFindLast(tb.bytes, tb.off, tb.len, IFLA_ADDRESS);
  if (attr < 0) return 0;
  if (nlaLen(tb.bytes, attr) !== ETH_ALEN) return -EINVAL;
  const at = attr + NLA_HDRLEN;
  return isValidEtherAddr(tb.bytes.subarray(at, at + ETH_ALEN)) ? 0 : -EADDRNOTAVAIL;
}
