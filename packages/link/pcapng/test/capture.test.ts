import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  CHECKSUM_PARTIAL,
  createKernel,
  setupNet,
  devOpen,
  type Kernel,
  type Net,
  type NetDevice,
  skbFillPageDesc,
  type SkBuff,
  VirtualClock,
  xmitOffload,
} from '@skbuff/core';
import { loopback } from '@skbuff/loopback';
import { ETH_P_8021Q } from '@skbuff/uapi';
import { veth, vethCreate } from '@skbuff/veth';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { attachCapture, EPB_INBOUND, EPB_OUTBOUND, type PcapngFile, PcapngWriter, readPcapng } from '../src/index.ts';
import { ipPacket, PROTO_TCP, PROTO_UDP, transportOk } from './support.ts';

let kernel: Kernel;
let clock: VirtualClock;
let a: NetDevice;
let b: NetDevice;
let chunks: Uint8Array[];
let writer: PcapngWriter;
let got: SkBuff[];

beforeEach(() => {
  got = [];
  chunks = [];
  clock = new VirtualClock();
  kernel = createKernel({
    clock,
    debug: true,
    plugins: [
      loopback(),
      veth(),
      { name: 'incomplete packets', init: (ctx) => xmitOffload(ctx.kernel) },
      {
        name: 'sink',
        init: (ctx) =>
          ctx.packetType({ type: 0x0800, dev: null, net: null, ignoreOutgoing: false, listFunc: null, func: (skb) => got.push(skb) & 0 }),
      },
    ],
  });
  const pair = vethCreate(kernel.initNet, 'a', setupNet(kernel) as Net, 'b');
  if (typeof pair === 'number') throw new Error(`vethCreate: ${pair}`);
  a = pair.dev;
  b = pair.peer;
  for (const dev of [a, b, kernel.initNet.loopbackDev as NetDevice]) devOpen(dev);
  clock.advance(0);
  writer = new PcapngWriter((bytes) => chunks.push(bytes));
});

afterEach(() => {
  for (const skb of got) skb.consume();
  expect(kernel.shutdown()).toEqual({});
});

function file(): Uint8Array {
  return Uint8Array.from(chunks.flatMap((chunk) => [...chunk]));
}

function read(): PcapngFile {
  return readPcapng(file()) as PcapngFile;
}

function send(skb: SkBuff): void {
  kernel.xmit.devQueueXmit(skb);
}

describe('a capture', () => {
  it('holds each frame once per device, with direction, name and time [PTY-02]', () => {
    const stop = attachCapture([a, b], writer);
    clock.advance(1500);
    send(ipPacket(kernel, a, b.devAddr, PROTO_UDP, 20));
    send(ipPacket(kernel, b, a.devAddr, PROTO_UDP, 20));
    stop();
    send(ipPacket(kernel, a, b.devAddr, PROTO_UDP, 20));
    const { interfaces, packets } = read();
    expect(interfaces.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(packets.map(({ interfaceId, direction, originalLength }) => [interfaceId, direction, originalLength])).toEqual([
      [0, EPB_OUTBOUND, 62],
      [1, EPB_INBOUND, 62],
      [1, EPB_OUTBOUND, 62],
      [0, EPB_INBOUND, 62],
    ]);
    expect(new Set(packets.map(({ time }) => time))).toEqual(new Set([1_577_836_800_000_001_500n]));
    expect(packets[0]?.bytes).toEqual(packets[1]?.bytes);
  });

  it('has checksums done that the packet itself has not', () => {
    const stop = attachCapture([a, b], writer);
    for (const proto of [PROTO_UDP, PROTO_TCP]) for (let n = 0; n < 8; n++) send(ipPacket(kernel, a, b.devAddr, proto, n));
    stop();
    expect(read().packets.map(({ bytes }) => transportOk(bytes))).toEqual(new Array<boolean>(32).fill(true));
    expect(got.every((skb) => skb.ipSummed === CHECKSUM_PARTIAL && !transportOk(skb.bytes.slice(skb.data, skb.tail), 0))).toBe(true);
  });

  it('keeps a super-packet whole, fragments and all', () => {
    const stop = attachCapture([a], writer);
    const skb = ipPacket(kernel, a, b.devAddr, PROTO_TCP, 4001);
    const page = kernel.skbs.arena.allocBlock(2048);
    if (page === null) throw new Error('no memory');
    kernel.skbs.arena.bytes.copyWithin(page.start, skb.tail - 1000, skb.tail);
    const full = skb.bytes.slice(skb.data, skb.tail);
    skb.trim(skb.len - 1000);
    skbFillPageDesc(skb, page, page.start, 1000);
    skb.len += 1000;
    skb.dataLen = 1000;
    skb.shinfo.gsoSize = 1448;
    send(skb);
    stop();
    const { bytes } = read().packets[0] as PcapngFile['packets'][number];
    expect([bytes.length, transportOk(bytes)]).toEqual([4055, true]);
    expect(bytes.slice(60)).toEqual(full.slice(60));
  });

  it('keeps as much of a frame as was asked for; the checksum is of all of it', () => {
    const stop = attachCapture([a], writer, { snaplen: 50 });
    send(ipPacket(kernel, a, b.devAddr, PROTO_UDP, 100));
    stop();
    const whole = attachCapture([a], writer);
    send(ipPacket(kernel, a, b.devAddr, PROTO_UDP, 100));
    whole();
    const [cut, full] = read().packets;
    expect([cut?.bytes.length, cut?.originalLength]).toEqual([50, 142]);
    expect(cut?.bytes).toEqual(full?.bytes.slice(0, 50));
  });

  it('puts the VLAN tag that travels beside a packet into the frame', () => {
    const stop = attachCapture([a], writer);
    const skb = ipPacket(kernel, a, b.devAddr, PROTO_UDP, 3);
    Object.assign(skb, { vlanPresent: true, vlanProto: ETH_P_8021Q, vlanTci: 0x2005 });
    send(skb);
    stop();
    const bytes = read().packets[0]?.bytes as Uint8Array;
    expect([bytes.length, ...bytes.slice(12, 20)]).toEqual([49, 0x81, 0x00, 0x20, 0x05, 0x08, 0x00, 0x45, 0]);
  });

  it('shows a packet on lo once', () => {
    const lo = kernel.initNet.loopbackDev as NetDevice;
    const stop = attachCapture([lo], writer);
    send(ipPacket(kernel, lo, lo.devAddr, PROTO_UDP, 3));
    stop();
    expect(read().packets.map(({ direction }) => direction)).toEqual([EPB_INBOUND]);
  });

  it('carries comments', () => {
    const stop = attachCapture([a, b], writer, { comment: (skb, dev) => (dev === a ? `${skb.len} bytes` : undefined) });
    send(ipPacket(kernel, a, b.devAddr, PROTO_UDP, 3));
    stop();
    expect(read().packets.map(({ comment }) => comment)).toEqual(['45 bytes', '']);
  });
});

function hasTshark(): boolean {
  try {
    execFileSync('tshark', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const tshark = hasTshark();
if (!tshark) console.warn('SKIPPED: tshark is not installed, so nobody else read the captures (apt-get install tshark)');

it.skipIf(!tshark)('is read by tshark: nothing malformed, every checksum right, names, directions and comments there', () => {
  const stop = attachCapture([a, b], writer, { comment: () => 'noted' });
  for (let n = 0; n < 6; n++) {
    send(ipPacket(kernel, a, b.devAddr, PROTO_UDP, n));
    send(ipPacket(kernel, b, a.devAddr, PROTO_TCP, 100 * n));
    clock.advance(1_234_567);
  }
  const gso = ipPacket(kernel, a, b.devAddr, PROTO_TCP, 20000);
  gso.shinfo.gsoSize = 1448;
  send(gso);
  const tagged = ipPacket(kernel, a, b.devAddr, PROTO_UDP, 3);
  Object.assign(tagged, { vlanPresent: true, vlanProto: ETH_P_8021Q, vlanTci: 5 });
  send(tagged);
  stop();
  const dir = mkdtempSync(path.join(tmpdir(), 'pcapng-'));
  try {
    const name = path.join(dir, 'test.pcapng');
    writeFileSync(name, file());
    const fields = ['_ws.malformed', 'ip.checksum.status', 'udp.checksum.status', 'tcp.checksum.status', 'frame.interface_name', 'frame.packet_flags_direction', 'frame.comment'];
    const checks = ['ip', 'udp', 'tcp'].flatMap((proto) => ['-o', `${proto}.check_checksum:TRUE`]);
    const args = ['-r', name, ...checks, '-T', 'fields', '-E', 'separator=|', ...fields.flatMap((field) => ['-e', field])];
    const lines = execFileSync('tshark', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trimEnd().split('\n');
    const udp = ['|1|1||a|0x00000002|noted', '|1|1||b|0x00000001|noted'];
    const tcpBack = ['|1||1|b|0x00000002|noted', '|1||1|a|0x00000001|noted'];
    const tcp = ['|1||1|a|0x00000002|noted', '|1||1|b|0x00000001|noted'];
    const rounds = Array.from({ length: 6 }, () => [...udp, ...tcpBack]).flat();
    expect(lines).toEqual([...rounds, ...tcp, ...udp]);
  } finally {
    rmSync(dir, { recursive: true });
  }
});
