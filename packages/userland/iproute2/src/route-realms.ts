/** Realms of a route: `to` or `from/to`, or both as one number. */
import { rtRealms } from './names.ts';
import { getUnsigned } from './numbers.ts';

/** `get_rt_realms_or_raw`: 16 bits of each, or null. Nothing behind the slash is realm 0. */
export function getRealms(text: string): number | null {
  const slash = text.indexOf('/');
  const from = slash < 0 ? 0 : rtRealms.a2n(text.slice(0, slash));
  const rest = text.slice(slash + 1);
  const to = rest === '' ? 0 : (rtRealms.a2n(rest) ?? (slash < 0 ? getUnsigned(rest) : null));
  return from === null || to === null ? null : ((from << 16) | to) >>> 0;
}
