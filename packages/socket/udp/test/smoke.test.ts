import { AF_INET, SOCK_DGRAM, MSG_DONTWAIT } from '@skbuff/uapi';
import { expect, it } from 'vitest';
import { bytes, sin, text, useLab } from './support.ts';
import { SockaddrIn } from '@skbuff/af-inet';

const t = useLab();

it('carries a datagram', () => {
  const { ta, tb } = t.lab;
  const s = ta.socket(AF_INET, SOCK_DGRAM, 0);
  const r = tb.socket(AF_INET, SOCK_DGRAM, 0);
  expect(s).toBe(0);
  expect(tb.bind(r, sin('0.0.0.0', 53))).toBe(0);
  expect(ta.sendto(s, bytes('hello'), 0, sin('10.0.0.2', 53))).toBe(5);
  const buf = new Uint8Array(100);
  const from = new SockaddrIn();
  expect(tb.recvfrom(r, buf, MSG_DONTWAIT, from)).toBe(5);
  expect(text(buf, 5)).toBe('hello');
  expect(from.addr).toBe(0x0a000001);
  console.log(t.lab.proc(t.lab.b, 'udp'), t.lab.proc(t.lab.b, 'snmp'));
});
