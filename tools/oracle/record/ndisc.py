"""Messages of neighbour discovery to a host: what it sends, whom it knows afterwards, and which address it has lost."""
import time

from lab import Lab, frames, sh

#: What the record does not set is 0.
SETTINGS = [f'{dev}.{name}' for dev in ('all', 'eth0') for name in ('forwarding', 'accept_untracked_na', 'drop_unsolicited_na', 'force_tllao', 'proxy_ndp', 'ndisc_tclass')]
TRIED = {'2001:db8::7': ' optimistic', '2001:db8::8': ''}


class Link(Lab):
    """Its one device is called eth0."""

    def __enter__(self):
        super().__enter__()
        sh('ip link set v0 name eth0')
        return self


def setup(lab):
    conf = {'addr_gen_mode': 1, 'autoconf': 0, 'accept_ra': 0, 'optimistic_dad': 1, 'use_optimistic': 0, 'router_solicitations': 0, 'mldv2_unsolicited_report_interval': 100}
    for name, value in conf.items():
        lab.conf(f'eth0/{name}', value)
    # Addresses are tried for ten minutes.
    for name, value in {'retrans_time_ms': 600000, 'proxy_delay': 0, 'base_reachable_time_ms': 6000000}.items():
        sh(f'sysctl -qw net.ipv6.neigh.eth0.{name}={value}')
    sh('ip link set eth0 address 02:00:00:00:00:01; ip link set lo up; ip link set eth0 up')
    time.sleep(1)
    sh('ip addr add fe80::1/64 dev eth0 nodad; ip addr add 2001:db8::1/64 dev eth0 nodad')
    for addr, words in TRIED.items():
        sh(f'ip addr add {addr}/64 dev eth0{words}')
    sh('ip -6 neigh add proxy 2001:db8::88 dev eth0; ip -6 neigh add proxy 2001:db8::89 dev eth0 router')
    time.sleep(2)


def neighbours():
    shown = sh('ip -6 neigh show dev eth0 nud all').splitlines()
    return sorted(line.strip().replace(' dev eth0', '') for line in shown if not line.startswith('ff02'))


def know(line):
    """Makes the neighbour that `ip neigh` shows as `line`."""
    words = line.split()
    who, state = words[0], words[-1].lower()
    if state == 'incomplete':
        # Somebody looks for it.
        sh(f'ip -6 neigh replace {who} dev eth0 use')
        return
    lladdr = f'lladdr {words[2]} ' if 'lladdr' in words else ''
    sh(f"ip -6 neigh replace {who} {lladdr}dev eth0 nud {state}{' router' if 'router' in words else ''}")


def lost():
    """The address that is no longer tried, which is tried again."""
    shown = sh('ip -6 addr show dev eth0').splitlines()
    out = ''
    for addr, words in TRIED.items():
        line = next((line for line in shown if f'{addr}/' in line), None)
        if line is None or 'dadfailed' in line:
            out = addr
            if line is not None:
                sh(f'ip addr del {addr}/64 dev eth0')
            sh(f'ip addr add {addr}/64 dev eth0{words}')
            time.sleep(.4)
    return out


def mine(frame):
    return frame[6:12] == b'\2\0\0\0\0\1' and frame[20] == 58 and frame[54] in range(133, 138) and frame[22:38] != bytes(16)


def play(lab, wires, case):
    for name in SETTINGS:
        lab.conf(name.replace('.', '/'), case['set'].get(name, 0))
    # Of all writes to the device, too.
    lab.conf('eth0/forwarding', case['set'].get('eth0.forwarding', 0))
    sh('ip -6 neigh flush dev eth0 nud all', check=False)
    for line in case['before']:
        know(line)
    before = neighbours()
    frames(wires, .02)
    wires['v0'].send(bytes.fromhex(case['frame']))
    sent = [frame.hex() for _, frame in frames(wires, .02) if mine(frame)]
    return {**case, 'before': before, 'sent': sent, 'neigh': neighbours(), 'lost': lost()}


def record(cases):
    with Link('v0') as lab:
        wires = lab.wires()
        setup(lab)
        return [play(lab, wires, case) for case in cases]
