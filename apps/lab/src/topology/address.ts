/** An IP address as text, read as `inet_pton` reads it; a zone (`%eth0`) may stand behind one of IPv6. */
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;
const GROUP = /^[\da-f]{1,4}$/i;

export function isAddress(text: string): boolean {
  if (IPV4.test(text)) return true;
  const [, address = ''] = /^([^%]+)(?:%[\w.:-]+)?$/.exec(text) ?? [];
  const halves = address.split('::').map((half) => (half === '' ? [] : half.split(':')));
  const groups = halves.flat();
  const last = groups.at(-1) ?? '';
  // The last two groups may be written as an IPv4 address, at the end of the text.
  const embedded = last.includes('.') && halves.at(-1)?.length !== 0;
  if (embedded && !IPV4.test(last)) return false;
  if (!(embedded ? groups.slice(0, -1) : groups).every((group) => GROUP.test(group))) return false;
  const count = groups.length + (embedded ? 1 : 0);
  return halves.length === 1 ? count === 8 : halves.length === 2 && count <= 7;
}
