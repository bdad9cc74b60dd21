import type { CommandEnv } from '@skbuff/command';
import { parsePing } from '../src/ping-options.ts';
import { ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, ICMP_HOST_UNREACH, ICMP_TIME_EXCEEDED } from '@skbuff/uapi';
import { expect, it } from 'vitest';
import { headerText, icmpText } from '../src/ping-icmp.ts';
import { showTime } from '../src/ping-stats.ts';

it.each([
  [0, '0.000 ms'],
  [12, '0.012 ms'],
  [1234, '1.23 ms'],
  [12345, '12.3 ms'],
  [123456, '123 ms'],
  [9996, '10.0 ms'],
])('shows %i µs as %s', (us, text) => {
  expect(showTime(us)).toBe(text);
});

it('says in words what an ICMP error means', () => {
  const addr = (): string => '10.0.0.9';
  expect(icmpText(ICMP_DEST_UNREACH, ICMP_HOST_UNREACH, 0, addr)).toBe('Destination Host Unreachable\n');
  expect(icmpText(ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, 1400, addr)).toBe('Frag needed and DF set (mtu = 1400)\n');
  expect(icmpText(ICMP_TIME_EXCEEDED, 0, 0, addr)).toBe('Time to live exceeded\n');
});

it('shows the IP header that a redirect quotes as a little-endian machine holds it', () => {
  const header = Uint8Array.from([0x45, 0, 0, 0x54, 0x0e, 0xe5, 0x40, 0, 0x3f, 1, 0x17, 0xbb, 10, 0, 1, 2, 10, 7, 0, 1]);
  expect(headerText(header, 0)).toBe('Vr HL TOS  Len   ID Flg  off TTL Pro  cks      Src      Dst Data\n 4  5  00 5400 e50e   0 0040  3f  01 bb17 10.0.1.2  10.7.0.1 \n');
});

it('refuses a number that no long holds, and tells an empty pattern', () => {
  let text = '';
  const env = { stdout: (t: string) => void (text += t), stderr: (t: string) => void (text += t) } as unknown as CommandEnv;
  expect(() => parsePing(['-c', '9223372036854775808', '127.0.0.1'], env)).toThrow('exit 1');
  expect(parsePing(['-p', '', '-c', '9223372036854775807', '127.0.0.1'], env).options.pattern).toEqual(new Uint8Array(0));
  expect(text).toBe("ping: invalid argument: '9223372036854775808': Numerical result out of range\nPATTERN: 0x\n");
});
