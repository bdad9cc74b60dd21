"""Two namespaces with veth between them: `host` is asked, `peer` has the other ends and no IPv6 of its own."""
import ctypes
import json
import os
import select
import socket
import struct
import subprocess
import time

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000


def sh(command, check=True):
    """What a command prints; what it complains of, if it fails, as an exception."""
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    if check and done.returncode:
        raise RuntimeError(f'{command}: {done.stderr}')
    return done.stdout


def complaint(command):
    """What a command complains of; empty if it does not fail."""
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    return done.stderr.strip() if done.returncode else ''


def in6(text):
    return socket.inet_pton(socket.AF_INET6, text)


def ntop(data):
    return socket.inet_ntop(socket.AF_INET6, data)


def checksum(data):
    if len(data) % 2:
        data += b'\0'
    total = sum(struct.unpack(f'!{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def icmp6(saddr, daddr, message):
    """The message with its checksum, the third and fourth byte."""
    pseudo = in6(saddr) + in6(daddr) + struct.pack('!II', len(message), 58)
    return message[:2] + struct.pack('!H', checksum(pseudo + message[:2] + b'\0\0' + message[4:])) + message[4:]


class Lab:
    """`links`: the names of the host's devices; the peer's begin with p instead of v. Removed at the end of a `with`."""

    def __init__(self, *links):
        self.links = links
        self.host, self.peer = f'skrec{os.getpid()}h', f'skrec{os.getpid()}p'
        self.home = os.open('/proc/self/ns/net', os.O_RDONLY)

    def __enter__(self):
        for name in (self.host, self.peer):
            sh(f'ip netns add {name}')
        self.at(self.peer)
        for which in ('all', 'default'):
            self.conf(f'{which}/disable_ipv6', 1)
        self.at(self.host)
        for i, dev in enumerate(self.links):
            sh(f'ip link add {dev} address 02:00:00:00:0{i}:01 type veth peer name p{dev[1:]} netns {self.peer} address 02:00:00:00:0{i}:02')
        return self

    def __exit__(self, *_):
        LIBC.setns(self.home, CLONE_NEWNET)
        for name in (self.host, self.peer):
            sh(f'ip netns del {name}')

    def at(self, name):
        """This process goes to a namespace."""
        fd = os.open(f'/run/netns/{name}', os.O_RDONLY)
        if LIBC.setns(fd, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), name)
        os.close(fd)

    def conf(self, name, value):
        """Writes net.ipv6.conf.NAME; minus errno if that is refused."""
        return write(f'/proc/sys/net/ipv6/conf/{name}', str(value))

    def wires(self):
        """Packet sockets on the peer's ends, up, by the name of the host's."""
        self.at(self.peer)
        wires = {}
        for dev in self.links:
            sh(f'ip link set p{dev[1:]} up promisc on')
            wires[dev] = wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
            wire.bind((f'p{dev[1:]}', 3))
            wire.setblocking(False)
        self.at(self.host)
        return wires


def write(path, text):
    try:
        fd = os.open(path, os.O_WRONLY)
    except OSError as error:
        return -error.errno
    try:
        os.write(fd, text.encode())
        return 0
    except OSError as error:
        return -error.errno
    finally:
        os.close(fd)


def read(path):
    try:
        with open(path) as file:
            return file.read()
    except OSError as error:
        return -error.errno


def frames(wires, seconds):
    """What the host sends within so many seconds: device and frame."""
    out = []
    end = time.monotonic() + seconds
    while True:
        left = end - time.monotonic()
        ready = select.select(list(wires.values()), [], [], max(0, left))[0]
        for dev, wire in wires.items():
            if wire in ready:
                data, addr = wire.recvfrom(70000)
                # Not our own.
                if addr[2] != socket.PACKET_OUTGOING:
                    out.append((dev, data))
        if left <= 0 and not ready:
            return out


def lines(cases):
    """JSON with a case a line."""
    return '[\n' + ',\n'.join(json.dumps(case, separators=(',', ':')) for case in cases) + '\n]\n'


def lines_of_runs(runs):
    return '[\n' + ',\n'.join(lines(run).strip() for run in runs) + '\n]\n'
