/** A filter as the packet socket wants it: it has no cooked header, its packets begin at the network layer's, and a packet that it cuts has lost its length. */
import type { BpfInsn } from '@skbuff/bpf';
import { DLT_LINUX_SLL, DLT_LINUX_SLL2 } from '@skbuff/pcap-filter';
import { BPF_ABS, BPF_IND, BPF_K, BPF_LD, BPF_LDX, BPF_MSH, BPF_RET, SKF_AD_IFINDEX, SKF_AD_OFF, SKF_AD_PKTTYPE, SKF_AD_PROTOCOL } from '@skbuff/uapi';

interface CookedHeader {
  readonly length: number;
  /** What the kernel knows of a packet, by its place in the header. */
  readonly fields: ReadonlyMap<number, number>;
}

const HEADERS: ReadonlyMap<number, CookedHeader> = new Map([
  [DLT_LINUX_SLL, { length: 16, fields: new Map([[0, SKF_AD_PKTTYPE], [14, SKF_AD_PROTOCOL]]) }],
  [DLT_LINUX_SLL2, { length: 20, fields: new Map([[0, SKF_AD_PROTOCOL], [4, SKF_AD_IFINDEX], [10, SKF_AD_PKTTYPE]]) }],
]);

/** As long as a packet may be (`MAXIMUM_SNAPLEN`). */
const WHOLE = 262144;

const NO_HEADER: CookedHeader = { length: 0, fields: new Map() };

/**
 * The program for the socket (`fix_program` of libpcap); null if it looks at a field that only the cooked header has. As in libpcap nobody
 * asks how wide a load is, nor whether X is added: `link[0]` is the whole protocol. `len` is that of the packet without the header.
 */
export function forSocket(insns: readonly BpfInsn[], dlt: number): BpfInsn[] | null {
  const header = HEADERS.get(dlt) ?? NO_HEADER;
  const out: BpfInsn[] = [];
  for (const insn of insns) {
    const moved = readsPacket(insn) ? moveLoad(insn, header) : keepsWhole(insn);
    if (moved === null) return null;
    out.push(moved);
  }
  return out;
}

function keepsWhole(insn: BpfInsn): BpfInsn {
  return insn.code === (BPF_RET | BPF_K) && insn.k !== 0 ? { ...insn, k: WHOLE } : insn;
}

function readsPacket({ code }: BpfInsn): boolean {
  const [kind, mode] = [code & 0x07, code & 0xe0];
  return (kind === BPF_LD || kind === BPF_LDX) && (mode === BPF_ABS || mode === BPF_IND || mode === BPF_MSH);
}

function moveLoad(insn: BpfInsn, { length, fields }: CookedHeader): BpfInsn | null {
  const offset = insn.k | 0;
  // It asks the kernel already.
  if (offset < 0) return insn;
  if (offset >= length) return { ...insn, k: offset - length };
  const field = fields.get(offset);
  return field === undefined ? null : { ...insn, k: (SKF_AD_OFF + field) >>> 0 };
}
