/** Time stamps of what was received and sent, by the running kernel and by ours. Needs root, gcc and iproute2. */
import { icmp } from '@skbuff/icmp';
import { TwoHosts } from '@skbuff/testbed';
import { afterEach, expect, it } from 'vitest';
import { udp } from '../src/index.ts';
import { kernelPossible, runOnKernel, transcript } from './kernel-bed.ts';
import { OurSockets, le } from './kernel-script.ts';

if (!kernelPossible) console.warn('time stamps against the kernel SKIPPED: it needs root, gcc and the command ip of iproute2');

const [TIMESTAMP, NS, ING, TIMESTAMP_NEW, NS_NEW, ING_NEW] = [29, 35, 37, 63, 64, 65];
const [TX_SW, RX_SW, SW, ID, SCHED, CMSG, TSONLY] = [2, 8, 16, 128, 256, 1024, 2048];
const ERRQUEUE = 0x2000;
const MORE = 0x8000;

let lab: TwoHosts | null = null;
afterEach(() => {
  expect(lab?.close()).toEqual({});
  lab = null;
});

/** The MAC addresses and the sums of what comes back are not the same. */
function masked(answers: readonly string[]): string[] {
  return answers.map((line) => line.replace(/ [0-9a-f]{24}0800(45......)....(....40..)....([0-9a-f]{24})....([0-9a-f]*)/, ' MACS 0800 $1 ID $2 SUM $3 SUM $4'));
}

function compare(lines: readonly string[]): void {
  lab = new TwoHosts([udp(), icmp()]);
  const ours = new OurSockets(lab);
  // A first packet finds the neighbour.
  for (const line of ['socket z a 2 0', 'send z 10.0.0.2 9 00', 'close z']) ours.run(line);
  const answers = masked(lines.map((line) => ours.run(line)));
  expect(transcript(lines, answers)).toBe(transcript(lines, masked(runOnKernel(lines, lab.va.ifindex, lab.vb.ifindex))));
}

const SETUP = ['socket s a 2 0', 'bind s 10.0.0.1 6000', 'socket r b 2 0', 'bind r 10.0.0.2 5000'];
const SEND = 'send s 10.0.0.2 5000 0102030405';
const READ = ['poll s', ...Array.from({ length: 3 }, () => `recv s 200 ${ERRQUEUE}`)];

it.skipIf(!kernelPossible)('arrival: SO_TIMESTAMP, SO_TIMESTAMPNS, SO_TIMESTAMPING in both generations, each read as it was set [SHI-06]', () => {
  const all = [TIMESTAMP, NS, TIMESTAMP_NEW, NS_NEW].map((name) => `get r 1 ${name} 4`);
  compare([
    ...SETUP,
    SEND,
    'recv r 10 0',
    ...[TIMESTAMP, NS, TIMESTAMP_NEW, NS_NEW].flatMap((name) => [`set r 1 ${name} 01000000`, ...all, SEND, 'recv r 10 0', `set r 1 ${name} 00000000`, ...all]),
    SEND,
    'recv r 10 0',
    ...[ING, ING_NEW].flatMap((name) =>
      [RX_SW, SW, RX_SW | SW, SW | (1 << 17), 0, SW | TX_SW].flatMap((flags) => [
        `set r 1 ${name} ${le(flags)}`,
        `get r 1 ${ING} 8`,
        `get r 1 ${ING_NEW} 8`,
        `get r 1 ${ING} 4`,
        SEND,
        'recv r 10 0',
      ]),
    ),
    `set r 1 ${TIMESTAMP} 01000000`,
    `set r 1 ${ING} ${le(RX_SW | SW)}`,
    SEND,
    'recv r 10 0',
    SEND,
    'recv r 10 2',
    'recv r 10 0',
  ]);
});

it.skipIf(!kernelPossible)('flags that cannot be are refused [SHI-06]', () => {
  compare([
    ...SETUP,
    ...[1 << 19, -1, 1 << 16, (1 << 16) | ID, 1 << 12, (1 << 12) | TSONLY, 1 << 15, 1 << 14, 1 << 18].flatMap((flags) => [`set s 1 ${ING} ${le(flags)}`, `get s 1 ${ING} 8`]),
    `set s 1 62 ${le(1)}`,
    `set s 1 ${ING} ${le(1 << 15)}`,
    `set s 1 ${ING} 0000`,
    `set s 1 ${ING} ${le(TX_SW)}00000000`,
    `get s 1 ${ING} 8`,
  ]);
});

it.skipIf(!kernelPossible)('departure: the packet comes back on the error queue with its stamp and number [SHI-06]', () => {
  compare([
    ...SETUP,
    `set s 1 ${ING} ${le(TX_SW | SW)}`,
    SEND,
    ...READ,
    `set s 1 ${ING} ${le(TX_SW)}`,
    SEND,
    ...READ,
    `set s 1 ${ING} ${le(TX_SW | SW | ID)}`,
    SEND,
    SEND,
    ...READ,
    `set s 1 ${ING} ${le(TX_SW | SW | ID | TSONLY)}`,
    SEND,
    ...READ,
    `set s 1 ${ING} ${le(TX_SW | SW)}`,
    `set s 1 ${ING} ${le(TX_SW | SW | ID | TSONLY)}`,
    SEND,
    ...READ,
    `set s 1 ${ING} ${le(TX_SW | SCHED | SW | ID)}`,
    SEND,
    ...READ,
    'set s 0 8 01000000',
    'set s 0 12 01000000',
    SEND,
    ...READ,
    `set s 1 ${ING} ${le(TX_SW | SW | ID | CMSG)}`,
    SEND,
    ...READ,
    `set s 1 ${ING} ${le(TX_SW | SW | ID | CMSG | TSONLY)}`,
    SEND,
    ...READ,
    'set s 0 8 00000000',
    'set s 0 12 00000000',
    `set s 1 ${TIMESTAMP} 01000000`,
    SEND,
    ...READ,
    `set s 1 ${ING_NEW} ${le(TX_SW | SW | ID)}`,
    SEND,
    ...READ,
    `set s 1 ${ING} 00000000`,
    SEND,
    ...READ,
  ]);
});

it.skipIf(!kernelPossible)('one send can ask for itself, and say its own number; what is corked is stamped once [SHI-06]', () => {
  const cmsg = (flags: number): string => `${SEND} 0 1:${ING}:${le(flags)}`;
  compare([
    ...SETUP,
    cmsg(TX_SW),
    ...READ,
    `set s 1 ${ING} ${le(SW)}`,
    cmsg(TX_SW),
    ...READ,
    cmsg(TX_SW | SW),
    cmsg(TX_SW | ID),
    `${SEND} 0 1:${ING}:0200`,
    `${SEND} 0 1:${ING}:0200000000000000`,
    `${SEND} 0 1:${ING_NEW}:${le(TX_SW | SCHED)}`,
    ...READ,
    `${SEND} 0 1:81:${le(77)}`,
    `set s 1 ${ING} ${le(TX_SW | SW | ID)}`,
    cmsg(0),
    ...READ,
    `${SEND} 0 1:81:${le(77)}`,
    `${SEND} 0 1:81:${le(-1)}`,
    `${SEND} 0 1:81:4d00`,
    ...READ,
    SEND,
    ...READ,
    `${SEND} ${MORE}`,
    `${SEND} ${MORE}`,
    'poll s',
    SEND,
    ...READ,
    SEND,
    ...READ,
    `set s 1 ${ING} ${le(TX_SW | SW | ID | TSONLY)}`,
    'set s 1 8 00010000',
    ...Array.from({ length: 5 }, () => SEND),
    ...READ,
    ...READ,
  ]);
});

it.skipIf(!kernelPossible)('a send in segments has one stamp, a fragmented one too; loopback stamps as well [SHI-06]', () => {
  compare([
    ...SETUP,
    `set s 1 ${ING} ${le(TX_SW | SW | ID | TSONLY)}`,
    `set s 17 103 ${le(100)}`,
    'send s 10.0.0.2 5000 @450:01',
    ...READ,
    'set s 17 103 00000000',
    'send s 10.0.0.2 5000 @4000:01',
    ...READ,
    'send s 10.0.0.1 5000 0102',
    ...READ,
    'connect s 10.0.0.2 5000',
    'send s - 0 0102',
    ...READ,
  ]);
});
