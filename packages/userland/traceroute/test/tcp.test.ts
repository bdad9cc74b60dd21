/** The method tcp: its segments byte for byte as traceroute 2.1.2 sends them (what is random is 0), and the answers of a real TCP. */
import type { CommandEnv } from '@skbuff/command';
import type { SockaddrIn } from '@skbuff/af-inet';
import { addrinfo4 } from '@skbuff/netdb';
import { ENOENT } from '@skbuff/uapi';
import { csumFold, csumPartial, csumTcpudpNofold } from '@skbuff/wire';
import { expect, it } from 'vitest';
import { TracerouteOptions } from '../src/options.ts';
import { Probe } from '../src/probe.ts';
import { Tcp } from '../src/tcp.ts';
import { Tracer } from '../src/tracer.ts';

const SOURCE = 0x0a000001;
const TARGET = 0x0a000002;

function setup(words: readonly string[], port = 0): { tcp: Tcp; probe: Probe; segment: Uint8Array } {
  const sent: Uint8Array[] = [];
  const options = Object.assign(new TracerouteOptions(), { method: 'tcp', methodOptions: [...words], host: addrinfo4(TARGET, ''), port });
  const task = {
    kernel: { random: { u32: () => 0 } },
    socket: () => 4,
    bind: () => 0,
    close: () => 0,
    connect: () => 0,
    setsockopt: () => 0,
    getsockoptInt: () => 1500,
    getsockname: (_fd: number, own: SockaddrIn) => (Object.assign(own, { addr: SOURCE, port: 0xb3b3 }), 0),
    sendto: (_fd: number, bytes: Uint8Array) => (sent.push(bytes.slice()), bytes.length),
  };
  const env = { task, now: () => 5, readFile: () => -ENOENT, stderr() {} } as unknown as CommandEnv;
  const probe = new Probe();
  const tracer = new Tracer(env, options, [probe]);
  const tcp = new Tcp(tracer);
  tracer.setLength(tcp);
  tcp.init();
  tcp.send(probe, 1);
  return { tcp, probe, segment: sent[0] as Uint8Array };
}

it.each([
  ['', 'a00216d0....0000020405b40402080a000000000000000001030302'],
  ['ack', '501016d0....0000'],
  ['syn,ack', '601216d0....0000020405b4'],
  ['urg,psh,rst', '502c16d0....0000'],
  ['sack', '700216d0....0000020405b401010402'],
  ['timestamps', '900216d0....0000020405b40101080a0000000000000000'],
  ['window_scaling', '700216d0....0000020405b401030302'],
  ['sack,window_scaling', '800216d0....0000020405b40101040201030302'],
  ['timestamps,window_scaling', 'a00216d0....0000020405b40101080a000000000000000001030302'],
  ['ecn', '60c216d0....0000020405b4'],
  ['syn,ecn', '600216d0....0000020405b4'],
  ['flags=17', '501116d0....0000'],
  ['flags=0', '500016d0....0000'],
  ['mss=1200', 'a00216d0....0000020404b00402080a000000000000000001030302'],
  ['ack,mss=500,sack', '601016d0....000001010402'],
  ['ack,timestamps', '801016d0....00000101080a0000000000000000'],
])('sends -O %s as the real one does [TOOL-53]', (words, expected) => {
  const { segment } = setup(words === '' ? [] : words.split(','));
  const hex = Buffer.from(segment).toString('hex');
  expect(hex).toMatch(new RegExp(`^b3b300500000000000000000${expected}$`));
  expect(csumFold(csumPartial(segment, 0, segment.length, csumTcpudpNofold(SOURCE, TARGET, segment.length, 6)))).toBe(0);
});

it('ends at a SYN/ACK or an RST of the port, and tells its flags [TOOL-53]', () => {
  const answer = (from: number, to: number, flags: number): Uint8Array => {
    const packet = new Uint8Array(40);
    packet[0] = 0x45;
    packet.set([from >> 8, from & 255, to >> 8, to & 255], 20);
    packet[33] = flags;
    return packet;
  };
  for (const [flags, words] of [[0x12, 'syn,ack'], [0x14, 'rst,ack']] as const) {
    const { tcp, probe } = setup(['info'], 443);
    expect(tcp.match(3, false, {} as SockaddrIn, answer(80, 0xb3b3, flags))).toBeNull();
    expect(tcp.match(3, false, {} as SockaddrIn, answer(443, 0xb3b4, flags))).toBeNull();
    expect(tcp.match(3, false, {} as SockaddrIn, answer(443, 0xb3b3, flags))).toBe(probe);
    expect([probe.final, probe.extensions]).toEqual([true, words]);
  }
});
