/** Questions about a node (`ping -N`; RFC 4620): what is asked, about whom, and what the answer says. */
import { getaddrinfo } from '@skbuff/netdb';
import { AF_INET, AF_INET6, ICMPV6_NI_QUERY } from '@skbuff/uapi';
import { be16, type In6Addr, inetNtoa, inetNtop6, be32, setBe16, setBe32 } from '@skbuff/wire';
import type { Program } from './iputils-common.ts';

/** Header: that of ICMP, type of the question, flags, and 8 bytes that the answer repeats. */
const NI_HLEN = 16;
const NI_QTYPE = 4;
const NI_FLAGS = 6;
export const NI_NONCE = 8;
/** Random bytes behind the number in the nonce. */
export const NONCE_RANDOM = 6;

const QTYPE_NAME = 2;
const QTYPE_IPV6 = 3;
const QTYPE_IPV4 = 4;

const SUBJECT_IPV6 = 0;
const SUBJECT_NAME = 1;
const SUBJECT_IPV4 = 2;

const NI_REFUSED = 1;
const NI_UNKNOWN = 2;
/** There are more addresses than are told. */
const FLAG_TRUNCATE = 1;

/** Type and flags by the word of -N. */
const QUERIES: Readonly<Record<string, readonly [qtype: number, flags: number]>> = {
  name: [QTYPE_NAME, 0],
  ipv6: [QTYPE_IPV6, 0],
  'ipv6-all': [QTYPE_IPV6, 2],
  'ipv6-compatible': [QTYPE_IPV6, 4],
  'ipv6-linklocal': [QTYPE_IPV6, 8],
  'ipv6-sitelocal': [QTYPE_IPV6, 0x10],
  'ipv6-global': [QTYPE_IPV6, 0x20],
  ipv4: [QTYPE_IPV4, 0],
  'ipv4-all': [QTYPE_IPV4, 2],
};

export class NodeInfo {
  /** -1: nothing is asked. */
  private qtype = -1;
  private flags = 0;
  /** -1: the destination. */
  private code = -1;
  private subject: Uint8Array = new Uint8Array(0);

  get asks(): boolean {
    return this.qtype >= 0;
  }

  /** Takes one word of -N: null, or what is to be said because it is wrong. */
  option(text: string, program: Program): string | null {
    const query = QUERIES[text];
    if (query !== undefined) {
      if (this.qtype >= 0 && this.qtype !== query[0]) return 'Qtype conflict\n';
      this.qtype = query[0];
      this.flags |= query[1];
      return null;
    }
    const [, kind, value = ''] = /^subject-(ipv6|ipv4|name|fqdn)=(.*)$/s.exec(text) ?? [];
    if (kind === undefined) return '';
    const code = kind === 'ipv6' ? SUBJECT_IPV6 : kind === 'ipv4' ? SUBJECT_IPV4 : SUBJECT_NAME;
    if (this.code >= 0 && this.code !== code) return 'Subject type conflict\n';
    const subject = code === SUBJECT_NAME ? nameSubject(value, kind === 'fqdn', program) : addressSubject(value, code, program);
    if (subject === null) return '';
    this.code = code;
    this.subject = subject;
    return null;
  }

  /** The question, without checksum and number. `nonce`: what the answer repeats behind the number. */
  request(destination: In6Addr, nonce: Uint8Array): Uint8Array {
    const subject = this.code < 0 ? destination.toBytes() : this.subject;
    const packet = new Uint8Array(NI_HLEN + subject.length);
    packet[0] = ICMPV6_NI_QUERY;
    packet[1] = Math.max(this.code, SUBJECT_IPV6);
    setBe16(packet, NI_QTYPE, this.qtype);
    setBe16(packet, NI_FLAGS, this.flags);
    packet.set(nonce, NI_NONCE + 2);
    packet.set(subject, NI_HLEN);
    return packet;
  }
}

/** Labels with their lengths; a name that is not known to be whole has another 0 behind it. */
function nameSubject(value: string, extra: boolean, program: Program): Uint8Array | null {
  const name = (value.split('%')[0] as string).toLowerCase();
  const labels = name.replace(/\.$/, '').split('.');
  if (labels.some((label) => label.length > 63) || (labels.length > 1 && labels.includes(''))) return program.die(1, `inappropriate subject name: ${value}`);
  const bytes = labels.flatMap((label) => (label === '' ? [] : [label.length, ...Array.from(label, (c) => c.charCodeAt(0))]));
  return Uint8Array.from([...bytes, 0, ...(extra || !name.includes('.') ? [0] : [])]);
}

function addressSubject(value: string, code: number, program: Program): Uint8Array | null {
  const found = getaddrinfo(program.env, value, code === SUBJECT_IPV4 ? AF_INET : AF_INET6);
  if (typeof found === 'string') {
    program.complain(`${value}: ${found}`);
    return null;
  }
  const [first] = found;
  if (first === undefined) return null;
  if (code === SUBJECT_IPV6) return first.addr6.toBytes();
  const bytes = new Uint8Array(4);
  setBe32(bytes, 0, first.addr);
  return bytes;
}

/** Whether `b` repeats the nonce of a question. */
export function isNonce(b: Uint8Array, nonce: Uint8Array): boolean {
  return nonce.every((byte, i) => b[NI_NONCE + 2 + i] === byte);
}

/** `pr_niquery_reply`: what the answer in the first `n` bytes says. */
export function nodeInfoText(b: Uint8Array, n: number): string {
  const code = b[1] as number;
  if (code === NI_REFUSED) return ' refused;';
  if (code === NI_UNKNOWN) return ' unknown;';
  if (code !== 0) return ` unknown code(${(code << 8).toString(16).padStart(2, '0')});`;
  const qtype = be16(b, NI_QTYPE);
  if (qtype === QTYPE_NAME) return `${namesText(b, NI_HLEN, n)};`;
  if (qtype === QTYPE_IPV4) return `${addressesText(b, n, 4)};`;
  if (qtype === QTYPE_IPV6) return `${addressesText(b, n, 16)};`;
  return ` unknown qtype(0x${qtype.toString(16).padStart(2, '0')});`;
}

/** Names, each of which ends in a dot if it is a whole one. */
function namesText(b: Uint8Array, from: number, n: number): string {
  let at = from + 4;
  if (n < at) return ' parse error (too short)';
  const out: string[] = [];
  while (at < n) {
    const labels: string[] = [];
    while (at < n && b[at] !== 0 && at + (b[at] as number) < n) {
      labels.push(String.fromCharCode(...b.subarray(at + 1, at + 1 + (b[at] as number))));
      at += 1 + (b[at] as number);
    }
    if (at >= n || b[at] !== 0) return [...out, ' parse error (truncated)'].join(',');
    at++;
    const part = at < n && b[at] === 0;
    if (part) at++;
    out.push(` ${labels.join('.')}${part ? '' : '.'}`);
  }
  return out.join(',');
}

/** Addresses, each behind the time for which it is good. */
function addressesText(b: Uint8Array, n: number, length: number): string {
  const out: string[] = [];
  for (let at = NI_HLEN; at < n; at += 4 + length) {
    if (at + 4 + length > n) return [...out, ' parse error (truncated)'].join(',');
    out.push(` ${length === 4 ? inetNtoa(be32(b, at + 4)) : inetNtop6(b, at + 4)}`);
  }
  return `${out.join(',')}${(be16(b, NI_FLAGS) & FLAG_TRUNCATE) !== 0 ? ' (truncated)' : ''}`;
}
