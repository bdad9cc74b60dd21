/** Node information queries and replies (RFC 4620). */
import { type Ndo, tok } from './ndo.ts';
import { charText } from './print-domain.ts';

const HEADER = 16;
/** Of the draft in which it had another name. */
const WHO_ARE_YOU = 12;

const NOOP = 0;
const SUPPORTED = 1;
const DNS_NAME = 2;
const ADDRESSES = 3;
const QUESTIONS: Readonly<Record<number, string>> = { [NOOP]: 'noop', [SUPPORTED]: 'supported qtypes', [DNS_NAME]: 'DNS name', [ADDRESSES]: 'node addresses' };

/** Which addresses are meant, from the highest bit on. */
const ADDRESS_FLAGS = 'aGSLCAT';
const COMPRESSED = 1;
const TTL_VALID = 1;

export function nodeInformationQuery(ndo: Ndo, at: number): void {
  const size = ndo.snapend - at;
  if (size === WHO_ARE_YOU) {
    ndo.print(' who-are-you request');
    return;
  }
  ndo.print(' node information query');
  if (size < HEADER) {
    ndo.trunc();
    return;
  }
  const type = ndo.u16(at + 4);
  ndo.print(` (${tok(QUESTIONS, type, 'unknown')}`);
  if (type === NOOP || type === SUPPORTED) {
    if (type === SUPPORTED) compressed(ndo, at);
    if (ndo.options.vflag > 0 && size !== HEADER) ndo.print(', invalid len');
  } else {
    if (type === ADDRESSES) addressFlags(ndo, at, 'aGSLCA');
    if (size === HEADER) ndo.print(', 03 draft');
    else subject(ndo, at, size);
  }
  ndo.print(')');
}

function compressed(ndo: Ndo, at: number): void {
  const flags = ndo.u16(at + 6);
  if (flags !== 0) ndo.print(` [${(flags & COMPRESSED) === 0 ? '' : 'C'}]`);
}

function addressFlags(ndo: Ndo, at: number, letters: string): void {
  const flags = ndo.u16(at + 6);
  if (flags === 0) return;
  ndo.print(` [${[...letters].filter((letter) => (flags & (0x40 >>> ADDRESS_FLAGS.indexOf(letter))) !== 0).join('')}]`);
}

/** Who is asked. */
function subject(ndo: Ndo, at: number, size: number): void {
  const data = at + HEADER;
  switch (ndo.u8(at + 1)) {
    case 0:
      addressSubject(ndo, size, data, 16);
      return;
    case 1:
      ndo.print(', subject=DNS name');
      dnsName(ndo, data);
      return;
    case 2:
      addressSubject(ndo, size, data, 4);
      return;
    default:
      ndo.print(', unknown subject');
  }
}

function addressSubject(ndo: Ndo, size: number, data: number, bytes: number): void {
  if (!ndo.has(data + bytes)) return;
  if (size === HEADER + bytes) ndo.print(`, subject=${bytes === 16 ? ndo.ip6(data) : ndo.ip(data)}`);
  else if (ndo.options.vflag > 0) ndo.print(', invalid subject len');
}

/** In quotes, up to the end of what was captured; or as an early draft had it, one length and the bytes. */
function dnsName(ndo: Ndo, at: number): void {
  const draft = ndo.u8(at) === ndo.snapend - at - 1;
  if (draft && ndo.options.vflag > 0) ndo.print(', 03 draft');
  ndo.print(`, "${draft ? characters(ndo, at + 1, ndo.snapend) : labels(ndo, at)}"`);
}

function labels(ndo: Ndo, start: number): string {
  const end = ndo.snapend;
  let text = '';
  for (let at = start; at < end; ) {
    const size = ndo.u8(at++);
    // One zero is the root; a second one behind it says that the name is not whole.
    if (size === 0) return text + (at === end ? '.' : at + 1 === end && ndo.u8(at) === 0 ? '' : '???');
    if (size > end - at) return `${text}???`;
    text += characters(ndo, at, at + size);
    at += size;
    if (at + 1 < end && ndo.u8(at) !== 0) text += '.';
  }
  return text;
}

function characters(ndo: Ndo, from: number, end: number): string {
  let text = '';
  for (let at = from; at < end; at++) text += charText(ndo.u8(at));
  return text;
}

/** `length`: of the message; one that was not captured whole is not read. */
export function nodeInformationReply(ndo: Ndo, at: number, length: number): void {
  const size = ndo.snapend - at;
  if (size < HEADER || size < length) {
    ndo.trunc();
    return;
  }
  ndo.print(' node information reply (');
  const code = ndo.u8(at + 1);
  if (code === 0) {
    if (ndo.options.vflag > 0) ndo.print('success, ');
    answer(ndo, at, size);
  } else if (code <= 2) {
    ndo.print(code === 1 ? 'refused' : 'unknown');
    lengthFault(ndo, size);
  }
  ndo.print(')');
}

function lengthFault(ndo: Ndo, size: number): void {
  if (ndo.options.vflag > 0 && size !== HEADER) ndo.print(', invalid length');
}

function answer(ndo: Ndo, at: number, size: number): void {
  const type = ndo.u16(at + 4);
  ndo.print(tok(QUESTIONS, type, 'unknown'));
  switch (type) {
    case NOOP:
      lengthFault(ndo, size);
      return;
    case SUPPORTED:
      compressed(ndo, at);
      return;
    case DNS_NAME:
      dnsName(ndo, at + HEADER + 4);
      if ((ndo.u16(at + 6) & TTL_VALID) !== 0) ndo.print(` [TTL=${ndo.u32(at + HEADER)}]`);
      return;
    case ADDRESSES:
      for (let i = at + HEADER; i + 20 <= at + size; i += 20) ndo.print(` ${ndo.ip6(i + 4)}(${ndo.u32(i)})`);
      addressFlags(ndo, at, ADDRESS_FLAGS);
  }
}
