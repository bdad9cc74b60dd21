/** /proc/net/{dev,dev_mcast,ptype,softnet_stat} (`net/core/net-procfs.c`): what the core itself knows. */
import { LINK_STATS_COUNT, type Net, type NetDevice, type PacketType, type SoftnetData, devGetStats } from '@skbuff/core';
import * as C from '@skbuff/core';
import { ETH_P_ALL } from '@skbuff/uapi';
import type { ProcNet } from './proc-net.ts';

const DEV_HEADING =
  'Inter-|   Receive                                                |  Transmit\n' +
  ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n';

/** Widths of the columns of /proc/net/dev, and what each one adds up. */
const DEV_COLUMNS: readonly (readonly [width: number, ...stats: readonly number[]])[] = [
  [7, C.RX_BYTES],
  [7, C.RX_PACKETS],
  [4, C.RX_ERRORS],
  [4, C.RX_DROPPED, C.RX_MISSED_ERRORS],
  [4, C.RX_FIFO_ERRORS],
  [5, C.RX_LENGTH_ERRORS, C.RX_OVER_ERRORS, C.RX_CRC_ERRORS, C.RX_FRAME_ERRORS],
  [10, C.RX_COMPRESSED],
  [9, C.MULTICAST],
  [8, C.TX_BYTES],
  [7, C.TX_PACKETS],
  [4, C.TX_ERRORS],
  [4, C.TX_DROPPED],
  [4, C.TX_FIFO_ERRORS],
  [5, C.COLLISIONS],
  [7, C.TX_CARRIER_ERRORS, C.TX_ABORTED_ERRORS, C.TX_WINDOW_ERRORS, C.TX_HEARTBEAT_ERRORS],
  [10, C.TX_COMPRESSED],
];

/** Makes the files of a namespace, whose tree is empty; returns the undo. */
export function netProcfsCreate(net: Net, proc: ProcNet): () => void {
  const undos = [
    proc.create('dev', () => devSeqShow(net)),
    proc.create('dev_mcast', () => byIndex(net).map(mcastRows).join('')),
    proc.create('ptype', () => ptypeSeqShow(net)),
    proc.create('softnet_stat', () => net.softnet.data.map(softnetRow).join('')),
  ];
  return () => {
    for (const undo of undos) if (typeof undo === 'function') undo();
  };
}

/** In the order of their indices. */
function byIndex(net: Net): NetDevice[] {
  return [...net.devList].sort((a, b) => a.ifindex - b.ifindex);
}

function devSeqShow(net: Net): string {
  const stats = new Float64Array(LINK_STATS_COUNT);
  return DEV_HEADING + byIndex(net).map((dev) => devRow(dev, stats)).join('');
}

function devRow(dev: NetDevice, stats: Float64Array): string {
  devGetStats(dev, stats);
  const cells = DEV_COLUMNS.map(([width, ...of]) => String(of.reduce((sum, i) => sum + (stats[i] as number), 0)).padStart(width));
  return `${dev.name.padStart(6)}: ${cells.join(' ')}\n`;
}

function mcastRows(dev: NetDevice): string {
  const start = `${String(dev.ifindex).padEnd(4)} ${dev.name.padEnd(15)}`;
  return dev.mc.list
    .map((ha) => `${start} ${String(ha.refcount).padEnd(5)} ${(ha.global ? '1' : '0').padEnd(5)} ${hexBytes(ha.addr, dev.addrLen)}\n`)
    .join('');
}

function hexBytes(addr: Uint8Array, length: number): string {
  return Array.from(addr.subarray(0, length), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Those that see frames of this namespace: taps of devices, taps, then by hash of the type. */
function ptypeSeqShow(net: Net): string {
  const devs = byIndex(net);
  const of = (list: readonly PacketType[]): string => list.filter((pt) => pt.net === null || pt.net === net).map(ptypeRow).join('');
  const onDevices = devs.map((dev) => of(dev.ptypeAll)).join('');
  return `Type Device      Function\n${onDevices}${of(net.softnet.packetTypes().filter((pt) => pt.dev === null))}${devs.map((dev) => of(dev.ptypeSpecific)).join('')}`;
}

/** `%ps`: the function by its name; ours are the kernel's in camel case. */
function ptypeRow(pt: PacketType): string {
  const type = pt.type === ETH_P_ALL ? 'ALL ' : pt.type.toString(16).padStart(4, '0');
  return `${type} ${(pt.dev?.name ?? '').padEnd(8)} ${pt.func.name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`)}\n`;
}

/** Columns without a name: processed, dropped, time_squeeze, six that are gone, received_rps, flow limit, backlog, CPU, its two queues. */
function softnetRow(sd: SoftnetData): string {
  const queued = sd.inputPktQueue.qlen;
  const cells = [sd.processed, sd.dropped, sd.timeSqueeze, 0, 0, 0, 0, 0, 0, sd.receivedRps, 0, queued, sd.cpu, queued, 0];
  return `${cells.map((n) => (n >>> 0).toString(16).padStart(8, '0')).join(' ')}\n`;
}
