/** pcap_compile(3PCAP). */
import type { BpfInsn } from '@skbuff/bpf';
import { BPF_K, BPF_RET } from '@skbuff/uapi';
import { type Block, emit, endBlock, graphOf } from './emit.ts';
import { FilterError } from './filter-error.ts';
import { DLT_EN10MB, layersOf } from './link.ts';
import { type FilterNames, defaultNames } from './names.ts';
import { optimize } from './optimize.ts';
import { Parser } from './parser.ts';

export interface CompileOptions {
  /** DLT_*; default Ethernet. */
  readonly dlt?: number;
  /** What a program returns for a packet that it keeps; default 262144. */
  readonly snaplen?: number;
  /** Default true. */
  readonly optimize?: boolean;
  /** Of the interface, in host order, for `ip broadcast`; default 0: unknown. */
  readonly netmask?: number;
  readonly names?: FilterNames;
}

/** What libpcap says of an expression that it does not take. */
export interface CompileError {
  readonly error: string;
}

/** Compiles an expression; an empty one keeps every packet. */
export function pcapCompile(expression: string, options: CompileOptions = {}): BpfInsn[] | CompileError {
  const { dlt = DLT_EN10MB, snaplen = 262144, netmask = 0, names = defaultNames() } = options;
  const layers = layersOf(dlt);
  if (layers === null) return { error: `unknown data link type ${dlt}` };
  try {
    const parser = new Parser(expression, { layers, names, netmask });
    const cond = parser.parse();
    const keep = endBlock(snaplen);
    if (cond === null) return emit(keep);
    return finish(graphOf(cond, keep, endBlock(0)), (options.optimize ?? true) && parser.optimizable);
  } catch (error) {
    if (error instanceof FilterError) return { error: error.message };
    throw error;
  }
}

function finish(graph: Block, optimized: boolean): BpfInsn[] | CompileError {
  if (!optimized) return emit(graph);
  const root = optimize(graph);
  if (root.code === (BPF_RET | BPF_K) && root.k === 0) return { error: 'expression rejects all packets' };
  return emit(root);
}

export function isCompileError(result: BpfInsn[] | CompileError): result is CompileError {
  return !Array.isArray(result);
}
