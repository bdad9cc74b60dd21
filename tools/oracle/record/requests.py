"""RTM_NEWADDR, DELADDR and GETADDR with all that may be wrong with them: errors, answers and announcements."""
import json
import re
import socket
import time

from lab import Lab, lines_of_runs, sh
from netlink import NLMSG_DONE, NLMSG_ERROR, address, asked, drained, error, opened

RTNLGRP_IPV6_IFADDR = 9


def play(cases):
    with Lab():
        sh('ip link add v0 address 02:00:00:00:00:01 type veth peer name v1 address 02:00:00:00:00:02; ip link add v2 mtu 1000 type veth peer name v3')
        sh('sysctl -qw net.ipv6.conf.v0.addr_gen_mode=1 net.ipv6.conf.v1.addr_gen_mode=1; ip link set v0 up; ip link set v1 up; sleep .2')
        index0 = socket.if_nametoindex('v0')
        heard = opened(groups=(RTNLGRP_IPV6_IFADDR,), timeout=.02)

        def announced():
            return [address(*message, index0) for message in drained(heard)]
        announced()
        out = []
        for case in cases:
            if case[0] == '!sysctl':
                sh(f"sysctl -qw net.ipv6.conf.{case[1].replace('/', '.')}={case[2]}")
                time.sleep(.1)
                out.append([*case[:3], announced()])
            elif case[0] == '!wait':
                time.sleep(case[1])
                out.append([*case[:2], announced()])
            else:
                out.append(ask(case[:5], index0, announced))
        return out


def ask(question, index0, announced):
    _, kind, flags, body, strict = question
    nl = opened(strict)
    end, said = None, []
    for message in asked(nl, kind, flags, bytes.fromhex(body)):
        if message[0] in (NLMSG_ERROR, NLMSG_DONE):
            end = error(*message)
        else:
            said.append(address(*message, index0))
    nl.close()
    time.sleep(.03)
    return [*question, end, said, announced()]


def record(scenes):
    return [play(scene) for scene in scenes]


def same(case):
    """Seconds are told up to the next minute."""
    return re.sub(r'(pref|valid)=(\d+)', lambda m: f'{m[1]}={-(-int(m[2]) // 60)}', json.dumps(case))


lines = lines_of_runs
