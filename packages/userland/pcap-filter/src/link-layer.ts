/** Tests of the link layer: what the payload is, Ethernet addresses, LLC. */
import { BPF_ALU, BPF_AND, BPF_B, BPF_H, BPF_JEQ, BPF_JGE, BPF_JGT, BPF_JMP, BPF_JSET, BPF_K, BPF_LD, BPF_LDX, BPF_MEM, BPF_OR, BPF_W, BPF_X } from '@skbuff/uapi';
import { type Cond, and, not, or, stmt, test } from './cond.ts';
import { fail } from './filter-error.ts';
import { DLT_EN10MB, DLT_LINUX_SLL, DLT_NULL, DLT_PPP, DLT_RAW, type Layers, linkDescription, moved } from './link.ts';
import { always, compare, equal, loadAt, maskedEqual } from './loads.ts';
import type { Dir } from './qualifiers.ts';

export const ETH_IP = 0x800;
export const ETH_IP6 = 0x86dd;
export const ETH_ARP = 0x806;
export const ETH_RARP = 0x8035;
export const ETH_DECNET = 0x6003;
const ETH_ATALK = 0x809b;
const ETH_AARP = 0x80f3;
const ETH_IPX = 0x8137;
const ETH_MPLS = 0x8847;
/** The largest value of the field that is a length. */
const ETH_MTU = 1500;
const SAP_STP = 0x42;
const SAP_IPX = 0xe0;
const SAP_NETBEUI = 0xf0;
export const SAP_ISO = 0xfe;
/** Protocol numbers of a Linux cooked header for what has no Ethernet type. */
const SLL_802_3 = 1;
const SLL_802_2 = 4;

/** True if the payload is of this protocol: an Ethernet type, or a service access point if it is at most 1500. */
export function carries(l: Layers, proto: number): Cond {
  if (l.labels > 0) return mplsCarries(l, proto);
  const { typeField } = l;
  switch (l.dlt) {
    case DLT_EN10MB:
      return etherCarries(l, proto);
    case DLT_LINUX_SLL:
      return cookedCarries(l, proto);
    case DLT_NULL:
      return familyIs(l, proto);
    case DLT_RAW:
      if (proto === ETH_IP) return maskedEqual(l.payload, 0, BPF_B, 0x40, 0xf0);
      return proto === ETH_IP6 ? maskedEqual(l.payload, 0, BPF_B, 0x60, 0xf0) : always(false);
    default:
      return typeField === null ? always(false) : equal(typeField, 0, BPF_H, l.dlt === DLT_PPP ? pppOf(proto) : proto);
  }
}

/** Behind a stack of labels nothing says what follows: an IP version is guessed from its first four bits, if the stack ends there. */
function mplsCarries(l: Layers, proto: number): Cond {
  if (proto !== ETH_IP && proto !== ETH_IP6) fail('unsupported protocol over mpls');
  const bottom = maskedEqual(l.payload, l.network - 2, BPF_B, 1, 1);
  return and(bottom, maskedEqual(l.payload, l.network, BPF_B, proto === ETH_IP ? 0x40 : 0x60, 0xf0));
}

/** AF_INET and AF_INET6 in the byte order of the machine that captured, which is little endian. */
function familyIs(l: Layers, proto: number): Cond {
  const family = proto === ETH_IP ? 2 : proto === ETH_IP6 ? 10 : -1;
  return family < 0 || l.typeField === null ? always(false) : equal(l.typeField, 0, BPF_W, family * 0x1000000);
}

const PPP_OF: ReadonlyMap<number, number> = new Map([
  [ETH_IP, 0x21],
  [ETH_IP6, 0x57],
  [ETH_DECNET, 0x27],
  [ETH_ATALK, 0x29],
  [0x600, 0x25],
  [SAP_ISO, 0x23],
  [SAP_STP, 0x31],
  [SAP_IPX, 0x2b],
  [ETH_MPLS, 0x281],
]);

function pppOf(proto: number): number {
  return PPP_OF.get(proto) ?? proto;
}

function isLength(l: Layers): Cond {
  return not(linktypeIs(l, BPF_JGT, ETH_MTU));
}

function linktypeIs(l: Layers, jump: number, value: number): Cond {
  return l.typeField === null ? always(false) : compare(l.typeField, 0, BPF_H, jump, value);
}

/** A test of the LLC header. */
function llc(l: Layers, by: number, size: number, value: number): Cond {
  return equal(l.payload, by, size, value);
}

/** An LLC header of SNAP with this organization and protocol. */
function snap(l: Layers, oui: number, proto: number): Cond {
  const tail = ((oui & 0xffff) * 0x10000 + proto) >>> 0;
  return and(llc(l, 4, BPF_W, tail), llc(l, 0, BPF_W, (0xaaaa0300 | (oui >>> 16)) >>> 0));
}

function etherCarries(l: Layers, proto: number): Cond {
  const direct = linktypeIs(l, BPF_JEQ, proto);
  switch (proto) {
    case SAP_ISO:
    case SAP_NETBEUI:
      return and(isLength(l), llc(l, 0, BPF_H, (proto << 8) | proto));
    case SAP_IPX: {
      const raw = or(llc(l, 0, BPF_B, SAP_IPX), llc(l, 0, BPF_H, 0xffff));
      return or(linktypeIs(l, BPF_JEQ, ETH_IPX), and(isLength(l), or(snap(l, 0, ETH_IPX), raw)));
    }
    case ETH_ATALK:
      return or(direct, and(isLength(l), snap(l, 0x080007, ETH_ATALK)));
    case ETH_AARP:
      return or(direct, and(isLength(l), snap(l, 0, ETH_AARP)));
    default:
      // Counted from the type field, not from the payload: behind geneve without an Ethernet header that is another place.
      return proto <= ETH_MTU && l.typeField !== null ? and(isLength(l), equal(l.typeField, 2, BPF_B, proto)) : direct;
  }
}

function cookedCarries(l: Layers, proto: number): Cond {
  const is802 = linktypeIs(l, BPF_JEQ, SLL_802_2);
  const direct = linktypeIs(l, BPF_JEQ, proto);
  switch (proto) {
    case SAP_ISO:
    case SAP_NETBEUI:
      return and(is802, llc(l, 0, BPF_H, (proto << 8) | proto));
    case SAP_IPX: {
      const inLlc = and(is802, or(llc(l, 0, BPF_B, SAP_IPX), snap(l, 0, ETH_IPX)));
      return or(linktypeIs(l, BPF_JEQ, ETH_IPX), or(linktypeIs(l, BPF_JEQ, SLL_802_3), inLlc));
    }
    case ETH_ATALK:
      return or(direct, and(is802, snap(l, 0x080007, ETH_ATALK)));
    case ETH_AARP:
      return or(direct, and(is802, snap(l, 0, ETH_AARP)));
    default:
      return proto <= ETH_MTU ? and(is802, llc(l, 0, BPF_B, proto)) : direct;
  }
}

/** Behind geneve: an inner frame has an Ethernet header only if its payload begins elsewhere than the frame. */
function inGeneve(l: Layers, cond: Cond): Cond {
  if (!l.geneve) return cond;
  const same = test(BPF_JMP | BPF_JEQ | BPF_X, 0, [stmt(BPF_LD | BPF_MEM, l.frame.reg), stmt(BPF_LDX | BPF_MEM, l.payload.reg)]);
  return and(not(same), cond);
}

export function etherAddress(l: Layers, mac: Uint8Array, dir: Dir): Cond {
  if (l.dlt !== DLT_EN10MB) fail('ethernet addresses supported only on ethernet/FDDI/token ring/802.11/ATM LANE/Fibre Channel');
  return inGeneve(l, etherDir(l, mac, dir));
}

function etherDir(l: Layers, mac: Uint8Array, dir: Dir): Cond {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = mac;
  const at = (by: number): Cond =>
    and(equal(l.frame, by + 2, BPF_W, ((c << 24) | (d << 16) | (e << 8) | f) >>> 0), equal(l.frame, by, BPF_H, (a << 8) | b));
  if (dir === 'src') return at(6);
  if (dir === 'dst') return at(0);
  if (dir === 'and') return and(at(6), at(0));
  if (dir === 'or' || dir === 'default') return or(at(6), at(0));
  const other = dir.replace('addr', 'address');
  return fail(`${other === dir ? `'${dir}' is` : `'${dir}' and '${other}' are`} only supported on 802.11 with 802.11 headers`);
}

export function linkBroadcast(l: Layers): Cond {
  if (l.dlt !== DLT_EN10MB) fail('not a broadcast link');
  return inGeneve(l, etherDir(l, new Uint8Array(6).fill(0xff), 'dst'));
}

export function linkMulticast(l: Layers): Cond {
  if (l.dlt !== DLT_EN10MB) {
    fail('link-layer multicast filters supported only on ethernet/FDDI/token ring/ARCNET/802.11/ATM LANE/Fibre Channel');
  }
  return inGeneve(l, test(BPF_JMP | BPF_JSET | BPF_K, 1, loadAt(l.frame, 0, BPF_B)));
}

/** S frames: the bits of the control field that say which; and U frames. */
const LLC_S: Readonly<Record<string, number>> = { rr: 0x01, rnr: 0x05, rej: 0x09 };
const LLC_U: Readonly<Record<string, number>> = { ui: 0x03, ua: 0x63, disc: 0x43, sabme: 0x6f, test: 0xe3, xid: 0xaf, frmr: 0x87 };

export function llcFrame(l: Layers, type: string | null): Cond {
  const known = type === null || ['i', 's', 'u'].includes(type) || Object.hasOwn(LLC_S, type) || Object.hasOwn(LLC_U, type);
  if (!known) fail(`unknown LLC type name "${type}"`);
  if (l.dlt !== DLT_EN10MB) fail(`'llc' not supported for ${linkDescription(l.dlt)}`);
  const present = and(isLength(l), not(llc(l, 0, BPF_H, 0xffff)));
  return type === null ? present : and(present, llcControl(l, type));
}

function llcControl(l: Layers, type: string): Cond {
  const control = moved(l.payload, 2);
  if (type === 'i') return not(test(BPF_JMP | BPF_JSET | BPF_K, 1, loadAt(control, 0, BPF_B)));
  if (type === 's') return maskedEqual(control, 0, BPF_B, 1, 3);
  if (type === 'u') return maskedEqual(control, 0, BPF_B, 3, 3);
  const s = LLC_S[type];
  if (s !== undefined) return maskedEqual(control, 0, BPF_B, s, 0xf);
  return maskedEqual(control, 0, BPF_B, LLC_U[type] as number, 0xef);
}

/** `byte N op V`. With `&` and `|` nothing is loaded, as in libpcap. */
export function byteRelation(l: Layers, at: number, op: string, value: number): Cond {
  if (op === '=') return equal(l.frame, at, BPF_B, value);
  if (op === '>') return compare(l.frame, at, BPF_B, BPF_JGT, value);
  if (op === '<') return not(compare(l.frame, at, BPF_B, BPF_JGE, value));
  return not(test(BPF_JMP | BPF_JEQ | BPF_K, 0, [stmt(BPF_ALU | (op === '&' ? BPF_AND : BPF_OR) | BPF_K, value)]));
}

