/**
 * net.core.* (`net/core/sysctl_net_core.c`): the settings of sockets, and of the core below them, which knows no files. What is the whole
 * kernel's is in the initial namespace only, but for the buffer sizes, which all may read.
 */
import { formatCpus, type Kernel, type Net, rpsSetDefaultMask, type Softnet, storeCpus } from '@skbuff/core';
import { registerNetSysctl, type SysctlFile, type SysctlTable, sysctlField, sysctlInt } from '@skbuff/sysctl';
import { ENOENT } from '@skbuff/uapi';
import { SOCK_MIN_RCVBUF, SOCK_MIN_SNDBUF } from './sock-limits.ts';
import { type SocketLayer, type SockNet, sockNet } from './sock-net.ts';
import { setRpsSockFlowEntries } from './sock-rfs.ts';

/** Registers the files of a namespace; returns the undo. */
export function sockSysctlRegister(net: Net): () => void {
  const state = sockNet.of(net);
  const { kernel } = net;
  const isInit = kernel.netns.list[0] === net;
  const register = <T>(table: SysctlTable<T>, owner: T): (() => void) => registerNetSysctl(net, 'net/core', table, owner);
  const undos = [register(BUFFERS[isInit ? 1 : 0], state.layer), register(NET_TABLE, net), register(SOCK_TABLE, state)];
  if (isInit) {
    const weights: Weights = { kernel, weight: 64, rxBias: 1, txBias: 1 };
    undos.push(register(LAYER_TABLE, state.layer), register(KERNEL_TABLE, kernel), register(SOFTNET_TABLE, kernel.softnet), register(WEIGHT_TABLE, weights));
  }
  return () => {
    for (const undo of undos) undo();
  };
}

/** Those that all may read, and the initial namespace's, which may be written. */
const BUFFERS: readonly [SysctlTable<SocketLayer>, SysctlTable<SocketLayer>] = [bufferTable(true), bufferTable(false)];

function bufferTable(readOnly: boolean): SysctlTable<SocketLayer> {
  return {
    rmem_default: sysctlField('rmemDefault', { min: SOCK_MIN_RCVBUF, readOnly }),
    wmem_default: sysctlField('wmemDefault', { min: SOCK_MIN_SNDBUF, readOnly }),
    rmem_max: sysctlField('rmemMax', { min: SOCK_MIN_RCVBUF, readOnly }),
    wmem_max: sysctlField('wmemMax', { min: SOCK_MIN_SNDBUF, readOnly }),
  };
}

const SOCK_TABLE: SysctlTable<SockNet> = {
  optmem_max: sysctlField('optmemMax', { min: 0 }),
  somaxconn: sysctlField('somaxconn', { min: 0 }),
  tstamp_allow_data: sysctlField('tstampAllowData', { min: 0, max: 1 }),
};

const NET_TABLE: SysctlTable<Net> = {
  rps_default_mask: {
    read: ({ softnet, rpsDefaultMask }) => formatCpus(softnet.nrCpus, rpsDefaultMask),
    write: (net, text) => storeCpus(net.softnet.nrCpus, text, (cpus) => (rpsSetDefaultMask(net, cpus), 0)),
  },
};

const LAYER_TABLE: SysctlTable<SocketLayer> = { busy_poll: sysctlField('busyPoll', { min: 0 }), busy_read: sysctlField('busyRead', { min: 0 }) };

const SOFTNET_TABLE: SysctlTable<Softnet> = {
  gro_normal_batch: sysctlField('groNormalBatch', { min: 1 }),
  netdev_budget: sysctlField('budget'),
  netdev_max_backlog: sysctlField('maxBacklog'),
  netdev_tstamp_prequeue: sysctlField('tstampPrequeue'),
};

const KERNEL_TABLE: SysctlTable<Kernel> = {
  netdev_unregister_timeout_secs: sysctlField('netdevUnregisterTimeoutSecs', { min: 1, max: 3600 }),
  rps_sock_flow_entries: sysctlInt(
    ({ softnet }) => softnet.rpsSockFlowTable?.ents.length ?? 0,
    ({ initNet }, entries) => setRpsSockFlowEntries(initNet, sockNet.of(initNet).layer, entries),
  ),
  default_qdisc: { read: (kernel) => `${kernel.defaultQdisc}\n`, write: setDefaultQdisc },
};

/** `set_default_qdisc`: -ENOENT for a discipline that nobody registered. */
function setDefaultQdisc(kernel: Kernel, text: string): number {
  const id = text.trim();
  if (!kernel.qdiscs.has(id)) return -ENOENT;
  kernel.defaultQdisc = id;
  return 0;
}

/** The packets of one turn, each way by a factor of its own. */
interface Weights {
  readonly kernel: Kernel;
  weight: number;
  rxBias: number;
  txBias: number;
}

const WEIGHT_TABLE: SysctlTable<Weights> = { dev_weight: weightFile('weight'), dev_weight_rx_bias: weightFile('rxBias'), dev_weight_tx_bias: weightFile('txBias') };

/** `proc_do_dev_weight`. */
function weightFile(key: 'weight' | 'rxBias' | 'txBias'): SysctlFile<Weights> {
  const set = (weights: Weights, value: number): void => {
    const { softnet, xmit } = weights.kernel;
    weights[key] = value;
    softnet.devWeight = weights.weight * weights.rxBias;
    xmit.devTxWeight = weights.weight * weights.txBias;
  };
  return sysctlInt((weights) => weights[key], set, { min: 1 });
}
