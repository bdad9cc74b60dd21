/** JSON as ethtool lays it out: one object in one list. */

export type Json = null | boolean | number | string | { readonly [name: string]: Json };

/** The list with one object in it. */
export function jsonList(value: Json): string {
  return `[ ${jsonText(value, 2)} ]\n`;
}

function jsonText(value: Json, depth: number): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([name, member]) => `\n${'    '.repeat(depth)}"${name}": ${jsonText(member, depth + 1)}`);
  return members.length === 0 ? '{}' : `{${members.join(',')}\n${'    '.repeat(depth - 1)}}`;
}
