/** Tests of what a packet carries: `ip proto`, `tcp`, `isis`, `protochain`. */
import {
  BPF_ABS,
  BPF_ADD,
  BPF_ALU,
  BPF_B,
  BPF_H,
  BPF_IMM,
  BPF_IND,
  BPF_JA,
  BPF_JEQ,
  BPF_JMP,
  BPF_JSET,
  BPF_K,
  BPF_LD,
  BPF_LDX,
  BPF_MEM,
  BPF_MISC,
  BPF_MSH,
  BPF_MUL,
  BPF_ST,
  BPF_TAX,
  BPF_TXA,
  BPF_X,
} from '@skbuff/uapi';
import { type Cond, type Stmt, and, anyOf, not, or, stmt, test } from './cond.ts';
import { fail } from './filter-error.ts';
import { ETH_ARP, ETH_DECNET, ETH_IP, ETH_IP6, ETH_RARP, SAP_ISO, carries } from './link-layer.ts';
import type { Layers } from './link.ts';
import { type Registers, equal, loadAt } from './loads.ts';
import type { FilterNames } from './names.ts';

const IPPROTO_FRAGMENT = 44;
const IPPROTO_AH = 51;
const IPPROTO_NONE = 59;
const OSI_ISIS = 0x83;

/** `proto[…]` of an IPv4 header that is no fragment but the first. */
export function notFragment(l: Layers): Cond {
  return not(test(BPF_JMP | BPF_JSET | BPF_K, 0x1fff, loadAt(l.payload, l.network + 6, BPF_H)));
}

export function protocolIs(l: Layers, value: number, proto: string): Cond {
  switch (proto) {
    case 'default':
      return or(protocolIs(l, value, 'ip'), protocolIs(l, value, 'ip6'));
    case 'link':
      return carries(l, value);
    case 'ip':
      return and(carries(l, ETH_IP), equal(l.payload, l.network + 9, BPF_B, value));
    case 'ip6':
      return and(carries(l, ETH_IP6), or(equal(l.payload, l.network + 6, BPF_B, value), afterFragment(l, value)));
    case 'iso':
      return and(carries(l, SAP_ISO), equal(l.payload, l.networkNoSnap, BPF_B, value));
    case 'isis':
      return and(protocolIs(l, OSI_ISIS, 'iso'), equal(l.payload, l.networkNoSnap + 4, BPF_B, value));
    default:
      return fail(bogusProto(proto));
  }
}

/** A fragment header, alone, is looked through. */
function afterFragment(l: Layers, value: number): Cond {
  return and(equal(l.payload, l.network + 6, BPF_B, IPPROTO_FRAGMENT), equal(l.payload, l.network + 40, BPF_B, value));
}

function bogusProto(proto: string): string {
  if (proto === 'arp' || proto === 'rarp') return `${proto} does not encapsulate another protocol`;
  if (['lat', 'sca', 'moprc', 'mopdl'].includes(proto)) return `${proto.toUpperCase()} does not encapsulate another protocol`;
  if (proto === 'atalk') return 'AppleTalk encapsulation is not specifiable';
  if (proto === 'decnet') return 'DECNET encapsulation is not specifiable';
  return proto === 'clnp' ? "'clnp proto' is not supported" : `'${proto} proto' is bogus`;
}

const ETHER_NAMES: Readonly<Record<string, number>> = {
  aarp: 0x80f3,
  arp: ETH_ARP,
  atalk: 0x809b,
  decnet: ETH_DECNET,
  ip: ETH_IP,
  ip6: ETH_IP6,
  ipx: 0xe0,
  iso: SAP_ISO,
  lat: 0x6004,
  loopback: 0x9000,
  mopdl: 0x6001,
  moprc: 0x6002,
  netbeui: 0xf0,
  rarp: ETH_RARP,
  sca: 0x6007,
  stp: 0x42,
};

const OSI_NAMES: Readonly<Record<string, number>> = { clnp: 0x81, esis: 0x82, isis: OSI_ISIS };

/** Names are of the user, and every object has some of its own. */
function own(table: Readonly<Record<string, number>>, name: string): number | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

export function protoNumber(names: FilterNames, name: string, proto: string): number {
  const of = (found: number | null | undefined, what: string): number => found ?? fail(`${what} '${name}'`);
  if (proto === 'default' || proto === 'ip' || proto === 'ip6') return of(names.protocol(name), 'unknown ip proto');
  if (proto === 'link') return of(own(ETHER_NAMES, name), 'unknown ether proto');
  if (proto === 'iso') return of(own(OSI_NAMES, name), 'unknown osi proto');
  return fail(`unknown protocol: ${name}`);
}

/** Protocols over IP: their number, and which IP they are looked for in. */
const OVER_IP: Readonly<Record<string, readonly [number, string]>> = {
  sctp: [132, 'default'],
  tcp: [6, 'default'],
  udp: [17, 'default'],
  icmp: [1, 'ip'],
  igmp: [2, 'ip'],
  igrp: [9, 'ip'],
  pim: [103, 'default'],
  vrrp: [112, 'ip'],
  carp: [112, 'ip'],
  ah: [IPPROTO_AH, 'default'],
  esp: [50, 'default'],
  icmp6: [58, 'ip6'],
};

/** Types of IS-IS packets. */
const ISIS: Readonly<Record<string, readonly number[]>> = {
  l1: [26, 24, 18, 15, 17],
  l2: [27, 25, 20, 16, 17],
  iih: [17, 15, 16],
  lsp: [18, 20],
  snp: [27, 26, 24, 25],
  csnp: [24, 25],
  psnp: [26, 27],
};

/** A protocol's name alone. */
export function protocolNamed(l: Layers, proto: string): Cond {
  const over = OVER_IP[proto];
  if (over !== undefined) return protocolIs(l, over[0], over[1]);
  const types = ISIS[proto];
  if (types !== undefined) return anyOf(types.map((type) => protocolIs(l, type, 'isis')));
  const osi = OSI_NAMES[proto];
  if (osi !== undefined) return protocolIs(l, osi, 'iso');
  const ether = ETHER_NAMES[proto];
  if (ether !== undefined) return carries(l, ether);
  if (proto === 'link') fail('link layer applied in wrong context');
  return fail("'radio' is not a valid protocol type");
}

/** `protochain`: a loop over the headers, the only code that jumps backwards; no kernel takes it. */
export function protocolInChain(l: Layers, regs: Registers, value: number, proto: string): Cond {
  regs.optimizable = false;
  const reg = regs.alloc();
  if (proto === 'default') {
    const v4 = protocolInChain(l, regs, value, 'ip');
    const v6 = protocolInChain(l, regs, value, 'ip6');
    regs.free(reg);
    return or(v4, v6);
  }
  if (proto !== 'ip' && proto !== 'ip6') fail("bad protocol applied for 'protochain'");
  if (l.payload.reg >= 0) fail("'protochain' not supported with variable length headers");
  const chain = chainOf(l, reg, value, proto === 'ip6');
  regs.free(reg);
  return and(carries(l, proto === 'ip' ? ETH_IP : ETH_IP6), test(BPF_JMP | BPF_JEQ | BPF_K, value, chain));
}

const isProto = (value: number): Stmt => stmt(BPF_JMP | BPF_JEQ | BPF_K, value);

/** A = the number of the next header, X = how far into the packet it stands; at the end A is what was looked for, or what stopped. */
function chainOf(l: Layers, reg: number, value: number, v6: boolean): Stmt[] {
  const net = l.payload.base + l.network;
  const head = v6
    ? [stmt(BPF_LD | BPF_ABS | BPF_B, net + 6), stmt(BPF_LDX | BPF_IMM, 40)]
    : [stmt(BPF_LD | BPF_ABS | BPF_B, net + 9), stmt(BPF_LDX | BPF_MSH | BPF_B, net)];
  const again = isProto(value);
  const none = isProto(IPPROTO_NONE);
  const end = stmt(BPF_ALU | BPF_ADD | BPF_K, 0);
  const back = (): Stmt => ({ ...stmt(BPF_JMP | BPF_JA), jt: again });
  const out = [...head, again, none];
  Object.assign(again, { jt: end, jf: none });
  const ah = isProto(IPPROTO_AH);
  const skipAh = ahHeader(net, reg);
  if (v6) {
    const options = optionHeader(net, reg);
    const extensions = [0, 60, 43, 44].map(isProto);
    extensions.forEach((e, i) => Object.assign(e, { jt: options[0], jf: extensions[i + 1] ?? ah }));
    Object.assign(none, { jt: end, jf: extensions[0] });
    out.push(...extensions, ...options, back());
  } else {
    const nothing = stmt(BPF_ALU | BPF_ADD | BPF_K, 0);
    Object.assign(none, { jt: end, jf: nothing });
    out.push(nothing);
  }
  Object.assign(ah, { jt: skipAh[0], jf: end });
  return [...out, ah, ...skipAh, back(), end];
}

/** Passes an extension header of IPv6: its length is counted in 8 bytes. */
function optionHeader(net: number, reg: number): Stmt[] {
  return [
    stmt(BPF_LD | BPF_IND | BPF_B, net),
    stmt(BPF_ST, reg),
    stmt(BPF_LD | BPF_IND | BPF_B, net + 1),
    stmt(BPF_ALU | BPF_ADD | BPF_K, 1),
    stmt(BPF_ALU | BPF_MUL | BPF_K, 8),
    stmt(BPF_ALU | BPF_ADD | BPF_X),
    stmt(BPF_MISC | BPF_TAX),
    stmt(BPF_LD | BPF_MEM, reg),
  ];
}

/** Passes an authentication header: its length is counted in 4 bytes. */
function ahHeader(net: number, reg: number): Stmt[] {
  return [
    stmt(BPF_MISC | BPF_TXA),
    stmt(BPF_LD | BPF_IND | BPF_B, net),
    stmt(BPF_ST, reg),
    stmt(BPF_MISC | BPF_TXA),
    stmt(BPF_ALU | BPF_ADD | BPF_K, 1),
    stmt(BPF_MISC | BPF_TAX),
    stmt(BPF_LD | BPF_IND | BPF_B, net),
    stmt(BPF_ALU | BPF_ADD | BPF_K, 2),
    stmt(BPF_ALU | BPF_MUL | BPF_K, 4),
    stmt(BPF_MISC | BPF_TAX),
    stmt(BPF_LD | BPF_MEM, reg),
  ];
}

