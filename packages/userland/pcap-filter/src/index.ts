/**
 * Filter expressions, pcap-filter(7), compiled to classic BPF.
 *
 * @packageDocumentation
 */
export { type CompileError, type CompileOptions, isCompileError, pcapCompile } from './compile.ts';
export * from './link.ts';
export * from './names.ts';
