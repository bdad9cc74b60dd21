"""Which of four ways, of weights 1, 3, 2 and 1, packets take that are forwarded, and those of the host itself."""
import re
import time

from lab import Lab, frames, sh

WAYS = (2, 3, 4, 5)
PROTOCOLS = {6: 'tcp', 17: 'udp'}


def setup(lab):
    for dev in ('all', 'v0', 'v1'):
        lab.conf(f'{dev}/forwarding', 1)
    sh('ip link set lo up; ip link set v0 up; ip link set v1 up; ip addr add 2001:db8:2::1/64 dev v0 nodad')
    for way in WAYS:
        sh(f'ip neigh add 2001:db8:2::{way} lladdr 02:00:00:00:09:0{way} dev v0')
    sh('ip -6 route add default nexthop via 2001:db8:2::2 nexthop via 2001:db8:2::3 weight 3 nexthop via 2001:db8:2::4 weight 2 nexthop via 2001:db8:2::5')
    time.sleep(2)


def forwarded(wires, packet):
    frames(wires, 0)
    wires['v1'].send(b'\2\0\0\0\1\1' + b'\2\0\0\0\1\2' + b'\x86\xdd' + bytes.fromhex(packet))
    # The way is the last byte of the neighbour's address.
    way = next(frame[5] for dev, frame in frames(wires, .03) if dev == 'v0' and frame[4] == 9)
    return f'{packet} {way}'


def sent(flow):
    daddr, proto, sport, dport = flow
    said = sh(f'ip -6 route get {daddr} from 2001:db8:2::1 ipproto {PROTOCOLS[int(proto)]} sport {sport} dport {dport}')
    return f"{' '.join(flow)} {re.search('via 2001:db8:2::([0-9])', said)[1]}"


def play(wires, old):
    sh(f"sysctl -qw net.ipv6.fib_multipath_hash_policy={old['policy']} net.ipv6.fib_multipath_hash_fields={old['fields']} net.ipv4.fib_multipath_hash_seed={old['seed']}")
    new = {key: old[key] for key in ('policy', 'fields', 'seed')}
    if 'packets' in old:
        new['packets'] = [forwarded(wires, line.split()[0]) for line in old['packets']]
    if 'flows' in old:
        new['flows'] = [sent(line.split()[:4]) for line in old['flows']]
    return new


def record(rounds):
    with Lab('v0', 'v1') as lab:
        wires = lab.wires()
        setup(lab)
        return [play(wires, one) for one in rounds]
