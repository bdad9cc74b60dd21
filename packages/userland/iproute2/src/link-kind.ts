/** The kind of a link (IFLA_LINKINFO). */
import { type NlAttrs, nlaGetString, nlaGetU32 } from '@skbuff/netlink';
import { IFLA_INFO_DATA, IFLA_INFO_KIND, IFLA_LINKINFO, IFLA_VRF_TABLE } from '@skbuff/uapi';
import { nestedAttr } from './attrs.ts';

/** The text of IFLA_INFO_KIND or IFLA_INFO_SLAVE_KIND, or null. */
export function linkKind(tb: NlAttrs, type: number = IFLA_INFO_KIND): string | null {
  const nest = tb.at(IFLA_LINKINFO);
  const kind = nest < 0 ? -1 : nestedAttr(tb.buf, nest, type);
  return kind < 0 ? null : nlaGetString(tb.buf, kind);
}

/** IFLA_VRF_TABLE of a VRF device, else 0. */
export function vrfTable(tb: NlAttrs): number {
  const nest = tb.at(IFLA_LINKINFO);
  const data = nest < 0 || linkKind(tb) !== 'vrf' ? -1 : nestedAttr(tb.buf, nest, IFLA_INFO_DATA);
  const table = data < 0 ? -1 : nestedAttr(tb.buf, data, IFLA_VRF_TABLE);
  return table < 0 ? 0 : nlaGetU32(tb.buf, table);
}
