/** A prefix that a router announced, as `ip monitor` tells of it (`print_prefix`). */
import { NlAttrs, type NlMsgHdr } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { le32, leS32 } from '@skbuff/wire';
import { parseAttrs } from './attrs.ts';
import type { IpContext } from './context.ts';
import { formatHost } from './format-host.ts';

/** `struct prefixmsg`: family, index, type of the option, length, flags. */
const PREFIXMSG_LEN = 12;
const IFINDEX = 4;
const TYPE = 8;
const LENGTH = 9;
const FLAGS = 10;

const ONLINK = 0x01;
const AUTOCONF = 0x02;

/** False: nothing was printed. */
export function printPrefix(ctx: IpContext, nlh: NlMsgHdr): boolean {
  const { buf, data } = nlh;
  const { out } = ctx;
  const family = buf[data] as number;
  const type = buf[data + TYPE] as number;
  if (family !== U.AF_INET6) ctx.stderr(`incorrect protocol family: ${family}\n`);
  else if (type !== U.ND_OPT_PREFIX_INFO) ctx.stderr(`wrong ND type ${type}\n`);
  if (family !== U.AF_INET6 || type !== U.ND_OPT_PREFIX_INFO) return false;
  const tb = parseAttrs(new NlAttrs(U.PREFIX_MAX), nlh, PREFIXMSG_LEN);
  const address = tb.bytes(U.PREFIX_ADDRESS);
  if (address !== null) out.raw(`prefix ${formatHost(ctx, family, address)}/${buf[data + LENGTH] as number}`);
  out.raw(`dev ${ctx.links.indexToName(leS32(buf, data + IFINDEX))} `);
  const flags = buf[data + FLAGS] as number;
  if ((flags & ONLINK) !== 0) out.raw('onlink ');
  if ((flags & AUTOCONF) !== 0) out.raw('autoconf ');
  const life = tb.bytes(U.PREFIX_CACHEINFO);
  if (life !== null) out.raw(`valid ${le32(life, 4)} preferred ${le32(life, 0)} `);
  out.raw('\n');
  return true;
}
