"""net.ipv6.conf: what is there, what is taken and refused, and what one setting does to the others."""
import os
import struct

from lab import Lab, read, sh, write
from netlink import attributes, drained, opened

CONF = '/proc/sys/net/ipv6/conf/'
RTNLGRP_IPV6_NETCONF = 25
NETCONF = (80, 81)


def defaults(old):
    def shown(path):
        text = read(path)
        return text if os.stat(path).st_mode & 0o222 else [text]
    return {where: {name: shown(f'{CONF}{where}/{name}') for name in sorted(os.listdir(CONF + where))} for where in old}


def writes(old):
    def row(path, texts):
        before, out = read(path), []
        for text in texts:
            err = write(path, text)
            out.append([text, err, read(path)])
            if err == 0:
                write(path, before.strip() if isinstance(before, str) else '0')
        return out
    return {where: {name: row(f'{CONF}{where}/{name}', [text for text, _, _ in rows]) for name, rows in files.items()} for where, files in old.items()}


def steps(old):
    # What a write does is told before it returns.
    nl = opened(groups=(RTNLGRP_IPV6_NETCONF,), timeout=.02)

    def told():
        out = []
        for kind, _, body in drained(nl):
            if kind in NETCONF:
                values = [(key, struct.unpack('=i', value)[0]) for key, value in attributes(body[4:])]
                out.append([kind, values[0][1], values[1:]])
        return out
    told()
    out = []
    for path, text, *_ in old:
        # Only looked at.
        err = 0 if path.startswith('?') else write(CONF + path, text)
        name = path.split('/')[-1].lstrip('?')
        values = [str(read(f'{CONF}{where}/{name}')).strip() for where in ('all', 'default', 'lo', 'v0', 'v1')]
        heard = told()
        out.append([path, text, err, values, [] if name == 'stable_secret' or path.startswith('?') else heard])
    return out


def record(old):
    with Lab():
        # lo 1, v1 2, v0 3.
        sh('ip link add v0 address 02:00:00:00:00:01 type veth peer name v1 address 02:00:00:00:00:02')
        if isinstance(old, list):
            return steps(old)
        return writes(old) if 'lo' not in old else defaults(old)
