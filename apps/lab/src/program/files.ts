/** Files of this machine, as a command sees them that was called in some directory. */
import { closeSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import type { ByteSink } from '@skbuff/command';
import type { Files } from 'skbuff';

const STDOUT = /^\/(?:dev|proc\/self)\/(?:stdout|fd\/1)$/;

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

/**
 * @param given what is behind names that mean something else in another process, in base64
 * @param stdout what `/dev/stdout` is
 */
export function machineFiles(cwd: string, given: Readonly<Record<string, string>>, stdout: ByteSink): Files {
  const at = (name: string): string => path.resolve(cwd, name);
  const read = (name: string): Buffer => (Object.hasOwn(given, name) ? Buffer.from(given[name] as string, 'base64') : readFileSync(at(name)));
  return {
    readText: (name) => attempt(() => read(name).toString('utf8')),
    readBytes: (name) => attempt(() => new Uint8Array(read(name))),
    list: (name) => attempt(() => readdirSync(at(name))),
    create: (name) => (STDOUT.test(name) ? stdout : attempt(() => create(at(name)))),
  };
}

function create(at: string): ByteSink {
  const fd = openSync(at, 'w');
  return { write: (bytes: Uint8Array) => void writeSync(fd, bytes), close: () => closeSync(fd) };
}
