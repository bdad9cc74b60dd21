/** A packet socket as a source of packets: what libpcap does on Linux. */
import { SockaddrLl } from '@skbuff/af-packet';
import { type BpfInsn, BpfBuffer, BpfProgram, bpfRun, encodeSockFilter } from '@skbuff/bpf';
import type { CommandEnv } from '@skbuff/command';
import type { PcapPacket } from '@skbuff/pcap';
import { DLT_LINUX_SLL, DLT_LINUX_SLL2 } from '@skbuff/pcap-filter';
import type { Cmsg, UserMsghdr } from '@skbuff/sock';
import {
  AF_PACKET,
  ETH_P_ALL,
  MSG_TRUNC,
  PACKET_ADD_MEMBERSHIP,
  PACKET_AUXDATA,
  PACKET_MR_PROMISC,
  PACKET_OUTGOING,
  PACKET_STATISTICS,
  SCM_TIMESTAMPNS,
  SOCK_DGRAM,
  SOCK_RAW,
  SOL_PACKET,
  SOL_SOCKET,
  SO_ATTACH_FILTER,
  SO_TIMESTAMPNS,
  TP_STATUS_VLAN_TPID_VALID,
  TP_STATUS_VLAN_VALID,
  strerror,
} from '@skbuff/uapi';
import { le32, leS32 } from '@skbuff/wire';
import { deviceIndex } from './devices.ts';
import { failure } from './messages.ts';
import { forSocket } from './socket-filter.ts';

export interface LiveOptions {
  readonly device: string;
  readonly dlt: number;
  readonly snaplen: number;
  readonly promiscuous: boolean;
  /** in, out, inout */
  readonly direction: string;
}

const VLAN_AT = 12;

export class Live {
  private readonly env: CommandEnv;
  private readonly options: LiveOptions;
  private readonly fd: number;
  private readonly loopback: number;
  private readonly buffer: Uint8Array;
  /** The header of a cooked capture; null for one with the device's own. */
  private readonly cook: ((from: SockaddrLl) => Uint8Array) | null;
  /** The filter that packets pass here; null if the kernel has it. */
  private program: BpfProgram | null = null;

  constructor(env: CommandEnv, options: LiveOptions) {
    this.env = env;
    this.options = options;
    this.buffer = new Uint8Array(Math.max(options.snaplen, 65536) + 256);
    this.loopback = deviceIndex(env, 'lo');
    this.cook = options.dlt === DLT_LINUX_SLL2 ? sll2Header : options.dlt === DLT_LINUX_SLL ? sllHeader : null;
    // Protocol 0: nothing is heard until the filter is there and the socket is bound.
    this.fd = env.task.socket(AF_PACKET, this.cook !== null ? SOCK_DGRAM : SOCK_RAW, 0);
    if (this.fd === -1) this.refused();
    if (this.fd < 0) failure(`socket: ${strerror(this.fd)}`);
    env.task.setsockopt(this.fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
    env.task.setsockopt(this.fd, SOL_PACKET, PACKET_AUXDATA, 1);
  }

  private refused(): never {
    const { device } = this.options;
    return failure(`${device}: You don't have permission to capture on that device\n(socket: Operation not permitted)`);
  }

  /** A filter that the kernel does not take sees each packet here. */
  setFilter(insns: readonly BpfInsn[]): void {
    const forKernel = forSocket(insns, this.options.dlt);
    const rc = forKernel === null ? null : this.env.task.setsockopt(this.fd, SOL_SOCKET, SO_ATTACH_FILTER, encodeSockFilter(forKernel));
    if (rc === 0) return;
    if (rc !== null) this.env.stderr(`Warning: Kernel filter failed: ${strerror(rc)}\n`);
    this.program = new BpfProgram(insns);
  }

  /** From here on packets are heard. */
  start(): void {
    const { device, promiscuous } = this.options;
    const index = device === 'any' ? 0 : deviceIndex(this.env, device);
    if (promiscuous && index !== 0) this.env.task.setsockopt(this.fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, membership(index));
    const rc = this.env.task.bind(this.fd, new SockaddrLl(ETH_P_ALL, index));
    if (rc < 0) failure(`bind: ${strerror(rc)}`);
  }

  /** The next packet; null if it is none of ours; a negative errno. Waits. */
  async next(): Promise<PcapPacket | null | number> {
    const from = new SockaddrLl();
    const control: Cmsg[] = [];
    const msg: UserMsghdr = { name: from, iov: [this.buffer], control };
    const length = await this.env.task.recvmsg(this.fd, msg, MSG_TRUNC);
    if (length < 0) return length;
    const outgoing = from.pkttype === PACKET_OUTGOING;
    // What is sent on lo is received there too: once is enough.
    if (outgoing && from.ifindex === this.loopback) return null;
    if (this.options.direction === (outgoing ? 'in' : 'out')) return null;
    const kept = this.buffer.subarray(0, Math.min(length, this.buffer.length));
    const frame = this.cook === null ? this.withTag(kept, control) : joined(this.cook(from), kept);
    const originalLength = length + frame.length - kept.length;
    if (this.program !== null && bpfRun(this.program, new BpfBuffer(frame, originalLength)) === 0) return null;
    return { time: this.timeOf(control), bytes: frame.slice(0, this.options.snaplen), originalLength };
  }

  /** Packets that passed the filter, and those that were lost, since the last time. */
  statistics(): { received: number; dropped: number } {
    const out = new Uint8Array(8);
    const rc = this.env.task.getsockopt(this.fd, SOL_PACKET, PACKET_STATISTICS, out);
    return rc < 0 ? { received: 0, dropped: 0 } : { received: leS32(out, 0), dropped: leS32(out, 4) };
  }

  close(): void {
    this.env.task.close(this.fd);
  }

  private timeOf(control: readonly Cmsg[]): bigint {
    const stamp = control.find(({ level, type }) => level === SOL_SOCKET && type === SCM_TIMESTAMPNS);
    if (stamp === undefined) return BigInt(Math.floor(this.env.realTime()));
    const word = (at: number): bigint => BigInt(le32(stamp.data, at));
    return (word(0) + (word(4) << 32n)) * 1_000_000_000n + word(8);
  }

  /** The tag that travelled beside the packet goes back to its place. */
  private withTag(frame: Uint8Array, control: readonly Cmsg[]): Uint8Array {
    const aux = control.find(({ level, type }) => level === SOL_PACKET && type === PACKET_AUXDATA)?.data;
    if (aux === undefined || aux.length < 20 || frame.length < VLAN_AT) return frame;
    const status = leS32(aux, 0);
    if ((status & TP_STATUS_VLAN_VALID) === 0) return frame;
    const tpid = (status & TP_STATUS_VLAN_TPID_VALID) === 0 ? [0x81, 0] : [aux[19] as number, aux[18] as number];
    const tagged = new Uint8Array(frame.length + 4);
    tagged.set(frame.subarray(0, VLAN_AT));
    tagged.set([...tpid, aux[17] as number, aux[16] as number], VLAN_AT);
    tagged.set(frame.subarray(VLAN_AT), VLAN_AT + 4);
    return tagged;
  }
}

/** `struct packet_mreq` */
function membership(index: number): Uint8Array {
  const b = new Uint8Array(16);
  b.set([index, index >>> 8, index >>> 16, index >>> 24, PACKET_MR_PROMISC, 0]);
  return b;
}

/** The header of LINKTYPE_LINUX_SLL2, in place of the device's own. */
function sll2Header({ protocol, ifindex, hatype, pkttype, halen, addr }: SockaddrLl): Uint8Array {
  return Uint8Array.of(protocol >>> 8, protocol, 0, 0, ifindex >>> 24, ifindex >>> 16, ifindex >>> 8, ifindex, hatype >>> 8, hatype, pkttype, halen, ...addr);
}

/** The same of LINKTYPE_LINUX_SLL, which has no interface. */
function sllHeader({ protocol, hatype, pkttype, halen, addr }: SockaddrLl): Uint8Array {
  return Uint8Array.of(0, pkttype, hatype >>> 8, hatype, 0, halen, ...addr, protocol >>> 8, protocol);
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const all = new Uint8Array(head.length + tail.length);
  all.set(head);
  all.set(tail, head.length);
  return all;
}
