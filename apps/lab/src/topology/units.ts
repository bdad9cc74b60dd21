const NS: Readonly<Record<string, number>> = { ns: 1, us: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };
const PREFIX: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12 };

/** `10ms` → whole nanoseconds; `0` needs no unit. Undefined if it is none (the schema's pattern says which are). */
export function parseDuration(value: unknown): number | undefined {
  if (value === 0) return 0;
  if (typeof value !== 'string') return undefined;
  if (value === '0') return 0;
  const match = /^(\d{1,9}(?:\.\d{1,9})?)(ns|us|ms|s|m|h)$/.exec(value);
  return match ? Math.round(Number(match[1]) * NS[match[2]!]!) : undefined;
}

/** `1%`, or 1 meaning percent → a probability from 0 to 1. */
export function parsePercent(value: unknown): number | undefined {
  const percent = typeof value === 'string' ? /^(\d{1,3}(?:\.\d{1,6})?)%$/.exec(value)?.[1] : value;
  const number = typeof percent === 'string' ? Number(percent) : percent;
  return typeof number === 'number' && number >= 0 && number <= 100 ? number / 100 : undefined;
}

/** `10mbit`, `1mbps` (bytes) → bits per second, as tc(8) counts: decimal prefixes, `bps` is bytes per second. */
export function parseRate(value: unknown): number | undefined {
  if (typeof value !== 'string') return undefined;
  const match = /^(\d{1,9}(?:\.\d{1,6})?)([kmgt]?)(bit|bps)$/.exec(value.toLowerCase());
  if (!match) return undefined;
  const rate = Number(match[1]) * PREFIX[match[2]!]! * (match[3] === 'bps' ? 8 : 1);
  return rate > 0 ? rate : undefined;
}

/** Prints nanoseconds the way people write them: `1.5s`, `20ms`, `0s`. */
export function formatDuration(ns: number): string {
  if (ns >= 1e9 || ns === 0) return `${trim(ns / 1e9)}s`;
  if (ns >= 1e6) return `${trim(ns / 1e6)}ms`;
  return ns >= 1e3 ? `${trim(ns / 1e3)}us` : `${ns}ns`;
}

const trim = (value: number): string => String(Number(value.toFixed(3)));

/** Why `name` cannot name an interface, or undefined if it can (`dev_valid_name()` of the kernel, and what registration refuses). */
export function interfaceNameError(name: string): string | undefined {
  const bytes = new TextEncoder().encode(name);
  if (bytes.length === 0) return 'the interface name is empty';
  if (bytes.length > 15) return `the interface name is ${bytes.length} bytes long`;
  if (name === '.' || name === '..') return `an interface cannot be named ${name}`;
  // The kernel's isspace() works on bytes and takes 0xa0 for a space, so it refuses even `à` (c3 a0).
  if (/[/:%\s]/.test(name) || bytes.includes(0xa0)) return 'the interface name holds a character that Linux does not take';
  if (/[\u0000-\u001f\u007f]/.test(name)) return 'the interface name holds a control character';
  if (name === 'all' || name === 'default' || name === 'lo') return `the interface name ${name} is taken by Linux itself`;
  return undefined;
}

/** What was expected wherever `interfaceNameError` objects. */
export const INTERFACE_NAME_EXPECTED = "1 to 15 bytes without white space, '/', ':' or '%'";

/** An Ethernet address in the kernel's spelling, or `{ error }` that says why a device cannot have it. */
export function parseMac(text: string): string | { readonly error: string } {
  const match = /^[0-9a-f]{2}(?:([:-])[0-9a-f]{2})(?:\1[0-9a-f]{2}){4}$/i.exec(text);
  if (!match) return { error: 'this is no Ethernet address' };
  const mac = text.toLowerCase().replaceAll('-', ':');
  if (mac === '00:00:00:00:00:00') return { error: 'the Ethernet address is zero' };
  if (Number.parseInt(mac.slice(0, 2), 16) & 1) return { error: 'the Ethernet address has the multicast bit set' };
  return mac;
}

/**
 * Name of a sysctl as a path, `net/ipv4/ip_forward`. As sysctl(8): the first separator decides which character separates, and
 * the other one stands for itself swapped, so `net.ipv4.conf.eth0/1.forwarding` means the interface `eth0.1`.
 */
export function sysctlPath(name: string): string {
  const separator = /[./]/.exec(name)?.[0];
  if (separator !== '.') return name;
  return name.replace(/[./]/g, (c) => (c === '.' ? '/' : '.'));
}
