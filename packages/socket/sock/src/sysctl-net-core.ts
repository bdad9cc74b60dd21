/**
 * net.core.* (`net/core/sysctl_net_core.c`): the settings of sockets, and of the core below them, which knows no files. What is the whole
 * kernel's is in the initial namespace only, but for the buffer sizes, which all may read.
 */
import { formatCpus, type Kernel, type Net, storeCpus, rpsSetDefaultMask } from '@skbuff/core';
import { type SysctlEntry, registerNetSysctl, sysctlField, sysctlInt } from '@skbuff/sysctl';
import { ENOENT } from '@skbuff/uapi';
import { SOCK_MIN_RCVBUF, SOCK_MIN_SNDBUF } from './sock-limits.ts';
import { type SocketLayer, sockNet } from './sock-net.ts';
import { setRpsSockFlowEntries } from './sock-rfs.ts';

/** Registers the files of a namespace; returns the undo. */
export function sockSysctlRegister(net: Net): () => void {
  const state = sockNet.of(net);
  const isInit = net.kernel.netns.list[0] === net;
  return registerNetSysctl(net, [
    ...bufferEntries(state.layer, !isInit),
    ...(isInit ? kernelEntries(net, state.layer) : []),
    sysctlField('net/core/optmem_max', state, 'optmemMax', { min: 0 }),
    sysctlField('net/core/somaxconn', state, 'somaxconn', { min: 0 }),
    sysctlField('net/core/tstamp_allow_data', state, 'tstampAllowData', { min: 0, max: 1 }),
    rpsDefaultMask(net),
  ]);
}

function bufferEntries(layer: SocketLayer, readOnly: boolean): SysctlEntry[] {
  return [
    sysctlField('net/core/rmem_default', layer, 'rmemDefault', { min: SOCK_MIN_RCVBUF, readOnly }),
    sysctlField('net/core/wmem_default', layer, 'wmemDefault', { min: SOCK_MIN_SNDBUF, readOnly }),
    sysctlField('net/core/rmem_max', layer, 'rmemMax', { min: SOCK_MIN_RCVBUF, readOnly }),
    sysctlField('net/core/wmem_max', layer, 'wmemMax', { min: SOCK_MIN_SNDBUF, readOnly }),
  ];
}

function kernelEntries(net: Net, layer: SocketLayer): SysctlEntry[] {
  const { kernel } = net;
  const { softnet } = kernel;
  return [
    sysctlField('net/core/busy_poll', layer, 'busyPoll', { min: 0 }),
    sysctlField('net/core/busy_read', layer, 'busyRead', { min: 0 }),
    defaultQdisc(kernel),
    ...weights(kernel),
    sysctlField('net/core/gro_normal_batch', softnet, 'groNormalBatch', { min: 1 }),
    sysctlField('net/core/netdev_budget', softnet, 'budget'),
    sysctlField('net/core/netdev_max_backlog', softnet, 'maxBacklog'),
    sysctlField('net/core/netdev_tstamp_prequeue', softnet, 'tstampPrequeue'),
    sysctlField('net/core/netdev_unregister_timeout_secs', kernel, 'netdevUnregisterTimeoutSecs', { min: 1, max: 3600 }),
    sysctlInt(
      'net/core/rps_sock_flow_entries',
      () => softnet.rpsSockFlowTable?.ents.length ?? 0,
      (entries) => setRpsSockFlowEntries(net, layer, entries),
    ),
  ];
}

/** `proc_do_dev_weight`: the packets of one turn, each way by a factor of its own. */
function weights({ softnet, xmit }: Kernel): SysctlEntry[] {
  const values = { weight: 64, rxBias: 1, txBias: 1 };
  const file = (name: string, key: keyof typeof values): SysctlEntry =>
    sysctlInt(
      `net/core/${name}`,
      () => values[key],
      (value) => {
        values[key] = value;
        softnet.devWeight = values.weight * values.rxBias;
        xmit.devTxWeight = values.weight * values.txBias;
      },
      { min: 1 },
    );
  return [file('dev_weight', 'weight'), file('dev_weight_rx_bias', 'rxBias'), file('dev_weight_tx_bias', 'txBias')];
}

/** `set_default_qdisc`: -ENOENT for a discipline that nobody registered. */
function defaultQdisc(kernel: Kernel): SysctlEntry {
  const write = (text: string): number => {
    const id = text.trim();
    if (!kernel.qdiscs.has(id)) return -ENOENT;
    kernel.defaultQdisc = id;
    return 0;
  };
  return { path: 'net/core/default_qdisc', read: () => `${kernel.defaultQdisc}\n`, write };
}

function rpsDefaultMask(net: Net): SysctlEntry {
  const { nrCpus } = net.softnet;
  const write = (text: string): number => storeCpus(nrCpus, text, (cpus) => ((rpsSetDefaultMask(net, cpus)), 0));
  return { path: 'net/core/rps_default_mask', read: () => formatCpus(nrCpus, net.rpsDefaultMask), write };
}
