/** Captures as files of a directory of this machine. */
import { closeSync, existsSync, mkdirSync, openSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';
import type { CaptureSink, CaptureStore } from './capture-store.ts';

const FLUSH_AT = 1 << 18;

/** Makes the directory. Throws what the file system says. */
export function captureDirectory(directory: string): CaptureStore {
  make(path.resolve(directory));
  return { create: (name) => createFile(path.join(directory, name)) };
}

/** With what is missing above it. Node's own `recursive` never returns where the machine makes no directories, as in /proc. */
function make(directory: string): void {
  if (existsSync(directory) && statSync(directory).isDirectory()) return;
  const above = path.dirname(directory);
  if (above !== directory && !existsSync(above)) make(above);
  mkdirSync(directory);
}

function createFile(file: string): CaptureSink {
  const fd = openSync(file, 'w');
  let pieces: Uint8Array[] = [];
  let size = 0;
  const flush = (): void => {
    writeAll(fd, Buffer.concat(pieces));
    pieces = [];
    size = 0;
  };
  return {
    path: file,
    write(bytes): void {
      pieces.push(bytes);
      size += bytes.length;
      if (size >= FLUSH_AT) flush();
    },
    close(): void {
      flush();
      closeSync(fd);
    },
  };
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}
