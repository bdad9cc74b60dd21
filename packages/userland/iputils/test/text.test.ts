import type { CommandEnv } from '@skbuff/command';
import { parsePing } from '../src/ping-options.ts';
import { ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, ICMP_HOST_UNREACH, ICMP_TIME_EXCEEDED } from '@skbuff/uapi';
import { expect, it } from 'vitest';
import { headerText, icmpText } from '../src/ping-icmp.ts';
import { icmp6Text } from '../src/ping6-icmp.ts';
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

it.each([
  ['16', 16], ['010', 10], ['0x10', 16], ['0X', 0], ['', 0], ['+5', 5], [' \n5', 5], ['-0', 0], ['0x 5', 5], ['0x0x5', 5], ['0x-5', -5], ['-1', -1], ['-256', -256],
  ['4294967297', 1], ['2147483648', -2147483648], ['9223372036854775807', -1], ['99999999999999999999', -1], ['-9223372036854775809', 0], ['0xffffffffffffffffff', -1],
])('takes %j as type of service %i, as strtol(3) and an int do', (text, tos) => {
  expect(parsePing(['-Q', text, '127.0.0.1'], {} as CommandEnv).options.tos).toBe(tos);
});

it.each([
  ['5x', 'bad TOS value: 5x'], [' ', 'bad TOS value:  '], ['-0x1', 'bad TOS value: -0x1'], [' 0x5', 'bad TOS value:  0x5'], ['0x1g', 'bad TOS value: 0x1g'], ['0x-', 'bad TOS value: 0x-'], ['0x0x', 'bad TOS value: 0x0x'],
  ['256', 'the decimal value of TOS bits must be in range 0-255: 256'], ['0x100', 'the decimal value of TOS bits must be in range 0-255: 256'],
])('refuses %j as type of service', (text, complaint) => {
  let told = '';
  expect(() => parsePing(['-Q', text, '127.0.0.1'], { stderr: (t: string) => void (told += t) } as unknown as CommandEnv)).toThrow('exit 2');
  expect(told).toBe(`ping: ${complaint}\n`);
});

it.each([
  [1, 0, 0, 'Destination unreachable: No route'],
  [1, 1, 0, 'Destination unreachable: Administratively prohibited'],
  [1, 2, 0, 'Destination unreachable: Beyond scope of source address'],
  [1, 3, 0, 'Destination unreachable: Address unreachable'],
  [1, 4, 0, 'Destination unreachable: Port unreachable'],
  [1, 5, 0, 'Destination unreachable: Unknown code 5'],
  [2, 0, 1300, 'Packet too big: mtu=1300'],
  [2, 7, 1300, 'Packet too big: mtu=1300, code=7'],
  [3, 0, 0, 'Time exceeded: Hop limit'],
  [3, 1, 0, 'Time exceeded: Defragmentation failure'],
  [3, 9, 0, 'Time exceeded: code 9'],
  [4, 0, 4, 'Parameter problem: Wrong header field at 4'],
  [4, 1, 6, 'Parameter problem: Unknown header at 6'],
  [4, 2, 8, 'Parameter problem: Unknown option at 8'],
  [4, 7, 9, 'Parameter problem: code 7 at 9'],
  [128, 0, 0, 'Echo request'],
  [129, 0, 0, 'Echo reply'],
  [131, 0, 0, 'MLD Report'],
  [200, 0, 0, 'unknown icmp type: 200'],
])('says what type %i code %i of ICMPv6 means', (type, code, info, text) => {
  expect(icmp6Text(type, code, info)).toBe(`${text}\n`);
});
