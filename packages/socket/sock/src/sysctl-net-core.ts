/** net.core.* of sockets (`net/core/sysctl_net_core.c`). Buffer sizes are the kernel's, the others each namespace's own. */
import type { Net } from '@skbuff/core';
import { type SysctlEntry, registerNetSysctl, sysctlField } from '@skbuff/sysctl';
import { SOCK_MIN_RCVBUF, SOCK_MIN_SNDBUF } from './sock-limits.ts';
import { sockNet } from './sock-net.ts';

/** Registers the files of a namespace; returns the undo. */
export function sockSysctlRegister(net: Net): () => void {
  const state = sockNet.of(net);
  return registerNetSysctl(net, [
    ...(net.kernel.netns.list[0] === net ? bufferEntries(net) : []),
    sysctlField('net/core/optmem_max', state, 'optmemMax', { min: 0 }),
    sysctlField('net/core/somaxconn', state, 'somaxconn', { min: 0 }),
  ]);
}

function bufferEntries(net: Net): SysctlEntry[] {
  const { layer } = sockNet.of(net);
  return [
    sysctlField('net/core/rmem_default', layer, 'rmemDefault', { min: SOCK_MIN_RCVBUF }),
    sysctlField('net/core/wmem_default', layer, 'wmemDefault', { min: SOCK_MIN_SNDBUF }),
    sysctlField('net/core/rmem_max', layer, 'rmemMax', { min: SOCK_MIN_RCVBUF }),
    sysctlField('net/core/wmem_max', layer, 'wmemMax', { min: SOCK_MIN_SNDBUF }),
  ];
}
