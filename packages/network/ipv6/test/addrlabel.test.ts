/** Address labels: requests with the answers of a running Linux 6.18, byte for byte. */
import { netlinkPort, nlTalk, type NetlinkPort } from '@skbuff/netlink';
import { NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK, NETLINK_ROUTE, RTM_DELADDRLABEL, RTM_GETADDRLABEL, RTM_NEWADDRLABEL } from '@skbuff/uapi';
import { beforeEach, afterEach, expect, it } from 'vitest';
import { addrLabelNet, IPV6_ADDR_LABEL_DEFAULT, ipv6AddrLabel, ipv6AddrType } from '../src/index.ts';
import { in6, useHost6 } from './support.ts';

const t = useHost6();
const NLM_F_REQUEST_ACK = 5;
const NLM_F_CREATE = 0x400;
const NLM_F_REPLACE = 0x100;
const NLM_F_DUMP = 0x301;
let port: NetlinkPort;

beforeEach(() => {
  const opened = netlinkPort(t.h.net, NETLINK_ROUTE);
  if (typeof opened === 'number') throw new Error(`netlinkPort: ${opened}`);
  port = opened;
  port.setsockopt(NETLINK_EXT_ACK, 1);
});
afterEach(() => {
  port.close();
});

interface Asked {
  readonly plen?: number;
  readonly family?: number;
  readonly flags?: number;
  readonly index?: number;
  readonly seq?: number;
  readonly addr?: string;
  readonly label?: number;
  /** Bytes of the header, default all. */
  readonly cut?: number;
}

function message(type: number, flags: number, { plen = 64, family = 10, flags: hflags = 0, index = 0, seq = 0, addr, label, cut }: Asked): Uint8Array {
  const header = Buffer.alloc(12);
  header.set([family, 0, plen, hflags]);
  header.writeUInt32LE(index, 4);
  header.writeUInt32LE(seq, 8);
  const attrs = [];
  if (addr !== undefined) attrs.push(Buffer.from([20, 0, 1, 0]), Buffer.from(in6(addr).toBytes()));
  if (label !== undefined) {
    const attr = Buffer.from([8, 0, 2, 0, 0, 0, 0, 0]);
    attr.writeUInt32LE(label, 4);
    attrs.push(attr);
  }
  const body = Buffer.concat([header.subarray(0, cut ?? 12), ...attrs]);
  const msg = Buffer.alloc(16 + body.length);
  msg.writeUInt32LE(msg.length, 0);
  msg.writeUInt16LE(type, 4);
  msg.writeUInt16LE(flags, 6);
  msg.writeUInt32LE(1, 8);
  body.copy(msg, 16);
  return Uint8Array.from(msg);
}

/** errno, what the kernel said of it, and the payloads of other messages. */
function ask(type: number, flags: number, asked: Asked): [number, string, string[]] {
  const reply = nlTalk(port, message(type, flags, asked));
  return [reply.error, reply.extack, reply.msgs.map((nlh) => Buffer.from(nlh.buf.subarray(nlh.data, nlh.data + nlh.dataLen)).toString('hex'))];
}

const add = (asked: Asked, flags = NLM_F_CREATE): number => ask(RTM_NEWADDRLABEL, NLM_F_REQUEST_ACK | flags, asked)[0];
const del = (asked: Asked): number => ask(RTM_DELADDRLABEL, NLM_F_REQUEST_ACK, asked)[0];
const get = (asked: Asked): [number, string, string[]] => ask(RTM_GETADDRLABEL, NLM_F_REQUEST_ACK, { plen: 128, ...asked });
const table = (asked: Asked = { plen: 0 }): [number, string, string[]] => ask(RTM_GETADDRLABEL, NLM_F_DUMP, asked);

/** As the kernel dumps them in a new namespace; the counter of changes is `0a`. */
const DEFAULTS = [
  '0a008000000000000a00000014000100000000000000000000000000000000010800020000000000',
  '0a006000000000000a00000014000100000000000000000000000000000000000800020003000000',
  '0a006000000000000a0000001400010000000000000000000000ffff000000000800020004000000',
  '0a002000000000000a00000014000100200100000000000000000000000000000800020006000000',
  '0a001c00000000000a00000014000100200100100000000000000000000000000800020007000000',
  '0a001000000000000a000000140001003ffe0000000000000000000000000000080002000c000000',
  '0a001000000000000a00000014000100200200000000000000000000000000000800020002000000',
  '0a000a00000000000a00000014000100fec00000000000000000000000000000080002000b000000',
  '0a000700000000000a00000014000100fc0000000000000000000000000000000800020005000000',
  '0a000000000000000a00000014000100000000000000000000000000000000000800020001000000',
];

it('begins with the labels of the kernel', () => {
  expect(table()).toEqual([0, '', DEFAULTS]);
});

it('adds, replaces, refuses and deletes', () => {
  const dev = t.h.eth('d0');
  const seen = [
    add({ addr: '2001:db8::', label: 99 }),
    add({ addr: '2001:db8::', label: 98 }),
    add({ addr: '2001:db8::', label: 98 }, NLM_F_REPLACE),
    add({ addr: '2001:db8::5', label: 98 }),
    add({ addr: '2001:db8:1::' }),
    add({ label: 1 }),
    add({ addr: '2001:db8:1::', label: IPV6_ADDR_LABEL_DEFAULT }),
    add({ addr: '2001:db8:1::', label: 1, plen: 129 }),
    add({ addr: '2001:db8:1::', label: 1, index: 99 }),
    add({ addr: '2001:db8::', label: 77, index: dev.ifindex }),
    add({ addr: '::ffff:1.2.3.0', label: 1, plen: 97 }),
    del({ addr: '2001:db8:7::', label: 1 }),
    del({ addr: '2001:db8::' }),
    del({ addr: '2001:db8::', label: 3, index: 99 }),
  ];
  expect(seen).toEqual([0, -17, 0, -17, -22, -22, -22, -22, -22, 0, -22, -3, -22, -3]);
  const index = Buffer.from([dev.ifindex, 0, 0, 0]).toString('hex');
  // That of an interface comes before the other of its prefix.
  expect(table()[2].slice(3, 5)).toEqual([
    `0a004000${index}0d0000001400010020010db8000000000000000000000000080002004d000000`,
    '0a004000000000000d0000001400010020010db80000000000000000000000000800020062000000',
  ]);
  expect([del({ addr: '2001:db8::', label: 3 }), table()[2].length]).toEqual([0, 11]);
});

it('tells the label of one address', () => {
  const dev = t.h.eth('d0');
  add({ addr: '2001:db8::', label: 77, index: dev.ifindex });
  const index = Buffer.from([dev.ifindex, 0, 0, 0]).toString('hex');
  expect(get({ addr: '2001:db8::1' })).toEqual([0, '', ['0a000000000000000b00000014000100000000000000000000000000000000000800020001000000']]);
  expect(get({ addr: '2001:db8::1', index: dev.ifindex })[2]).toEqual([`0a004000${index}0b0000001400010020010db8000000000000000000000000080002004d000000`]);
  expect(get({ addr: '::ffff:1.2.3.4' })[2]).toEqual(['0a006000000000000b0000001400010000000000000000000000ffff000000000800020004000000']);
  // Here, and here only, ::1 counts as one of ::/96.
  expect(get({ addr: '::1' })[2]).toEqual(['0a006000000000000b00000014000100000000000000000000000000000000000800020003000000']);
  expect([get({ addr: '2001:db8::1', plen: 64 })[0], get({ addr: '2001:db8::1', index: 99 })[0], get({})[0]]).toEqual([-22, -22, -22]);
  expect(get({ cut: 8 })).toEqual([-22, 'ipv6: Invalid header for addrlabel get request', []]);
  expect([del({ addr: '::', plen: 0, label: 1 }), get({ addr: '2001:db8::1' })[0]]).toEqual([0, -3]);
});

it('is strict with those who ask for it', () => {
  port.setsockopt(NETLINK_GET_STRICT_CHK, 1);
  expect(get({ addr: '2001:db8::1', label: 4 })).toEqual([-22, 'ipv6: Unsupported attribute in addrlabel get request', []]);
  expect(get({ addr: '2001:db8::1', seq: 4 })).toEqual([-22, 'ipv6: Invalid values in header for addrlabel get request', []]);
  expect(get({ addr: '2001:db8::1', flags: 4 })).toEqual([-22, 'ipv6: Invalid values in header for addrlabel get request', []]);
  expect(table({ plen: 0, seq: 1 })).toEqual([-22, 'ipv6: Invalid values in header for address label dump request', []]);
  expect(table({ plen: 0, index: 2 })).toEqual([-22, 'ipv6: Invalid values in header for address label dump request', []]);
  expect(table({ plen: 0, cut: 4 })).toEqual([-22, 'ipv6: Invalid header for address label dump request', []]);
  expect(table({ plen: 0, label: 1 })).toEqual([-22, 'ipv6: Invalid data after header for address label dump request', []]);
  expect(table()).toEqual([0, '', DEFAULTS]);
});

it('the label of an address is that of its kind first: mapped and compatible ones are known [IP6A-08]', () => {
  const label = (addr: string, ifindex = 0): number => ipv6AddrLabel(t.h.net, in6(addr), ipv6AddrType(in6(addr)), ifindex);
  expect(['::1', '::1.2.3.4', '::ffff:1.2.3.4', '2001::1', '2001:1f::', '2001:20::', '2002::', '3ffe::', 'fec0::', 'fd00::', '2001:db8::', 'ff02::1', 'fe80::'].map((a) => label(a))).toEqual([
    0, 3, 4, 6, 7, 1, 2, 12, 11, 5, 1, 1, 1,
  ]);
  addrLabelNet.of(t.h.net).list.length = 0;
  expect(label('2001:db8::')).toBe(IPV6_ADDR_LABEL_DEFAULT);
});
