/** UDP (RFC 768). */
import type { Payload } from './demux.ts';
import { type Ndo, Truncated, inChecksum, shouldBe, withinPacket } from './ndo.ts';
import { domainPrint } from './print-domain.ts';

const HEADER = 8;
const DNS: ReadonlySet<number> = new Set([53, 5353]);

export function udpPrint(ndo: Ndo, p: Payload): void {
  const { at } = p;
  ndo.protocol = 'udp';
  if (!ndo.has(at + 4)) {
    addresses(ndo, p, null);
    ndo.trunc();
    return;
  }
  const [sport, dport] = [ndo.u16(at), ndo.u16(at + 2)];
  addresses(ndo, p, [ndo.udpPort(sport), ndo.udpPort(dport)]);
  if (p.length < HEADER) {
    ndo.print(`truncated-udp ${p.length}`);
    return;
  }
  if (!ndo.has(at + 6)) {
    ndo.trunc();
    return;
  }
  let ulen = ndo.u16(at + 4);
  if (ulen === 0 && p.length > 65535) ulen = p.length;
  if (ulen < HEADER) {
    ndo.print(`truncated-udplength ${ulen}`);
    return;
  }
  const data = Math.min(ulen, p.length) - HEADER;
  if (!ndo.has(at + HEADER)) {
    ndo.trunc();
    return;
  }
  if (ndo.options.vflag > (p.v6 ? 0 : 1) && !ndo.options.kflag && !p.fragmented) checksum(ndo, p, ulen);
  if (!ndo.options.qflag && (DNS.has(sport) || DNS.has(dport))) {
    withinPacket(ndo, Truncated, () => domainPrint(ndo, at + HEADER, data, { mdns: sport === 5353 || dport === 5353, tcp: false }));
    return;
  }
  ndo.print(ulen > p.length && !p.fragmented ? `UDP, bad length ${ulen - HEADER} > ${p.length - HEADER}` : `UDP, length ${ulen - HEADER}`);
}

/** `udpipaddr_print`. Inside IPv6 extension headers only the ports. */
function addresses(ndo: Ndo, p: Payload, ports: readonly [string, string] | null): void {
  const { ip } = p;
  const [src, dst] = p.v6 ? [ip + 8, ip + 24] : [ip + 12, ip + 16];
  const text = (at: number): string => (p.v6 ? ndo.ip6(at) : ndo.ip(at));
  if (p.v6 && ndo.u8(ip + 6) !== 17) {
    if (ports !== null) ndo.print(`${ports[0]} > ${ports[1]}: `);
    return;
  }
  if (ports === null) ndo.print(`${text(src)} > ${text(dst)}: `);
  else ndo.print(`${text(src)}.${ports[0]} > ${text(dst)}.${ports[1]}: `);
}

function checksum(ndo: Ndo, p: Payload, ulen: number): void {
  const sum = ndo.u16(p.at + 6);
  if (sum === 0 && !p.v6) {
    ndo.print('[no cksum] ');
    return;
  }
  const length = Math.min(ulen, p.length);
  if (!ndo.has(p.at + length)) return;
  const result = inChecksum(pseudo(ndo, p, length, 17), ndo.buf.subarray(p.at, p.at + length));
  const hex = (n: number): string => n.toString(16).padStart(4, '0');
  if (result !== 0) ndo.print(`[bad udp cksum 0x${hex(sum)} -> 0x${hex(shouldBe(sum, result))}!] `);
  else ndo.print('[udp sum ok] ');
}

/** The pseudo header of a sum. The destination behind a routing header is its last one. */
export function pseudo(ndo: Ndo, p: Payload, length: number, proto: number): Uint8Array {
  const { ip, v6 } = p;
  if (!v6) return Uint8Array.from([...ndo.buf.subarray(ip + 12, ip + 16), ...finalDst4(ndo, ip), 0, proto, (length >>> 8) & 255, length & 255]);
  const tail = [0, 0, (length >>> 8) & 255, length & 255, 0, 0, 0, proto];
  return Uint8Array.from([...ndo.buf.subarray(ip + 8, ip + 24), ...finalDst6(ndo, ip), ...tail]);
}

function finalDst4(ndo: Ndo, ip: number): Uint8Array {
  const end = ip + ((ndo.buf[ip] as number) & 0xf) * 4;
  for (let at = ip + 20; at < end; ) {
    const type = ndo.u8(at);
    if (type === 0) break;
    const size = type === 1 ? 1 : at + 1 < end ? ndo.u8(at + 1) : 0;
    if (type !== 1 && (size < 2 || at + size > end)) break;
    if ((type === 131 || type === 137) && size >= 7) return ndo.buf.subarray(at + size - 4, at + size);
    at += size;
  }
  return ndo.buf.subarray(ip + 16, ip + 20);
}

/** Of a source route the last address, of segments the first: those stand there in reverse. */
function finalDst6(ndo: Ndo, ip: number): Uint8Array {
  let next = ndo.buf[ip + 6] as number;
  for (let at = ip + 40; ndo.has(at + 8); ) {
    const size = (ndo.u8(at + 1) + 1) * 8;
    if (next === 43) {
      const type = ndo.u8(at + 2);
      const address = type === 4 ? at + 8 : at + size - 16;
      // Of segments the place is read, whether or not the header is so long.
      if ((type === 4 || ((type === 0 || type === 2) && size >= 24)) && ndo.has(address + 16)) return ndo.buf.subarray(address, address + 16);
      break;
    }
    if (next !== 0 && next !== 60) break;
    next = ndo.u8(at);
    at += size;
  }
  return ndo.buf.subarray(ip + 24, ip + 40);
}
