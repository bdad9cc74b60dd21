/** Netlink requests that are right: those that commands make, recorded. */
import { NetlinkPort } from '@skbuff/netlink';
import { createNet } from 'skbuff';

const COMMANDS = [
  'ip link add d0 type veth peer name d1',
  'ip link add v0 type veth peer name v1',
  'ip link set v0 up mtu 1400 txqueuelen 5 alias left',
  'ip link set v1 up address 02:00:00:00:00:77 promisc on',
  'ip link property add dev v0 altname a-long-name altname another',
  'ip link property del dev v0 altname another',
  'ip link set d0 group 7 multicast off allmulticast on',
  'ip link set v1 name v9',
  'ip link set v9 down',
  'ip link show d0',
  'ip link del d0',
  'ip link add d0 mtu 1300 address 02:00:00:00:00:99 txqueuelen 7 numtxqueues 2 type veth peer name d1',
  'ip link set d1 up',
  'ip link set v1 name v1 up',
  'ip addr add 10.7.0.1/24 brd + dev v0 label v0:1 valid_lft 100 preferred_lft 50',
  'ip addr add 10.8.0.1 peer 10.8.0.2 dev d0 metric 5 noprefixroute',
  'ip addr replace 10.7.0.1/24 dev v0 valid_lft 200 preferred_lft 20',
  'ip addr del 10.7.0.1/24 dev v0',
  'ip addr add 10.7.0.1/24 dev v0',
  'ip link set d0 up',
  'ip route add 10.50.0.0/16 via 10.7.0.9 metric 7 mtu 1300 advmss 1200 src 10.7.0.1',
  'ip route add 10.51.0.0/16 nexthop via 10.7.0.9 weight 2 nexthop via 10.7.0.8 onlink dev v0',
  'ip route replace 10.50.0.0/16 via 10.7.0.8 metric 7 hoplimit 7 rto_min 10 quickack 1 initcwnd 10',
  'ip route append 10.50.0.0/16 dev v0 metric 7 scope link tos 0x10 realm 1/2',
  'ip route add blackhole 10.52.0.0/16 table 300 proto static',
  'ip route get 10.50.1.1 from 10.7.0.1 mark 3',
  'ip route get fibmatch 10.50.1.1 oif v0 ipproto udp sport 3 dport 4',
  'ip route del 10.50.0.0/16 metric 7',
  'ip neigh add 10.7.0.9 lladdr 02:00:00:00:00:99 dev v0 nud permanent',
  'ip neigh replace 10.7.0.8 lladdr 02:00:00:00:00:98 dev v0 nud reachable router',
  'ip neigh add proxy 10.7.0.10 dev v0 protocol static',
  'ip neigh del proxy 10.7.0.10 dev v0',
  'ip neigh get 10.7.0.9 dev v0',
  'ip neigh del 10.7.0.9 dev v0',
  'ip neigh show dev v0 nud stale',
  'ip neigh show proxy',
  'ip ntable show',
  'ip ntable change name arp_cache dev v0 queue 100 retrans 2000 base_reachable 40000 gc_stale 70000',
  'ip ntable change name arp_cache thresh1 16 thresh2 64 thresh3 256',
  'ip netconf show dev v0',
  'ip netconf show',
  'ip rule add not from 10.7.0.0/16 to 10.50.0.0/16 tos 0x10 fwmark 1/0xff iif v0 table 300 pref 100',
  'ip rule add oif v1 uidrange 0-100 realms 1/2 suppress_prefixlength 8 table main',
  'ip rule add pref 200 goto 300',
  'ip rule add pref 300 tun_id 7 prohibit',
  'ip rule add pref 301 l3mdev protocol static',
  'ip rule add pref 302 ipproto udp sport 5-6 table 7',
  'ip rule del pref 200',
  'ip rule show',
  'ip netns add n1',
  'ip netns set n1 7',
  'ip netns list-id',
  'ip netns list-id nsid 7',
  'ip netns list-id target-nsid 7',
  'ip link add v2 type veth peer name v3',
  'ip link add v4 type veth peer name v5 mtu 1300 address 02:00:00:00:00:55',
  'ip link set v3 netns n1',
  'ip link add v6 netns n1 type veth peer name v7',
  'ip link show master lo',
  'ip link show type veth',
  'ip netns del n1',
  'ip link add d7 mtu 1300 address 02:00:00:00:00:99 type dummy',
  'ip -s link show',
  'ip addr show dev v0 scope global',
  'ip route show table all',
  'ip route show table 300 proto static',
  'ip route flush table 300',
];

/** What these commands send, each message once. */
export async function recordRequests(): Promise<Uint8Array[]> {
  const net = createNet({ seed: 3 });
  const host = net.host('h');
  const seen: Uint8Array[] = [];
  const { sendmsg } = NetlinkPort.prototype;
  NetlinkPort.prototype.sendmsg = function record(this: NetlinkPort, data: Uint8Array, ...rest): number {
    seen.push(data.slice());
    return sendmsg.call(this, data, ...rest);
  };
  try {
    for (const command of COMMANDS) await host.run(command);
  } finally {
    NetlinkPort.prototype.sendmsg = sendmsg;
    net.close();
  }
  return [...new Map(seen.map((message) => [message.subarray(4, 8).join() + message.subarray(16).join(), message])).values()];
}
