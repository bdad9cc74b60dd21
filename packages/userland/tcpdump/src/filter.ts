/** The filter of a run: compiled, or shown. */
import { type BpfInsn, bpfDisassemble } from '@skbuff/bpf';
import type { CommandEnv } from '@skbuff/command';
import { defaultNames, isCompileError, pcapCompile } from '@skbuff/pcap-filter';
import { strerror } from '@skbuff/uapi';
import { failure } from './messages.ts';
import type { TcpdumpOptions } from './options.ts';

/** Compiles the expression, which is from -F or the command line. */
export function filter(options: TcpdumpOptions, env: CommandEnv, dlt: number): BpfInsn[] {
  let { expression } = options;
  if (options.filterFile !== null) {
    const text = env.readFile(options.filterFile);
    if (typeof text === 'number') failure(`can't open ${options.filterFile}: ${strerror(text)}`);
    // A comment ends with its line.
    expression = text.replace(/#[^\n]*/g, ' ').replace(/\n/g, ' ');
  }
  const program = pcapCompile(expression, { dlt, snaplen: options.snaplen, optimize: options.optimize, names: defaultNames(env) });
  return isCompileError(program) ? failure(program.error) : program;
}

/** -d, -dd, -ddd: the exit status. */
export function dump(options: TcpdumpOptions, env: CommandEnv, insns: readonly BpfInsn[]): number {
  const hex = (n: number, width = 0): string => `0x${(n >>> 0).toString(16).padStart(width, '0')}`;
  if (options.dflag === 1) env.stdout(bpfDisassemble(insns));
  else if (options.dflag === 2) env.stdout(insns.map(({ code, jt, jf, k }) => `{ ${hex(code)}, ${jt}, ${jf}, ${hex(k, 8)} },\n`).join(''));
  else env.stdout(`${insns.length}\n${insns.map(({ code, jt, jf, k }) => `${code} ${jt} ${jf} ${k >>> 0}\n`).join('')}`);
  return 0;
}
