/** What /sys/class/net shows of a device and takes (`net/core/net-sysfs.c`). Text ends with a newline, as in the files. */
import {
  EACCES,
  EINVAL,
  EISDIR,
  ENOENT,
  EOPNOTSUPP,
  EOVERFLOW,
  ERANGE,
  IF_OPER_DOWN,
} from '@skbuff/uapi';
import { devChangeCarrier, devChangeTxQueueLen, devSetAlias, devSetGroup, devSetMtu } from './dev-config.ts';
import { devChangeFlags } from './dev-open.ts';
import { netdevTxqToTc, netifSetXpsQueue } from './dev-queues.ts';
import type { NetdevRxQueue } from './netdev-rx-queue.ts';
import type { EthtoolLinkKsettings } from './ethtool-ops.ts';
import { devGetStats } from './dev-stats.ts';
import { LINK_STATS_COUNT, NETREG_REGISTERED, NETREG_UNREGISTERING, type NetDevice } from './netdevice.ts';
import type { NetdevQueue } from './qdisc.ts';
import { netdevSetRpsCpus, netdevSetRpsFlowCnt } from './rps.ts';

/** One file: its text, or a negative errno; and what writing does, null for a file that is only read. */
export interface SysfsAttr {
  readonly show: (dev: NetDevice) => string | number;
  readonly store: ((dev: NetDevice, text: string) => number) | null;
}

/** Files of a driver, in a directory of that name, or beside the common ones if it is empty. */
export interface SysfsGroup {
  readonly name: string;
  readonly attrs: Readonly<Record<string, SysfsAttr>>;
}

const INT_MAX = 0x7fffffff;
/** By DUPLEX_*. */
const DUPLEXES: Readonly<Record<number, string>> = { 0: 'half', 1: 'full' };
const UEVENTS = ['add', 'remove', 'change', 'move', 'online', 'offline', 'bind', 'unbind'];

type Dir = Readonly<Record<string, SysfsAttr>>;

const OPERSTATES = ['unknown', 'notpresent', 'down', 'lowerlayerdown', 'testing', 'dormant', 'up'];
const STATISTICS = [
  'rx_packets', 'tx_packets', 'rx_bytes', 'tx_bytes', 'rx_errors', 'tx_errors', 'rx_dropped', 'tx_dropped', 'multicast', 'collisions',
  'rx_length_errors', 'rx_over_errors', 'rx_crc_errors', 'rx_frame_errors', 'rx_fifo_errors', 'rx_missed_errors', 'tx_aborted_errors',
  'tx_carrier_errors', 'tx_fifo_errors', 'tx_heartbeat_errors', 'tx_window_errors', 'rx_compressed', 'tx_compressed', 'rx_nohandler',
];

function ro(show: (dev: NetDevice) => string | number): SysfsAttr {
  return { show: (dev) => lines(show(dev)), store: null };
}

function rw(show: (dev: NetDevice) => string | number, store: (dev: NetDevice, value: number) => number): SysfsAttr {
  return { show: (dev) => lines(show(dev)), store: (dev, text) => netdevStore(dev, text, store) };
}

function rwText(show: (dev: NetDevice) => string, store: (dev: NetDevice, text: string) => number): SysfsAttr {
  return { show: (dev) => lines(show(dev)), store };
}

/** `kobject_synth_uevent`: the event would be told to udev. -EINVAL for none. */
function synthUevent(_dev: NetDevice, text: string): number {
  return UEVENTS.includes(text.replace(/\n$/, '')) ? 0 : -EINVAL;
}

function lines(value: string | number): string | number {
  return typeof value === 'number' ? value : `${value}\n`;
}

/** `netdev_store`: a number; -EINVAL too for a device that is not there any more. */
function netdevStore(dev: NetDevice, text: string, store: (dev: NetDevice, value: number) => number): number {
  const value = kstrtoul(text);
  if (value < 0) return value;
  return dev.regState > NETREG_REGISTERED ? -EINVAL : store(dev, value);
}

/** `kstrtoul`: decimal, or with 0x or 0 in front. -EINVAL for what is none, -ERANGE for one of more than 64 bits. */
function kstrtoul(text: string): number {
  const word = text.replace(/^\+/, '').replace(/\n$/, '');
  if (!/^(0x[0-9a-f]+|0[0-7]*|[1-9][0-9]*)$/i.test(word)) return -EINVAL;
  const value = BigInt(/^0[0-7]/.test(word) ? `0o${word}` : word);
  return value < 1n << 64n ? Number(value) : -ERANGE;
}

const dec = (value: (dev: NetDevice) => number): ((dev: NetDevice) => string) => (dev) => String(value(dev));
const bool = (value: (dev: NetDevice) => boolean): ((dev: NetDevice) => string) => (dev) => (value(dev) ? '1' : '0');
/** Only while the device is up: -EINVAL. */
const whenUp = (value: (dev: NetDevice) => boolean) => (dev: NetDevice): string | number => (dev.running() ? (value(dev) ? '1' : '0') : -EINVAL);

/** What the driver says of its link, while the device is up: -EINVAL. */
function link(dev: NetDevice, text: (settings: EthtoolLinkKsettings) => string): string | number {
  const { getLinkKsettings } = dev.ethtoolOps;
  return dev.running() && getLinkKsettings !== undefined ? text(getLinkKsettings(dev)) : -EINVAL;
}

/** Threads that poll are Linux's: here, as there for a device without NAPI instances, nobody polls in one. */
function setThreaded(): number {
  return -EOPNOTSUPP;
}

function address(bytes: (dev: NetDevice) => Uint8Array): (dev: NetDevice) => string {
  return (dev) => [...bytes(dev).subarray(0, dev.addrLen)].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

function changeCarrier(dev: NetDevice, on: number): number {
  return dev.running() ? devChangeCarrier(dev, on !== 0) : -EINVAL;
}

const ATTRS: Dir = {
  addr_assign_type: ro(dec((dev) => dev.addrAssignType)),
  addr_len: ro(dec((dev) => dev.addrLen)),
  address: ro(address((dev) => dev.devAddr)),
  broadcast: ro(address((dev) => dev.broadcast)),
  carrier: {
    show: ro(whenUp((dev) => dev.carrierOk())).show,
    store: (dev, text) => (dev.ops.ndoChangeCarrier === null ? -EOPNOTSUPP : netdevStore(dev, text, changeCarrier)),
  },
  carrier_changes: ro(dec((dev) => dev.carrierUpCount + dev.carrierDownCount)),
  carrier_down_count: ro(dec((dev) => dev.carrierDownCount)),
  carrier_up_count: ro(dec((dev) => dev.carrierUpCount)),
  dev_id: ro((dev) => `0x${dev.devId.toString(16)}`),
  dev_port: ro(dec((dev) => dev.devPort)),
  dormant: ro(whenUp((dev) => dev.dormant())),
  duplex: ro((dev) => link(dev, ({ duplex }) => DUPLEXES[duplex] ?? 'unknown')),
  flags: rw((dev) => `0x${(dev.flags >>> 0).toString(16)}`, (dev, flags) => devChangeFlags(dev, flags)),
  gro_flush_timeout: rw(dec((dev) => dev.groFlushTimeout), (dev, ns) => ((dev.groFlushTimeout = ns), 0)),
  ifalias: {
    show: (dev) => (dev.ifalias === '' ? '' : `${dev.ifalias}\n`),
    store: (dev, text) => devSetAlias(dev, text.replace(/\n$/, '')),
  },
  ifindex: ro(dec((dev) => dev.ifindex)),
  iflink: ro(dec((dev) => (dev.ops.ndoGetIflink === null ? dev.ifindex : dev.ops.ndoGetIflink(dev)))),
  link_mode: ro(dec((dev) => dev.linkMode)),
  mtu: rw(dec((dev) => dev.mtu), (dev, mtu) => devSetMtu(dev, mtu | 0)),
  napi_defer_hard_irqs: rw(dec((dev) => dev.napiDeferHardIrqs), (dev, polls) => (polls > INT_MAX ? -ERANGE : ((dev.napiDeferHardIrqs = polls), 0))),
  name_assign_type: ro((dev) => (dev.nameAssignType === 0 ? -EINVAL : String(dev.nameAssignType))),
  netdev_group: rw(dec((dev) => dev.group), (dev, group) => (devSetGroup(dev, group | 0), 0)),
  operstate: ro((dev) => OPERSTATES[dev.running() ? dev.operstate : IF_OPER_DOWN] as string),
  proto_down: rw(bool((dev) => dev.protoDown), () => -EOPNOTSUPP),
  speed: ro((dev) => link(dev, ({ speed }) => String(speed | 0))),
  testing: ro(whenUp((dev) => dev.testing())),
  threaded: rw(() => '0', setThreaded),
  tx_queue_len: rw(dec((dev) => dev.txQueueLen | 0), (dev, len) => devChangeTxQueueLen(dev, len)),
  type: ro(dec((dev) => dev.type)),
  uevent: rwText((dev) => `${dev.devtype === '' ? '' : `DEVTYPE=${dev.devtype}\n`}INTERFACE=${dev.name}\nIFINDEX=${dev.ifindex}`, synthUevent),
};

const STATISTICS_DIR: Dir = Object.fromEntries(STATISTICS.map((name, i) => [name, ro((dev) => String(statistic(dev, i)))]));

function statistic(dev: NetDevice, at: number): number {
  const stats = new Float64Array(LINK_STATS_COUNT);
  devGetStats(dev, stats);
  return stats[at];
}

/** Directories `queues/tx-N` and `queues/rx-N`: those in use, while the device is registered or on its way out. */
function queueDirs(dev: NetDevice): Map<string, Dir> {
  const dirs = new Map<string, Dir>();
  if (dev.regState !== NETREG_REGISTERED && dev.regState !== NETREG_UNREGISTERING) return dirs;
  for (const rxq of dev.rx.slice(0, dev.realNumRxQueues)) dirs.set(`queues/rx-${rxq.index}`, rxQueueDir(rxq));
  for (const txq of dev.tx.slice(0, dev.realNumTxQueues)) dirs.set(`queues/tx-${txq.index}`, txQueueDir(txq));
  return dirs;
}

function rxQueueDir(rxq: NetdevRxQueue): Dir {
  return {
    rps_cpus: {
      show: (dev) => formatCpus(dev.net.softnet.nrCpus, rxq.rpsMap ?? []),
      store: (dev, text) => storeCpus(dev.net.softnet.nrCpus, text, (cpus) => netdevSetRpsCpus(dev, rxq, cpus)),
    },
    rps_flow_cnt: rw(() => String(rxq.rpsFlowTable?.length ?? 0), (dev, count) => netdevSetRpsFlowCnt(dev, rxq, count)),
  };
}

function txQueueDir(txq: NetdevQueue): Dir {
  const cpusOf = (dev: NetDevice): number[] => (dev.xpsCpusMap ?? []).flatMap((queues, cpu) => (queues.includes(txq.index) ? [cpu] : []));
  return {
    traffic_class: ro((dev) => (dev.numTxQueues === 1 ? -ENOENT : trafficClass(netdevTxqToTc(dev, txq.index)))),
    tx_maxrate: { show: () => '0\n', store: () => -EOPNOTSUPP },
    tx_timeout: ro(() => String(txq.txTimeouts)),
    xps_cpus: {
      show: (dev) => (dev.numTxQueues === 1 ? -ENOENT : formatCpus(dev.net.softnet.nrCpus, cpusOf(dev))),
      store: (dev, text) => (dev.numTxQueues === 1 ? -ENOENT : storeCpus(dev.net.softnet.nrCpus, text, (cpus) => netifSetXpsQueue(dev, cpus, txq.index))),
    },
  };
}

function trafficClass(tc: number): string | number {
  return tc < 0 ? -EINVAL : String(tc);
}

/** `%*pb`: a mask in hexadecimal, as wide as there are CPUs. */
export function formatCpus(nrCpus: number, cpus: readonly number[]): string {
  const mask = cpus.reduce((all, cpu) => all + 2 ** cpu, 0);
  return `${mask.toString(16).padStart(Math.ceil(nrCpus / 4), '0')}\n`;
}

/**
 * `bitmap_parse`: nothing is no CPU; -EINVAL for no mask, -EOVERFLOW for one with CPUs that are not there, or longer than the 32 bits
 * between two commas.
 */
export function storeCpus(nrCpus: number, text: string, set: (cpus: readonly number[]) => number): number {
  const word = text.trim().replace(/^,|,$/g, '');
  if (!/^[0-9a-f,]*$/i.test(word)) return -EINVAL;
  const mask = word === '' ? 0 : Number.parseInt(word, 16);
  if (word.length > 8 || word.includes(',') || mask >= 2 ** nrCpus) return -EOVERFLOW;
  return set(Array.from({ length: nrCpus }, (_, cpu) => cpu).filter((cpu) => Math.floor(mask / 2 ** cpu) % 2 === 1));
}

function directories(dev: NetDevice): Map<string, Dir> {
  const dirs = new Map<string, Dir>([['', ATTRS], ['statistics', STATISTICS_DIR], ...queueDirs(dev)]);
  for (const { name, attrs } of dev.sysfsGroups) dirs.set(name, { ...dirs.get(name), ...attrs });
  return dirs;
}

function lookup(dev: NetDevice, path: string): SysfsAttr | number {
  const at = path.lastIndexOf('/');
  const dirs = directories(dev);
  const dir = dirs.get(at < 0 ? '' : path.slice(0, at));
  const name = path.slice(at + 1);
  if (dir !== undefined && Object.hasOwn(dir, name)) return dir[name] as SysfsAttr;
  return netSysfsList(dev, path).length > 0 ? -EISDIR : -ENOENT;
}

/** Where the device's directory is, of which /sys/class/net/NAME is a link. */
export function netSysfsPath(dev: NetDevice): string {
  return dev.parent === '' ? `/sys/devices/virtual/net/${dev.name}` : `/sys/devices/${dev.parent}/net/${dev.name}`;
}

/** Names in a directory of the device (`''`, `queues`, `queues/tx-0`), sorted; none if there is no such directory. */
export function netSysfsList(dev: NetDevice, path = ''): readonly string[] {
  const prefix = path === '' ? '' : `${path}/`;
  const names = new Set<string>();
  for (const [dir, attrs] of directories(dev)) {
    if (dir === path) for (const name of Object.keys(attrs)) names.add(name);
    else if (dir.startsWith(prefix)) names.add(dir.slice(prefix.length).split('/')[0] as string);
  }
  return [...names].sort();
}

/** The text of a file, `path` below the device's directory; -ENOENT, -EISDIR, or what the file says (-EINVAL: `carrier` while down). */
export function netSysfsRead(dev: NetDevice, path: string): string | number {
  const attr = lookup(dev, path);
  return typeof attr === 'number' ? attr : attr.show(dev);
}

/** Writes a file: 0 or a negative errno; -EACCES for one that is only read. A write of nothing does nothing. */
export function netSysfsWrite(dev: NetDevice, path: string, text: string): number {
  const attr = lookup(dev, path);
  if (typeof attr === 'number') return attr;
  if (attr.store === null) return -EACCES;
  return text === '' ? 0 : attr.store(dev, text);
}
