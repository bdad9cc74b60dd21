/**
 * Netlink messages taken apart and put together otherwise: attributes changed, doubled, moved, nested wrongly, cut off; headers with
 * other fields; and now and then plain noise.
 */
import type { Random } from '@skbuff/core';
import { le16, setLe16, setLe32 } from '@skbuff/wire';
import * as U from '@skbuff/uapi';
import { pick, someBytes, someNumber } from './chance.ts';

/** An attribute whose payload is bytes, or attributes. `len`: what its header says instead of the truth. */
interface Attr {
  type: number;
  data: Uint8Array;
  children: Attr[] | null;
  len: number | null;
}

/** Length of the fixed header behind `nlmsghdr`, by the group of four types. */
function headerLength(type: number): number {
  const group = (type - U.RTM_BASE) >> 2;
  const lengths: Readonly<Record<number, number>> = { 0: 16, 1: 8, 2: 12, 3: 12, 4: 12, 12: 4, 16: 1, 18: 4, 19: 12, 23: 16 };
  if (type === U.RTM_GETNETCONF || type === U.RTM_NEWNETCONF) return 4;
  if (type === U.RTM_NEWLINKPROP || type === U.RTM_DELLINKPROP) return 16;
  return lengths[group] ?? 4;
}

/** Attributes in `bytes`; null if they are none. */
function parse(bytes: Uint8Array, depth: number): Attr[] | null {
  const attrs: Attr[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (bytes.length - at < 4) return null;
    const len = le16(bytes, at);
    const type = le16(bytes, at + 2);
    if (len < 4 || at + len > bytes.length || (type & 0x3fff) > 70) return null;
    const data = bytes.slice(at + 4, at + len);
    attrs.push({ type, data, children: depth < 4 && data.length >= 4 ? parse(data, depth + 1) : null, len: null });
    at += (len + 3) & ~3;
  }
  return attrs.length > 0 ? attrs : null;
}

function build(attrs: readonly Attr[]): Uint8Array {
  const parts = attrs.map((attr) => ({ attr, data: attr.children === null ? attr.data : build(attr.children) }));
  const bytes = new Uint8Array(parts.reduce((sum, { data }) => sum + 4 + ((data.length + 3) & ~3), 0));
  let at = 0;
  for (const { attr, data } of parts) {
    setLe16(bytes, at, attr.len ?? 4 + data.length);
    setLe16(bytes, at + 2, attr.type);
    bytes.set(data, at + 4);
    at += 4 + ((data.length + 3) & ~3);
  }
  return bytes;
}

/** A request goes out under this length, whatever is done to it. */
const LIMIT = 4096;
const FLAGS = [U.NLM_F_DUMP, U.NLM_F_CREATE, U.NLM_F_EXCL, U.NLM_F_REPLACE, U.NLM_F_APPEND, 0x100, 0x200, U.NLM_F_ECHO];

export class Messages {
  private readonly random: Random;
  private readonly samples: readonly Uint8Array[];
  /** Attributes of all samples, to be put where they do not belong. */
  private readonly stock: Attr[] = [];

  constructor(random: Random, samples: readonly Uint8Array[]) {
    this.random = random;
    this.samples = samples;
    for (const sample of samples) this.stock.push(...(parse(sample.subarray(16 + align(headerLength(le16(sample, 4)))), 0) ?? []));
  }

  /** The next message: with NLM_F_REQUEST and NLM_F_ACK, so that it is answered. */
  next(): Uint8Array {
    const { random } = this;
    const sample = pick(random, this.samples);
    let bytes = random.below(8) === 0 ? this.noise(sample) : this.rebuilt(sample);
    if (bytes.length > LIMIT) bytes = bytes.slice(0, LIMIT);
    setLe32(bytes, 0, random.below(32) === 0 ? someNumber(random) : bytes.length);
    setLe16(bytes, 6, le16(bytes, 6) | U.NLM_F_REQUEST | U.NLM_F_ACK);
    return bytes;
  }

  private rebuilt(sample: Uint8Array): Uint8Array {
    const { random } = this;
    const fixed = 16 + align(headerLength(le16(sample, 4)));
    const head = sample.slice(0, Math.min(fixed, sample.length));
    const attrs = parse(sample.subarray(fixed), 0) ?? [];
    if (random.below(3) === 0) this.changeHead(head);
    for (let times = pick(random, [0, 1, 1, 1, 2, 3]); times > 0; times--) this.change(attrs, attrs, 0);
    const tail = build(attrs);
    const bytes = new Uint8Array(head.length + tail.length);
    bytes.set(head);
    bytes.set(tail, head.length);
    return random.below(16) === 0 ? bytes.slice(0, 16 + random.below(bytes.length - 15)) : bytes;
  }

  private changeHead(head: Uint8Array): void {
    const { random } = this;
    const kind = random.below(4);
    if (kind === 0) setLe16(head, 6, le16(head, 6) ^ pick(random, FLAGS));
    else if (kind === 1) setLe16(head, 4, pick(random, [le16(head, 4) ^ 1, le16(head, 4) ^ 2, le16(pick(random, this.samples), 4), U.RTM_BASE + random.below(108)]));
    else if (head.length > 16) {
      const at = 16 + random.below(head.length - 16);
      head[at] = random.below(2) === 0 ? someNumber(random) : (head[at] as number) ^ (1 << random.below(8));
    }
  }

  private change(list: Attr[], top: Attr[], depth: number): void {
    const { random } = this;
    const at = random.below(list.length + 1);
    const attr = list[at];
    if (attr === undefined) return void list.push(this.foreign(top));
    if (attr.children !== null && depth < 6 && random.below(2) === 0) return this.change(attr.children, top, depth + 1);
    const kind = random.below(10);
    if (kind === 0) list.splice(at, 1);
    else if (kind === 1) list.splice(random.below(list.length + 1), 0, copy(attr));
    else if (kind === 2) list.splice(at, 0, this.foreign(top));
    else if (kind === 3) attr.type = pick(random, [attr.type ^ 0x8000, attr.type ^ 0x4000, attr.type + 1, attr.type - 1, random.below(70), 0]) & 0xffff;
    else if (kind === 4) attr.len = pick(random, [0, 1, 3, 4, 5, 4 + attr.data.length + 1, 4 + attr.data.length + 4, 0xffff]);
    else if (kind === 5) list[at] = { ...attr, data: new Uint8Array(0), children: [copy(attr), this.foreign(top)] };
    else this.changeData(attr);
  }

  private changeData(attr: Attr): void {
    const { random } = this;
    if (attr.children !== null) {
      attr.data = build(attr.children);
      attr.children = null;
    }
    const data = attr.data.slice();
    const kind = random.below(5);
    if (kind === 0) attr.data = data.slice(0, random.below(data.length + 1));
    else if (kind === 1) attr.data = Uint8Array.from([...data, ...someBytes(random, 12)]);
    else if (kind === 2 && data.length >= 4) {
      setLe32(data, random.below(data.length - 3), someNumber(random));
      attr.data = data;
    } else if (data.length > 0) {
      const at = random.below(data.length);
      data[at] = random.below(2) === 0 ? someNumber(random) : (data[at] as number) ^ (1 << random.below(8));
      attr.data = data;
    } else attr.data = someBytes(random, 8);
  }

  private foreign(top: readonly Attr[]): Attr {
    const { random } = this;
    if (random.below(4) === 0) return { type: random.below(70), data: someBytes(random, 12), children: null, len: null };
    return copy(pick(random, top.length > 0 && random.below(3) === 0 ? top : this.stock));
  }

  private noise(sample: Uint8Array): Uint8Array {
    const { random } = this;
    let bytes = sample.slice();
    for (let times = 1 + random.below(5); times > 0; times--) {
      const at = random.below(bytes.length);
      const kind = random.below(4);
      if (kind === 0) bytes[at] = random.u32();
      else if (kind === 1) bytes[at] = (bytes[at] as number) ^ (1 << random.below(8));
      else if (kind === 2) bytes = bytes.slice(0, Math.max(16, at));
      else if (bytes.length < LIMIT / 2) bytes = Uint8Array.from([...bytes, ...bytes.subarray(at)]);
    }
    return bytes;
  }
}

const align = (n: number): number => (n + 3) & ~3;

function copy(attr: Attr): Attr {
  return { ...attr, data: attr.data.slice(), children: attr.children?.map(copy) ?? null };
}
