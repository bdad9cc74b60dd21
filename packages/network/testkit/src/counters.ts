/** What was counted and what was lost, by name. */
import { type Kernel, type Net, dropReasonName } from '@skbuff/core';
import { procNetOf } from '@skbuff/procfs';

/** Reads a text with counters: the number of each, by `Group:Name`. */
export type MibReader = (text: string) => Record<string, number>;

/** Two lines for each group: the names of its counters, and the numbers. */
function readGroups(text: string): Record<string, number> {
  const lines = text.trimEnd().split('\n');
  const all: Record<string, number> = {};
  for (let i = 0; i + 1 < lines.length; i += 2) {
    const [group, ...names] = (lines[i] as string).split(' ');
    const values = (lines[i + 1] as string).split(' ');
    for (const [k, name] of names.entries()) all[`${group}${name}`] = Number(values[k + 1]);
  }
  return all;
}

/** A line for each counter, whose name begins with its group's. */
function readNames(text: string): Record<string, number> {
  const lines = [...text.matchAll(/^([A-Za-z]+6)(\S+)\s+(\d+)$/gm)];
  return Object.fromEntries(lines.map(([, group, name, value]) => [`${group}:${name}`, Number(value)]));
}

/** The files of /proc/net with counters, each with what reads it. */
export const mibFiles: Readonly<Record<string, MibReader>> = { snmp: readGroups, netstat: readGroups, snmp6: readNames };

/** The counters of all {@link mibFiles} that there are: `Ip:InReceives`, `Ip6:InReceives`. */
export function mibs(net: Net): Record<string, number> {
  const all: Record<string, number> = {};
  for (const [file, read] of Object.entries(mibFiles)) {
    const text = procNetOf(net).read(file);
    if (typeof text === 'string') Object.assign(all, read(text));
  }
  return all;
}

/** One of them; NaN if there is none. */
export function mib(net: Net, group: string, name: string): number {
  return mibs(net)[`${group}:${name}`] ?? Number.NaN;
}

/** Packets lost, by the name of the reason. */
export function dropsByName(kernel: Kernel): Record<string, number> {
  const counts = [...kernel.skbs.drops].map((n, reason): [string, number] => [dropReasonName(reason), n]);
  return Object.fromEntries(counts.filter(([, n]) => n > 0));
}
