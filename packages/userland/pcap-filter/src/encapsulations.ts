/** Encapsulations: a test, and what is known of the packet behind it. */
import * as U from '@skbuff/uapi';
import { type Cond, type Stmt, allOf, and, anyOf, or, stmt, test } from './cond.ts';
import { fail } from './filter-error.ts';
import { ETH_IP, ETH_IP6, carries } from './link-layer.ts';
import { notFragment } from './protocols.ts';
import { DLT_EN10MB, DLT_PPP, type Layers, linkDescription, moved } from './link.ts';
import { type Registers, equal, ipHeaderLength, loadTransport, maskedEqual } from './loads.ts';

export interface Encap {
  readonly cond: Cond;
  readonly layers: Layers;
}

function within(n: number | null, max: number, what: string): void {
  if (n !== null && n > max) fail(`${what} ${n} greater than maximum ${max}`);
}

const withNumber = (found: Cond, n: number | null, number: () => Cond): Cond => (n === null ? found : and(found, number()));

/** `vlan`: a tag of 802.1Q, 802.1ad, or the old one of stacked tags. */
export function behindVlan(l: Layers, id: number | null): Encap {
  if (l.labels > 0) fail('no VLAN match after MPLS');
  if (l.dlt !== DLT_EN10MB) fail(`no VLAN support for ${linkDescription(l.dlt)}`);
  within(id, 4095, 'VLAN tag');
  const tagged = anyOf([0x8100, 0x88a8, 0x9100].map((type) => carries(l, type)));
  const cond = withNumber(tagged, id, () => maskedEqual(l.payload, 0, U.BPF_H, id as number, 0xfff));
  const typeField = l.typeField === null ? null : moved(l.typeField, 4);
  return { cond, layers: { ...l, payload: moved(l.payload, 4), typeField } };
}

export function behindMpls(l: Layers, label: number | null): Encap {
  if (l.labels === 0 && l.dlt !== DLT_EN10MB && l.dlt !== DLT_PPP) fail(`no MPLS support for ${linkDescription(l.dlt)}`);
  within(label, 0xfffff, 'MPLS label');
  // Below another label: that one must not be the bottom of the stack.
  const found = l.labels > 0 ? maskedEqual(l.payload, l.network - 2, U.BPF_B, 0, 1) : carries(l, 0x8847);
  const cond = withNumber(found, label, () => maskedEqual(l.payload, l.network, U.BPF_W, ((label as number) << 12) >>> 0, 0xfffff000));
  return { cond, layers: { ...l, network: l.network + 4, networkNoSnap: l.networkNoSnap + 4, labels: l.labels + 1 } };
}

/** Bytes of the PPPoE header, and of the PPP protocol's number behind it. */
const PPPOE_HLEN = 6;

export function behindPppoes(l: Layers, session: number | null): Encap {
  within(session, 0xffff, 'PPPoE session number');
  const found = carries(l, 0x8864);
  const cond = withNumber(found, session, () => maskedEqual(l.payload, l.network, U.BPF_W, session as number, 0xffff));
  const typeField = moved(l.payload, l.network + PPPOE_HLEN);
  const frame = { base: typeField.base, reg: typeField.reg };
  return { cond, layers: { ...l, dlt: DLT_PPP, frame, typeField, payload: moved(typeField, 2), network: 0, networkNoSnap: 0 } };
}

const GENEVE_PORT = 6081;
/** Protocol of an inner Ethernet frame. */
const ETH_TEB = 0x6558;

/** Behind geneve offsets are found out as the program runs, and stand in three words of M[]. */
export function behindGeneve(l: Layers, regs: Registers, vni: number | null): Encap {
  within(vni, 0xffffff, 'Geneve VNI');
  regs.optimizable = false;
  const cond = or(geneve4(l, vni), geneve6(l, vni));
  const at = { typeField: regs.alloc(), frame: regs.alloc(), payload: regs.alloc() };
  const fixed = (reg: number): { base: number; reg: number } => ({ base: 0, reg });
  const layers: Layers = {
    dlt: DLT_EN10MB,
    frame: fixed(at.frame),
    typeField: fixed(at.typeField),
    payload: fixed(at.payload),
    network: 0,
    // These stay as they were outside: so they do in libpcap.
    networkNoSnap: l.networkNoSnap,
    labels: l.labels,
    geneve: true,
  };
  const find = test(U.BPF_JMP | U.BPF_JEQ | U.BPF_K, 0, findInner(l.payload.base + l.network + 8, at));
  return { cond: and(cond, find), layers };
}

/** A comparison that always holds: what the code before it leaves in A and X is what counts. */
const leave = (stmts: Stmt[]): Cond => test(U.BPF_JMP | U.BPF_JEQ | U.BPF_X, 0, stmts);

function geneve4(l: Layers, vni: number | null): Cond {
  const field = (by: number, size: number, mask: number, value: number): Cond => {
    const and = mask === 0 ? [] : [stmt(U.BPF_ALU | U.BPF_AND | U.BPF_K, mask)];
    return test(U.BPF_JMP | U.BPF_JEQ | U.BPF_K, value, [...loadTransport(l, by, size), ...and]);
  };
  const udp = allOf([carries(l, ETH_IP), equal(l.payload, l.network + 9, U.BPF_B, 17), notFragment(l), field(2, U.BPF_H, 0, GENEVE_PORT)]);
  const version = field(8, U.BPF_B, 0xc0, 0);
  const head = vni === null ? [udp, version] : [udp, version, field(12, U.BPF_W, 0xffffff00, vni * 256)];
  return allOf([...head, leave([...ipHeaderLength(l), stmt(U.BPF_MISC | U.BPF_TXA)])]);
}

function geneve6(l: Layers, vni: number | null): Cond {
  const udp = allOf([carries(l, ETH_IP6), equal(l.payload, l.network + 6, U.BPF_B, 17), equal(l.payload, l.network + 42, U.BPF_H, GENEVE_PORT)]);
  const version = maskedEqual(l.payload, l.network + 48, U.BPF_B, 0, 0xc0);
  const head = vni === null ? [udp, version] : [udp, version, maskedEqual(l.payload, l.network + 52, U.BPF_W, vni * 256, 0xffffff00)];
  const start = l.payload.reg < 0 ? [] : [stmt(U.BPF_LDX | U.BPF_MEM, l.payload.reg)];
  const add = l.payload.reg < 0 ? [] : [stmt(U.BPF_ALU | U.BPF_ADD | U.BPF_X)];
  return allOf([...head, leave([...start, stmt(U.BPF_LD | U.BPF_IMM, 40), ...add, stmt(U.BPF_MISC | U.BPF_TAX)])]);
}

/** From A = X = length of the IP header: where the inner frame's parts are. `udp`: the UDP payload without that length. */
function findInner(udp: number, at: { typeField: number; frame: number; payload: number }): Stmt[] {
  const ethernet = [
    stmt(U.BPF_MISC | U.BPF_TXA),
    stmt(U.BPF_ALU | U.BPF_ADD | U.BPF_K, 12),
    stmt(U.BPF_ST, at.typeField),
    stmt(U.BPF_ALU | U.BPF_ADD | U.BPF_K, 2),
    stmt(U.BPF_MISC | U.BPF_TAX),
  ];
  const end = stmt(U.BPF_STX, at.payload);
  return [
    stmt(U.BPF_ALU | U.BPF_ADD | U.BPF_K, udp),
    stmt(U.BPF_MISC | U.BPF_TAX),
    stmt(U.BPF_ALU | U.BPF_ADD | U.BPF_K, 2),
    stmt(U.BPF_ST, at.typeField),
    stmt(U.BPF_LD | U.BPF_IND | U.BPF_B, 0),
    stmt(U.BPF_ALU | U.BPF_AND | U.BPF_K, 0x3f),
    stmt(U.BPF_ALU | U.BPF_MUL | U.BPF_K, 4),
    stmt(U.BPF_ALU | U.BPF_ADD | U.BPF_K, 8),
    stmt(U.BPF_ALU | U.BPF_ADD | U.BPF_X),
    stmt(U.BPF_ST, at.frame),
    stmt(U.BPF_LD | U.BPF_IND | U.BPF_H, 2),
    stmt(U.BPF_LDX | U.BPF_MEM, at.frame),
    { ...stmt(U.BPF_JMP | U.BPF_JEQ | U.BPF_K, ETH_TEB), jt: ethernet[0] as Stmt, jf: end },
    ...ethernet,
    end,
    stmt(U.BPF_LD | U.BPF_IMM, 0),
  ];
}
