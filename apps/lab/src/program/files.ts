/** Files of this machine, as a command sees them that was called in some directory. */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import type { Files } from 'skbuff';

/** What the operating system said, or a negative errno. */
function attempt<T>(call: () => T): T | number {
  try {
    return call();
  } catch (error) {
    const { errno } = error as NodeJS.ErrnoException;
    if (errno === undefined) throw error;
    return errno;
  }
}

export function machineFiles(cwd: string): Files {
  const at = (name: string): string => path.resolve(cwd, name);
  return {
    readText: (name) => attempt(() => readFileSync(at(name), 'utf8')),
    readBytes: (name) => attempt(() => new Uint8Array(readFileSync(at(name)))),
    create: (name) =>
      attempt(() => {
        const fd = openSync(at(name), 'w');
        return { write: (bytes: Uint8Array) => void writeSync(fd, bytes), close: () => closeSync(fd) };
      }),
  };
}
