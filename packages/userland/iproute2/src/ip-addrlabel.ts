/** `ip addrlabel`: the labels by which IPv6 chooses a source for a destination (RFC 6724 §2.1). */
import { NlAttrs, type NlMsgHdr, type NlStruct } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { le32, setLe32 } from '@skbuff/wire';
import { deleteMessage } from './addr-flush.ts';
import type { Args } from './args.ts';
import { parseAttrs } from './attrs.ts';
import type { IpContext } from './context.ts';
import { formatHost } from './format-host.ts';
import { getPrefix, paintOf, type WrittenPrefix } from './inet.ts';
import { getUnsigned } from './numbers.ts';
import { usageAddrlabel } from './usage.ts';

/** The label that no prefix may have. */
const NO_LABEL = 0xffff_ffff;

/** `struct ifaddrlblmsg`. */
class AddrLabelMsg implements NlStruct {
  static readonly LEN: number = 12;
  readonly size: number = AddrLabelMsg.LEN;
  family: number;
  prefixlen = 0;
  index = 0;

  constructor(family: number) {
    this.family = family === U.AF_UNSPEC ? U.AF_INET6 : family;
  }

  write(buf: Uint8Array, off: number): void {
    buf[off] = this.family;
    buf[off + 2] = this.prefixlen;
    setLe32(buf, off + 4, this.index);
  }
}

/** `print_addrlabel`. */
export function printAddrlabel(ctx: IpContext, nlh: NlMsgHdr): void {
  const { out } = ctx;
  const family = nlh.buf[nlh.data] as number;
  const prefixlen = nlh.buf[nlh.data + 2] as number;
  const index = le32(nlh.buf, nlh.data + 4);
  const tb = parseAttrs(new NlAttrs(U.IFAL_MAX), nlh, AddrLabelMsg.LEN);
  out.openObject();
  if (nlh.type === U.RTM_DELADDRLABEL) out.any('deleted', true, 'Deleted ');
  const address = tb.bytes(U.IFAL_ADDRESS);
  if (address !== null) {
    const host = formatHost(ctx, family, address);
    out.text('prefix ');
    out.any('address', host, out.paint(paintOf(family), host));
    out.any('prefixlen', prefixlen, `/${prefixlen} `);
  }
  if (index !== 0) {
    const dev = ctx.links.indexToName(index);
    out.text('dev ');
    out.any('ifname', dev, out.paint('ifname', `${dev} `));
  }
  if (tb.has(U.IFAL_LABEL)) out.any('label', tb.u32(U.IFAL_LABEL), `label ${tb.u32(U.IFAL_LABEL)} `);
  out.text('\n');
  out.closeObject();
}

/** Passes every label to `each`; 0, or `status` after a complaint. */
function dump(ctx: IpContext, status: number, failed: string, each: (nlh: NlMsgHdr) => number): number {
  const req = ctx.rtnl.request(U.RTM_GETADDRLABEL, 0, new AddrLabelMsg(ctx.options.family));
  if (ctx.rtnl.dump(req, each) >= 0) return 0;
  ctx.stderr(`${failed} terminated\n`);
  return status;
}

function list(ctx: IpContext, args: Args): number {
  if (args.left > 0) {
    ctx.stderr('"ip addrlabel show" does not take any arguments.\n');
    return -1;
  }
  ctx.out.newDocument();
  const status = dump(ctx, 1, 'Dump', (nlh) => (printAddrlabel(ctx, nlh), 0));
  ctx.out.deleteDocument();
  return status;
}

interface Written {
  readonly prefix: WrittenPrefix | null;
  readonly label: number | null;
  readonly index: number;
}

/** Words that are none of these are passed over; of two the second counts. */
function parse(ctx: IpContext, args: Args): Written {
  let prefix: WrittenPrefix | null = null;
  let label: number | null = null;
  let index = 0;
  for (; args.left > 0; args.skip()) {
    if (args.is('prefix')) prefix = getPrefix(args, args.next(), ctx.options.family);
    else if (args.is('dev')) index = ctx.links.nameToIndex(args.next()) || args.invarg('dev is invalid\n');
    else if (args.is('label')) {
      label = getUnsigned(args.next());
      if (label === null || label === NO_LABEL) args.invarg('label is invalid\n');
    }
  }
  return { prefix, label, index };
}

function modify(ctx: IpContext, args: Args, cmd: number, flags: number): number {
  const { prefix, label, index } = parse(ctx, args);
  const missing = prefix === null ? 'prefix' : 'label';
  if (prefix === null || label === null) {
    ctx.stderr(`Not enough information: "${missing}" argument is required.\n`);
    return -1;
  }
  const header = new AddrLabelMsg(ctx.options.family);
  header.prefixlen = prefix.bitlen;
  header.index = index;
  const req = ctx.rtnl.request(cmd, flags, header);
  req.builder.nlaPutU32(U.IFAL_LABEL, label);
  req.builder.nlaPut(U.IFAL_ADDRESS, prefix.bytes);
  return ctx.rtnl.talk(req) < 0 ? -2 : 0;
}

/** The labels that are always there go, too. */
function flush(ctx: IpContext, args: Args): number {
  if (args.left > 0) {
    ctx.stderr('"ip addrlabel flush" does not allow extra arguments\n');
    return -1;
  }
  const batch: Uint8Array[] = [];
  const status = dump(ctx, -1, 'Flush', (nlh) => (batch.push(deleteMessage(ctx, nlh, U.RTM_DELADDRLABEL, U.NLM_F_ACK)), 0));
  for (const message of batch) ctx.rtnl.sendCheck(message);
  return status;
}

/** `do_ipaddrlabel`. */
export function doAddrlabel(ctx: IpContext, args: Args): number {
  if (args.left === 0) return list(ctx, args);
  const then = (fn: (rest: Args) => number): number => {
    args.skip();
    return fn(args);
  };
  if (args.abbr('list', 'show', 'lst')) return then((rest) => list(ctx, rest));
  if (args.abbr('add')) return then((rest) => modify(ctx, rest, U.RTM_NEWADDRLABEL, U.NLM_F_CREATE | U.NLM_F_EXCL));
  if (args.abbr('delete')) return then((rest) => modify(ctx, rest, U.RTM_DELADDRLABEL, 0));
  if (args.abbr('flush')) return then((rest) => flush(ctx, rest));
  if (args.abbr('help')) return usageAddrlabel(ctx);
  return ctx.die(-1, `Command "${args.cur}" is unknown, try "ip addrlabel help".\n`);
}
