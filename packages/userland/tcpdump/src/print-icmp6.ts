/** ICMPv6 (RFC 4443), MLD (RFC 2710, 3810). */
import type { Payload } from './demux.ts';
import { hexPrint } from './hexdump.ts';
import { type Ndo, inChecksum, shouldBe, tok } from './ndo.ts';
import { MLD2, groupRecords, sourceList } from './print-mcast.ts';
import { ND_TYPES, ndPrint } from './print-nd.ts';
import { pseudo } from './print-udp.ts';

const TYPES: Readonly<Record<number, string>> = {
  1: 'destination unreachable',
  2: 'packet too big',
  3: 'time exceeded',
  4: 'parameter problem',
  128: 'echo request',
  129: 'echo reply',
  130: 'multicast listener query',
  131: 'multicast listener report',
  132: 'multicast listener done',
  133: 'router solicitation',
  134: 'router advertisement',
  135: 'neighbor solicitation',
  136: 'neighbor advertisement',
  137: 'redirect',
  138: 'router renumbering',
  139: 'who-are-you request',
  140: 'node information reply',
  141: 'inverse neighbor solicitation',
  142: 'inverse neighbor advertisement',
  143: 'multicast listener report v2',
  144: 'dhaad request',
  145: 'dhaad reply',
  146: 'mobile router solicitation',
  147: 'mobile router advertisement',
  200: 'mtrace response',
  201: 'mtrace message',
};

export function icmp6Print(ndo: Ndo, p: Payload): void {
  const { at, length } = p;
  ndo.protocol = 'icmp6';
  if (length < 4) {
    ndo.print(`ICMP6, length ${length}`);
    ndo.invalid();
    return;
  }
  const type = ndo.u8(at);
  if (ndo.options.vflag > 0 && !p.fragmented) checksum(ndo, p);
  ndo.print(`ICMP6, ${tok(TYPES, type, `unknown icmp6 type (${type})`)}`);
  if (ND_TYPES.has(type)) {
    if (ndo.options.vflag > 0) ndo.print(`, length ${length}`);
    if (type === 130) return;
  }
  const shown = body(ndo, at, length, type);
  if (shown && ndo.options.vflag === 0) ndo.print(`, length ${length}`);
}

function checksum(ndo: Ndo, p: Payload): void {
  if (!ndo.has(p.at + p.length)) return;
  const sum = ndo.u16(p.at + 2);
  const result = inChecksum(pseudo(ndo, p, p.length, 58), ndo.buf.subarray(p.at, p.at + p.length));
  const hex = (n: number): string => n.toString(16).padStart(4, '0');
  ndo.print(result === 0 ? '[icmp6 sum ok] ' : `[bad icmp6 cksum 0x${hex(sum)} -> 0x${hex(shouldBe(sum, result))}!] `);
}

/** False if the length has been told, or is not told at all. */
function body(ndo: Ndo, at: number, length: number, type: number): boolean {
  switch (type) {
    case 1:
      return unreachable(ndo, at, length);
    case 2:
      ndo.print(`, mtu ${ndo.u32(at + 4)}`);
      return true;
    case 3:
      return exceeded(ndo, at);
    case 4:
      return problem(ndo, at);
    case 128:
    case 129:
      ndo.print(`, id ${ndo.u16(at + 4)}, seq ${ndo.u16(at + 6)}`);
      return true;
    case 130:
      if (length === 24) {
        if (!ndo.has(at + 24)) return true;
        ndo.print(`max resp delay: ${ndo.u16(at + 4)} addr: ${ndo.ip6(at + 8)}`);
      } else if (length >= 28) {
        ndo.print(' v2');
        mld2Query(ndo, at, length);
      }
      return true;
    case 131:
    case 132:
      if (!ndo.has(at + 24)) return true;
      ndo.print(`max resp delay: ${ndo.u16(at + 4)} addr: ${ndo.ip6(at + 8)}`);
      return true;
    case 133:
    case 134:
    case 135:
    case 136:
    case 137:
      ndPrint(ndo, at, length, type);
      return true;
    case 143:
      mld2Report(ndo, at, length);
      return true;
    case 138:
      if (!ndo.has(at + 16)) ndo.trunc();
      return true;
    case 139:
    case 140:
      if (type === 139) ndo.print(' node information query');
      if (!ndo.has(at + 16)) ndo.trunc();
      return true;
    default:
      ndo.print(`, length ${length}`);
      if (ndo.options.vflag < 2) hexPrint(ndo, '\n\t', at, Math.min(length, ndo.snapend - at));
      return false;
  }
}

function unreachable(ndo: Ndo, at: number, length: number): boolean {
  const code = ndo.u8(at + 1);
  const ip = at + 8;
  const dst = (): string => ndo.ip6(ip + 24);
  switch (code) {
    case 0:
      ndo.print(', unreachable route');
      ndo.print(` ${dst()}`);
      return true;
    case 1:
      ndo.print(',  unreachable prohibited');
      ndo.print(` ${dst()}`);
      return true;
    case 2:
      ndo.print(', beyond scope');
      ndo.print(` ${dst()}, source address ${ndo.ip6(ip + 8)}`);
      return true;
    case 3:
      ndo.print(', unreachable address');
      ndo.print(` ${dst()}`);
      return true;
    case 4:
      ndo.print(', unreachable port');
      portPrint(ndo, ip, dst());
      return true;
    default:
      ndo.print(`, unknown unreach code (${code})`);
      if (ndo.options.vflag < 2) hexPrint(ndo, '\n\t', at, Math.min(length, ndo.snapend - at));
      return false;
  }
}

function portPrint(ndo: Ndo, ip: number, dst: string): void {
  const { at, proto } = upperLayer(ndo, ip);
  const port = ndo.u16(at + 2);
  if (proto === 6) ndo.print(`, ${dst} tcp port ${ndo.tcpPort(port)}`);
  else if (proto === 17) ndo.print(`, ${dst} udp port ${ndo.udpPort(port)}`);
  else ndo.print(`, ${dst} protocol ${proto} port ${port}`);
}

/** What stands behind the extension headers of the quoted packet. */
function upperLayer(ndo: Ndo, ip: number): { at: number; proto: number } {
  let proto = ndo.u8(ip + 6);
  let at = ip + 40;
  for (;;) {
    if (proto === 0 || proto === 60 || proto === 43) {
      proto = ndo.u8(at);
      at += (ndo.u8(at + 1) + 1) * 8;
    } else if (proto === 44) {
      if ((ndo.u16(at + 2) & 0xfff8) !== 0) return { at, proto };
      proto = ndo.u8(at);
      at += 8;
    } else {
      return { at, proto };
    }
  }
}

function exceeded(ndo: Ndo, at: number): boolean {
  const code = ndo.u8(at + 1);
  ndo.print(' in-transit');
  ndo.need(at + 48);
  if (code === 0) ndo.print(` for ${ndo.ip6(at + 8 + 24)}`);
  else ndo.print(code === 1 ? ' (reassembly)' : `, unknown code (${code})`);
  return true;
}

function problem(ndo: Ndo, at: number): boolean {
  const code = ndo.u8(at + 1);
  const where = ndo.u32(at + 4);
  ndo.need(at + 48);
  const what = ['erroneous', 'next header', 'option', 'IPv6 Routing header'][code];
  ndo.print(what === undefined ? `, code-#${code}` : `, ${what} - octet ${where}`);
  return true;
}

function mld2Report(ndo: Ndo, at: number, length: number): void {
  if (length < 16) {
    ndo.print(` [invalid len ${length}]`);
    return;
  }
  groupRecords(ndo, MLD2, at, length);
}

function mld2Query(ndo: Ndo, at: number, length: number): void {
  const code = ndo.u16(at + 4);
  const delay = code < 32768 ? code : ((code & 0xfff) | 0x1000) << (((code & 0x7000) >>> 12) + 3);
  const verbose = ndo.options.vflag > 0;
  if (verbose) ndo.print(` [max resp delay=${delay}]`);
  ndo.print(` [gaddr ${ndo.ip6(at + 8)}`);
  if (verbose) {
    const flags = ndo.u8(at + 24);
    if ((flags & 8) !== 0) ndo.print(' sflag');
    if ((flags & 7) !== 0) ndo.print(` robustness=${flags & 7}`);
    const qqic = ndo.u8(at + 25);
    const qqi = qqic < 128 ? qqic : ((qqic & 0xf) | 0x10) << (((qqic & 0x70) >>> 4) + 3);
    ndo.print(` qqi=${qqi}`);
  }
  const sources = ndo.u16(at + 26);
  if (sources > 0) {
    if (28 + 16 * sources > length) ndo.print(' [invalid number of sources]');
    else sourceList(ndo, MLD2, at + 28, sources);
  }
  ndo.print(']');
}
