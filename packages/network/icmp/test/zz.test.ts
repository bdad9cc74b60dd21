import { it as zzit } from 'vitest';
import { createKernel, devOpen } from '@skbuff/core';
import { fib } from '@skbuff/fib';
import { FibTrie } from '@skbuff/fib-trie';
import { icmp, icmpNet } from '@skbuff/icmp';
import { ipv4 } from '@skbuff/ipv4';
import { loopback } from '@skbuff/loopback';
import { neighbour } from '@skbuff/neighbour';
import { netlink } from '@skbuff/netlink';
import { procfs, procNetOf } from '@skbuff/procfs';
import { sysctl, sysctlOf } from '@skbuff/sysctl';

const kernel = createKernel({
  plugins: [netlink(), sysctl(), procfs(), neighbour(), ipv4(), fib({ table: () => new FibTrie() }), icmp(), loopback()],
});
const net = kernel.initNet;
devOpen(net.loopbackDev!);

console.log(sysctlOf(net).read('net/ipv4/icmp_ratelimit'), icmpNet.of(net).msgsPerSec);
console.log(String(procNetOf(net).read('snmp')).split('\n')[3]);

zzit('x', () => {});
