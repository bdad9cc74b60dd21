"""Messages of rtnetlink."""
import socket
import struct

from lab import ntop

SOL_NETLINK = 270
CAP_ACK, EXT_ACK, STRICT = 10, 11, 12
NLMSG_ERROR, NLMSG_DONE = 2, 3
NLM_F_CAPPED, NLM_F_ACK_TLVS = 0x100, 0x200


def opened(strict=False, groups=(), timeout=.3):
    nl = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    nl.bind((0, 0))
    for option in (EXT_ACK, CAP_ACK, *([STRICT] if strict else [])):
        nl.setsockopt(SOL_NETLINK, option, 1)
    for group in groups:
        nl.setsockopt(SOL_NETLINK, 1, group)
    nl.settimeout(timeout)
    return nl


def messages(data):
    """Type, flags, payload of each."""
    while len(data) >= 16:
        length, kind, flags = struct.unpack_from('=IHH', data)
        yield kind, flags, data[16:length]
        data = data[(length + 3) & ~3:]


def attributes(data):
    while len(data) >= 4:
        length, kind = struct.unpack_from('=HH', data)
        if length < 4:
            return
        yield kind, data[4:length]
        data = data[(length + 3) & ~3:]


def text(attrs):
    return next((value.rstrip(b'\0').decode() for kind, value in attrs if kind == 1), '')


def error(kind, flags, body):
    """Errno, what is said of it, and the offset that it is about or None; of an acknowledgement or the end of a dump."""
    errno, = struct.unpack_from('=i', body)
    if kind == NLMSG_DONE:
        return [errno, text(attributes(body[4:])), None]
    if not flags & NLM_F_ACK_TLVS:
        return [errno, '', None]
    rest = body[20:] if flags & NLM_F_CAPPED else body[4 + struct.unpack_from('=I', body, 4)[0]:]
    attrs = list(attributes(rest))
    at = next((struct.unpack('=I', value)[0] for kind, value in attrs if kind == 2), None)
    return [errno, text(attrs), at]


def drained(nl):
    out = []
    while True:
        try:
            out += messages(nl.recv(65536))
        except TimeoutError:
            return out


def asked(nl, kind, flags, payload):
    """The answers to a request."""
    nl.send(struct.pack('=IHHII', 16 + len(payload), kind, flags | 1, 1, 0) + payload)
    out = []
    while True:
        try:
            new = list(messages(nl.recv(65536)))
        except TimeoutError:
            return out
        out += new
        if any(kind in (NLMSG_ERROR, NLMSG_DONE) for kind, _, _ in new) or not (flags & 0x300 == 0x300 or flags & 4):
            return out


def address(kind, flags, body, index0):
    """A message about an address, as the records have it; devices are counted from `index0`."""
    family, plen, low, scope, index = struct.unpack_from('=BBBBI', body)
    tb = dict(attributes(body[8:]))
    parts = [('plen', plen), ('scope', scope), ('ifl', low)]
    parts += [(name, ntop(tb[key])) for key, name in ((1, 'address'), (2, 'local'), (7, 'multicast'), (5, 'anycast')) if key in tb]
    if 10 in tb:
        parts.append(('nsid', struct.unpack('=i', tb[10])[0]))
    if 11 in tb:
        parts.append(('proto', tb[11][0]))
    parts += [(name, struct.unpack('=I', tb[key])[0]) for key, name in ((8, 'flags'), (9, 'metric')) if key in tb]
    if 6 in tb:
        preferred, valid = struct.unpack_from('=II', tb[6])
        parts += [('pref', preferred), ('valid', valid)]
    parts.append(('order', '.'.join(str(key) for key, _ in attributes(body[8:]))))
    return f"{kind} {hex(flags)} dev={index - index0 if index > 1 else 'lo'} " + ' '.join(f'{key}={value}' for key, value in parts)
