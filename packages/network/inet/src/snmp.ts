/** Counters as lines of /proc/net/snmp and /proc/net/netstat (`include/net/snmp.h`): a line of names, and one of values. */

/** `struct snmp_mib`: a counter's name, and its number in its group. */
export type SnmpMib = readonly [name: string, entry: number];

/** One name and its value. */
export type SnmpItem = readonly [name: string, value: number];

/** The values of `list` in a group of counters. */
export function snmpItems(mib: Float64Array, list: readonly SnmpMib[]): SnmpItem[] {
  return list.map(([name, entry]) => [name, mib[entry]]);
}

/** Two lines: `Name: a b c` and `Name: 1 2 3`. */
export function snmpLines(group: string, items: readonly SnmpItem[]): string {
  return `${group}: ${items.map(([name]) => name).join(' ')}\n${group}: ${items.map(([, value]) => value).join(' ')}\n`;
}
