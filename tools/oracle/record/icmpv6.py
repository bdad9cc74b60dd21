"""Packets to a host, one case after the other: what it sends, what it counts, and why it drops (tracepoint skb:kfree_skb)."""
import os
import time

from lab import Lab, frames, sh

TRACING = '/sys/kernel/tracing/instances/skbuff-record'
MTU = 1500
#: Between cases about which errors are sent, of which there are ten a second at most; and where many are.
PAUSE, LONG_PAUSE, MANY = .15, 1, 10


def snmp(file):
    with open(f'/proc/thread-self/net/{file}') as text:
        return {name: int(number) for name, number in (line.split() for line in text)}


def moved(before, after):
    return {name: number - before.get(name, 0) for name, number in after.items() if number != before.get(name, 0)}


def drops():
    out = {}
    with open(f'{TRACING}/trace') as trace:
        for line in trace:
            if 'reason:' in line and 'protocol=34525' in line:
                reason = line.split('reason:')[1].split()[0]
                out[reason] = out.get(reason, 0) + 1
    # The peer's own.
    out.pop('IPV6DISABLED', None)
    return out


def told(packet):
    """Not neighbour discovery, nor reports of groups."""
    own = packet[6] == 58 and packet[40] in (133, 134, 135, 136)
    return not own and not (packet[6] == 0 and packet[48] in (131, 132, 143))


def setting(name, value):
    sh(f"sysctl -qw '{name.replace('/', '.')}={value}'")


def setup(lab):
    for dev in ('default', *lab.links):
        lab.conf(f'{dev}/accept_dad', 0)
    sh('ip link set lo up')
    for i, dev in enumerate(lab.links):
        for name, value in (('accept_ra', 0), ('router_solicitations', 0)):
            lab.conf(f'{dev}/{name}', value)
        sh(f'ip link set {dev} addrgenmode none up')
        sh(f'ethtool -K {dev} tx off gro off; ip netns exec {lab.peer} ethtool -K p{dev[1:]} tx off gro off')
        sh(f'ip addr add fe80::1/64 dev {dev} nodad; ip addr add 2001:db8:{i}::1/64 dev {dev} nodad')
        for who in ['fe80::2', *(f'2001:db8:{i}::{n}' for n in range(2, 8))]:
            sh(f'ip neigh replace {who} lladdr 02:00:00:00:0{i}:02 dev {dev} nud permanent')
    sh('sysctl -qw net.ipv6.conf.all.forwarding=1 net.ipv6.auto_flowlabels=0')
    time.sleep(3)


def by_chance(cases):
    return cases[0]['name'].startswith('packet ')


def pause(case):
    return LONG_PAUSE if len(case['sends']) >= MANY else PAUSE


def play(wires, case, pause):
    """The case with what the kernel does now."""
    before = {name: sh(f"sysctl -n {name.replace('/', '.')}").strip() for name in case['sysctls']}
    for name, value in case['sysctls'].items():
        setting(name, value)
    for dev, mtu in case['mtu'].items():
        sh(f'ip link set {dev} mtu {mtu}')
    frames(wires, 0)
    with open(f'{TRACING}/trace', 'w'):
        pass
    counted, own = snmp('snmp6'), snmp('dev_snmp6/v0')
    for send in case['sends']:
        i = int(send['dev'][1])
        to = bytes.fromhex(send.get('dst', f'02000000{i:02x}01'))
        wires[send['dev']].send(to + bytes([2, 0, 0, 0, i, 2]) + b'\x86\xdd' + bytes.fromhex(send['ip']))
        time.sleep(send.get('wait', 0))
    heard = frames(wires, .06)
    replies = [{'dev': dev, 'ip': frame[14:].hex()} for dev, frame in heard if frame[12:14] == b'\x86\xdd' and told(frame[14:])]
    out = {**case, 'replies': replies, 'counters': moved(counted, snmp('snmp6')), 'dev': moved(own, snmp('dev_snmp6/v0'))}
    if 'drops' in case:
        out['drops'] = drops()
    for name, value in reversed(before.items()):
        setting(name, value)
    for dev in case['mtu']:
        sh(f'ip link set {dev} mtu {MTU}')
    time.sleep(pause)
    return out


def same(case):
    """Without the identification of fragments that the host sends, which is chance."""
    replies = [{**reply, 'ip': reply['ip'][:88] + reply['ip'][96:]} if reply['ip'][12:14] == '2c' else reply for reply in case['replies']]
    return {**case, 'replies': replies}


def record(cases):
    with Lab('v0', 'v1') as lab:
        wires = lab.wires()
        setup(lab)
        os.makedirs(TRACING, exist_ok=True)
        try:
            for file, text in (('set_event_pid', str(os.getpid())), ('events/skb/kfree_skb/enable', '1')):
                with open(f'{TRACING}/{file}', 'w') as to:
                    to.write(text)
            if by_chance(cases):
                # So many that fragments are not given up before the last.
                setting('net/ipv6/icmp/ratelimit', 0)
                return [play(wires, case, 0) for case in cases]
            return [play(wires, case, pause(case)) for case in cases]
        finally:
            os.rmdir(TRACING)
