/** Groups that this host is in, from /proc/net/igmp and igmp6. */
import type { CommandEnv } from '@skbuff/command';
import { inetNtoa, inetNtop6 } from '@skbuff/wire';
import { bytesOfHex } from './hex.ts';

export interface Group {
  readonly index: number;
  readonly dev: string;
  /** As the kernel prints it: a number in memory order. */
  readonly group: number;
  readonly users: number;
}

export function readGroups(env: CommandEnv): Group[] {
  const text = env.readFile('/proc/net/igmp');
  const groups: Group[] = [];
  let index = 0;
  let dev = '';
  for (const line of (typeof text === 'string' ? text : '').split('\n').slice(1)) {
    const words = line.trim().split(/\s+/);
    if (/^\S/.test(line)) {
      index = Number(words[0]);
      dev = (words[1] as string).replace(/:$/, '');
    } else if (words.length > 1) groups.push({ index, dev, group: Number.parseInt(words[0] as string, 16), users: Number(words[1]) });
  }
  return groups;
}

export function groupAddress(group: number): string {
  return inetNtoa((((group & 0xff) << 24) | ((group & 0xff00) << 8) | ((group >>> 8) & 0xff00) | (group >>> 24)) >>> 0);
}

export interface Group6 {
  readonly index: number;
  readonly dev: string;
  readonly group: string;
  readonly users: number;
}

export function readGroups6(env: CommandEnv): Group6[] {
  const text = env.readFile('/proc/net/igmp6');
  return (typeof text === 'string' ? text : '').split('\n').flatMap((line): Group6[] => {
    const [index, dev, group, users] = line.trim().split(/\s+/);
    return users === undefined ? [] : [{ index: Number(index), dev: dev as string, group: inetNtop6(bytesOfHex(group as string)), users: Number(users) }];
  });
}
