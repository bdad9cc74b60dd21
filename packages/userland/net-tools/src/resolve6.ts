/** IPv6 addresses of the command line. */
import type { CommandEnv } from '@skbuff/command';
import { inetAton, inetPton6 } from '@skbuff/wire';
import { herror } from './resolve.ts';

/** What getaddrinfo(3) returns. */
const EAI_NONAME = -2;
const EAI_AGAIN = -3;
const EAI_ADDRFAMILY = -9;

/** The address, or null after a complaint. */
export function resolve6(env: CommandEnv, word: string): Uint8Array | null {
  const bytes = inetPton6(word);
  if (bytes !== null) return bytes;
  const isInet = inetAton(word) >= 0;
  env.stderr(`getaddrinfo: ${word}: ${isInet ? EAI_ADDRFAMILY : /^[\w.-]+$/.test(word) ? EAI_AGAIN : EAI_NONAME}\n`);
  if (isInet) noError(env, word);
  else herror(env, word);
  return null;
}

/** The complaint of who did not ask why. */
export function noError(env: CommandEnv, word: string): void {
  env.stderr(`${word}: Resolver Error 0 (no error)\n`);
}
