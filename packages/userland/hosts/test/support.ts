/** A whole stack, put together here because the preset lies above this package. */
import { afInet } from '@skbuff/af-inet';
import { arp } from '@skbuff/arp';
import type { Plugin } from '@skbuff/core';
import { fib } from '@skbuff/fib';
import { FibTrie } from '@skbuff/fib-trie';
import { icmp } from '@skbuff/icmp';
import { ip } from '@skbuff/iproute2';
import { ipv4 } from '@skbuff/ipv4';
import { dummy } from '@skbuff/dummy';
import { loopback } from '@skbuff/loopback';
import { neighbour } from '@skbuff/neighbour';
import { netlink } from '@skbuff/netlink';
import { ping } from '@skbuff/ping';
import { procfs } from '@skbuff/procfs';
import { raw } from '@skbuff/raw';
import { rtnetlink } from '@skbuff/rtnetlink';
import { sock } from '@skbuff/sock';
import { sysctl } from '@skbuff/sysctl';
import { udp } from '@skbuff/udp';
import { veth } from '@skbuff/veth';
import type { Command } from '@skbuff/command';
import { createNet, type HostNet, type NetOptions } from '../src/index.ts';

function plugins(): Plugin[] {
  return [
    sysctl(), procfs(), netlink(), rtnetlink(), loopback(), veth(), dummy(), neighbour(), arp(), ipv4(), fib({ table: () => new FibTrie() }),
    icmp(), sock(), afInet(), udp(), raw(), ping(),
  ];
}

/** Prints its arguments, the time and what it is asked to read; `wait` sleeps for ever. */
const probe: Command = {
  name: 'probe',
  run(argv, env) {
    if (argv[1] === 'wait') return (env.task.nanosleep(1e18) as Promise<number>).then((rc) => (rc < 0 ? 130 : 0));
    if (argv[1] === 'read') {
      const text = env.readFile(argv[2] ?? '');
      env.stdout(typeof text === 'string' ? text : `errno ${-text}`);
    } else env.stdout(`${argv.slice(1).join('|')} ${env.now()}\n`);
    return 0;
  },
};

/** A network whose packets are overwritten when they are freed. */
export function testNet(options: Partial<NetOptions> = {}): HostNet {
  return createNet({ plugins: plugins(), commands: [ip, probe], debug: true, ...options });
}
