/** The kind of a link (IFLA_LINKINFO). */
import { type NlAttrs, nlaGetString } from '@skbuff/netlink';
import { IFLA_INFO_KIND, IFLA_LINKINFO } from '@skbuff/uapi';
import { nestedAttr } from './attrs.ts';

/** The text of IFLA_INFO_KIND or IFLA_INFO_SLAVE_KIND, or null. */
export function linkKind(tb: NlAttrs, type: number = IFLA_INFO_KIND): string | null {
  const nest = tb.at(IFLA_LINKINFO);
  const kind = nest < 0 ? -1 : nestedAttr(tb.buf, nest, type);
  return kind < 0 ? null : nlaGetString(tb.buf, kind);
}
