/** `encap ip|ip6|mpls …` (`lwt_parse_encap`): what is put around the packets of a route. */
import { NlMsgBuilder } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { setBe32 } from '@skbuff/wire';
import type { Args } from './args.ts';
import { getAddr } from './inet.ts';
import { rtDsfield } from './names.ts';
import { getU64, getU8 } from './numbers.ts';

const TUNNEL_CSUM = 0x01;
const TUNNEL_KEY = 0x04;
const TUNNEL_SEQ = 0x08;

const LABEL_MAX = 0xfffff;
const BOTTOM_OF_STACK = 0x100;

const TYPES: ReadonlyMap<string, readonly [number, (b: NlMsgBuilder, args: Args) => void]> = new Map([
  ['mpls', [U.LWTUNNEL_ENCAP_MPLS, readMpls]],
  ['ip', [U.LWTUNNEL_ENCAP_IP, (b, args) => readIp(b, args, U.AF_INET, 'ttl', 'tos')]],
  ['ip6', [U.LWTUNNEL_ENCAP_IP6, (b, args) => readIp(b, args, U.AF_INET6, 'hoplimit', 'tc')]],
]);

/** Begins at the word `encap`; afterwards the last word of the encapsulation is the present one. */
export function parseEncap(b: NlMsgBuilder, args: Args): void {
  const [type, read] = TYPES.get(args.next()) ?? args.invarg('"encap type" value is invalid\n');
  args.next();
  if (!args.hasNext()) args.die(-1, 'Error: unexpected end of line after "encap"\n');
  const inside = new NlMsgBuilder();
  read(inside, args);
  args.back();
  b.nlaPut(U.RTA_ENCAP, inside.bytes());
  b.nlaPutU16(U.RTA_ENCAP_TYPE, type);
}

/** The words of a tunnel, up to the first that is none of them. */
function readIp(b: NlMsgBuilder, args: Args, family: number, ttl: string, tos: string): void {
  const seen = new Set<string>();
  const once = (key: string): void => {
    args.next();
    if (seen.has(key)) args.duparg2(key);
    seen.add(key);
  };
  let flags = 0;
  for (; args.left > 0; args.skip()) {
    if (args.is('id')) {
      once('id');
      const id = getU64(args.cur) ?? args.invarg('"id" value is invalid\n');
      const at = b.nlaReserve(U.LWTUNNEL_IP_ID, 8);
      setBe32(b.buf, at, Number(id >> 32n));
      setBe32(b.buf, at + 4, Number(id & 0xffff_ffffn));
    } else if (args.is('dst') || args.is('src')) {
      const key = args.cur;
      once(key);
      b.nlaPut(key === 'dst' ? U.LWTUNNEL_IP_DST : U.LWTUNNEL_IP_SRC, getAddr(args, args.cur, family).bytes);
    } else if (args.is(ttl)) {
      once(ttl);
      b.nlaPutU8(U.LWTUNNEL_IP_TTL, getU8(args.cur) ?? args.invarg(`"${ttl}" value is invalid\n`));
    } else if (args.is(tos)) {
      once(tos);
      b.nlaPutU8(U.LWTUNNEL_IP_TOS, rtDsfield.a2n(args.cur) ?? args.invarg(`"${tos}" value is invalid\n`));
    } else if (args.is('key')) flags |= TUNNEL_KEY;
    else if (args.is('csum')) flags |= TUNNEL_CSUM;
    else if (args.is('seq')) flags |= TUNNEL_SEQ;
    else break;
  }
  if (flags !== 0) b.nlaPutBe16(U.LWTUNNEL_IP_FLAGS, flags);
}

/** Labels, the outermost first, and perhaps a TTL. */
function readMpls(b: NlMsgBuilder, args: Args): void {
  const labels = args.cur.split('/').map((word) => (/^[0-9]+$/.test(word) && Number(word) <= LABEL_MAX ? Number(word) : -1));
  if (labels.includes(-1)) args.die(1, `Error: mpls address is expected rather than "${args.cur}".\n`);
  const at = b.nlaReserve(U.MPLS_IPTUNNEL_DST, 4 * labels.length);
  for (const [i, label] of labels.entries()) setBe32(b.buf, at + 4 * i, ((label << 12) | (i === labels.length - 1 ? BOTTOM_OF_STACK : 0)) >>> 0);
  args.skip();
  if (!args.is('ttl')) return;
  b.nlaPutU8(U.MPLS_IPTUNNEL_TTL, getU8(args.next()) ?? args.invarg('"ttl" value is invalid\n'));
  args.skip();
}
