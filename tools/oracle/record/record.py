#!/usr/bin/env python3
"""
Records anew what tests of IPv6 packages replay: record.py [--check] [NAME ...]

A record holds its own questions. They are put to the running kernel again, in namespaces that are made for it, and the answers are written
over those that were there; with --check they are only compared with them, and how many are the same is printed. Needs root, iproute2 and ethtool.
"""
import argparse
import importlib
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PACKAGES = os.path.join(HERE, '..', '..', '..', 'packages')
#: Record, of packages/network unless it says otherwise: the module that plays it.
RECORDS = {
    'icmpv6/exthdrs': 'icmpv6',
    'icmpv6/frag': 'icmpv6',
    'icmpv6/icmp': 'icmpv6',
    'icmpv6/random': 'icmpv6',
    'icmpv6/limits': 'icmpv6',
    'ndisc/ndisc-rcv': 'ndisc',
    'mld/kernel': 'mld',
    'addrconf/addr-requests': 'requests',
    'addrconf/life': 'life',
    'addrconf/prefix': 'prefix',
    'addrconf/temp': 'temp',
    'ipv6/saddr': 'saddr',
    'fib6/multipath': 'multipath',
    'ip6mr/kernel': 'ip6mr',
    'socket/udpv6/options-kernel.txt': 'options',
    'addrconf/conf-default': 'conf',
    'addrconf/conf-writes': 'conf',
    'addrconf/conf-steps': 'conf',
}


def path_of(name):
    if name.endswith('.txt'):
        layer, package, file = name.split('/')
        return os.path.join(PACKAGES, layer, package, 'test', file)
    package, file = name.split('/')
    return os.path.join(PACKAGES, 'network', package, 'test', 'records', f'{file}.json')


def parsed(name, text):
    return text.splitlines() if name.endswith('.txt') else json.loads(text)


def cases_of(record):
    """One after the other, whatever they are grouped by; a file of settings is a case with what is asked about it."""
    if isinstance(record, dict):
        groups = [list(group.items()) if isinstance(group, dict) else group for group in record.values()]
    else:
        groups = record if isinstance(record[0], list) and isinstance(record[0][0], list) else [record]
    return [case for group in groups for case in group]


def compare(name, old, new, module):
    old, new = cases_of(old), cases_of(new)
    # What of a case is not chance; or whether two are the same but for that.
    same = getattr(module, 'same', lambda case: case)
    alike = getattr(module, 'alike', lambda a, b: same(a) == same(b))
    different = [(a, b) for a, b in zip(old, new) if not alike(a, b)]
    print(f'{name}: {len(old) - len(different)} of {len(old)} cases are what they were')
    for was, now in different[:10]:
        print(f'  was {json.dumps(was)}\n  now {json.dumps(now)}')
    return not different and len(old) == len(new)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--check', action='store_true')
    parser.add_argument('names', nargs='*', metavar='NAME', help=' '.join(RECORDS))
    args = parser.parse_args()
    good = True
    for name in args.names or RECORDS:
        with open(path_of(name)) as file:
            text = file.read()
        module = importlib.import_module(RECORDS[name])
        old = parsed(name, text)
        new = json.loads(json.dumps(module.record(old)))
        if args.check:
            good = compare(name, old, new, module) and good
        else:
            with open(path_of(name), 'w') as file:
                file.write(getattr(module, 'lines', importlib.import_module('lab').lines)(new))
    return 0 if good else 1


if __name__ == '__main__':
    sys.exit(main())
