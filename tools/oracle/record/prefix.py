"""Router advertisements by chance: which addresses and routes there are after each, and for how long."""
import re
import struct
import time

from lab import Lab, icmp6, in6, lines_of_runs, sh

SETTINGS = {'accept_dad': 0, 'router_solicitations': 0, 'max_desync_factor': 0, 'temp_valid_lft': 5000, 'temp_prefered_lft': 3000}
SETTLED_S = .2
ROUTER = 'fe80::2'
WORDS = ('temporary', 'deprecated', 'tentative', 'mngtmpaddr')


def advertise(wire, prefixes):
    message = struct.pack('!BBHBBHII', 134, 0, 0, 0, 0, 0, 0, 0)
    for prefix, plen, flags, valid, preferred in prefixes:
        message += struct.pack('!BBBBIII', 3, 4, plen, flags, valid, preferred, 0) + in6(prefix)
    message = icmp6(ROUTER, 'ff02::1', message)
    head = struct.pack('!IHBB', 0x60000000, len(message), 58, 255) + in6(ROUTER) + in6('ff02::1')
    wire.send(b'\x33\x33\0\0\0\1' + b'\2\0\0\0\0\2' + b'\x86\xdd' + head + message)


def seconds(text):
    return -1 if text == 'forever' else max(0, int(text.removesuffix('sec')))


def addresses():
    """Name (T: temporary), flags, seconds: valid, preferred."""
    out = []
    lines = sh('ip -6 addr show dev v0').splitlines()
    for line, lifetimes in zip(lines, lines[1:]):
        found = re.match(r' +inet6 (\S+)', line)
        if found:
            flags = ' '.join(word for word in WORDS if re.search(rf'\b{word}\b', line))
            valid, preferred = re.search(r'valid_lft (\S+) preferred_lft (\S+)', lifetimes).groups()
            out.append(['T' if 'temporary' in line else found[1], flags, seconds(valid), seconds(preferred)])
    return out


def routes():
    out = []
    for line in sh('ip -6 route show dev v0').splitlines():
        words = line.split()
        if not words[0].startswith('fe80') and words[0] != 'default':
            out.append([words[0], seconds(words[words.index('expires') + 1]) if 'expires' in words else -1])
    return sorted(out)


def do(lab, wire, op):
    if op['op'] == 'ra':
        advertise(wire, op['pios'])
    elif op['op'] == 'del':
        sh(f"ip -6 addr del {op['addr']} dev v0", check=False)
    else:
        lab.conf(f"v0/{op['op']}", op['value'])


def play(steps):
    with Lab('v0') as lab:
        wire = lab.wires()['v0']
        sh('ip link set v0 address 02:00:00:00:00:61')
        lab.conf('all/accept_dad', 0)
        for name, value in SETTINGS.items():
            lab.conf(f'v0/{name}', value)
        sh('ip link set v0 up')
        time.sleep(2)
        begun = time.monotonic()
        out = []
        for at, op, *_ in steps:
            time.sleep(max(0, begun + at - time.monotonic()))
            now = time.monotonic() - begun
            do(lab, wire, op)
            time.sleep(SETTLED_S)
            out.append([round(now, 3), op, addresses(), routes()])
        return out


def lasting(rows):
    """Those whose time is over or nearly so come and go within a second."""
    return [row for row in rows if all(not isinstance(field, int) or field < 0 or field > 4 for field in row[:3])]


def alike(old, new):
    """But for two seconds, and when it was."""
    def near(a, b):
        return a == b if not isinstance(a, int) else abs(a - b) <= 2 and (a < 0) == (b < 0)
    for was, now in zip(old[2:], new[2:]):
        was, now = lasting(was), lasting(now)
        if len(was) != len(now) or not all(near(a, b) for left, right in zip(was, now) for a, b in zip(left, right)):
            return False
    return old[1] == new[1]


def record(runs):
    return [play(run) for run in runs]


lines = lines_of_runs
