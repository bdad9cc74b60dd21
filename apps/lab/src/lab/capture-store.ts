/** Where captures go: the platform's side of it comes from outside. */
import type { ByteSink } from '@skbuff/command';

export interface CaptureSink extends ByteSink {
  /** How the report names it. */
  readonly path: string;
}

export interface CaptureStore {
  /** Begins a capture; no name is asked for twice. */
  create(name: string): CaptureSink;
}

/** Captures that stay in memory, by name. */
export class MemoryCaptures implements CaptureStore {
  private readonly pieces: Map<string, Uint8Array[]> = new Map();

  create(name: string): CaptureSink {
    const pieces: Uint8Array[] = [];
    this.pieces.set(name, pieces);
    return { path: name, write: (bytes) => void pieces.push(bytes), close() {} };
  }

  names(): string[] {
    return [...this.pieces.keys()].sort();
  }

  /** The pcapng file, as far as it is written; undefined if there is none of that name. */
  bytes(name: string): Uint8Array | undefined {
    const pieces = this.pieces.get(name);
    if (pieces === undefined) return undefined;
    const all = new Uint8Array(pieces.reduce((size, { length }) => size + length, 0));
    let at = 0;
    for (const piece of pieces) {
      all.set(piece, at);
      at += piece.length;
    }
    return all;
  }
}
