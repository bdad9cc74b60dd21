/**
 * The classic BPF machine: instructions and their bytes, the kernel's checker, an interpreter, an assembler and a disassembler.
 *
 * @packageDocumentation
 */
export * from './insn.ts';
export * from './check.ts';
export * from './packet.ts';
export * from './run.ts';
export * from './image.ts';
export * from './assemble.ts';
