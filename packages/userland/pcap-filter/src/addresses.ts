/** Tests of addresses and ports. */
import { BPF_B, BPF_H, BPF_JEQ, BPF_JGE, BPF_JGT, BPF_JMP, BPF_K, BPF_W } from '@skbuff/uapi';
import { type Cond, type Stmt, allOf, and, anyOf, not, or, test } from './cond.ts';
import { fail } from './filter-error.ts';
import { ETH_ARP, ETH_DECNET, ETH_IP, ETH_IP6, ETH_RARP, carries } from './link-layer.ts';
import { notFragment } from './protocols.ts';
import type { Layers } from './link.ts';
import { equal, loadAt, loadTransport, maskedEqual } from './loads.ts';
import type { Dir } from './qualifiers.ts';

/** The source, the destination, one or both of them. */
function byDir(dir: Dir, src: () => Cond, dst: () => Cond): Cond {
  switch (dir) {
    case 'src':
      return src();
    case 'dst':
      return dst();
    case 'and':
      return and(src(), dst());
    case 'or':
    case 'default':
      return or(src(), dst());
    default: {
      const other = dir.replace('addr', 'address');
      const are = other === dir ? `'${dir}' is not a valid qualifier` : `'${dir}' and '${other}' are not valid qualifiers`;
      return fail(`${are} for addresses other than 802.11 MAC addresses`);
    }
  }
}

interface Ip4Place {
  readonly type: number;
  readonly src: number;
  readonly dst: number;
}

const IP4: Ip4Place = { type: ETH_IP, src: 12, dst: 16 };
/** Sender's and target's protocol address. */
const ARP: Ip4Place = { type: ETH_ARP, src: 14, dst: 24 };
const RARP: Ip4Place = { type: ETH_RARP, src: 14, dst: 24 };

function addressAt(l: Layers, place: Ip4Place, addr: number, mask: number, dir: Dir): Cond {
  const at = (by: number) => (): Cond => and(carries(l, place.type), maskedEqual(l.payload, l.network + by, BPF_W, addr, mask));
  return byDir(dir, at(place.src), at(place.dst));
}

/** What is said of a protocol that has no such addresses. */
const NOT_IMPLEMENTED: Readonly<Record<string, string>> = {
  atalk: 'AppleTalk',
  aarp: 'AARP',
  lat: 'LAT',
  sca: 'SCA',
  moprc: 'MOPRC',
  mopdl: 'MOPDL',
  iso: 'ISO',
  ipx: 'IPX',
};

/** An IPv4 address or network. `what`: `host` or `net`, for what is said of a fault. */
export function ip4Address(l: Layers, addr: number, mask: number, proto: string, dir: Dir, what: string): Cond {
  switch (proto) {
    case 'default': {
      const ip = addressAt(l, IP4, addr, mask, dir);
      return l.labels > 0 ? ip : anyOf([ip, addressAt(l, ARP, addr, mask, dir), addressAt(l, RARP, addr, mask, dir)]);
    }
    case 'ip':
      return addressAt(l, IP4, addr, mask, dir);
    case 'arp':
      return addressAt(l, ARP, addr, mask, dir);
    case 'rarp':
      return addressAt(l, RARP, addr, mask, dir);
    case 'decnet':
      return byDir(dir, () => decnetAddressAt(l, addr, 'src'), () => decnetAddressAt(l, addr, 'dst'));
    case 'link':
      return fail(`link-layer modifier applied to ${what}`);
    case 'ip6':
      return fail("'ip6' modifier applied to ip host");
    default: {
      const none = NOT_IMPLEMENTED[proto];
      return fail(none === undefined ? `'${proto}' modifier applied to ${what}` : `${none} host filtering not implemented`);
    }
  }
}

/** Addresses of DECnet are little endian, and their place depends on the flags, of which a padding byte may come first. */
function decnetAddressAt(l: Layers, addr: number, dir: 'src' | 'dst'): Cond {
  const swapped = ((addr & 0xff) << 8) | ((addr >>> 8) & 0xff);
  const short = dir === 'src' ? 5 : 3;
  const long = dir === 'src' ? 17 : 9;
  const at = (pad: boolean, flags: number, where: number): Cond => {
    const is = pad ? maskedEqual(l.payload, l.network + 2, BPF_H, 0x8100 | flags, 0xff07) : maskedEqual(l.payload, l.network + 2, BPF_B, flags, 7);
    return and(is, equal(l.payload, l.network + where, BPF_H, swapped));
  };
  return and(carries(l, ETH_DECNET), anyOf([at(false, 2, short), at(true, 2, short + 1), at(false, 6, long), at(true, 6, long + 1)]));
}

export function ip6Address(l: Layers, addr: Uint8Array, mask: Uint8Array, proto: string, dir: Dir, what: string): Cond {
  if (proto !== 'default' && proto !== 'ip6') {
    const name = proto === 'link' ? 'link-layer' : proto === 'atalk' ? 'AppleTalk' : `'${proto}'`;
    fail(`${name} modifier applied to ip6 ${what}`);
  }
  const at = (by: number) => (): Cond => and(carries(l, ETH_IP6), allOf([0, 4, 8, 12].map((i) => word(l, by + i, addr, mask, i))));
  return byDir(dir, at(8), at(24));
}

function word(l: Layers, by: number, addr: Uint8Array, mask: Uint8Array, i: number): Cond {
  return maskedEqual(l.payload, l.network + by, BPF_W, wordAt(addr, i), wordAt(mask, i));
}

function wordAt(b: Uint8Array, i: number): number {
  return (((b[i] as number) << 24) | ((b[i + 1] as number) << 16) | ((b[i + 2] as number) << 8) | (b[i + 3] as number)) >>> 0;
}

/** SCTP, TCP, UDP: the order in which they are tried. */
const PORT_PROTOCOLS: Readonly<Record<string, readonly number[]>> = { default: [132, 6, 17], sctp: [132], tcp: [6], udp: [17] };

type PortTest = (v6: boolean, by: number) => Cond;

function onPorts(l: Layers, proto: string, dir: Dir, one: PortTest): Cond {
  const numbers = PORT_PROTOCOLS[proto] as readonly number[];
  const either = (v6: boolean): Cond => byDir(portDir(dir), () => one(v6, 0), () => one(v6, 2));
  const v6 = anyOf(numbers.map((n) => and(equal(l.payload, l.network + 6, BPF_B, n), either(true))));
  const v4 = anyOf(numbers.map((n) => and(equal(l.payload, l.network + 9, BPF_B, n), and(notFragment(l), either(false)))));
  return or(and(carries(l, ETH_IP6), v6), and(carries(l, ETH_IP), v4));
}

function portDir(dir: Dir): Dir {
  if (dir === 'src' || dir === 'dst' || dir === 'or' || dir === 'and' || dir === 'default') return dir;
  const other = dir.replace('addr', 'address');
  return fail(other === dir ? `'${dir}' is not a valid qualifier for ports` : `'${dir}' and '${other}' are not valid qualifiers for ports`);
}

function portLoad(l: Layers, v6: boolean, by: number): Stmt[] {
  return v6 ? loadAt(l.payload, l.network + 40 + by, BPF_H) : loadTransport(l, by, BPF_H);
}

export function portIs(l: Layers, port: number, proto: string, dir: Dir): Cond {
  return onPorts(l, proto, dir, (v6, by) => test(BPF_JMP | BPF_JEQ | BPF_K, port, portLoad(l, v6, by)));
}

export function portWithin(l: Layers, from: number, to: number, proto: string, dir: Dir): Cond {
  const low = Math.min(from, to);
  const high = Math.max(from, to);
  return onPorts(l, proto, dir, (v6, by) =>
    and(test(BPF_JMP | BPF_JGE | BPF_K, low, portLoad(l, v6, by)), not(test(BPF_JMP | BPF_JGT | BPF_K, high, portLoad(l, v6, by)))),
  );
}

/** Both conventions of a broadcast address: host part all ones, or all zeroes. `netmask` 0: none is known. */
export function ipBroadcast(l: Layers, netmask: number): Cond {
  const hostmask = ~netmask >>> 0;
  const at = (value: number): Cond => maskedEqual(l.payload, l.network + 16, BPF_W, value, hostmask);
  return and(carries(l, ETH_IP), or(at(0), at(hostmask)));
}

export function ipMulticast(l: Layers): Cond {
  return and(carries(l, ETH_IP), test(BPF_JMP | BPF_JGE | BPF_K, 224, loadAt(l.payload, l.network + 16, BPF_B)));
}

export function ip6Multicast(l: Layers): Cond {
  return and(carries(l, ETH_IP6), equal(l.payload, l.network + 24, BPF_B, 255));
}
