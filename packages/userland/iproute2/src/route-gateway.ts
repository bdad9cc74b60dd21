/** The gateway of a route or of one of its hops. */
import { RTA_GATEWAY, RTA_VIA } from '@skbuff/uapi';
import type { NlMsgBuilder } from '@skbuff/netlink';

/** RTA_GATEWAY, or RTA_VIA when it is of another family. */
export function putGateway(builder: NlMsgBuilder, routeFamily: number, family: number, bytes: Uint8Array): void {
  if (family === routeFamily) return builder.nlaPut(RTA_GATEWAY, bytes);
  const via = new Uint8Array(2 + bytes.length);
  via[0] = family;
  via.set(bytes, 2);
  builder.nlaPut(RTA_VIA, via);
}
