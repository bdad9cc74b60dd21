/** `ip link set … vf NUM …`: virtual functions of a card (`iplink_parse_vf`). */
import * as U from '@skbuff/uapi';
import { setBe16, setLe32, setLe64 } from '@skbuff/wire';
import type { Args } from './args.ts';
import { llAddrA2n } from './inet.ts';
import type { LinkParser } from './link-parse.ts';
import { getInteger, getNumber, getUnsigned } from './numbers.ts';

const VF_MAC_LEN = 32;
const ETH_ALEN = 6;

/** What is told about one function. */
class VfRequest {
  readonly link: LinkParser;
  readonly vf: number;
  minRate = -1;
  maxRate = -1;

  constructor(link: LinkParser, vf: number) {
    this.link = link;
    this.vf = vf;
  }

  /** `struct ifla_vf_…`: the number of the function, then 32-bit numbers. */
  put(type: number, ...values: readonly number[]): void {
    const { builder } = this.link.req;
    const at = builder.nlaReserve(type, 4 + 4 * values.length);
    for (const [i, value] of [this.vf, ...values].entries()) setLe32(builder.buf, at + 4 * i, value);
  }
}

type Read = (v: VfRequest, args: Args) => void;

const mac: Read = (v, args: Args) => {
  const { link } = v;
  const bytes = llAddrA2n(args.next(), link.ctx.stderr);
  if (bytes === null || bytes.length !== ETH_ALEN) {
    if (bytes !== null) link.ctx.stderr(`Invalid address length ${bytes.length} - must be ${ETH_ALEN} bytes\n`);
    link.failed = true;
    return;
  }
  const at = link.req.builder.nlaReserve(U.IFLA_VF_MAC, 4 + VF_MAC_LEN);
  setLe32(link.req.builder.buf, at, v.vf);
  link.req.builder.buf.set(bytes, at + 4);
};

const PROTOCOLS: ReadonlyMap<string, number> = new Map([
  ['802.1q', U.ETH_P_8021Q],
  ['802.1ad', U.ETH_P_8021AD],
]);

/** `vlan N [qos N] [proto 802.1Q|802.1ad]`. */
const vlan: Read = (v, args: Args) => {
  const id = getNumber(args.next(), 0, 4095) ?? args.invarg('Invalid "vlan" value\n');
  let qos = 0;
  let proto: number = U.ETH_P_8021Q;
  while (args.hasNext()) {
    args.next();
    if (args.abbr('qos')) qos = getUnsigned(args.next()) ?? args.invarg('Invalid "qos" value\n');
    else if (args.abbr('proto')) proto = PROTOCOLS.get(args.next().toLowerCase()) ?? args.invarg('protocol is invalid\n');
    else {
      args.back();
      break;
    }
  }
  if (proto === U.ETH_P_8021Q) v.put(U.IFLA_VF_VLAN, id, qos);
  else putVlanList(v, id, qos, proto);
};

function putVlanList(v: VfRequest, id: number, qos: number, proto: number): void {
  const { builder } = v.link.req;
  const list = builder.nlaNestStartNoflag(U.IFLA_VF_VLAN_LIST);
  const at = builder.nlaReserve(U.IFLA_VF_VLAN_INFO, 16);
  for (const [i, value] of [v.vf, id, qos].entries()) setLe32(builder.buf, at + 4 * i, value);
  setBe16(builder.buf, at + 12, proto);
  builder.nlaNestEnd(list);
}

function readRate(args: Args, key: string): number {
  return getUnsigned(args.next()) ?? args.invarg(`Invalid "${key}" value\n`);
}

function onOff(type: number, key: string): Read {
  return (v, args: Args) => {
    const word = args.next();
    if (word !== 'on' && word !== 'off') args.die(1, `Error: argument of "${key}" must be one of "off", "on", not "${word}"\n`);
    v.put(type, Number(word === 'on'));
  };
}

const state: Read = (v, args: Args) => {
  args.next();
  const value = ['auto', 'enable', 'disable'].findIndex((name) => args.abbr(name));
  v.put(U.IFLA_VF_LINK_STATE, value >= 0 ? value : args.invarg('Invalid "state" value\n'));
};

function guid(type: number): Read {
  return (v, args: Args) => {
    const bytes = /^([0-9a-fA-F]{1,2}:){7}[0-9a-fA-F]{1,2}$/.test(args.next()) ? args.cur.split(':') : args.invarg('Invalid GUID format\n');
    const { builder } = v.link.req;
    const at = builder.nlaReserve(type, 16);
    setLe32(builder.buf, at, v.vf);
    setLe64(builder.buf, at + 8, BigInt(`0x${bytes.map((b) => b.padStart(2, '0')).join('')}`));
  };
}

/** In the order in which an abbreviation is resolved. */
const WORDS: readonly (readonly [string, Read])[] = [
  ['mac', mac],
  ['vlan', vlan],
  ['rate', (v, args) => v.put(U.IFLA_VF_TX_RATE, readRate(args, 'rate'))],
  ['max_tx_rate', (v, args) => void (v.maxRate = readRate(args, 'max tx rate'))],
  ['min_tx_rate', (v, args) => void (v.minRate = readRate(args, 'min tx rate'))],
  ['spoofchk', onOff(U.IFLA_VF_SPOOFCHK, 'spoofchk')],
  ['query_rss', onOff(U.IFLA_VF_RSS_QUERY_EN, 'query_rss')],
  ['trust', onOff(U.IFLA_VF_TRUST, 'trust')],
  ['state', state],
  ['node_guid', guid(U.IFLA_VF_IB_NODE_GUID)],
  ['port_guid', guid(U.IFLA_VF_IB_PORT_GUID)],
];

/** Reads from the word `vf` on. */
export function readVf(link: LinkParser, args: Args): void {
  const v = new VfRequest(link, getInteger(args.next()) ?? args.invarg('Invalid "vf" value\n'));
  const { builder } = link.req;
  const list = builder.nlaNestStartNoflag(U.IFLA_VFINFO_LIST);
  if (link.dev === null) args.missarg('dev');
  const info = builder.nlaNestStartNoflag(U.IFLA_VF_INFO);
  if (readWords(v, args) === 0) args.incomplete();
  if (v.minRate >= 0 || v.maxRate >= 0) putRates(v);
  builder.nlaNestEnd(info);
  builder.nlaNestEnd(list);
}

/** How many words there were. */
function readWords(v: VfRequest, args: Args): number {
  for (let count = 0; ; count++) {
    if (!args.hasNext() || v.link.failed) return count;
    args.next();
    const found = WORDS.find(([word]) => args.abbr(word));
    if (found === undefined) {
      args.back();
      return count;
    }
    found[1](v, args);
  }
}

/** A limit that was not given stays as it is; no card here has one. */
function putRates(v: VfRequest): void {
  const [min, max] = [Math.max(v.minRate, 0), Math.max(v.maxRate, 0)];
  if (max > 0 && min > max) {
    v.link.ctx.stderr(`Invalid min_tx_rate ${min} - must be <= max_tx_rate ${max}\n`);
    v.link.failed = true;
  } else v.put(U.IFLA_VF_RATE, min, max);
}
