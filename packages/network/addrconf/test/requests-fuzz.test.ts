/** Requests made by chance: whatever they say, there is an answer, and nothing is left behind. */
import { Random } from '@skbuff/core';
import { nlTalk } from '@skbuff/netlink';
import { NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK, RTM_DELADDR, RTM_GETADDR, RTM_GETADDRLABEL, RTM_GETANYCAST, RTM_GETLINK, RTM_GETNETCONF, RTM_NEWADDR, RTM_NEWADDRLABEL } from '@skbuff/uapi';
import { expect, it } from 'vitest';
import { useHost } from './support.ts';

const t = useHost();
const TYPES = [RTM_NEWADDR, RTM_NEWADDR, RTM_NEWADDR, RTM_DELADDR, RTM_GETADDR, RTM_GETANYCAST, RTM_GETLINK, RTM_GETNETCONF, RTM_NEWADDRLABEL, RTM_NEWADDRLABEL + 1, RTM_GETADDRLABEL];
const FLAGS = [0x5, 0x5, 0x405, 0x405, 0x105, 0x605, 0x301, 0x301];
const ADDRS = ['20010db8000000000000000000000001', 'fe800000000000000000000000000005', '00000000000000000000000000000001', 'ff150000000000000000000000000007', '00000000000000000000ffff01020304'];

function request(random: Random, index: number): Uint8Array {
  const pick = <T>(of: readonly T[]): T => of[random.below(of.length)] as T;
  const bytes = (n: number): Buffer => Buffer.from(Array.from({ length: n }, () => (random.below(3) === 0 ? random.below(256) : random.below(3))));
  const header = bytes(pick([8, 8, 8, 12, 12, 16, random.below(17)]));
  if (header.length > 0) header[0] = 10;
  if (header.length >= 8 && random.below(4) !== 0) header.writeUInt32LE(pick([index, index, 1, 0, 99]), 4);
  if (header.length >= 4 && random.below(3) !== 0) header.set([pick([64, 128, 0]), pick([0, 2]), 0], 1);
  const attrs = Array.from({ length: random.below(6) }, () => {
    const value = random.below(3) !== 0 ? Buffer.from(pick(ADDRS), 'hex') : bytes(pick([0, 1, 4, 4, 16, random.below(40)]));
    const attr = Buffer.alloc((4 + value.length + 3) & ~3);
    attr.writeUInt16LE(random.below(30) === 0 ? random.below(60) : 4 + value.length, 0);
    attr.writeUInt16LE(random.below(14) | (random.below(20) === 0 ? 0x8000 : 0), 2);
    value.copy(attr, 4);
    return attr;
  });
  const body = Buffer.concat([header, ...attrs]);
  const msg = Buffer.alloc(16 + body.length);
  msg.writeUInt32LE(msg.length, 0);
  msg.writeUInt16LE(pick(TYPES), 4);
  msg.writeUInt16LE(pick(FLAGS), 6);
  msg.writeUInt32LE(1, 8);
  body.copy(msg, 16);
  return Uint8Array.from(msg);
}

it('answers 20,000 requests made by chance', () => {
  const { h } = t;
  const dev = h.eth('v0');
  h.up(dev);
  const random = new Random(2026);
  const ports = [h.port(), h.port()];
  for (const [strict, port] of ports.entries()) {
    port.setsockopt(NETLINK_EXT_ACK, 1);
    port.setsockopt(NETLINK_GET_STRICT_CHK, strict);
  }
  const answers = new Map<number, number>();
  for (let i = 0; i < 20_000; i++) {
    const { error } = nlTalk(ports[i % 2] as (typeof ports)[number], request(random, dev.ifindex));
    answers.set(error, (answers.get(error) ?? 0) + 1);
    if (i % 50 === 0) h.run(0.5);
    h.events.length = 0;
  }
  for (const port of ports) port.close();
  // Not all of it was nonsense.
  expect([0, -17, -19, -22, -34, -99].filter((errno) => (answers.get(errno) ?? 0) < 20)).toEqual([]);
  expect(h.idev(dev).addrList.length).toBeLessThan(10_000);
});
