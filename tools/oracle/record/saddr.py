"""
Which address a host sends from, of sets by chance. Unlike the other records this one holds no questions that could be asked again, for what it has of
addresses is what came of them: it is made anew, by the same chance.
"""
import json
import random
import socket
import struct
import time

from lab import Lab, in6, ntop, sh, write
from netlink import asked, attributes, error, opened

SCENES = 400
QUESTIONS = 6
DEVS = ['d0', 'd1', 'd2']
POOL = ['2001:db8:1::', '2001:db8:1:1::', '2001:db8:1:2::', '2001:db8:8000::', '2600:1::', '3fff:ffff::', 'fd00:1::', 'fd00:2::', 'fd80::', 'fec0::', 'fec0:1::',
        '2002:c000:201::', '2002:c000:301::', '2001:0:1::', '2001:0:2::', '2001:10:1::', '2001:10:2::', '2001:1f:ffff::', '3ffe:1::', '::1.2.3.0', '64:ff9b::', 'fe80::', 'fe80:0:0:1::']
ELSEWHERE = ['ff02::1:5', 'ff05::7', 'ff0e::9', 'ff01::3', 'fe80::77', '2001:db8:ffff::1']
NEWADDR, DELADDR, GETADDR, NEWADDRLABEL, DELADDRLABEL = 20, 21, 22, 72, 73
ACK, CREATE, DUMP = 4, 0x400, 0x300
NODAD, OPTIMISTIC, HOME, MNGTMPADDR, NOPREFIXROUTE = 2, 4, 0x10, 0x100, 0x200
FLAGS = {'plain': NODAD, 'home': NODAD | HOME, 'dep': NODAD, 'temp': NODAD | MNGTMPADDR, 'opt': OPTIMISTIC, 'tent': 0}
SOL_SOCKET, SO_BINDTODEVICE, SOL_IPV6, IPV6_ADDR_PREFERENCES = 1, 25, 41, 72


def attr(kind, value):
    return struct.pack('=HH', 4 + len(value), kind) + value + bytes(-len(value) % 4)


def conf(name, value):
    return write(f'/proc/sys/net/ipv6/conf/{name}', str(value))


class Host:
    def __init__(self):
        self.nl = opened()
        self.index = {dev: socket.if_nametoindex(dev) for dev in ['lo', *DEVS]}
        self.name = {index: dev for dev, index in self.index.items()}

    def ask(self, kind, flags, payload):
        return asked(self.nl, kind, flags, payload)

    def dump(self):
        """Device, address, prefix length, flags of each."""
        out = []
        for kind, _, body in self.ask(GETADDR, DUMP, struct.pack('=BBBBI', 10, 0, 0, 0, 0)):
            if kind == NEWADDR:
                _, plen, _, _, index = struct.unpack_from('=BBBBI', body)
                tb = dict(attributes(body[8:]))
                out.append([self.name.get(index, str(index)), ntop(tb[1]), plen, struct.unpack('=I', tb[8])[0]])
        return out

    def clear(self):
        for dev, addr, plen, _ in self.dump():
            if dev in self.index and addr != '::1':
                self.ask(DELADDR, ACK, struct.pack('=BBBBI', 10, plen, 0, 0, self.index[dev]) + attr(1, in6(addr)))

    def settings(self):
        own = {}
        for dev in DEVS:
            own[dev] = dict(use_tempaddr=random.choice([0, 0, 1, 2, 2]), use_optimistic=random.choice([0, 1]), optimistic_dad=random.choice([0, 0, 1]), use_oif_addrs_only=random.choice([0, 0, 0, 1]), dad_transmits=0)
            for name, value in own[dev].items():
                conf(f'{dev}/{name}', value)
        every = dict(optimistic_dad=random.choice([0, 0, 0, 1]), use_optimistic=random.choice([0, 0, 0, 1]))
        for name, value in every.items():
            conf(f'all/{name}', value)
        return own, every

    def add(self, prefix):
        dev = random.choice([*DEVS, 'lo']) if random.random() < .15 else random.choice(DEVS)
        addr, plen = near(prefix), random.choice([64, 64, 64, 128, 48, 10, 0, 96, 32, 126])
        kind = random.choice(['plain'] * 4 + ['dep', 'dep', 'temp', 'temp', 'tent', 'opt', 'home', 'opt'])
        lifetimes = b''
        if kind == 'dep':
            lifetimes = attr(6, struct.pack('=IIII', 0, random.choice([0xffffffff, 5000]), 0, 0))
        if kind == 'temp':
            plen, lifetimes = 64, attr(6, struct.pack('=IIII', 3600, 7200, 0, 0))
        if dev != 'lo':
            tried = int(kind in ('tent', 'opt'))
            conf(f'{dev}/dad_transmits', tried)
            conf(f'{dev}/accept_dad', tried)
        flags = NOPREFIXROUTE | FLAGS[kind]
        self.ask(NEWADDR, ACK | CREATE, struct.pack('=BBBBI', 10, plen, 0, 0, self.index[dev]) + attr(1, in6(addr)) + attr(8, struct.pack('=I', flags)) + lifetimes)

    def label(self, kind, prefix, plen, index, value):
        payload = struct.pack('=BBBBII', 10, 0, plen, 0, index, 0) + attr(1, in6(prefix)) + attr(2, struct.pack('=I', value))
        return error(*self.ask(kind, ACK | (CREATE if kind == NEWADDRLABEL else 0), payload)[0])[0]

    def labels(self, base):
        if random.random() >= .3:
            return []
        new = [[random.choice(base + POOL[:6]), random.choice([16, 32, 48, 64]), random.choice([0, 0, *(self.index[dev] for dev in DEVS)]), random.randrange(4)] for _ in range(random.randrange(1, 4))]
        return [one for one in new if self.label(NEWADDRLABEL, *one) == 0]

    def question(self, base):
        dst = near(random.choice(base)) if random.random() < .6 else random.choice([near(random.choice(POOL)), *ELSEWHERE])
        dev, wish = random.choice(DEVS), random.choice([0, 0, 0, 1, 2, 4])
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            sock.setsockopt(SOL_SOCKET, SO_BINDTODEVICE, dev.encode())
            if wish:
                sock.setsockopt(SOL_IPV6, IPV6_ADDR_PREFERENCES, wish)
            try:
                sock.connect((dst, 9, 0, self.index[dev]))
                return [dst, dev, wish, sock.getsockname()[0].split('%')[0]]
            except OSError as failed:
                return [dst, dev, wish, -failed.errno]


def near(prefix):
    """An address below a prefix, or nearly."""
    data = bytearray(in6(prefix))
    data[15] = random.choice([1, 2, 3, 0x81, 0xff])
    if random.random() < .3:
        data[random.randrange(6, 15)] ^= 1 << random.randrange(8)
    return ntop(bytes(data))


def scene(host):
    """None: something changed meanwhile."""
    host.clear()
    own, every = host.settings()
    base = random.sample(POOL, random.randrange(1, 6))
    for _ in range(random.randrange(1, 8)):
        host.add(random.choice(base))
    labels = host.labels(base)
    time.sleep(.015)
    have = host.dump()
    asks = [host.question(base) for _ in range(QUESTIONS)]
    steady = host.dump() == have
    for one in labels:
        host.label(DELADDRLABEL, *one)
    return dict(conf=own, all=every, have=have, labels=labels, asks=asks) if steady else None


def record(_):
    random.seed(1)
    with Lab():
        sh('ip link set lo up')
        for dev in DEVS:
            sh(f'ip link add {dev} type veth peer name p{dev}')
            for end in (dev, f'p{dev}'):
                conf(f'{end}/addr_gen_mode', 1)
            for name, value in (('router_solicitations', 0), ('max_addresses', 0), ('regen_max_retry', 50)):
                conf(f'{dev}/{name}', value)
            sh(f'ip link set {dev} up; ip link set p{dev} up')
        time.sleep(.3)
        for i, dev in enumerate(DEVS):
            sh(f'ip -6 route add default dev {dev} metric {100 + i}; ip -6 route add fec0::/10 dev {dev} metric {100 + i}')
        host = Host()
        scenes = [one for one in (scene(host) for _ in range(SCENES)) if one is not None]
        return dict(index=host.index, scenes=scenes)


def lines(recorded):
    return json.dumps(recorded, separators=(',', ':')) + '\n'
