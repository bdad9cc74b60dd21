/** One script of operations on packet sockets, by the running kernel in a namespace of its own and by ours. Needs root, gcc and iproute2. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Stack, hexOf } from './stack.ts';

const possible =
  process.getuid?.() === 0 && spawnSync('gcc', ['--version']).status === 0 && spawnSync('ip', ['-V']).stdout?.toString().includes('iproute2') === true;
if (!possible) console.warn('packet sockets against the kernel SKIPPED: it needs root, gcc and the command ip of iproute2');

const NAME = `skbuff-pkt-${process.pid}`;
/** From v0 to v1, and to somebody else; broadcast, and a group; with a type nobody here speaks. */
const TO1 = '020000000002020000000001';
const TO9 = '020000000009020000000001';
const BC = 'ffffffffffff020000000001';
const MC = '01005e000005020000000001';
/** Constants of uapi, as the script needs them. */
const P = 263;

const SCRIPT = `
socket a 3 88b5
socket b 3 0
socket c 2 3
socket d 1 3
socket d 5 3
proc
name a
name b
peer a
shutdown a
listen a
bind b none 88b5
bind b v1 88b5 2
bind b v1 88b5 17 19
bind b v1 88b5
bind b v1 88b5
name b
proc
send a 0102
sendto a none 0 0 - ${TO1}88b50102
sendto a d0 0 0 - ${TO1}88b50102
sendto a v0 0 0 - -
sendto a v0 0 0 - 020000000002
sendto a v0 0 0 - 02000000000202000000000188
sendto a v0 0 0 - ${TO1}88b5
sendto a v0 0 0 - ${TO1}88b501020304 19
sendto a v0 0 9 - ${TO1}88b501020304
sendto a v0 0 8 - ${TO1}88b501020304
poll a
poll b
recv a 100 0
recv a 100 0
recv a 100 0
recv b 100 0
recv b 100 0
recv c 100 0
recv c 100 0
recv c 100 0
recv c 100 0
recv c 100 0
sendto a v0 0 6 - @1514:${TO1}88b5
sendto a v0 0 6 - @1515:${TO1}88b5
sendto a v0 0 6 - @1518:${TO1}88b5
sendto a v0 0 6 - @1519:${TO1}88b5
sendto a v0 0 6 - @1518:${TO1}81000005
sendto a v0 0 6 - @1519:${TO1}81000005
recv b 100 0
recv b 100 20
recv a 2000 20
recv a 2000 0
sendto c v0 88b5 6 020000000002 -
sendto c v0 88b5 6 020000000002 0102030405
sendto c v0 88b5 4 02000000 0102030405
sendto c v0 88b5 6 020000000002 0102030405 17
sendto c v0 88b5 6 020000000002 @1500:01
sendto c v0 88b5 6 020000000002 @1501:01
sendto c v0 88b5 6 020000000002 @1504:01
sendto c v0 88b5 6 020000000002 @1505:01
recv b 100 0
recv b 100 2
recv b 10 2
recv b 10 22
recv b 10 0
recv b 10 0
recv b 10 1
recv b 10 100
recv b 10 2000
ioctl b 541b
ioctl b 5411
close c
close a
recv b 10 0
recv b 10 0
recv b 10 0
proc
socket a 3 3
bind a v0 0
name a
recv b 0 0
send b ${TO1}88b5
send a ${TO1}88b501
send a ${TO9}88b502
send a ${BC}88b503
send a ${MC}88b504
recv a 100 0
recv b 100 0
recv b 100 0
recv b 100 0
recv b 100 0
recv b 100 0
set b ${P} 8 01000000
set b ${P} 8 010000
set b ${P} 8 0100000000
get b ${P} 8 4
get b ${P} 8 2
get b ${P} 8 8
send a ${TO1}88b5010203
send a ${TO1}81000005080045
recv b 100 0
recv b 16 0
recv b 16 0
get b ${P} 6 8
get b ${P} 6 8
get b ${P} 6 4
get b ${P} 6 20
set b ${P} 10 02000000
get b ${P} 10 4
get b ${P} 6 20
get b ${P} 6 8
set b ${P} 10 03000000
set b ${P} 10 0100
set b ${P} 10 00000000
get b ${P} 11 4 00000000
get b ${P} 11 4 01000000
get b ${P} 11 4 02000000
get b ${P} 11 4 03000000
get b ${P} 11 2
get b ${P} 99 4
set b ${P} 99 01000000
set b 1 99 01000000
set b 17 99 01000000
get b 17 1 4
set b ${P} 9 01000000
get b ${P} 9 4
set b ${P} 12 10000000
get b ${P} 12 4
set b ${P} 12 ffffffff
set b ${P} 14 01000000
get b ${P} 14 4
set b ${P} 14 0100000000
set b ${P} 17 40000000
get b ${P} 17 4
set b ${P} 19 01000000
get b ${P} 19 4
set b ${P} 7 05000000
set b ${P} 7 0500
get b ${P} 20 4
set b ${P} 20 01000000
get b ${P} 20 4
set b ${P} 23 02000000
set b ${P} 23 01000000
get b ${P} 23 4
set b ${P} 23 00000000
get b ${P} 18 4
get b ${P} 21 24
set b ${P} 5 00000000000000000000000000000001
set b ${P} 5 0000
set b ${P} 13 0000
set b ${P} 5 00000000010000000000000001000000
set b ${P} 1 00
set b ${P} 1 00000000010000000000000000000000
flags v0
ip set d0 up
bind b d0 0
name b
send b ${TO1}88b501
ip set d0 down
poll b
send b ${TO1}88b501
recv b 10 0
recv b 10 0
name b
proc
ip set d0 up
proc
send b ${TO1}88b501
get b 1 4 4
ip del d0
name b
get b 1 4 4
send b ${TO1}88b501
proc
bind b - 0
proc
bind b v1 0
proc
send a ${TO1}88b501
recv b 20 0
get b ${P} 6 8
filter b 2800000000000000
filter b 0600000000000000
send a ${TO1}88b50102030405060708
get b ${P} 6 8
recv b 20 0
filter b 060000000f000000
send a ${TO1}88b50102030405060708
recv b 20 20
filter b 280000000c0000001500000116880000060000001000000006000000ffff0000
send a ${TO1}88b50102030405060708
recv b 40 0
get b ${P} 6 8
set b 1 27 00000000
set b 1 27 00000000
set b 1 44 01000000
get b 1 44 4
set b 1 44 00000000
filter b 060000000f000000
set b 1 27 00000000
close b
socket b 3 3
filter b 2800000004f0ffff1600000000000000
filter b 2000000008f0ffff150001000100000006000000ffff00000600000000000000
close b
close a
proc
`;

/** Through their own sockets: virtio headers, what is sent seen by taps, groups. */
const SCRIPT2 = `
socket a 3 3
bind a v0 3
socket t 3 3
bind t v0 3
socket r 3 3
bind r v1 3
set t ${P} 8 01000000
set r ${P} 8 01000000
send a ${TO1}88b501
recv t 100 0
recv r 100 0
set t ${P} 23 01000000
send a ${TO1}88b502
recv t 100 0
set t ${P} 23 00000000
set a ${P} 20 01000000
send a ${TO1}88b503
recv t 100 0
recv r 100 0
recv r 100 0
set a ${P} 20 00000000
set a ${P} 15 01000000
get a ${P} 15 4
get a ${P} 24 4
set a ${P} 24 0b000000
set a ${P} 24 0c000000
get a ${P} 15 4
get a ${P} 24 4
set a ${P} 24 0a000000
send a 000000
send a 00000000000000000000
send a 00000000000000000000${TO1}88b504
send a 0000ff00000000000000${TO1}88b504
send a 01000000000022000600${TO1}08004500002400010000401100000a0000010a0000020035003500100000deadbeefdeadbeef
send a 01000000000022000700${TO1}08004500002400010000401100000a0000010a0000020035003500100000deadbeefdeadbeef
send a 0100000000002200ff00${TO1}08004500002400010000401100000a0000010a0000020035003500100000deadbeefdeadbeef
send a 01050000000022000600${TO1}08004500002400010000401100000a0000010a0000020035003500100000deadbeefdeadbeef
send a 01090000040022000600${TO1}08004500002400010000401100000a0000010a0000020035003500100000deadbeefdeadbeef
send a 01050000040022000800${TO1}08004500002400010000401100000a0000010a0000020035003500100000deadbeefdeadbeef
send a 00050000040022000600${TO1}08004500002400010000401100000a0000010a0000020035003500100000deadbeefdeadbeef
send a 01050000040022000600${TO1}08004500002400010000401100000a0000010a0000020035003500100000deadbeefdeadbeef
send a 01010000040022001000${TO1}08004500002800010000400600000a0000010a0000020035003500000001000000015010ffff00000000@0
recv t 100 0
recv t 100 0
recv t 100 0
recv t 100 0
recv r 100 0
recv r 100 0
recv r 100 0
recv r 100 0
recv r 100 0
recv r 100 0
set r ${P} 15 01000000
send a 01000000000022000600${TO1}08004500002400010000401100000a0000010a0000020035003500100000deadbeefdeadbeef
send a 01050000040022000600${TO1}08004500002400010000401100000a0000010a0000020035003500100000deadbeefdeadbeef
recv r 9 0
recv r 100 0
recv r 100 0
recv r 24 0
recv r 24 20
set a ${P} 15 00000000
set r ${P} 15 00000000
socket g 2 3
set g ${P} 15 01000000
set g ${P} 8 01000000
bind g v0 3
send a ${TO1}8100600588b5010203
send a ${TO1}88a860058100700688b5010203
recv g 100 0
recv g 100 0
close g
close t
close r
socket x 3 88b5
socket y 3 88b5
socket z 3 88b5
set x ${P} 18 07000100
get x ${P} 18 4
set x ${P} 18 07000100
set y ${P} 18 07000000
set y ${P} 18 07000110
set y ${P} 18 070001
set y ${P} 18 07000900
set y ${P} 18 07000310
set y ${P} 18 0700010000000000
set y ${P} 18 0700010003000000
bind x v1 0
socket n 3 0
set n ${P} 18 07000100
bind z v1 88b5
set z ${P} 18 07000100
set z ${P} 18 08000100
get z ${P} 18 4
get y ${P} 18 4
proc
send a ${TO1}88b501
send a ${TO1}88b502
send a ${TO1}88b503
send a ${TO1}88b504
get x ${P} 6 8
get y ${P} 6 8
get z ${P} 6 8
get x ${P} 21 24
close y
close x
close z
proc
socket x 3 88b5
socket y 3 88b5
set x ${P} 18 09000600
set y ${P} 18 09000600
set y 263 22 01
filter x 3000000000000000 263 22
filter x 300000000e0000001600000000000000 263 22
send a ${TO1}88b501
send a ${TO1}88b502
send a ${TO1}88b503
get x ${P} 6 8
get y ${P} 6 8
close x
close y
socket x 3 88b5
socket y 3 88b5
set x ${P} 18 00000020
set y ${P} 18 01000020
set y ${P} 18 00000320
close x
close y
close n
close a
proc
`;

/** Programs that keep as many bytes as the loaded byte says, and fourteen. */
const FILTERS = (() => {
  const lines = ['socket a 3 3', 'bind a v0 3', 'socket r 3 3', 'bind r v1 3', 'socket q 2 3', 'bind q v1 3', 'socket o 3 3', 'bind o v0 3'];
  const hex32 = (k: number): string => hexOf([k, k >>> 8, k >>> 16, k >>> 24].map((b) => b & 0xff));
  const program = (code: string, k: number): string => `${code}000000${hex32(k)}54000000ff000000040000000e0000001600000000000000`;
  const frames = [
    `@200:${TO1}080045000054000100004001aaaa0a0000010a000002080000000000`,
    `@200:${BC}0800450000540001000040060000aa0a0000010a00000200350035000000000000000080100000`,
    `@200:${MC}08004500005400012000401100000a0000010a000002`,
    `@200:${TO1}08004600005400010007401100000a0000010a000002`,
    `@200:${TO9}810060050800450000540001000040110000aa0a0000010a000002`,
  ];
  const places = [
    ...[0, 4, 12, 16, 20, 24, 28, 40, 44, 48, 52, 60].map((ad) => -0x1000 + ad),
    ...[0, 5, 13, 14, 250].map((off) => -0x200000 + off),
    ...[0, 9, 20, 250].map((off) => -0x100000 + off),
  ];
  for (const frame of frames) {
    for (const k of places) {
      // A byte; a word of what is not in the packet, which is the same; and, at headers, half words and words.
      const codes = ['30', '28', '20'];
      for (const code of codes) {
        for (const fd of ['r', 'q', 'o']) lines.push(`filter ${fd} ${program(code, k)}`);
        lines.push(`send a ${frame}`);
        for (const fd of ['r', 'q', 'o']) lines.push(`recv ${fd} 1000 20`);
      }
    }
  }
  return lines.join('\n');
})();

/** Memberships, by the name of the device's number in the script. */
function members(index: number): string {
  const mreq = (type: number, alen: number, addr: string): string =>
    `${index.toString(16).padStart(2, '0')}000000${type.toString(16).padStart(2, '0')}000${alen.toString(16)}00${addr.padEnd(16, '0')}`;
  const lines = ['socket a 3 0', 'socket b 3 0', 'flags v0'];
  const add = (fd: string, option: number, mr: string): void => void lines.push(`set ${fd} ${P} ${option} ${mr}`, 'flags v0');
  add('a', 1, mreq(1, 0, ''));
  add('a', 1, mreq(1, 0, ''));
  add('b', 1, mreq(1, 0, ''));
  add('a', 2, mreq(1, 0, ''));
  add('a', 2, mreq(1, 0, ''));
  add('a', 2, mreq(1, 0, ''));
  add('b', 2, mreq(1, 0, ''));
  add('a', 1, mreq(2, 0, ''));
  add('b', 1, mreq(1, 0, ''));
  lines.push('close b', 'flags v0', 'close a', 'flags v0', 'socket a 3 0');
  add('a', 1, mreq(0, 6, '01005e000009'));
  add('a', 1, mreq(0, 4, '01005e00'));
  add('a', 1, mreq(0, 8, '01005e0000090000'));
  add('a', 1, mreq(3, 6, '020000000077'));
  add('a', 1, mreq(7, 0, ''));
  add('a', 2, mreq(3, 6, '020000000077'));
  add('a', 1, mreq(1, 9, ''));
  lines.push('close a', 'flags v0');
  return lines.join('\n');
}

/**
 * Anything, in any order. What depends on a flow's number or on chance is left out, what `lo` takes for a broadcast, and PACKET_AUXDATA of what was peeked at: Linux keeps the address where the length was.
 */
function wild(seed: number, count: number): string {
  let state = seed;
  const below = (n: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 8) % n;
  };
  const of = (...list: string[]): string => list[below(list.length)] as string;
  const sock = (): string => of('a', 'b', 'c', 'd', 'e');
  const proto = (): string => of('0', '3', '800', '806', '88b5', '88b5');
  const dev = (): string => of('v0', 'v0', 'v1', 'v1', 'd0', '-', 'none');
  const frame = (): string => {
    const head = of(TO1, TO1, TO9, BC, MC, TO1.slice(0, 20)) + of('88b5', '0800', '0806', '8100000588b5', '0004', '');
    return of(head, `${head}0102030405`, `@${14 + below(60)}:${head}`, `@${1500 + below(30)}:${head}`);
  };
  const int = (): string => of('00000000', '01000000', '02000000', '03000000', 'ffffffff', '0100', '0c000000', '0a000000', '0100000000');
  const option = (): string => of('7', '9', '9', '10', '12', '14', '15', '17', '19', '20', '23', '24', '98');
  const filter = (): string => of('0600000000000000', '060000000a000000', '06000000ffffffff', '280000000c0000001500000188b500000600000010000000060000000f000000', '1600000000000000', '20000000ffffffff1600000000000000', '80000000000000001400000003000000160000000000000');
  const lines = 'abcde'.split('').map((fd) => `socket ${fd} ${of('3', '3', '2')} ${proto()}`);
  for (let i = 0; i < count; i++) {
    const fd = sock();
    lines.push(
      ...of(
        `bind ${fd} ${dev()} ${proto()}`,
        `sendto ${fd} ${of('v0', 'v1', 'd0', '-', 'none')} ${proto()} ${of('0', '6', '4', '8', '9')} 020000000002 ${frame()}`,
        `sendto ${fd} ${of('v0', 'v1')} ${proto()} 6 020000000002 ${frame()}`,
        `sendto ${fd} ${of('v0', 'v1')} ${proto()} 6 ffffffffffff ${frame()}`,
        `send ${fd} ${frame()}`,
        `recv ${fd} ${of('2000', '20', '0', '5')} ${of('0', '2', '20', '22', '1')}`,
        `recv ${fd} 2000 0\nrecv ${fd} 2000 0\nrecv ${fd} 2000 20`,
        `set ${fd} ${P} ${option()} ${int()}`,
        `get ${fd} ${P} ${option()} ${of('4', '4', '2', '8')}`,
        `get ${fd} ${P} 6 ${of('8', '12', '4')}`,
        `set ${fd} ${P} 18 0${below(3)}000${of('1', '1', '5', '8')}00`,
        `get ${fd} ${P} 18 4`,
        `filter ${fd} ${filter()}`,
        `set ${fd} 1 27 00000000`,
        `poll ${fd}`,
        `name ${fd}`,
        `get ${fd} 1 4 4`,
        `close ${fd}\nsocket ${fd} ${of('3', '2')} ${proto()}`,
        `ip set d0 ${of('up', 'down')}`,
        'proc',
      ).split('\n'),
    );
  }
  return [...lines, ...'abcde'.split('').map((fd) => `close ${fd}`), 'proc'].join('\n');
}

describe.skipIf(!possible)('the running kernel', () => {
  let dir = '';
  let index = 0;
  const ip = (...args: string[]): string => execFileSync('ip', ['netns', 'exec', NAME, ...args]).toString();

  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'skbuff-pkt-'));
    execFileSync('gcc', ['-O1', '-w', '-o', join(dir, 'packet'), join(import.meta.dirname, 'kernel-packet.c')]);
    execFileSync('ip', ['netns', 'add', NAME]);
    // Nothing may be sent that is not the script's.
    spawnSync('ip', ['netns', 'exec', NAME, 'sh', '-c', 'echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6; echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6']);
    ip('ip', 'link', 'add', 'v0', 'address', '02:00:00:00:00:01', 'type', 'veth', 'peer', 'name', 'v1', 'address', '02:00:00:00:00:02');
    for (const dev of ['lo', 'v0', 'v1']) ip('ip', 'link', 'set', dev, 'up');
    index = Number(ip('cat', '/sys/class/net/v0/ifindex'));
  });
  // A script may delete it.
  beforeEach(() => {
    spawnSync('ip', ['-n', NAME, 'link', 'del', 'd0']);
    ip('ip', 'link', 'add', 'd0', 'address', '02:00:00:00:00:03', 'type', 'veth', 'peer', 'name', 'd1');
    ip('ip', 'link', 'set', 'd1', 'up');
  });
  afterAll(() => {
    spawnSync('ip', ['netns', 'del', NAME]);
    rmSync(dir, { recursive: true, force: true });
  });

  function compare(script: (v0: number) => string): void {
    const stack = new Stack();
    const lines = (text: string): string[] => text.trim().split('\n');
    const theirs = execFileSync('ip', ['netns', 'exec', NAME, join(dir, 'packet')], { input: `${script(index).trim()}\n`, maxBuffer: 1 << 26 }).toString().split('\n');
    const show = (answers: readonly string[]): string[] => lines(script(0)).map((line, i) => `${line.slice(0, 70)} => ${(answers[i] ?? '').trim()}`);
    const mine = lines(script(stack.dev('v0').ifindex)).map((line) => stack.run(line));
    stack.task.exit();
    expect(show(mine)).toEqual(show(theirs));
    expect(stack.kernel.shutdown()).toEqual({});
  }

  it('binds, sends, receives and answers options the same [PTY-02]', () => compare(() => SCRIPT));
  it('hands virtio headers over and shares frames out the same', () => compare(() => SCRIPT2));
  it('runs filters over headers and what is beside the frame the same', () => compare(() => FILTERS));
  it.each([1, 2, 3])('answers whatever is asked the same (seed %i)', (seed) => compare(() => `ip set d0 down\n${wild(seed, 1200)}`));
  it('counts memberships the same [DVI-04]', () => compare(members));
});
