/** `nexthop via … dev … weight …` (`parse_nexthops`). */
import { NlMsgBuilder } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { setLe16, setLe32 } from '@skbuff/wire';
import type { Args } from './args.ts';
import { getAddr, readFamily } from './inet.ts';
import { getUnsigned } from './numbers.ts';
import { parseEncap } from './route-encap.ts';
import { putGateway } from './route-gateway.ts';
import type { RouteRequest } from './route-modify.ts';
import { getRealms } from './route-realms.ts';

interface Hop {
  flags: number;
  hops: number;
  ifindex: number;
}

function readVia(r: RouteRequest, args: Args, b: NlMsgBuilder): void {
  let family = readFamily(args.next());
  if (family === U.AF_UNSPEC) family = r.rtm.family;
  else args.next();
  const addr = getAddr(args, args.cur, family);
  r.settle(addr.family);
  putGateway(b, r.rtm.family, addr.family, addr.bytes);
}

/** One word of a hop: true when it was one, false when the hop ends, null after a complaint. */
function readWord(r: RouteRequest, args: Args, b: NlMsgBuilder, hop: Hop): boolean | null {
  if (args.is('via')) readVia(r, args, b);
  else if (args.is('dev')) {
    hop.ifindex = r.ctx.links.nameToIndex(args.next());
    if (hop.ifindex === 0) {
      r.ctx.nodev(args.cur);
      return null;
    }
  } else if (args.is('weight')) {
    const weight = getUnsigned(args.next());
    if (weight === null || weight === 0 || weight > 256) args.invarg('"weight" is invalid\n');
    hop.hops = weight - 1;
  } else if (args.is('encap')) parseEncap(b, args);
  else if (args.is('onlink')) hop.flags |= U.RTNH_F_ONLINK;
  else if (args.is('pervasive')) hop.flags |= U.RTNH_F_PERVASIVE;
  else if (args.abbr('realms')) b.nlaPutU32(U.RTA_FLOW, getRealms(args.next()) ?? args.invarg('"realm" value is invalid\n'));
  else return false;
  return true;
}

/** `parse_one_nh`: a `struct rtnexthop` with its attributes. */
function readHop(r: RouteRequest, args: Args, b: NlMsgBuilder): void {
  const hop: Hop = { flags: 0, hops: 0, ifindex: 0 };
  const at = b.put(8);
  for (args.skip(); args.left > 0; args.skip()) {
    const word = readWord(r, args, b, hop);
    if (word === null) r.ctx.die(-1, 'Error: cannot parse nexthop\n');
    if (!word) break;
  }
  setLe16(b.buf, at, b.len - at);
  b.buf[at + 2] = hop.flags;
  b.buf[at + 3] = hop.hops;
  setLe32(b.buf, at + 4, hop.ifindex);
}

/** Begins at the word `nexthop`; adds RTA_MULTIPATH. */
export function parseNextHops(r: RouteRequest, args: Args): void {
  const b = new NlMsgBuilder();
  while (args.left > 0) {
    if (!args.is('nexthop')) r.ctx.die(-1, `Error: "nexthop" or end of line is expected instead of "${args.cur}"\n`);
    if (!args.hasNext()) r.ctx.die(-1, 'Error: unexpected end of line after "nexthop"\n');
    readHop(r, args, b);
  }
  if (b.len > 0) r.req.builder.nlaPut(U.RTA_MULTIPATH, b.bytes());
}
