/** Packets of every protocol that is printed, and mutations of them; the same ones on every run. */

/** A small generator of numbers (mulberry32). */
export class Dice {
  private state: number;

  constructor(seed: number) {
    this.state = seed;
  }

  next(n: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % n;
  }

  bytes(n: number): number[] {
    return Array.from({ length: n }, () => this.next(256));
  }

  pick<T>(of: readonly T[]): T {
    return of[this.next(of.length)] as T;
  }
}

export type Bytes = readonly number[];

export const be16 = (n: number): number[] => [(n >>> 8) & 255, n & 255];
export const be32 = (n: number): number[] => [...be16(n >>> 16), ...be16(n)];

export function checksum(b: Bytes): number {
  let sum = 0;
  for (let i = 0; i < b.length; i += 2) sum += ((b[i] as number) << 8) | (b[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

const patch = (b: Bytes, at: number, value: Bytes): number[] => [...b.slice(0, at), ...value, ...b.slice(at + value.length)];
const ascii = (text: string): number[] => [...text].map((c) => c.charCodeAt(0));

export const ip4 = (text: string): number[] => text.split('.').map(Number);
export const ip6 = (text: string): number[] => {
  const [head = '', tail = ''] = text.split('::');
  const part = (t: string): number[] => (t === '' ? [] : t.split(':').flatMap((g) => be16(Number.parseInt(g, 16))));
  const [a, b] = [part(head), part(tail)];
  return [...a, ...new Array<number>(16 - a.length - b.length).fill(0), ...b];
};

const A4 = ip4('10.0.0.1');
const B4 = ip4('10.0.0.2');
const A6 = ip6('2001:db8::1');
const B6 = ip6('fe80::211:22ff:fe33:4455');
const MAC_A = [0x02, 0, 0, 0, 0, 1];
const MAC_B = [0x02, 0, 0, 0, 0, 2];

export function ether(type: number, payload: Bytes, dst: Bytes = MAC_B, src: Bytes = MAC_A): number[] {
  return [...dst, ...src, ...be16(type), ...payload];
}

export interface Ip4 {
  tos?: number;
  id?: number;
  frag?: number;
  ttl?: number;
  options?: Bytes;
  src?: Bytes;
  dst?: Bytes;
}

export function ipv4(proto: number, payload: Bytes, o: Ip4 = {}): number[] {
  const options = o.options ?? [];
  const head = [0x45 + options.length / 4, o.tos ?? 0, ...be16(20 + options.length + payload.length), ...be16(o.id ?? 0x1234), ...be16(o.frag ?? 0x4000), o.ttl ?? 64, proto, 0, 0, ...(o.src ?? A4), ...(o.dst ?? B4), ...options];
  return [...patch(head, 10, be16(checksum(head))), ...payload];
}

export function ipv6(next: number, payload: Bytes, o: { src?: Bytes; dst?: Bytes; hlim?: number; flow?: number } = {}): number[] {
  return [...be32((0x60000000 | (o.flow ?? 0)) >>> 0), ...be16(payload.length), next, o.hlim ?? 64, ...(o.src ?? A6), ...(o.dst ?? B6), ...payload];
}

function pseudo(v6: boolean, proto: number, length: number, src?: Bytes, dst?: Bytes): number[] {
  return v6 ? [...(src ?? A6), ...(dst ?? B6), ...be32(length), ...be32(proto)] : [...(src ?? A4), ...(dst ?? B4), 0, proto, ...be16(length)];
}

export function udp(sport: number, dport: number, payload: Bytes, v6 = false): number[] {
  const b = [...be16(sport), ...be16(dport), ...be16(8 + payload.length), 0, 0, ...payload];
  return patch(b, 6, be16(checksum([...pseudo(v6, 17, b.length), ...b]) || 0xffff));
}

export function tcp(sport: number, dport: number, flags: number, o: { seq?: number; ack?: number; win?: number; urg?: number; options?: Bytes; payload?: Bytes; src?: Bytes; dst?: Bytes } = {}, v6 = false): number[] {
  const options = o.options ?? [];
  const b = [...be16(sport), ...be16(dport), ...be32(o.seq ?? 1000), ...be32(o.ack ?? 0), ((5 + options.length / 4) << 4) | (flags >> 8), flags & 255, ...be16(o.win ?? 64240), 0, 0, ...be16(o.urg ?? 0), ...options, ...(o.payload ?? [])];
  return patch(b, 16, be16(checksum([...pseudo(v6, 6, b.length, o.src, o.dst), ...b])));
}

export function icmp(type: number, code: number, rest: Bytes): number[] {
  const b = [type, code, 0, 0, ...rest];
  return patch(b, 2, be16(checksum(b)));
}

export function icmp6(type: number, code: number, rest: Bytes, src: Bytes = A6, dst: Bytes = B6): number[] {
  const b = [type, code, 0, 0, ...rest];
  return patch(b, 2, be16(checksum([...pseudo(true, 58, b.length, src, dst), ...b])));
}

function arp(op: number, sha: Bytes, spa: Bytes, tha: Bytes, tpa: Bytes, proto = 0x800): number[] {
  return [0, 1, ...be16(proto), 6, 4, ...be16(op), ...sha, ...spa, ...tha, ...tpa];
}

const name = (text: string): number[] => [...text.split('.').flatMap((l) => (l === '' ? [] : [l.length, ...ascii(l)])), 0];

function dns(id: number, flags: number, counts: readonly number[], body: Bytes): number[] {
  return [...be16(id), ...be16(flags), ...counts.flatMap(be16), ...body];
}

const question = (n: string, type: number, cls = 1): number[] => [...name(n), ...be16(type), ...be16(cls)];
const record = (n: Bytes, type: number, data: Bytes, ttl = 300, cls = 1): number[] => [...n, ...be16(type), ...be16(cls), ...be32(ttl), ...be16(data.length), ...data];
const PTR = [0xc0, 12];

function dnsPackets(): number[][] {
  const q = question('example.com', 1);
  const answers = [
    record(PTR, 1, ip4('93.184.216.34')),
    record(PTR, 28, ip6('2606:2800:220::1946')),
    record(PTR, 5, name('www.example.net')),
    record(PTR, 2, [2, ...ascii('ns'), ...PTR]),
    record(PTR, 12, name('host.example.org')),
    record(PTR, 15, [0, 10, ...name('mail.example.com')]),
    record(PTR, 16, [5, ...ascii('hello'), 3, ...ascii('a b')]),
    record(PTR, 6, [...name('ns.example.com'), ...name('admin.example.com'), ...be32(2024010101), ...be32(7200), ...be32(3600), ...be32(1209600), ...be32(300)]),
    record(PTR, 33, [0, 10, 0, 20, ...be16(5060), ...name('sip.example.com')]),
    record(PTR, 99, [1, 2, 3]),
    record(PTR, 257, [0, 5, ...ascii('issue'), ...ascii('ca.org')]),
  ];
  const msgs: number[][] = [
    dns(1, 0x0100, [1, 0, 0, 0], q),
    dns(2, 0x0100, [1, 0, 0, 0], question('example.com', 28)),
    dns(3, 0x0100, [1, 0, 0, 1], [...q, 0, ...be16(41), ...be16(1232), ...be32(0), 0, 0]),
    dns(3, 0x0100, [1, 0, 0, 1], [...q, 0, ...be16(41), ...be16(4096), ...be32(0x8000), 0, 0]),
    dns(4, 0x0000, [1, 0, 0, 0], question('4.3.2.1.in-addr.arpa', 12)),
    dns(5, 0x0110, [1, 0, 0, 0], question('a.b', 255)),
    dns(5, 0x0120, [2, 0, 0, 0], [...question('a.b', 15), ...question('c.d', 16)]),
    dns(6, 0x8183, [1, 0, 1, 0], [...q, ...(answers[7] as number[])]),
    dns(7, 0x8580, [1, 2, 0, 0], [...q, ...(answers[0] as number[]), ...(answers[1] as number[])]),
    dns(8, 0x8182, [1, 0, 0, 0], q),
    dns(9, 0x8180, [1, answers.length, 0, 0], [...q, ...answers.flat()]),
    dns(10, 0x8180, [1, 1, 1, 1], [...q, ...(answers[0] as number[]), ...(answers[3] as number[]), ...(answers[0] as number[])]),
    dns(11, 0x2800, [1, 0, 0, 0], question('example.com', 6)),
    dns(12, 0x8380, [1, 0, 0, 0], q),
    dns(13, 0x0100, [1, 0, 0, 0], question('', 2)),
    dns(14, 0x0100, [1, 0, 0, 0], question('x.y', 1, 255)),
    dns(15, 0x0100, [1, 0, 0, 0], question('x.y', 65, 3)),
    dns(16, 0x81a5, [1, 1, 0, 0], [...q, ...record(PTR, 1, ip4('1.2.3.4'), 86400 * 3 + 3661)]),
  ];
  return msgs.flatMap((m) => [ether(0x800, ipv4(17, udp(40000, 53, m))), ether(0x800, ipv4(17, udp(53, 40000, m)))]);
}

function icmpPackets(): number[][] {
  const quoted = ipv4(17, udp(5000, 6000, ascii('hello world!')), { src: B4, dst: A4 });
  const quotedTcp = ipv4(6, tcp(5000, 80, 2), { src: B4, dst: A4 });
  const out: number[][] = [];
  for (const code of [...Array(17).keys(), 200]) out.push(icmp(3, code, [0, 0, 0, 0, ...quoted]));
  out.push(icmp(3, 4, [0, 0, ...be16(1400), ...quoted]), icmp(3, 3, [0, 0, 0, 0, ...quotedTcp]), icmp(3, 3, [0, 0, 0, 0, ...quoted.slice(0, 24)]));
  out.push(icmp(3, 2, [0, 0, 0, 0, ...ipv4(1, icmp(8, 0, [0, 1, 0, 2])).slice(0, 28)]));
  for (const code of [0, 1, 2, 3, 9]) out.push(icmp(5, code, [...A4, ...quoted]));
  for (const code of [0, 1, 2]) out.push(icmp(11, code, [0, 0, 0, 0, ...quoted]));
  for (const code of [0, 1, 2]) out.push(icmp(12, code, [20, 0, 0, 0, ...quoted]));
  out.push(icmp(12, 0, [0, 0, 0, 0, ...quoted]));
  out.push(icmp(4, 0, [0, 0, 0, 0, ...quoted]));
  out.push(icmp(8, 0, [...be16(77), ...be16(3), ...ascii('abcdefghijklmnop')]), icmp(0, 0, [...be16(77), ...be16(3), ...ascii('abcdefghijklmnop')]));
  out.push(icmp(13, 0, [...be16(7), ...be16(1), ...be32(3661001), ...be32(0), ...be32(0)]), icmp(14, 0, [...be16(7), ...be16(1), ...be32(3661001), ...be32(86399999), ...be32(7)]));
  out.push(icmp(15, 0, [...be16(7), ...be16(1)]), icmp(16, 0, [...be16(7), ...be16(1)]));
  out.push(icmp(17, 0, [...be16(7), ...be16(1), 0, 0, 0, 0]), icmp(18, 0, [...be16(7), ...be16(1), ...ip4('255.255.255.0')]));
  out.push(icmp(9, 0, [2, 2, ...be16(1800), ...A4, ...be32(0), ...B4, ...be32(0x80000000)]), icmp(9, 16, [1, 2, ...be16(65), ...A4, ...be32(5)]), icmp(9, 0, [1, 3, ...be16(3), ...A4, ...be32(5)]));
  out.push(icmp(10, 0, [0, 0, 0, 0]), icmp(40, 0, [0, 0, 0, 0]), icmp(42, 0, [0, 1, 2, 3]), icmp(30, 0, [1, 2, 3, 4, 5]));
  // With extensions behind 128 bytes of the packet (RFC 4884, RFC 4950).
  const padded = [...quoted, ...new Array<number>(128 - quoted.length).fill(0)];
  const mpls = [...be16(8), 1, 1, ...be32((16 << 12) | (1 << 8) | 64)];
  const ext = [0x20, 0, 0, 0, ...mpls];
  out.push(icmp(11, 0, [0, 32, 0, 0, ...padded, ...patch(ext, 2, be16(checksum(ext)))]), icmp(11, 0, [0, 0, 0, 0, ...padded, ...ext]));
  return out.map((p) => ether(0x800, ipv4(1, p)));
}

const END = [0];
const TCP_OPTIONS: readonly Bytes[] = [
  [2, 4, 5, 0xb4],
  [2, 4, 5, 0xb4, 4, 2, 8, 10, ...be32(111111), ...be32(0), 1, 3, 3, 7],
  [1, 1, 8, 10, ...be32(4000000000), ...be32(22222)],
  [1, 1, 5, 10, ...be32(1500), ...be32(2000)],
  [1, 1, 5, 18, ...be32(1500), ...be32(2000), ...be32(3000), ...be32(4000)],
  [4, 2, ...END, 0],
  [3, 3, 14, 1],
  [28, 4, ...be16(0x8005)],
  [28, 4, ...be16(5)],
  [34, 2, 1, 1],
  [34, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 1],
  [19, 18, ...Array(16).keys(), 1, 1],
  [29, 16, 1, 2, ...Array(12).keys()],
  [14, 3, 1, 15, 4, 1, 2, 0],
  [6, 6, 1, 2, 3, 4, 7, 6, 1, 2, 3, 4],
  [11, 6, 1, 2, 3, 4, 12, 6, 0, 0, 0, 1, 13, 6, 0, 0, 0, 9, 0, 0],
  [253, 8, 0xf9, 0x89, 1, 2, 3, 4],
  [253, 4, 1, 2],
  [99, 4, 1, 2],
  [2, 3, 5, 0],
  [8, 5, 1, 2, 3, 0, 0, 0],
  [5, 9, 1, 2, 3, 4, 5, 6, 7, 0, 0, 0],
  [99, 1, 0, 0],
  [99, 40, 0, 0],
  [69, 4, 1, 2],
];

function tcpPackets(): number[][] {
  const out: number[][] = [];
  for (let flags = 0; flags < 512; flags += 1 + (flags > 64 ? 13 : 0)) out.push(tcp(1024 + flags, 80, flags, { ack: 55, urg: flags & 32 ? 7 : 0 }));
  for (const options of TCP_OPTIONS) out.push(tcp(5000, 7, 0x02, { options }), tcp(5000, 7, 0x10, { options, ack: 3, payload: ascii('data') }));
  out.push(tcp(3333, 4444, 0x02, { seq: 100 }), tcp(3333, 4444, 0x10, { seq: 101, ack: 900, payload: ascii('12345') }), tcp(3333, 4444, 0x18, { seq: 106, ack: 905, payload: ascii('GET / HTTP/1.0') }));
  out.push(tcp(3333, 4444, 0x11, { seq: 120, ack: 4294967295 }), tcp(3333, 4444, 0x04, { seq: 5 }), tcp(3333, 4444, 0x04, { seq: 5, payload: ascii('reset cause') }), tcp(3333, 4444, 0x30, { urg: 3, payload: ascii('x') }));
  return out.map((p) => ether(0x800, ipv4(6, p)));
}

const IP_OPTIONS: readonly Bytes[] = [
  [7, 15, 4, ...new Array<number>(12).fill(0), 0],
  [7, 15, 12, ...A4, ...B4, 0, 0, 0, 0, 0],
  [7, 7, 8, ...A4, 0],
  [131, 11, 4, ...A4, ...B4, 0],
  [137, 7, 8, ...A4, 0],
  [137, 7, 4, ...A4, 1],
  [68, 12, 5, 0, ...new Array<number>(8).fill(0)],
  [68, 12, 9, 0, ...be32(3600000), ...be32(0)],
  [68, 20, 13, 1, ...A4, ...be32(1000), ...B4, ...be32(0)],
  [68, 20, 21, 0xf3, ...A4, ...be32(1000), ...B4, ...be32(5)],
  [68, 8, 5, 2, 0, 0, 0, 0],
  [148, 4, 0, 0],
  [148, 4, 0, 1],
  [130, 11, ...Array(9).keys(), 0],
  [136, 4, 1, 2],
  [1, 1, 1, 1],
  [1, 1, 1, 0],
  [0, 0, 0, 0],
  [99, 4, 1, 2],
  [99, 1, 0, 0],
  [99, 30, 0, 0],
  [7, 2, 0, 0],
  [68, 3, 0, 0],
  [131, 5, 5, 1, 2, 0, 0, 0],
];

function ipPackets(): number[][] {
  const data = ascii('payload of some length.');
  const out: number[][] = IP_OPTIONS.map((options) => ipv4(17, udp(1000, 2000, data), { options }));
  for (const tos of [1, 2, 3, 4, 0x10, 0xb8, 0xff]) out.push(ipv4(17, udp(1000, 2000, data), { tos }));
  for (const frag of [0, 0x2000, 0x2001, 0x0003, 0x4001, 0x6000, 0x8000, 0xe000, 0x1fff]) out.push(ipv4(17, udp(1000, 2000, data), { frag, id: frag }), ipv4(6, tcp(1, 2, 16), { frag }), ipv4(1, icmp(8, 0, [0, 1, 0, 2]), { frag }));
  for (let proto = 0; proto < 256; proto++) out.push(ipv4(proto, data, { frag: 0x0003 }));
  for (const ttl of [0, 1, 255]) out.push(ipv4(17, udp(1000, 2000, data), { ttl }));
  for (const proto of [0, 3, 4, 5, 29, 37, 41, 94, 97, 98, 115, 136, 200, 255]) out.push(ipv4(proto, data));
  out.push(ipv4(4, ipv4(17, udp(9, 10, data))), ipv4(41, ipv6(17, udp(9, 10, data, true))), ipv4(17, []), ipv4(6, []), ipv4(1, []), ipv4(1, [8]), ipv4(17, [1, 2, 3]), ipv4(6, [0, 80, 0, 81]));
  const bad = ipv4(17, udp(1000, 2000, data));
  out.push(patch(bad, 10, [1, 2]), patch(bad, 2, be16(10)), patch(bad, 2, be16(1000)), patch(bad, 0, [0x44]), patch(bad, 0, [0x4f]), patch(bad, 0, [0x65]), patch(bad, 24, be16(6)), patch(bad, 24, be16(500)), patch(bad, 24, be16(12)), patch(bad, 26, [0, 0]), patch(bad, 26, [9, 9]), patch(bad, 2, be16(0)));
  out.push(ipv4(17, udp(0, 0, [])), ipv4(17, udp(53, 53, [])), ipv4(17, udp(9, 9, data), { src: [0, 0, 0, 0], dst: [255, 255, 255, 255] }));
  for (const port of [7, 37, 443, 5353, 5355, 8080]) out.push(ipv4(17, udp(port === 67 ? 68 : 30000, port, [])), ipv4(6, tcp(30000, port, 16, { ack: 1 })));
  return out.map((p) => ether(0x800, p));
}

function arpPackets(): number[][] {
  const zero = [0, 0, 0, 0, 0, 0];
  const bcast = [255, 255, 255, 255, 255, 255];
  const out: number[][] = [];
  for (const op of [1, 2, 3, 4, 5, 8, 9, 10, 11, 22]) out.push(arp(op, MAC_A, A4, zero, B4), arp(op, MAC_A, A4, MAC_B, B4));
  out.push(arp(1, MAC_A, A4, bcast, B4), arp(1, MAC_A, A4, zero, A4), arp(1, MAC_A, [0, 0, 0, 0], zero, B4), arp(2, MAC_A, A4, MAC_A, A4), arp(1, MAC_A, A4, zero, B4, 0x1234), arp(8, MAC_A, A4, MAC_B, B4), arp(9, MAC_A, A4, MAC_B, B4));
  const one = arp(1, MAC_A, A4, zero, B4);
  out.push(patch(one, 0, be16(6)), patch(one, 0, be16(24)), patch(one, 0, be16(99)), patch(one, 4, [8]), patch(one, 5, [16]), patch(one, 4, [0]), patch(one, 5, [0]), patch(one, 0, be16(32)));
  const padded = out.map((p) => [...p, ...new Array<number>(18).fill(0)]);
  return [...out.map((p) => ether(0x806, p, bcast)), ...padded.map((p) => ether(0x806, p)), ...out.slice(0, 8).map((p) => ether(0x8035, p))];
}

function linkPackets(): number[][] {
  const ping = ipv4(1, icmp(8, 0, [0, 7, 0, 1]));
  const data = ascii('some unknown payload here');
  const out: number[][] = [];
  for (const type of [0x1234, 0x600, 0x5ff, 0x22f0, 0xffff, 0x893a, 0x6558]) out.push(ether(type, data));
  for (const tci of [0, 1, 100, 0x1064, 0x2064, 0x7064, 0xf064]) out.push(ether(0x8100, [...be16(tci), ...be16(0x800), ...ping]));
  out.push(ether(0x88a8, [...be16(7), ...be16(0x8100), ...be16(8), ...be16(0x800), ...ping]), ether(0x9100, [...be16(7), ...be16(0x800), ...ping]), ether(0x8100, [...be16(7), ...be16(0x806), ...arp(1, MAC_A, A4, MAC_B, B4)]), ether(0x8100, [...be16(5), ...be16(0x1234), ...data]));
  out.push(ether(30, [0xaa, 0xaa, 3, 0, 0, 0, 8, 0, ...ping]), ether(25, [0x06, 0x06, 3, ...ping]), ether(25, [0xf0, 0xf0, 0x7f, ...data]), ether(25, [4, 5, 0, 2, ...data]), ether(25, [4, 5, 1, 3, ...data]), ether(25, [8, 9, 0xaf, ...data]), ether(25, [8, 9, 0xe3, ...data]), ether(25, [8, 9, 0x6f, ...data]), ether(3, [8, 9, 3]), ether(0, []), ether(2, [1, 2]), ether(100, [8, 9, 3, 1]));
  return out;
}

function igmpPackets(): number[][] {
  const m = (b: Bytes): number[] => patch(b, 2, be16(checksum(b)));
  const group = ip4('239.1.2.3');
  const out = [
    m([0x11, 100, 0, 0, 0, 0, 0, 0]),
    m([0x11, 0, 0, 0, 0, 0, 0, 0]),
    m([0x11, 50, 0, 0, ...group]),
    m([0x16, 0, 0, 0, ...group]),
    m([0x12, 0, 0, 0, ...group]),
    m([0x17, 0, 0, 0, ...group]),
    m([0x11, 100, 0, 0, ...group, 2, 125, 0, 1, ...A4]),
    m([0x11, 200, 0, 0, 0, 0, 0, 0, 10, 125, 0, 0]),
    m([0x22, 0, 0, 0, 0, 0, 0, 2, 4, 0, 0, 0, ...group, 1, 0, 0, 1, ...group, ...A4]),
    m([0x22, 0, 0, 0, 0, 0, 0, 1, 3, 0, 0, 0, ...group]),
    m([0x22, 0, 0, 0, 0, 0, 0, 1, 9, 0, 0, 0, ...group]),
    m([0x1f, 0, 0, 0, 0, 0, 0, 0]),
    m([0x1e, 0, 0, 0, 0, 0, 0, 0]),
    m([0x99, 0, 0, 0, 0, 0, 0, 0]),
  ];
  return out.map((p) => ether(0x800, ipv4(2, p, { ttl: 1, dst: group, options: [148, 4, 0, 0] })));
}

function ip6Packets(): number[][] {
  const data = ascii('hello ipv6');
  const lla = [1, 1, ...MAC_A];
  const all = ip6('ff02::1');
  const sol = ip6('ff02::1:ff33:4455');
  const quoted = ipv6(17, udp(5000, 6000, data, true), { src: B6, dst: A6 });
  const out: number[][] = [
    ipv6(17, udp(1000, 2000, data, true)),
    ipv6(17, udp(1000, 53, dns(1, 0x100, [1, 0, 0, 0], question('example.com', 28)), true)),
    ipv6(6, tcp(1000, 80, 2, { options: TCP_OPTIONS[1] as Bytes }, true)),
    ipv6(6, tcp(1000, 80, 0x18, { ack: 5, payload: data }, true), { flow: 0x12345 }),
    ipv6(17, udp(1, 2, data, true), { flow: 0xb812345, hlim: 1 }),
    ipv6(59, []),
    ipv6(59, data),
    ipv6(0, [58, 0, 5, 2, 0, 0, 1, 0, ...icmp6(131, 0, [0, 0, 0, 0, ...all])]),
    ipv6(0, [17, 0, 1, 4, 0, 0, 0, 0, ...udp(1, 2, data, true)]),
    ipv6(60, [17, 0, 1, 4, 0, 0, 0, 0, ...udp(1, 2, data, true)]),
    ipv6(43, [17, 2, 0, 1, 0, 0, 0, 0, ...A6, ...udp(1, 2, data, true)]),
    ipv6(44, [17, 0, 0, 1, 0, 0, 0, 9, ...udp(1, 2, data, true)]),
    ipv6(44, [17, 0, 0, 0x29, 0, 0, 0, 9, ...data]),
    ipv6(44, [58, 0, 0, 8, 0, 0, 0, 9, ...data]),
    ipv6(200, data),
    ipv6(4, ipv4(17, udp(1, 2, data))),
    ipv6(41, ipv6(17, udp(1, 2, data, true))),
    ipv6(17, []),
    ipv6(58, []),
    ipv6(58, icmp6(128, 0, [...be16(9), ...be16(1), ...data])),
    ipv6(58, icmp6(129, 0, [...be16(9), ...be16(1), ...data])),
  ];
  for (const code of [0, 1, 2, 3, 4, 5, 6, 7]) out.push(ipv6(58, icmp6(1, code, [0, 0, 0, 0, ...quoted])));
  out.push(ipv6(58, icmp6(2, 0, [...be32(1280), ...quoted])));
  for (const code of [0, 1, 2]) out.push(ipv6(58, icmp6(3, code, [0, 0, 0, 0, ...quoted])), ipv6(58, icmp6(4, code, [...be32(40), ...quoted])));
  const nd = (type: number, rest: Bytes, dst: Bytes = all): number[] => ipv6(58, icmp6(type, 0, rest, B6, dst), { src: B6, dst, hlim: 255 });
  const prefix = [3, 4, 64, 0xc0, ...be32(86400), ...be32(14400), 0, 0, 0, 0, ...ip6('2001:db8:1::')];
  out.push(nd(133, [0, 0, 0, 0, ...lla]), nd(133, [0, 0, 0, 0]));
  out.push(nd(134, [64, 0, ...be16(1800), ...be32(0), ...be32(0), ...lla, ...prefix, 5, 1, 0, 0, ...be32(1500)]));
  out.push(nd(134, [0, 0xc8, ...be16(0), ...be32(30000), ...be32(1000), 25, 3, 0, 0, ...be32(600), ...ip6('2001:db8::53'), 31, 2, 0, 0, ...be32(600), ...name('lab.test'), 0, 0, 0, 0, 0, 0].slice(0, 12 + 24 + 16)));
  out.push(nd(134, [64, 0x18, ...be16(9000), ...be32(0), ...be32(0), 3, 4, 56, 0x40, ...be32(0xffffffff), ...be32(0xffffffff), 0, 0, 0, 0, ...ip6('fd00::'), 24, 2, 48, 8, ...be32(100), ...ip6('fd01::').slice(0, 8), 99, 1, 1, 2, 3, 4, 5, 6]));
  out.push(nd(135, [0, 0, 0, 0, ...B6, ...lla], sol), nd(135, [0, 0, 0, 0, ...B6], sol), nd(135, [0, 0, 0, 0, ...B6, 14, 1, 1, 2, 3, 4, 5, 6], sol));
  out.push(nd(136, [0x60, 0, 0, 0, ...B6, 2, 1, ...MAC_A]), nd(136, [0xe0, 0, 0, 0, ...B6, 2, 1, ...MAC_A]), nd(136, [0, 0, 0, 0, ...B6]), nd(136, [0x20, 0, 0, 0, ...B6, 2, 0, ...MAC_A]));
  out.push(nd(137, [0, 0, 0, 0, ...A6, ...B6, 2, 1, ...MAC_A, 4, 8, 0, 0, 0, 0, 0, 0, ...quoted.slice(0, 56)]));
  out.push(nd(130, [...be16(1000), 0, 0, ...ip6('::')]), nd(130, [...be16(1000), 0, 0, ...ip6('ff05::3'), 2, 125, 0, 1, ...A6]), nd(131, [0, 0, 0, 0, ...all]), nd(132, [0, 0, 0, 0, ...all]));
  out.push(nd(143, [0, 0, 0, 1, 4, 0, 0, 0, ...sol]), nd(143, [0, 0, 0, 2, 3, 0, 0, 1, ...sol, ...A6, 6, 0, 0, 0, ...all]), nd(143, [0, 0, 0, 1, 9, 0, 0, 0, ...sol]));
  out.push(nd(138, [0, 0, 0, 0]), nd(139, [0, 0, 0, 0]), nd(150, [1, 2, 3, 4]), nd(200, [1, 2, 3, 4]));
  return out.map((p) => ether(0x86dd, p));
}

export const FAMILIES: Readonly<Record<string, () => number[][]>> = {
  arp: arpPackets,
  link: linkPackets,
  ip: ipPackets,
  icmp: icmpPackets,
  tcp: tcpPackets,
  igmp: igmpPackets,
  dns: dnsPackets,
  ip6: ip6Packets,
};

/** One byte or two changed, the end cut off, bytes inserted; sums made right again half of the time. */
export function mutate(dice: Dice, packet: Bytes): number[] {
  const b = [...packet];
  for (let n = dice.next(3); n >= 0; n--) {
    const at = dice.next(Math.max(1, b.length - 12)) + 12;
    if (at < b.length) b[at] = dice.pick([0, 1, 255, dice.next(256), dice.next(256), (b[at] as number) ^ (1 << dice.next(8))]);
  }
  return dice.next(3) === 0 ? b.slice(0, 14 + dice.next(Math.max(1, b.length - 14))) : b;
}
