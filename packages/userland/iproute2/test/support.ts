/** Surroundings of a command whose netlink answers come from a record. */
import type { CommandEnv, NetlinkSocket } from '@skbuff/command';
import type { Net } from '@skbuff/core';
import type { NetlinkDatagram } from '@skbuff/netlink';
import type { Task } from '@skbuff/sock';
import { EAGAIN, EAFNOSUPPORT, ENOENT, RTM_GETLINK, RTM_GETNSID } from '@skbuff/uapi';

export const hex = (b: Uint8Array): string => Buffer.from(b).toString('hex');

/** One request and the datagrams that answered it. */
export interface Exchange {
  readonly request: string;
  readonly replies: readonly string[];
}

/** Copies a datagram with another sequence number and port id in all its messages. */
function withSeq(data: Uint8Array, seq: number): Uint8Array {
  const copy = Uint8Array.from(data);
  const view = new DataView(copy.buffer);
  for (let off = 0; off + 16 <= copy.length; off += (view.getUint32(off, true) + 3) & ~3) {
    view.setUint32(off + 8, seq, true);
    view.setUint32(off + 12, 0, true);
  }
  return copy;
}

/** Answers each request as the kernel that was recorded did; an unknown request is a mistake of the test. */
export class Replay {
  readonly sent: Uint8Array[] = [];
  private readonly exchanges: Exchange[];

  constructor(exchanges: readonly Exchange[]) {
    this.exchanges = [...exchanges];
  }

  open(): NetlinkSocket {
    const queue: NetlinkDatagram[] = [];
    return {
      bind: () => 0,
      setsockopt: () => 0,
      sendmsg: (data) => {
        const bytes = Uint8Array.from(data);
        this.sent.push(bytes);
        const request = hex(withSeq(bytes, 0));
        const at = this.exchanges.findIndex((e) => e.request === request);
        if (at < 0) throw new Error(`not recorded: ${request}`);
        const seq = new DataView(bytes.buffer).getUint32(8, true);
        for (const reply of this.exchanges.splice(at, 1)[0]?.replies ?? []) {
          queue.push({ data: withSeq(Buffer.from(reply, 'hex'), seq), portid: 0, dstGroup: 0, truesize: 0 });
        }
        return bytes.length;
      },
      recvmsg: () => queue.shift() ?? -EAGAIN,
      readable: () => queue.length > 0,
      close: () => {},
      onReadable: null,
    };
  }
}

/** Bytes of the fixed header of each message type that ip sends. */
const HEADERS: Readonly<Record<number, number>> = {
  16: 16, 17: 16, 19: 16, 20: 8, 21: 8, 22: 8, 24: 12, 25: 12, 26: 12, 28: 12, 29: 12, 30: 12, 32: 12, 33: 12, 34: 12, 88: 4, 108: 16, 109: 16,
};

/** A message as text, without what may differ: sequence number, port id, padding. */
export function describeMessage(b: Uint8Array): string {
  const view = new DataView(b.buffer, b.byteOffset);
  const type = view.getUint16(4, true);
  const start = 16 + (HEADERS[type] ?? 0);
  const parts = [`type ${type} flags ${view.getUint16(6, true).toString(16)} ${hex(b.subarray(16, start))}`];
  for (let off = start; off + 4 <= b.length; off += (view.getUint16(off, true) + 3) & ~3) {
    parts.push(`${view.getUint16(off + 2, true)}=${hex(b.subarray(off + 4, off + view.getUint16(off, true)))}`);
  }
  return parts.join(' ');
}

/** Whether a message is more than a question about a name. */
export function counts(b: Uint8Array): boolean {
  return ![RTM_GETLINK, RTM_GETNSID].includes(b[4] | (b[5] << 8));
}

export function recordedEnv(replay: Replay, out: { stdout: string; stderr: string }): CommandEnv {
  return {
    net: {} as Net,
    task: { socket: () => -EAFNOSUPPORT } as unknown as Task,
    netns: { names: () => [], get: () => null, watch: () => -ENOENT, attach: () => 0, remove: () => -ENOENT },
    stdout: (text) => void (out.stdout += text),
    stderr: (text) => void (out.stderr += text),
    netlink: () => replay.open(),
    openNetns: () => -ENOENT,
    closeNetns: () => {},
    netOfPid: () => null,
    pidsOf: () => [],
    readFile: () => -ENOENT,
    stdoutError: () => 0,
    readDirectory: () => -ENOENT,
    readBytes: () => -ENOENT,
    writeFile: (path) => (path === '/proc/sys/net/ipv4/route/flush' ? 0 : -ENOENT),
    create: () => -ENOENT,
    stdin: () => Promise.resolve(new Uint8Array(0)),
    isTerminal: false,
    onSignal: () => {},
    fork: () => recordedEnv(replay, out),
    bindEtc: () => {},
    run: () => -ENOENT,
    now: () => 0,
    realTime: () => 0,
  };
}
