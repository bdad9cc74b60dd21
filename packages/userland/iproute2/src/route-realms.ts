/** Realms of a route: `to` or `from/to`. */
import { rtRealms } from './names.ts';

/** `get_rt_realms_or_raw`: 16 bits of each, or null. */
export function getRealms(text: string): number | null {
  const parts = text.split('/');
  if (parts.length > 2) return null;
  const ids = parts.map((part) => rtRealms.a2n(part));
  if (ids.some((id) => id === null)) return null;
  const [a, b] = ids as [number, number | undefined];
  return b === undefined ? a : ((a << 16) | b) >>> 0;
}
