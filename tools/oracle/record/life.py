"""Addresses, links and settings by chance: messages about addresses and routes, addresses, groups and how often each was joined."""
import re
import subprocess
import threading
import time

from lab import Lab, complaint, lines_of_runs, sh

#: In which what is put off, but not for any time, is done.
DEFERRED_S = .12
#: What came of a carrier is told once a second.
LINK_S = 1.3
FLAGS = ('nodad', 'deprecated', 'dadfailed', 'tentative', 'dynamic')


def setup(lab):
    for dev in ('all', 'default', 'v0'):
        for name, value in (('accept_dad', 0), ('accept_ra', 0), ('router_solicitation_delay', 0)):
            lab.conf(f'{dev}/{name}', value)
    # Addresses are made of this.
    sh(f'ip link set v0 address 02:00:00:00:00:61; ip -n {lab.peer} link set p0 up')


def command(op):
    what = op['op']
    if what == 'addr':
        words = ['replace' if op['replace'] else 'add', f"{op['addr']}{' peer ' + op['peer'] if 'peer' in op else ''}/{op['plen']}", 'dev v0']
        words += [name for name in ('nodad', 'noprefixroute') if name in op]
        words += [f'metric {op["metric"]}'] if 'metric' in op else []
        words += [f"valid_lft {op['valid']} preferred_lft {op['prefered']}"] if 'valid' in op else []
        return 'ip -6 addr ' + ' '.join(words)
    if what == 'del':
        return f"ip -6 addr del {op['addr']}/{op['plen']} dev v0"
    if what in ('up', 'down'):
        return f'ip link set v0 {what}'
    if what in ('mtu', 'arp'):
        return f"ip link set v0 {what} {op['value']}"
    return f"sysctl -qw net.ipv6.conf.{op['who']}.{what}={op['value']}"


def flags(line):
    return ''.join(f' {word}' for word in FLAGS if re.search(rf'\b{word}\b', line))


def shown(found):
    return found[1] + (f' peer {found[2]}' if found[2] else '')


def event(line):
    """A line of `ip -6 -o -d monitor address route` as the records have it; None: nothing of this device's."""
    gone = line.startswith('Deleted ')
    line = line.removeprefix('Deleted ')
    found = re.search(r'inet6 (\S+)(?: peer (\S+))? ', line)
    if found:
        return f"{'deladdr' if gone else 'addr'} {shown(found)}{flags(line)}"
    found = re.match(r'(?:(local|multicast|anycast|unicast) )?(\S+) .*?dev v0 (?:table (\w+) )?', line)
    if not found:
        return None
    kind, dst, table = found[1] or 'unicast', found[2], found[3] or 'main'
    metric = re.search(r'metric (\d+)', line)[1]
    dst = dst if '/' in dst else f'{dst}/128'
    expires = ' expires' if 'expires' in line and not gone else ''
    return f"{'-' if gone else '+'} {'' if kind == 'unicast' else kind + ' '}{dst} {table} {metric}{expires}"


def addresses():
    out = []
    for line in sh('ip -6 -o addr show dev v0').splitlines():
        found = re.search(r'inet6 (\S+)(?: peer (\S+))? ', line)
        out.append(shown(found) + flags(line))
    return out


def groups():
    out = {}
    for line in sh('ip -6 maddr show dev v0').splitlines():
        words = line.split()
        if words[0] == 'inet6':
            out[words[1]] = int(words[3]) if 'users' in words else 1
    return out


def play(steps):
    with Lab('v0') as lab:
        setup(lab)
        monitor = subprocess.Popen(['ip', '-6', '-o', '-d', 'monitor', 'address', 'route'], stdout=subprocess.PIPE, text=True, bufsize=1)
        lines = []

        def heard(op):
            time.sleep(LINK_S if op in ('up', 'down') else DEFERRED_S)
            new, lines[:] = lines[:], []
            return [told for told in map(event, new) if told]
        threading.Thread(target=lambda: lines.extend(monitor.stdout), daemon=True).start()
        time.sleep(.3)
        out = []
        for op, *_ in steps:
            said = complaint(command(op))
            out.append([op, said, heard(op['op']), addresses(), groups()])
        monitor.terminate()
        return out


def record(runs):
    return [play(run) for run in runs]


lines = lines_of_runs


def same(step):
    """Routes of a device go in any order, and what is told of one that comes up."""
    op, said, told, *rest = step
    return [op, said, sorted(told), *rest]
