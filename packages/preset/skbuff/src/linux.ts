/** The plugins of a Linux-like host. Order does not matter: each names what it requires. */
import { afInet } from '@skbuff/af-inet';
import { afPacket } from '@skbuff/af-packet';
import { arp } from '@skbuff/arp';
import type { Command } from '@skbuff/command';
import type { Plugin } from '@skbuff/core';
import { dummy } from '@skbuff/dummy';
import { ethtool } from '@skbuff/ethtool';
import { ethtool as ethtoolCommand } from '@skbuff/ethtool-cli';
import { fib } from '@skbuff/fib';
import { fibRules } from '@skbuff/fib-rules';
import { fib4Rules } from '@skbuff/fib4-rules';
import { FibTrie } from '@skbuff/fib-trie';
import { icmp } from '@skbuff/icmp';
import { ip, nstat } from '@skbuff/iproute2';
import { arping, ping as pingCommand, tracepath } from '@skbuff/iputils';
import { ipv4 } from '@skbuff/ipv4';
import { loopback } from '@skbuff/loopback';
import { namespaces } from '@skbuff/namespaces';
import { neighbour } from '@skbuff/neighbour';
import { arp as arpCommand, ifconfig, ipmaddr, nameif, netstat, route } from '@skbuff/net-tools';
import { netlink } from '@skbuff/netlink';
import { ping } from '@skbuff/ping';
import { procfs } from '@skbuff/procfs';
import { sysctl as sysctlCommand } from '@skbuff/procps';
import { raw } from '@skbuff/raw';
import { rtnetlink } from '@skbuff/rtnetlink';
import { sock } from '@skbuff/sock';
import { sysctl } from '@skbuff/sysctl';
import { traceroute } from '@skbuff/traceroute';
import { tcpdump } from '@skbuff/tcpdump';
import { udp } from '@skbuff/udp';
import { domainname, hostname, nsenter, uname, unshare } from '@skbuff/util-linux';
import { veth } from '@skbuff/veth';

/** A whole stack. The list is the caller's: add plugins, leave some out, put another one in a place. */
export function linux(): Plugin[] {
  return [
    sysctl(), procfs(), netlink(), rtnetlink(), ethtool(),
    loopback(), veth(), dummy(),
    neighbour(), arp(), ipv4(), fib({ table: () => new FibTrie() }), fibRules(), fib4Rules(), icmp(),
    namespaces(), sock(), afInet(), udp(), raw(), ping(), afPacket(),
  ];
}

/** The commands of a host. */
export function commands(): Command[] {
  return [ip, ethtoolCommand, nstat, pingCommand, arping, tracepath, traceroute, sysctlCommand, unshare, nsenter, hostname, domainname, uname, ifconfig, route, arpCommand, netstat, ipmaddr, nameif, tcpdump];
}
