/** ICMPv6 (RFC 4443), MLD (RFC 2710, 3810). */
import type { Payload } from './demux.ts';
import { hexPrint } from './hexdump.ts';
import { type Ndo, Short, hex, inChecksum, shouldBe, tok } from './ndo.ts';
import { MLD2, groupRecords, sourceList } from './print-mcast.ts';
import { ND_TYPES, ndPrint } from './print-nd.ts';
import { nodeInformationQuery, nodeInformationReply } from './print-node-information.ts';
import { routerRenumbering } from './print-router-renumbering.ts';
import { rplPrint } from './print-rpl.ts';
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
  140: 'who-are-you reply',
  141: 'inverse neighbor solicitation',
  142: 'inverse neighbor advertisement',
  143: 'multicast listener report v2',
  144: 'ha discovery request',
  145: 'ha discovery reply',
  146: 'mobile router solicitation',
  147: 'mobile router advertisement',
  155: 'RPL',
  200: 'mtrace response',
  201: 'mtrace message',
};

export function icmp6Print(ndo: Ndo, p: Payload): void {
  const { at, length } = p;
  ndo.protocol = 'icmp6';
  if (length === 0) {
    ndo.print('ICMP6, length 0');
    ndo.invalid();
    return;
  }
  const type = ndo.u8(at);
  if (ndo.options.vflag > 0 && !p.fragmented) checksum(ndo, p);
  ndo.print(`ICMP6, ${tok(TYPES, type, `unknown icmp6 type (${type})`)}`);
  if (ND_TYPES.has(type) && ndo.options.vflag > 0) ndo.print(`, length ${length}`);
  if (body(ndo, at, length, type) && ndo.options.vflag === 0) ndo.print(`, length ${length}`);
}

function checksum(ndo: Ndo, p: Payload): void {
  if (!ndo.has(p.at + p.length)) return;
  const sum = ndo.u16(p.at + 2);
  const result = inChecksum(pseudo(ndo, p, p.length, 58), ndo.buf.subarray(p.at, p.at + p.length));
  ndo.print(result === 0 ? '[icmp6 sum ok] ' : `[bad icmp6 cksum 0x${hex(sum, 4)} -> 0x${hex(shouldBe(sum, result), 4)}!] `);
}

/** False if the length has been told, or is not told at all. */
function body(ndo: Ndo, at: number, length: number, type: number): boolean {
  if (type === 3) ndo.print(' in-transit');
  const code = ndo.u8(at + 1);
  switch (type) {
    case 1:
      return unreachable(ndo, at, length, code);
    case 2:
      ndo.print(`, mtu ${ndo.u32(at + 4)}`);
      return true;
    case 3:
      exceeded(ndo, at, code);
      return true;
    case 4:
      problem(ndo, at, code);
      return true;
    case 128:
    case 129:
      ndo.print(`, id ${ndo.u16(at + 4)}, seq ${ndo.u16(at + 6)}`);
      return true;
    case 130:
      listenerQuery(ndo, at, length);
      return true;
    case 131:
    case 132:
      listener(ndo, at);
      return true;
    case 133:
    case 134:
    case 135:
    case 136:
    case 137:
    case 145:
    case 147:
      ndPrint(ndo, at, length, type);
      return true;
    case 138:
      routerRenumbering(ndo, at);
      return true;
    case 139:
      nodeInformationQuery(ndo, at);
      return true;
    case 140:
      nodeInformationReply(ndo, at, length);
      return true;
    case 141:
    case 142:
      return true;
    case 143:
      mld2Report(ndo, at, length);
      return true;
    case 144:
    case 146:
      ndo.print(`, id 0x${hex(ndo.u16(at + 4), 4)}`);
      return true;
    case 155:
      rplPrint(ndo, code, at + 4, length - 4);
      return true;
    default:
      ndo.print(`, length ${length}`);
      dump(ndo, at, length);
      return false;
  }
}

/** What is not known, unless -vv. */
function dump(ndo: Ndo, at: number, length: number): void {
  if (ndo.options.vflag < 2) hexPrint(ndo, '\n\t', at, Math.min(length, ndo.snapend - at));
}

function listenerQuery(ndo: Ndo, at: number, length: number): void {
  if (length === 24) {
    listener(ndo, at);
  } else if (length >= 28) {
    ndo.print(' v2');
    mld2Query(ndo, at, length);
  } else {
    ndo.print(` unknown-version (len ${length}) `);
  }
}

function listener(ndo: Ndo, at: number): void {
  if (!ndo.has(at + 24)) return;
  ndo.print(`max resp delay: ${ndo.u16(at + 4)} addr: ${ndo.ip6(at + 8)}`);
}

function unreachable(ndo: Ndo, at: number, length: number, code: number): boolean {
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
      portPrint(ndo, ip, dst);
      return true;
    default:
      ndo.print(`, unknown unreach code (${code})`);
      dump(ndo, at, length);
      return false;
  }
}

function portPrint(ndo: Ndo, ip: number, dst: () => string): void {
  const { at, proto } = upperLayer(ndo, ip);
  // No other protocol has ports.
  if (proto !== 6 && proto !== 17) {
    throw new Short();
  }
  ndo.check(at + 4);
  const port = ndo.u16(at + 2);
  ndo.print(`, ${dst()} ${proto === 6 ? `tcp port ${ndo.tcpPort(port)}` : `udp port ${ndo.udpPort(port)}`}`);
}

/** What stands behind the extension headers of the quoted packet. */
function upperLayer(ndo: Ndo, ip: number): { at: number; proto: number } {
  ndo.check(ip + 40);
  let proto = ndo.u8(ip + 6);
  for (let at = ip + 40; ; ) {
    if (!EXTENSIONS.has(proto)) return { at, proto };
    ndo.check(at + 4);
    if (proto === 44 && (ndo.u16(at + 2) & 0xfff8) !== 0) return { at, proto };
    const words = ndo.u8(at + 1);
    const size = proto === 44 ? 8 : proto === 51 ? (words + 2) * 4 : (words + 1) * 8;
    proto = ndo.u8(at);
    at += size;
  }
}

const EXTENSIONS: ReadonlySet<number> = new Set([0, 43, 44, 51, 60]);

function exceeded(ndo: Ndo, at: number, code: number): void {
  if (code === 0) ndo.print(` for ${ndo.ip6(at + 8 + 24)}`);
  else ndo.print(code === 1 ? ' (reassembly)' : `, unknown code (${code})`);
}

function problem(ndo: Ndo, at: number, code: number): void {
  ndo.check(at + 48);
  const what = ['erroneous', 'next header', 'option', 'incomplete header chain'][code];
  ndo.print(what === undefined ? `, code-#${code}` : `, ${what} - octet ${ndo.u32(at + 4)}`);
}

function mld2Report(ndo: Ndo, at: number, length: number): void {
  if (length < 8) {
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
