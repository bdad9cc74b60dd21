"""Sockets join, leave and filter groups, routers ask, the link goes down and up: reports, /proc/net/igmp6 and mcfilter6 after each step."""
import json
import socket
import struct

from lab import Lab, frames, icmp6, in6, sh

SOL_IPV6 = 41
ADD, DROP, BLOCK, UNBLOCK, SOURCE_ADD, SOURCE_DROP, FILTER = 42, 45, 43, 44, 46, 47, 48
SOURCED = {'block': BLOCK, 'unblock': UNBLOCK, 'srcjoin': SOURCE_ADD, 'srcleave': SOURCE_DROP}
STEP_S = .12
#: After which the link has reported what it listens to from the beginning.
UP_S = 3.6


def address(text):
    return struct.pack('=HHI16sI', socket.AF_INET6, 0, 0, in6(text), 0).ljust(128, b'\0')


class Player:
    def __init__(self, lab, wires):
        self.lab, self.wires = lab, wires
        self.sockets = {}
        self.index = socket.if_nametoindex('v0')

    def option(self, number, name, value):
        if number not in self.sockets:
            self.sockets[number] = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        try:
            self.sockets[number].setsockopt(SOL_IPV6, name, value)
            return 0
        except OSError as error:
            return -error.errno

    def group(self, name, rest=b''):
        return struct.pack('=II', self.index, 0) + address(name) + rest

    def inject(self, daddr, message, saddr='fe80::2', hop=1, alert=True):
        ext = bytes([58, 0, 5, 2, 0, 0, 1, 0]) if alert else b''
        message = icmp6(saddr, daddr, message)
        head = struct.pack('>IHBB', 0x60000000, len(ext) + len(message), 0 if alert else 58, hop)
        self.wires['v0'].send(b'\x33\x33' + in6(daddr)[12:] + b'\2\0\0\0\0\2\x86\xdd' + head + in6(saddr) + in6(daddr) + ext + message)
        return 0

    def do(self, step):
        what, *args = step
        if what in ('join', 'leave'):
            return self.option(args[0], ADD if what == 'join' else DROP, self.group(args[1]))
        if what in SOURCED:
            return self.option(args[0], SOURCED[what], self.group(args[1], address(args[2])))
        if what == 'filter':
            return self.filter(*args)
        if what == 'srcs':
            number, group, mode, count, first = args
            return self.filter(number, group, mode, [f'2001:db8::{first + i:x}' for i in range(count)])
        if what == 'many':
            number, prefix, count = args
            for i in range(count):
                self.option(number, ADD, self.group(f'{prefix}{i + 1:x}'))
            return 0
        if what in ('q1', 'q2', 'r1'):
            return self.message(what, *args)
        return self.change(what, args)

    def filter(self, number, group, mode, sources):
        return self.option(number, FILTER, self.group(group, struct.pack('=II', mode, len(sources)) + b''.join(map(address, sources))))

    def message(self, what, group, *args):
        daddr = 'ff02::1' if group == '::' else group
        if what == 'q1':
            return self.inject(daddr, struct.pack('>BBHHH', 130, 0, 0, args[0], 0) + in6(group))
        if what == 'r1':
            return self.inject(group, struct.pack('>BBHHH', 131, 0, 0, 0, 0) + in6(group), *args)
        delay, robustness, interval, sources, more = (*args, {}) if len(args) == 4 else args
        query = struct.pack('>BBHHH', 130, 0, 0, delay, 0) + in6(group)
        query += struct.pack('>BBH', robustness, interval, more.get('nsrcs', len(sources))) + b''.join(map(in6, sources))
        return self.inject(daddr, query, more.get('src', 'fe80::2'), more.get('hop', 1), more.get('ra', True))

    def change(self, what, args):
        if what == 'close':
            if args[0] in self.sockets:
                self.sockets.pop(args[0]).close()
        elif what == 'conf':
            self.lab.conf(f'{args[0]}/{args[1]}', args[2])
        elif what == 'link':
            sh(f'ip link set v0 {args[0]}')
        elif what != 'wait':
            raise ValueError(what)
        return 0

    def look(self, seconds):
        sent = [frame[14:].hex() for _, frame in frames(self.wires, seconds) if frame[6:12] == b'\2\0\0\0\0\1' and frame[20] == 0 and frame[54] == 58 and frame[62] in (130, 131, 132, 143)]
        with open('/proc/thread-self/net/igmp6') as file:
            groups = [' '.join(line.split()[2:5]) for line in file if line.split()[1] == 'v0']
        with open('/proc/thread-self/net/mcfilter6') as file:
            filters = [' '.join(line.split()[2:]) for line in file][1:]
        return sent, groups, filters


def play(name, steps):
    """With the groups and filters only where they changed, and where the record has them."""
    with Lab('v0') as lab:
        if name.startswith('MTU '):
            sh(f'ip link set v0 mtu {name[4:]}; ip -n {lab.peer} link set p0 mtu {name[4:]}')
        for conf, value in (('mldv1_unsolicited_report_interval', 20), ('mldv2_unsolicited_report_interval', 20), ('router_solicitations', 0)):
            lab.conf(f'v0/{conf}', value)
        player = Player(lab, lab.wires())
        sh('ip link set lo up; ip link set v0 up')
        player.look(UP_S)
        out, last = [], {}
        for old in steps:
            step = old['step']
            res = player.do(step)
            seconds = UP_S if step == ['link', 'up'] else step[1] / 1000 if step[0] == 'wait' and len(step) > 1 else STEP_S
            sent, groups, filters = player.look(seconds)
            new = {'step': step}
            if res != 0:
                new['res'] = res
            if sent:
                new['sent'] = sent
            for key, value in (('groups', groups), ('filters', filters)):
                if not name.startswith('MTU ') and value != last.get(key):
                    new[key] = last[key] = value
            out.append(new)
        for one in player.sockets.values():
            one.close()
        return out


def record(runs):
    return {name: play(name, steps) for name, steps in runs.items()}


def same(step):
    """Answers of several groups come in any order, for each picks its moment."""
    return {**step, 'sent': sorted(step.get('sent', []))}


def lines(runs):
    return '{\n' + ',\n'.join(json.dumps(name) + ':[\n' + ',\n'.join(json.dumps(step, separators=(',', ':')) for step in steps) + '\n]' for name, steps in runs.items()) + '\n}\n'
