/** Where execvp(3) would find a program. */
import { accessSync, constants, statSync } from 'node:fs';
import { constants as os } from 'node:os';
import path from 'node:path';

/** Where the tools of a Linux machine are, whoever looks. */
export const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The file, or `-ENOENT`, or `-EACCES` when all there is cannot be executed. */
export function findProgram(name: string, directories: string = process.env['PATH'] ?? '/usr/bin:/bin'): string | number {
  if (name === '') return -os.errno.ENOENT;
  const places = name.includes('/') ? [name] : directories.split(path.delimiter).map((directory) => path.join(directory === '' ? '.' : directory, name));
  let found: string | number = -os.errno.ENOENT;
  for (const place of places) {
    const next = executable(place);
    if (typeof next === 'string') return next;
    if (next === -os.errno.EACCES) found = next;
  }
  return found;
}

function executable(file: string): string | number {
  try {
    if (statSync(file).isDirectory()) return -os.errno.EACCES;
    accessSync(file, constants.X_OK);
    return file;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES' ? -os.errno.EACCES : -os.errno.ENOENT;
  }
}
