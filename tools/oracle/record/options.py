"""Options of SOL_IPV6 on sockets of UDP: values of many lengths, many values and what reads back, with little and much room, and connected."""
import ctypes
import errno
import socket
import struct

from lab import LIBC, Lab, sh

SOL_IPV6 = 41


def fresh(use, connected):
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        if connected:
            sock.connect(('::1', 9))
        return use(sock)


def put(sock, name, value):
    try:
        sock.setsockopt(SOL_IPV6, name, value)
        return '0'
    except OSError as error:
        return errno.errorcode[error.errno]


def got(sock, name, room):
    # Python takes no room at all for the room of a number.
    value, length = ctypes.create_string_buffer(max(room, 1)), ctypes.c_uint(room)
    if LIBC.getsockopt(sock.fileno(), SOL_IPV6, name, value, ctypes.byref(length)) != 0:
        return errno.errorcode[ctypes.get_errno()]
    return value.raw[:length.value].hex()


def answer(line):
    """What stands before the colon is asked."""
    what, cases = line.split(': ')
    name, connected = int(what.split()[1]), 'connected' in what
    out = []
    for n in (int(case.split('=')[0]) for case in cases.split(' ')):
        if 'by length' in what:
            said = fresh(lambda sock: put(sock, name, bytes(int(i == 0) for i in range(n))), connected)
        elif 'by value' in what:
            def use(sock):
                said = put(sock, name, struct.pack('=i', n))
                return f'0:{got(sock, name, 4)}' if said == '0' else said
            said = fresh(use, connected)
        else:
            said = fresh(lambda sock: got(sock, name, n), connected)
        out.append(f'{n}={said}')
    return f"{what}: {' '.join(out)}"


def record(lines):
    with Lab() as lab:
        # Interfaces 1 and 2, and no other.
        sh(f'ip link set lo up; ip link add v0 index 2 type veth peer name p0 netns {lab.peer}')
        return [answer(line) for line in lines]


def lines(answers):
    return ''.join(f'{line}\n' for line in answers)
