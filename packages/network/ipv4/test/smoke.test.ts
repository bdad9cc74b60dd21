import { expect, it } from 'vitest';
import { ip4, ipPacket, useHost } from './support.ts';

const t = useHost();

it('delivers and forwards', () => {
  const a = t.h.eth('a', '10.0.0.1');
  t.h.eth('b', '10.0.1.1');
  t.h.receive(a, ipPacket({ saddr: '10.0.0.2', daddr: '10.0.0.1' }));
  expect(t.h.delivered.length).toBe(1);
  t.h.receive(a, ipPacket({ saddr: '10.0.0.2', daddr: '10.0.1.2', payload: 30 }));
  expect(t.h.sent[0]?.ip[8]).toBe(63);
  expect(ip4('1.2.3.4')).toBe(0x01020304);
});
