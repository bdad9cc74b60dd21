/** Address families and types of hardware that the tools know by name. */

/** Families that nothing here speaks; they are words of the command line all the same. */
export const AF_NAMES: readonly string[] = ['unix', 'inet', 'inet6', 'ax25', 'netrom', 'rose', 'ipx', 'ddp', 'ec', 'ash', 'x25'];

/** `struct hwtype`: name, title, ARPHRD_*, bytes of an address. */
export interface HwType {
  readonly name: string;
  readonly title: string;
  readonly type: number;
  readonly alen: number;
}

const TYPES: readonly (readonly [name: string, title: string, type: number, alen: number])[] = [
  ['unspec', 'UNSPEC', -1, 0],
  ['loop', 'Local Loopback', 772, 0],
  ['slip', 'Serial Line IP', 256, 0],
  ['ether', 'Ethernet', 1, 6],
  ['ax25', 'AMPR AX.25', 3, 7],
  ['netrom', 'AMPR NET/ROM', 0, 7],
  ['rose', 'AMPR ROSE', 270, 10],
  ['tunnel', 'IPIP Tunnel', 768, 0],
  ['ppp', 'Point-to-Point Protocol', 512, 0],
  ['arcnet', 'ARCnet', 7, 1],
  ['sit', 'IPv6-in-IPv4', 776, 0],
  ['fddi', 'Fiber Distributed Data Interface', 774, 6],
  ['hippi', 'HIPPI', 780, 6],
  ['irda', 'IrLAP', 783, 4],
  ['x25', 'generic X.25', 271, 5],
  ['eui64', 'Generic EUI-64', 27, 8],
];

export const HW_TYPES: readonly HwType[] = TYPES.map(([name, title, type, alen]) => ({ name, title, type, alen }));

export function hwByName(name: string): HwType | null {
  return HW_TYPES.find((hw) => hw.name === name) ?? null;
}

/** `get_hwntype`: by number, else what has no name. */
export function hwByType(type: number): HwType {
  return HW_TYPES.find((hw) => hw.type === type) ?? (HW_TYPES[0] as HwType);
}

/**
 * `in_ether`: an Ethernet address as text into `bytes` at `off`; bytes that the text does not have stay. False for what is none: one or
 * two digits each, with or without colons.
 */
export function inEther(text: string, bytes: Uint8Array, off: number): boolean {
  let rest = text;
  for (let i = 0; i < 6 && rest !== ''; i++) {
    const digits = /^([0-9a-fA-F]{2}|[0-9a-fA-F](?=:|$))/.exec(rest)?.[0];
    if (digits === undefined) return false;
    bytes[off + i] = Number.parseInt(digits, 16);
    rest = rest.slice(digits.length).replace(/^:/, '');
  }
  return true;
}
