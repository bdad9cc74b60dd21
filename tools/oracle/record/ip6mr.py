"""What a daemon asks for, and packets to groups: what is answered, forwarded and told, and /proc/net/ip6_mr_vif and ip6_mr_cache after each step."""
import fcntl
import re
import select
import socket
import struct
import time

from lab import Lab, in6, sh

SOL_IPV6, SOL_ICMPV6, ICMP6_FILTER = 41, 58, 1
MRT6_ADD_MIF, MRT6_DEL_MIF, MRT6_ADD_MFC, MRT6_DEL_MFC, MRT6_ADD_MFC_PROXY, MRT6_DEL_MFC_PROXY = 202, 203, 204, 205, 210, 211
MFC = {'mfc': MRT6_ADD_MFC, 'delmfc': MRT6_DEL_MFC, 'mfcproxy': MRT6_ADD_MFC_PROXY, 'delmfcproxy': MRT6_DEL_MFC_PROXY}
SIOCGETMIFCNT_IN6, SIOCGETSGCNT_IN6 = 0x89e0, 0x89e1
RTNLGRP_IPV6_MROUTE, RTNLGRP_IPV6_NETCONF, RTNLGRP_IPV6_MROUTE_R = 10, 25, 31
RTM_GETROUTE, NLM_F_DUMP, RTNL_FAMILY_IP6MR = 26, 0x301, 129
RTM_NEWNETCONF, RTM_DELNETCONF, NETCONFA_IFINDEX, NETCONFA_MC_FORWARDING = 80, 81, 1, 4
LINKS = ('v0', 'v1', 'v2')
STEP_S = .12


def sin6(text):
    return struct.pack('=HHI16sI', socket.AF_INET6, 0, 0, in6(text), 0)


def interfaces(numbers):
    return struct.pack('=I28x', sum(1 << i for i in numbers))


def whole(data):
    """The messages in what was read, each by itself."""
    while data:
        length, = struct.unpack_from('=I', data)
        yield data[:length]
        data = data[(length + 3) & ~3:]


def plain(message):
    """As hexadecimal bytes; without what Linux leaves as it was behind a message that it passes on, and times since an entry was used."""
    text = message.hex()
    return text.split('2c000500')[0] if text[8:12] == '6000' else re.sub('0c001700[0-9a-f]{16}', '0c001700', text)


def upcall(message):
    """What is behind the header, of a whole packet only."""
    return message.hex() if message[1] == 4 else message[:40].hex()


class Player:
    def __init__(self, wires):
        self.wires, self.sockets = wires, {}
        self.nl = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
        self.nl.bind((0, 0))
        for group in (RTNLGRP_IPV6_MROUTE, RTNLGRP_IPV6_MROUTE_R, RTNLGRP_IPV6_NETCONF):
            self.nl.setsockopt(270, 1, group)
        self.nl.setblocking(False)
        self.last = {}

    def socket(self, name):
        """r: raw, of ICMPv6; u: raw, of UDP; d: datagrams."""
        if name not in self.sockets:
            raw = name[0] == 'r'
            self.sockets[name] = sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM if name[0] == 'd' else socket.SOCK_RAW, 58 if raw else 17)
            sock.setblocking(False)
            if raw:
                sock.setsockopt(SOL_ICMPV6, ICMP6_FILTER, b'\xff' * 32)
        return self.sockets[name]

    def option(self, name, option, value):
        try:
            self.socket(name).setsockopt(SOL_IPV6, option, value)
            return 0
        except OSError as error:
            return -error.errno

    def ioctl(self, name, request, data, at, count):
        try:
            fcntl.ioctl(self.socket(name), request, data)
        except OSError as error:
            return -error.errno
        return list(struct.unpack_from(f'={count}Q', data, at))

    def do(self, step):
        what, *args = step
        if what == 'int':
            return self.option(args[0], args[1], struct.pack('=i', args[2]))
        if what == 'get':
            try:
                return struct.unpack('=i', self.socket(args[0]).getsockopt(SOL_IPV6, args[1], 4))[0]
            except OSError as error:
                return -error.errno
        if what == 'mif':
            name, mif, index, threshold, flags = (*args, 0)[:5]
            return self.option(name, MRT6_ADD_MIF, struct.pack('=HBBHxxI', mif, flags, threshold, index, 0))
        if what == 'delmif':
            return self.option(args[0], MRT6_DEL_MIF, struct.pack('=H', args[1]))
        if what in MFC:
            name, origin, group, parent, out = args
            return self.option(name, MFC[what], sin6(origin) + sin6(group) + struct.pack('=HH', parent, 0) + interfaces(out))
        if what == 'sg':
            return self.ioctl(args[0], SIOCGETSGCNT_IN6, bytearray(sin6(args[1]) + sin6(args[2]) + bytes(24)), 56, 3)
        if what == 'mifcnt':
            return self.ioctl(args[0], SIOCGETMIFCNT_IN6, bytearray(struct.pack('=H38x', args[1])), 8, 4)
        return self.act(what, args)

    def act(self, what, args):
        if what == 'send':
            link, saddr, daddr, hops, count = (*args, 1)[:5]
            datagram = struct.pack('>HHHH', 1000, 2000, 12, 0) + b'data'
            head = struct.pack('>IHBB', 0x60000000, len(datagram), 17, hops) + in6(saddr) + in6(daddr)
            for _ in range(count):
                self.wires[f'v{link}'].send(b'\x33\x33' + in6(daddr)[12:] + bytes([2, 0, 0, 0, 1, link]) + b'\x86\xdd' + head + datagram)
        elif what == 'dump':
            return self.dump()
        elif what == 'close':
            self.sockets.pop(args[0]).close()
        elif what == 'wait':
            time.sleep(args[0] / 1000)
        elif what == 'dellink':
            sh(f'ip link del {args[0]}')
        else:
            raise ValueError(what)
        return 0

    def dump(self):
        nl = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
        nl.bind((0, 0))
        nl.send(struct.pack('=IHHII', 28, RTM_GETROUTE, NLM_F_DUMP, 1, 0) + struct.pack('=BBBBBBBBI', RTNL_FAMILY_IP6MR, 0, 0, 0, 0, 0, 0, 0, 0))
        # Without the port that they are for.
        return [plain(one[:12] + bytes(4) + one[16:]) for one in whole(nl.recv(65536))]

    def look(self):
        frames, upcalls, notes, netconf = [], [], [], []
        end = time.monotonic() + STEP_S
        while time.monotonic() < end:
            raw = [sock for name, sock in self.sockets.items() if name[0] == 'r']
            for sock in select.select([*self.wires.values(), self.nl, *raw], [], [], .02)[0]:
                if sock is self.nl:
                    for one in whole(sock.recv(65536)):
                        (netconf if struct.unpack_from('=H', one, 4)[0] in (RTM_NEWNETCONF, RTM_DELNETCONF) else notes).append(one)
                elif sock in raw:
                    upcalls.append(upcall(sock.recv(65536)))
                else:
                    frames += self.forwarded(sock)
        out = {'frames': sorted(frames), 'upcalls': upcalls, 'notes': [plain(one) for one in notes], 'netconf': [told for told in map(forwarding, netconf) if told]}
        for key, file in (('vif', 'ip6_mr_vif'), ('cache', 'ip6_mr_cache')):
            with open(f'/proc/thread-self/net/{file}') as shown:
                value = shown.read().split('\n')[1:-1]
            if value != self.last.get(key):
                out[key] = self.last[key] = value
        return {key: value for key, value in out.items() if value or key in ('vif', 'cache')}

    def forwarded(self, wire):
        link = next(dev for dev, one in self.wires.items() if one is wire)[1]
        try:
            frame = wire.recv(65536)
        except OSError:
            return []
        return [f'{link} {frame[14:].hex()}'] if frame[6] == 2 and frame[10] == 0 and frame[20] == 17 else []


def forwarding(message):
    """Interface and value of an announcement about mc_forwarding."""
    data, values = message[20:], {}
    while len(data) >= 8:
        length, kind, value = struct.unpack_from('=HHi', data)
        values[kind] = value
        data = data[(length + 3) & ~3:]
    return f'{values[NETCONFA_IFINDEX]} {values[NETCONFA_MC_FORWARDING]}' if NETCONFA_MC_FORWARDING in values else None


class Router(Lab):
    """Its devices have the numbers 10, 11 and 12."""

    def __enter__(self):
        links, self.links = self.links, ()
        super().__enter__()
        self.links = links
        for i, dev in enumerate(links):
            sh(f'ip link add {dev} index {10 + i} address 02:00:00:00:00:0{i} type veth peer name p{i} netns {self.peer} address 02:00:00:00:01:0{i}')
        return self


def record(cases):
    with Router(*LINKS) as lab:
        wires = lab.wires()
        sh('ip link set lo up; sysctl -qw net.ipv6.conf.all.forwarding=1')
        for dev in LINKS:
            lab.conf(f'{dev}/accept_dad', 0)
            sh(f'ip link set {dev} up')
        time.sleep(3)
        player = Player(wires)
        out = []
        for case in cases:
            # What became of this is more than an errno.
            res = player.do(case['step'])
            out.append({'step': case['step'], 'res': res, **player.look()})
        return out
