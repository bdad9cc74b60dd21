/** Captures as files of a directory of this machine. */
import { closeSync, existsSync, mkdirSync, openSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';
import type { CaptureSink, CaptureStore } from './capture-store.ts';

const FLUSH_AT = 1 << 18;

/**
 * Makes the directory, and if `below` is given the one of that name in it; what they lie in has to be there, as tcpdump -w wants it. Throws what the
 * file system says.
 */
export function captureDirectory(directory: string, below = ''): CaptureStore {
  const at = path.join(directory, below);
  for (const each of new Set([directory, at])) makeDirectory(each);
  return { create: (name) => createFile(path.join(at, name)) };
}

function makeDirectory(directory: string): void {
  if (!existsSync(directory)) mkdirSync(directory);
  else if (!statSync(directory).isDirectory()) throw Object.assign(new Error(`${directory} is not a directory, but captures are files in one: name another`), { code: 'ENOTDIR', syscall: 'mkdir', path: directory });
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
