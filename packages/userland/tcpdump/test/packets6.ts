/** IPv6 packets by chance: headers, extension headers, and every ICMPv6 message with its options, some of them wrong or cut off. */
import type { PcapPacket } from '@skbuff/pcap';
import { type Bytes, type Dice, be16, be32, checksum, ether, icmp, ip6, ipv4, ipv6, udp } from './packets.ts';

const ADDRESSES: readonly Bytes[] = ['::', '::1', 'fe80::1', 'fe80::211:22ff:fe33:4455', '2001:db8::1', '2001:db8:0:1::', 'ff02::1', 'ff02::16', 'ff02::1:ff33:4455', 'ff05::1:3', 'fd00:1:2:3:4:5:6:7', '::ffff:102:304', '::102:304', '64:ff9b::a00:1'].map(ip6);
const LABELS: readonly string[] = ['lab', 'test', 'example', 'a', 'x-1'];
const ascii = (text: string): number[] => [...text].map((c) => c.charCodeAt(0));

/** Mostly the first. */
function most<T>(dice: Dice, usual: T, ...others: readonly T[]): T {
  return dice.next(4) > 0 ? usual : dice.pick(others);
}

const address = (dice: Dice): Bytes => dice.pick(ADDRESSES);
const word = (dice: Dice): number[] => be32(dice.pick([0, 1, 600, 1500, 65535, 0x7fffffff, 0xffffffff, dice.next(0x7fffffff)]));
const half = (dice: Dice): number[] => be16(dice.pick([0, 1, 30, 1800, 9000, 32767, 32768, 65535, dice.next(65536)]));
const byte = (dice: Dice): number => dice.pick([0, 1, 2, 64, 127, 128, 255, dice.next(256)]);

/** Filled up to `unit` bytes. */
function padded(b: Bytes, unit: number): number[] {
  return [...b, ...new Array<number>((unit - (b.length % unit)) % unit).fill(0)];
}

function repeat(dice: Dice, n: number, make: () => Bytes): number[] {
  return Array.from({ length: dice.next(n) }, make).flat();
}

/** An option of hop-by-hop or destination options. */
function tlv(dice: Dice): number[] {
  const n = dice.next(8);
  switch (dice.next(7)) {
    case 0:
      return [0];
    case 1:
      return [1, n, ...new Array<number>(n).fill(0)];
    case 2:
      return [5, most(dice, 2, 1, 3, 0), ...half(dice)];
    case 3:
      return [0xc2, most(dice, 4, 3, 0, 8), ...word(dice)];
    case 4:
      return [0xc9, most(dice, 16, 15, 17, 0), ...address(dice)];
    case 5:
      return [dice.next(256), n, ...dice.bytes(n)];
    default:
      return [dice.pick([4, 7, 0x3e, 0x63, 0x8a]), n, ...dice.bytes(n)];
  }
}

function options(dice: Dice, next: number): number[] {
  const body = padded([0, 0, ...repeat(dice, 4, () => tlv(dice))], 8);
  return [next, most(dice, body.length / 8 - 1, dice.next(4)), ...body.slice(2)];
}

function routing(dice: Dice, next: number): number[] {
  const type = dice.pick([0, 1, 2, 2, 3, 4, 4, 5, 253]);
  const addresses = repeat(dice, 4, () => address(dice));
  const tlvs = type === 4 ? padded(repeat(dice, 3, () => tlv(dice)), 8) : dice.next(8) === 0 ? dice.bytes(8) : [];
  const last = Math.max(0, addresses.length / 16 - 1);
  const head = type === 4 ? [most(dice, last, byte(dice)), byte(dice), ...half(dice)] : most(dice, [0, 0, 0, 0], word(dice));
  return [next, most(dice, (addresses.length + tlvs.length) / 8, dice.next(6)), type, most(dice, dice.next(4), byte(dice)), ...head, ...addresses, ...tlvs];
}

function fragment(dice: Dice, next: number): number[] {
  return [next, most(dice, 0, 1, 255), ...be16(most(dice, 0, 1, 6, 8, 9, 1448, 0xfff9)), ...word(dice)];
}

function authentication(dice: Dice, next: number): number[] {
  const icv = dice.next(5) * 4;
  return [next, most(dice, 1 + icv / 4, dice.next(8)), ...most(dice, [0, 0], half(dice)), ...word(dice), ...word(dice), ...dice.bytes(icv)];
}

const MOBILITY_OPTIONS: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 99];

function mobility(dice: Dice, next: number): number[] {
  const type = dice.next(10);
  const sizes = [2, 10, 10, 18, 18, 6, 6, 18, 2, 4];
  const opts = repeat(dice, 4, () => {
    const kind = dice.pick(MOBILITY_OPTIONS);
    if (kind === 0) return [0];
    const n = most(dice, [0, dice.next(6), 2, 16, 4, 12, 4][kind] ?? dice.next(6), dice.next(18));
    return [kind, n, ...(n === 16 ? address(dice) : dice.bytes(n))];
  });
  const body = padded([0, 0, type, 0, ...half(dice), ...dice.bytes(sizes[type] as number), ...opts], 8);
  return [next, most(dice, body.length / 8 - 1, dice.next(6)), ...body.slice(2)];
}

const domain = (dice: Dice): number[] => [...repeat(dice, 4, () => most(dice, [dice.pick(LABELS)].flatMap((l) => [l.length, ...ascii(l)]), [dice.next(70), ...dice.bytes(2)], [0xc0, dice.next(24)])), 0];

/** An option of Neighbour Discovery. */
function ndOption(dice: Dice, type: number): number[] {
  const data = ((): Bytes => {
    switch (type) {
      case 1:
      case 2:
        return most(dice, [2, 0, 0, 0, 0, 1], dice.bytes(14));
      case 3:
        return [byte(dice), byte(dice), ...word(dice), ...word(dice), 0, 0, 0, 0, ...address(dice)];
      case 4:
        return [...dice.bytes(6), ...ipv6(59, dice.bytes(dice.next(10)))];
      case 5:
        return [...most(dice, [0, 0], half(dice)), ...word(dice)];
      case 7:
        return [...half(dice), ...word(dice)];
      case 8:
        return [0, 0, ...half(dice), ...half(dice)];
      case 24:
        return [byte(dice), byte(dice), ...word(dice), ...dice.pick<Bytes>([[], address(dice).slice(0, 8), address(dice), dice.bytes(24)])];
      case 25:
        return [...half(dice), ...word(dice), ...repeat(dice, 4, () => address(dice)), ...most<Bytes>(dice, [], dice.bytes(8))];
      case 31:
        return [...half(dice), ...word(dice), ...repeat(dice, 4, () => domain(dice))];
      case 14:
        return dice.bytes(6);
      default:
        return dice.bytes(6 + 8 * dice.next(2));
    }
  })();
  const b = padded([type, 0, ...data], 8);
  return [type, most(dice, b.length / 8, dice.next(6)), ...b.slice(2)];
}

const ND_OPTIONS: readonly number[] = [1, 2, 3, 4, 5, 7, 8, 14, 24, 25, 31, 0, 6, 9, 13, 38, 138, 255];
const ndOptions = (dice: Dice): number[] => repeat(dice, 5, () => ndOption(dice, dice.pick(ND_OPTIONS)));

/** A packet as an ICMPv6 error quotes it. */
function quoted(dice: Dice): number[] {
  const upper = dice.pick([17, 6, 58, 59, 200]);
  const ports = [...half(dice), ...half(dice), ...dice.bytes(dice.next(20))];
  const [next, body] = dice.pick<readonly [number, Bytes]>([
    [upper, ports],
    [upper, ports],
    [0, [...options(dice, upper), ...ports]],
    [44, [...fragment(dice, upper), ...ports]],
    [43, [...routing(dice, upper), ...ports]],
    [60, [...options(dice, upper), ...ports]],
  ]);
  return ipv6(next, body, { src: address(dice), dst: address(dice), hlim: byte(dice) });
}

function groupRecord(dice: Dice): number[] {
  const sources = repeat(dice, 3, () => address(dice));
  return [most(dice, dice.next(7), byte(dice)), 0, ...be16(most(dice, sources.length / 16, dice.next(5))), ...address(dice), ...sources];
}

/** Router renumbering (RFC 2894). */
function renumbering(dice: Dice): number[] {
  const use = (): number[] => [byte(dice), byte(dice), byte(dice), byte(dice), ...word(dice), ...word(dice), ...word(dice), ...address(dice)];
  const match = (): number[] => {
    const uses = repeat(dice, 3, use);
    return [dice.next(5), most(dice, 4 * (uses.length / 32) + 3, byte(dice)), byte(dice), byte(dice), byte(dice), byte(dice), 0, 0, 0, 0, 0, 0, ...address(dice), ...uses];
  };
  return [...word(dice), byte(dice), byte(dice), ...half(dice), 0, 0, 0, 0, ...repeat(dice, 3, match)];
}

/** A node information query or reply (RFC 4620). */
function nodeInformation(dice: Dice): number[] {
  const data = dice.pick<Bytes>([[], address(dice), ip6('::1').slice(0, 4), domain(dice), [...word(dice), ...domain(dice)], [...word(dice), ...address(dice), ...word(dice), ...address(dice)], dice.bytes(5)]);
  return [...be16(dice.pick([0, 1, 2, 3, 4, 9, dice.next(65536)])), ...half(dice), ...dice.bytes(8), ...data];
}

/** A message without its type, code, and sum. */
function message(dice: Dice, type: number): Bytes {
  switch (type) {
    case 1:
    case 2:
    case 3:
    case 4:
      return [...word(dice), ...quoted(dice)];
    case 128:
    case 129:
      return [...half(dice), ...half(dice), ...dice.bytes(dice.next(12))];
    case 130:
      return dice.next(2) === 0 ? [...half(dice), 0, 0, ...address(dice)] : [...half(dice), 0, 0, ...address(dice), byte(dice), byte(dice), ...be16(dice.next(4)), ...repeat(dice, 4, () => address(dice))];
    case 131:
    case 132:
      return [...half(dice), 0, 0, ...address(dice)];
    case 133:
      return [0, 0, 0, 0, ...ndOptions(dice)];
    case 134:
      return [byte(dice), byte(dice), ...half(dice), ...word(dice), ...word(dice), ...ndOptions(dice)];
    case 135:
      return [0, 0, 0, 0, ...address(dice), ...ndOptions(dice)];
    case 136:
      return [byte(dice), 0, 0, most(dice, 0, byte(dice)), ...address(dice), ...ndOptions(dice)];
    case 137:
      return [0, 0, 0, 0, ...address(dice), ...address(dice), ...ndOptions(dice)];
    case 138:
      return renumbering(dice);
    case 139:
    case 140:
      return nodeInformation(dice);
    case 143: {
      const records = Array.from({ length: dice.next(4) }, () => groupRecord(dice));
      return [0, 0, ...be16(most(dice, records.length, dice.next(6))), ...records.flat()];
    }
    case 144:
      return [...half(dice), ...half(dice)];
    case 145:
      return [...half(dice), ...half(dice), ...repeat(dice, 3, () => address(dice))];
    case 146:
      return [...half(dice), 0, 0];
    case 147:
      return [...half(dice), ...half(dice), ...ndOptions(dice)];
    case 155:
      return rpl(dice);
    default:
      return dice.bytes(dice.next(40));
  }
}

/** RPL control messages (RFC 6550). */
function rpl(dice: Dice): number[] {
  const opts = repeat(dice, 4, () => [dice.next(10), ...((n) => [n, ...dice.bytes(n)])(dice.next(8))]);
  return [...dice.bytes(4), ...dice.pick<Bytes>([[], [...dice.bytes(4), ...address(dice)], address(dice)]), ...opts];
}

export const ICMP6_TYPES: readonly number[] = [1, 2, 3, 4, 128, 129, 130, 131, 132, 133, 134, 135, 136, 137, 138, 139, 140, 141, 142, 143, 144, 145, 146, 147, 148, 149, 151, 152, 153, 154, 155, 0, 100, 127, 200, 201, 255];

function icmp6Bytes(dice: Dice, src: Bytes, dst: Bytes, type: number): number[] {
  const b = [type, type === 155 ? dice.pick([0, 1, 2, 3, 128, 129, 130, 131, 138, 9]) : most(dice, dice.next(8), byte(dice)), 0, 0, ...message(dice, type)];
  const sum = checksum([...src, ...dst, ...be32(b.length), ...be32(58), ...b]);
  b.splice(2, 2, ...most(dice, be16(sum), half(dice)));
  return b;
}

function upperLayer(dice: Dice, src: Bytes, dst: Bytes): readonly [proto: number, bytes: Bytes] {
  const data = dice.bytes(dice.next(30));
  const ports = [...be16(1000 + dice.next(9)), ...be16(2000 + dice.next(9))];
  const summed = (b: number[], proto: number, at: number): number[] => {
    if (dice.next(4) > 0) b.splice(at, 2, ...be16(checksum([...src, ...dst, ...be32(b.length), ...be32(proto), ...b])));
    return b;
  };
  switch (dice.next(8)) {
    case 0:
      return [17, summed([...ports, ...be16(most(dice, 8 + data.length, dice.next(60), 0)), 0, 0, ...data], 17, 6)];
    case 1:
      return [6, summed([...ports, ...dice.bytes(8), most(dice, 0x50, dice.next(256)), dice.next(32), ...dice.bytes(2), 0, 0, 0, 0, ...data], 6, 16)];
    case 2:
      return dice.pick<readonly [number, Bytes]>([[59, data], [59, []], [50, data], [51, authentication(dice, 59)], [135, mobility(dice, 59)], [108, data], [200, data], [1, icmp(8, 0, [0, 1, 0, 2])], [2, data], [4, ipv4(17, udp(1000, 2000, data))], [41, ipv6(59, data)]]);
    default:
      return [58, icmp6Bytes(dice, src, dst, dice.pick(ICMP6_TYPES))];
  }
}

const HEADERS: readonly (readonly [number, (dice: Dice, next: number) => number[]])[] = [[0, options], [60, options], [43, routing], [44, fragment], [51, authentication], [135, mobility]];

export interface Chance {
  /** ICMPv6 of this type alone. */
  readonly type?: number;
}

/** A frame with an IPv6 packet. */
export function frame6(dice: Dice, chance: Chance = {}): number[] {
  const [src, dst] = [address(dice), address(dice)];
  let [next, bytes] = chance.type === undefined ? upperLayer(dice, src, dst) : [58, icmp6Bytes(dice, src, dst, chance.type)];
  const headers = chance.type === undefined ? dice.pick([0, 0, 1, 1, 2, 3]) : 0;
  for (let i = 0; i < headers; i++) {
    const [proto, make] = dice.pick(HEADERS);
    bytes = [...make(dice, next), ...bytes];
    next = proto;
  }
  const packet = ipv6(next, bytes, { src, dst, hlim: byte(dice), flow: most(dice, 0, 0x12345, 0xb800000, 0x0ff00001, dice.next(0xfffffff)) });
  if (dice.next(10) === 0) packet.splice(4, 2, ...be16(dice.pick([0, bytes.length - 1, bytes.length + 1, dice.next(100)]) & 0xffff));
  if (dice.next(100) === 0) packet[0] = dice.next(256);
  return ether(0x86dd, dice.next(5) === 0 ? [...packet, ...dice.bytes(dice.next(12))] : packet);
}

/** What is captured of it: all, or some of the beginning; or the frame itself ends there. */
export function captured(dice: Dice, frame: Bytes, i: number): PcapPacket {
  const time = 1_700_000_000_000_000_000n + BigInt(i) * 1_234_567_000n;
  const kind = dice.next(6);
  const kept = kind < 3 ? frame.length : 14 + dice.next(frame.length - 13);
  return { time, bytes: Uint8Array.from(frame.slice(0, kept)), originalLength: kind === 3 ? kept : frame.length };
}

export function packets6(dice: Dice, n: number, chance: Chance = {}): PcapPacket[] {
  return Array.from({ length: n }, (_, i) => captured(dice, frame6(dice, chance), i));
}
