/** The plugins of a Linux-like host. Order does not matter: each names what it requires. */
import { addrconf } from '@skbuff/addrconf';
import { afInet } from '@skbuff/af-inet';
import { afInet6 } from '@skbuff/af-inet6';
import { afPacket } from '@skbuff/af-packet';
import { arp } from '@skbuff/arp';
import type { Command } from '@skbuff/command';
import type { Plugin } from '@skbuff/core';
import { dummy } from '@skbuff/dummy';
import { ethtool } from '@skbuff/ethtool';
import { ethtool as ethtoolCommand } from '@skbuff/ethtool-cli';
import { fib } from '@skbuff/fib';
import { fibRules } from '@skbuff/fib-rules';
import { FibTrie } from '@skbuff/fib-trie';
import { fib4Rules } from '@skbuff/fib4-rules';
import { fib6 } from '@skbuff/fib6';
import { fib6Rules } from '@skbuff/fib6-rules';
import { Fib6Trie } from '@skbuff/fib6-trie';
import { icmp } from '@skbuff/icmp';
import { icmpv6 } from '@skbuff/icmpv6';
import { ip6mr } from '@skbuff/ip6mr';
import { ip, nstat } from '@skbuff/iproute2';
import { arping, ping as pingCommand, ping4, ping6, tracepath } from '@skbuff/iputils';
import { ipv4 } from '@skbuff/ipv4';
import { ipv6 } from '@skbuff/ipv6';
import { loopback } from '@skbuff/loopback';
import { mld } from '@skbuff/mld';
import { namespaces } from '@skbuff/namespaces';
import { ndisc } from '@skbuff/ndisc';
import { neighbour } from '@skbuff/neighbour';
import { arp as arpCommand, ifconfig, ipmaddr, nameif, netstat, route } from '@skbuff/net-tools';
import { ndisc6, rdisc6 } from '@skbuff/ndisc6';
import { netlink } from '@skbuff/netlink';
import { ping } from '@skbuff/ping';
import { pingv6 } from '@skbuff/pingv6';
import { procfs } from '@skbuff/procfs';
import { sysctl as sysctlCommand } from '@skbuff/procps';
import { radvd } from '@skbuff/radvd';
import { raw } from '@skbuff/raw';
import { rawv6 } from '@skbuff/rawv6';
import { rtnetlink } from '@skbuff/rtnetlink';
import { sock } from '@skbuff/sock';
import { sysctl } from '@skbuff/sysctl';
import { tcpdump } from '@skbuff/tcpdump';
import { traceroute, traceroute6 } from '@skbuff/traceroute';
import { udp } from '@skbuff/udp';
import { udpv6 } from '@skbuff/udpv6';
import { domainname, hostname, nsenter, uname, unshare } from '@skbuff/util-linux';
import { veth } from '@skbuff/veth';

export interface LinuxOptions {
  /** Default true. Without it a host is one that was booted with `ipv6.disable=1`. */
  readonly ipv6?: boolean;
}

/** A whole stack. The list is the caller's: add plugins, leave some out, put another one in a place. */
export function linux({ ipv6: six = true }: LinuxOptions = {}): Plugin[] {
  return [
    sysctl(), procfs(), netlink(), rtnetlink(), ethtool(),
    loopback(), veth(), dummy(),
    neighbour(), arp(), ipv4(), fib({ table: () => new FibTrie() }), fibRules(), fib4Rules(), icmp(),
    namespaces(), sock(), afInet(), udp(), raw(), ping(), afPacket(),
    ...(six ? linux6() : []),
  ];
}

/** What IPv6 adds. */
function linux6(): Plugin[] {
  return [
    ipv6(), icmpv6(), ndisc(), mld(), addrconf(), fib6({ table: () => new Fib6Trie() }), fib6Rules(), ip6mr(),
    afInet6(), udpv6(), rawv6(), pingv6(),
  ];
}

/** The commands of a host. */
export function commands(): Command[] {
  return [ip, ethtoolCommand, nstat, pingCommand, ping4, ping6, arping, tracepath, traceroute, traceroute6, ndisc6, rdisc6, sysctlCommand, unshare, nsenter, hostname, domainname, uname, ifconfig, route, arpCommand, netstat, ipmaddr, nameif, tcpdump, radvd];
}
