/** `ip link add … type vlan …`, `macvlan`, `macvtap`, `ipvlan`, `ipvtap`, `vrf`: links that stand on other links, and the one that others stand on. */
import * as U from '@skbuff/uapi';
import { setLe32 } from '@skbuff/wire';
import type { Args } from './args.ts';
import { llAddrA2n } from './inet.ts';
import { ipvlanHelp, macvlanHelp, VLAN_HELP } from './link-help.ts';
import type { LinkKind } from './link-kinds.ts';
import { bitOption, optionKind, type OptionReader, type ReadOption, vlanProtocolOption } from './link-options.ts';
import { rtTables } from './names.ts';
import { getNumber, getUnsigned } from './numbers.ts';

/** `FROM:TO …`, as many as there are. */
function qosMap(type: number, key: string): ReadOption {
  return ({ builder }, args) => {
    args.next();
    const nest = builder.nlaNestStartNoflag(type);
    for (; args.left > 0 && args.cur.includes(':'); args.skip()) {
      const [from, to] = args.cur.split(/:(.*)/s).map((n) => getUnsigned(n));
      const wrong = (): never => args.invarg(`invalid ${key}`, args.cur.split(':')[0]);
      const at = builder.nlaReserve(U.IFLA_VLAN_QOS_MAPPING, 8);
      setLe32(builder.buf, at, from ?? wrong());
      setLe32(builder.buf, at + 4, to ?? wrong());
    }
    args.back();
    builder.nlaNestEnd(nest);
  };
}

const vlanId: ReadOption = ({ builder }, args) => builder.nlaPutU16(U.IFLA_VLAN_ID, getNumber(args.next(), 0, 0xffff) ?? args.invarg('id is invalid'));

export const vlanKind: LinkKind = optionKind({
  name: 'vlan',
  help: VLAN_HELP,
  what: 'command',
  options: [
    ['protocol', vlanProtocolOption(U.IFLA_VLAN_PROTOCOL, 'protocol is invalid')],
    ['id', vlanId],
    ['reorder_hdr', bitOption(U.VLAN_FLAG_REORDER_HDR, 'reorder_hdr')],
    ['gvrp', bitOption(U.VLAN_FLAG_GVRP, 'gvrp')],
    ['mvrp', bitOption(U.VLAN_FLAG_MVRP, 'mvrp')],
    ['loose_binding', bitOption(U.VLAN_FLAG_LOOSE_BINDING, 'loose_binding')],
    ['bridge_binding', bitOption(U.VLAN_FLAG_BRIDGE_BINDING, 'bridge_binding')],
    ['ingress-qos-map', qosMap(U.IFLA_VLAN_INGRESS_QOS, 'ingress-qos-map')],
    ['egress-qos-map', qosMap(U.IFLA_VLAN_EGRESS_QOS, 'egress-qos-map')],
  ],
  finish({ builder, bits, mask }) {
    if (mask === 0) return;
    const at = builder.nlaReserve(U.IFLA_VLAN_FLAGS, 8);
    setLe32(builder.buf, at, bits);
    setLe32(builder.buf, at + 4, mask);
  },
});

const MACVLAN_MODES: ReadonlyMap<string, number> = new Map([
  ['private', U.MACVLAN_MODE_PRIVATE],
  ['vepa', U.MACVLAN_MODE_VEPA],
  ['bridge', U.MACVLAN_MODE_BRIDGE],
  ['passthru', U.MACVLAN_MODE_PASSTHRU],
  ['source', U.MACVLAN_MODE_SOURCE],
]);

function complain(o: OptionReader, text: string): boolean {
  o.ctx.stderr(text);
  return false;
}

const macvlanMode: ReadOption = (o, args) => {
  const mode = MACVLAN_MODES.get(args.next());
  if (mode === undefined) return complain(o, `Error: argument of "mode" must be "private", "vepa", "bridge", "passthru" or "source", not "${args.cur}"\n`);
  o.mode = mode;
  return true;
};

const MACVLAN_FLAG_NAMES: readonly string[] = ['nopromisc', 'nodst'];

const macvlanFlag: ReadOption = (o, args) => {
  const word = args.next();
  const at = MACVLAN_FLAG_NAMES.indexOf(word);
  if (at < 0 && word !== 'null') return complain(o, `Error: argument of "flag" must be "nopromisc", "nodst" or "null", not "${word}"\n`);
  o.mask = 1;
  if (at >= 0) o.bits |= 1 << at;
  return true;
};

/** The addresses that come in, of the mode `source`. */
const macaddr: ReadOption = (o, args) => {
  const op = ['add', 'del', 'flush', 'set'].indexOf(args.next());
  if (op < 0) return complain(o, `Error: argument of "macaddr" must be "add", "del", "set" or "flush", not "${args.cur}"\n`);
  o.builder.nlaPutU32(U.IFLA_MACVLAN_MACADDR_MODE, op);
  if (op < 2) return args.next() !== '' && putMac(o, args);
  return op === 2 || macSet(o, args);
};

function macSet(o: OptionReader, args: Args): boolean {
  const nest = o.builder.nlaNestStartNoflag(U.IFLA_MACVLAN_MACADDR_DATA);
  while (args.hasNext()) {
    args.next();
    if (!putMac(o, args)) return false;
  }
  o.builder.nlaNestEnd(nest);
  return true;
}

function putMac(o: OptionReader, args: Args): boolean {
  const bytes = llAddrA2n(args.cur, o.ctx.stderr);
  if (bytes !== null) o.builder.nlaPut(U.IFLA_MACVLAN_MACADDR, bytes);
  return bytes !== null;
}

const bcqueuelen: ReadOption = (o, args) => {
  const value = getUnsigned(args.next());
  if (value === null) return complain(o, `Error: argument of "bcqueuelen" must be a positive integer [0-4294967295], not "${args.cur}"\n`);
  o.builder.nlaPutU32(U.IFLA_MACVLAN_BC_QUEUE_LEN, value);
  return true;
};

function macvlan(name: string): LinkKind {
  return optionKind({
    name,
    help: macvlanHelp(name),
    what: 'option',
    options: [
      ['mode', macvlanMode],
      ['flag', macvlanFlag],
      ['macaddr', macaddr],
      ['nopromisc', (o) => void ((o.mask = 1), (o.bits |= 1))],
      ['bcqueuelen', bcqueuelen],
    ],
    finish({ builder, mode, bits, mask }) {
      if (mode !== null) builder.nlaPutU32(U.IFLA_MACVLAN_MODE, mode);
      if (mask !== 0) builder.nlaPutU16(U.IFLA_MACVLAN_FLAGS, bits);
    },
  });
}

const ipvlanMode: ReadOption = (o, args) => {
  const mode = ['l2', 'l3', 'l3s'].indexOf(args.next());
  if (mode < 0) return complain(o, 'Error: argument of "mode" must be either "l2", "l3" or "l3s"\n');
  o.builder.nlaPutU16(U.IFLA_IPVLAN_MODE, mode);
  return true;
};

/** One of the flags; a second one is no word that is known. */
function ipvlanFlag(name: string, bits: number): ReadOption {
  return (o, args) => {
    if (o.mask !== 0) return complain(o, `${name}: unknown option "${args.cur}"?\n${ipvlanHelp(name)}`);
    o.mask = 1;
    o.builder.nlaPutU16(U.IFLA_IPVLAN_FLAGS, bits);
    return true;
  };
}

function ipvlan(name: string): LinkKind {
  return optionKind({
    name,
    help: ipvlanHelp(name),
    what: 'option',
    options: [
      ['mode', ipvlanMode],
      ['private', ipvlanFlag(name, U.IPVLAN_F_PRIVATE)],
      ['vepa', ipvlanFlag(name, U.IPVLAN_F_VEPA)],
      ['bridge', ipvlanFlag(name, 0)],
    ],
  });
}

export const macvlanKind: LinkKind = macvlan('macvlan');
export const macvtapKind: LinkKind = macvlan('macvtap');
export const ipvlanKind: LinkKind = ipvlan('ipvlan');
export const ipvtapKind: LinkKind = ipvlan('ipvtap');

export const vrfKind: LinkKind = optionKind({
  name: 'vrf',
  help: 'Usage: ... vrf table TABLEID\n',
  what: 'option',
  options: [['table', ({ builder }, args) => builder.nlaPutU32(U.IFLA_VRF_TABLE, rtTables.a2n(args.next()) ?? args.invarg('invalid table ID\n'))]],
});
