/** Options of SOL_PACKET. Values are bytes, `int` little endian. */
import { int32Bytes, putOption } from '@skbuff/sock';
import {
  EINVAL,
  ENOPROTOOPT,
  PACKET_ADD_MEMBERSHIP,
  PACKET_AUXDATA,
  PACKET_COPY_THRESH,
  PACKET_DROP_MEMBERSHIP,
  PACKET_FANOUT,
  PACKET_FANOUT_DATA,
  PACKET_HDRLEN,
  PACKET_IGNORE_OUTGOING,
  PACKET_LOSS,
  PACKET_ORIGDEV,
  PACKET_QDISC_BYPASS,
  PACKET_RESERVE,
  PACKET_ROLLOVER_STATS,
  PACKET_RX_RING,
  PACKET_STATISTICS,
  PACKET_TIMESTAMP,
  PACKET_TX_HAS_OFF,
  PACKET_TX_RING,
  PACKET_VERSION,
  PACKET_VNET_HDR,
  PACKET_VNET_HDR_SZ,
  SOCK_RAW,
  SOL_PACKET,
  TPACKET_V1,
  TPACKET_V2,
  TPACKET_V3,
} from '@skbuff/uapi';
import { leS32, setLe32 } from '@skbuff/wire';
import { fanoutAdd, fanoutNumber, fanoutSetData } from './fanout.ts';
import { rehook } from './packet-bind.ts';
import { packetMembership } from './packet-mclist.ts';
import type { PacketSock } from './packet-sock.ts';
import { VIRTIO_NET_HDR_LEN, VIRTIO_NET_HDR_MRG_LEN } from './virtio-net.ts';

/** Bytes of a ring frame's header by version, on x86-64. */
const HDRLEN = [32, 32, 48];

/** `packet_setsockopt`. */
export function packetSetsockopt(po: PacketSock, level: number, name: number, value: Uint8Array): number {
  if (level !== SOL_PACKET) return -ENOPROTOOPT;
  switch (name) {
    case PACKET_ADD_MEMBERSHIP:
    case PACKET_DROP_MEMBERSHIP:
      return packetMembership(po, value, name === PACKET_ADD_MEMBERSHIP);
    case PACKET_FANOUT:
      return value.length === 4 || value.length === 8 ? fanoutAdd(po, value) : -EINVAL;
    case PACKET_FANOUT_DATA:
      return fanoutSetData(po, value);
    // A ring is memory that the kernel and the program share, which there is not: as if the request were no good.
    case PACKET_RX_RING:
    case PACKET_TX_RING:
      return -EINVAL;
    case PACKET_AUXDATA:
    case PACKET_ORIGDEV:
    case PACKET_VNET_HDR:
    case PACKET_VNET_HDR_SZ:
      return value.length < 4 ? -EINVAL : setLoose(po, name, leS32(value, 0));
    default:
      return setStrict(po, name, value);
  }
}

/** Values of four bytes or more. */
function setLoose(po: PacketSock, name: number, val: number): number {
  if (name === PACKET_AUXDATA) po.auxdata = val !== 0;
  else if (name === PACKET_ORIGDEV) po.origdev = val !== 0;
  else return setVnetHdr(po, name, val);
  return 0;
}

function setVnetHdr(po: PacketSock, name: number, val: number): number {
  if (po.type !== SOCK_RAW) return -EINVAL;
  if (name === PACKET_VNET_HDR) po.vnetHdrSz = val !== 0 ? VIRTIO_NET_HDR_LEN : 0;
  else if (val === 0 || val === VIRTIO_NET_HDR_LEN || val === VIRTIO_NET_HDR_MRG_LEN) po.vnetHdrSz = val;
  else return -EINVAL;
  return 0;
}

/** Values of four bytes exactly. */
function setStrict(po: PacketSock, name: number, value: Uint8Array): number {
  const val = value.length === 4 ? leS32(value, 0) : null;
  switch (name) {
    case PACKET_COPY_THRESH:
      return number(val, () => true, (n) => void (po.copyThresh = n));
    case PACKET_VERSION:
      return number(val, (n) => n === TPACKET_V1 || n === TPACKET_V2 || n === TPACKET_V3, (n) => void (po.tpVersion = n));
    case PACKET_RESERVE:
      return number(val, (n) => n >= 0, (n) => void (po.tpReserve = n));
    case PACKET_LOSS:
      return number(val, () => true, (n) => void (po.tpLoss = Number(n !== 0)));
    case PACKET_TIMESTAMP:
      return number(val, () => true, (n) => void (po.tpTstamp = n));
    case PACKET_TX_HAS_OFF:
      return number(val, () => true, (n) => void (po.tpTxHasOff = Number(n !== 0)));
    case PACKET_QDISC_BYPASS:
      return number(val, () => true, (n) => void (po.qdiscBypass = n !== 0));
    case PACKET_IGNORE_OUTGOING:
      return number(val, (n) => n === 0 || n === 1, (n) => ignoreOutgoing(po, n !== 0));
    default:
      return -ENOPROTOOPT;
  }
}

function number(val: number | null, good: (n: number) => boolean, set: (n: number) => void): number {
  if (val === null || !good(val)) return -EINVAL;
  set(val);
  return 0;
}

function ignoreOutgoing(po: PacketSock, on: boolean): void {
  po.ignoreOutgoing = on;
  if (po.fanout === null) rehook(po);
}

/** `packet_getsockopt`: bytes written to `out`, or a negative errno. */
export function packetGetsockopt(po: PacketSock, level: number, name: number, out: Uint8Array): number {
  if (level !== SOL_PACKET) return -ENOPROTOOPT;
  if (name === PACKET_STATISTICS) return putOption(out, statistics(po));
  if (name === PACKET_ROLLOVER_STATS) return rolloverStats(po, out);
  if (name === PACKET_HDRLEN) {
    if (out.length < 4) return -EINVAL;
    const len = HDRLEN[leS32(out, 0)];
    return len === undefined ? -EINVAL : putOption(out, int32Bytes(len));
  }
  const value = intOption(po, name);
  return value === null ? -ENOPROTOOPT : putOption(out, int32Bytes(value));
}

function intOption(po: PacketSock, name: number): number | null {
  switch (name) {
    case PACKET_AUXDATA:
      return Number(po.auxdata);
    case PACKET_ORIGDEV:
      return Number(po.origdev);
    case PACKET_VNET_HDR:
      return Number(po.vnetHdrSz !== 0);
    case PACKET_VNET_HDR_SZ:
      return po.vnetHdrSz;
    case PACKET_COPY_THRESH:
      return po.copyThresh;
    case PACKET_VERSION:
      return po.tpVersion;
    case PACKET_RESERVE:
      return po.tpReserve;
    case PACKET_LOSS:
      return po.tpLoss;
    case PACKET_TIMESTAMP:
      return po.tpTstamp;
    case PACKET_FANOUT:
      return fanoutNumber(po);
    case PACKET_IGNORE_OUTGOING:
      return Number(po.ignoreOutgoing);
    case PACKET_TX_HAS_OFF:
      return po.tpTxHasOff;
    case PACKET_QDISC_BYPASS:
      return Number(po.qdiscBypass);
    default:
      return null;
  }
}

/** `struct tpacket_stats`, with a third number (of a ring) for version 3: frames that came, lost ones included, and lost ones. Reading begins anew. */
function statistics(po: PacketSock): Uint8Array {
  const bytes = new Uint8Array(po.tpVersion === TPACKET_V3 ? 12 : 8);
  setLe32(bytes, 0, po.tpPackets + po.tpDrops);
  setLe32(bytes, 4, po.tpDrops);
  po.tpPackets = 0;
  po.tpDrops = 0;
  return bytes;
}

/** `struct tpacket_rollover_stats`: three numbers of 64 bits; large flows are not looked for. */
function rolloverStats(po: PacketSock, out: Uint8Array): number {
  if (po.rollover === null) return -EINVAL;
  const bytes = new Uint8Array(24);
  setLe32(bytes, 0, po.rollover.num);
  setLe32(bytes, 16, po.rollover.failed);
  return putOption(out, bytes);
}
