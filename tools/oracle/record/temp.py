"""Temporary addresses over a minute: when they are made, deprecated and gone."""
import re
import subprocess
import threading
import time

from lab import Lab, sh
from prefix import advertise

PREFIX = '2001:db8::'
ON_LINK_AUTONOMOUS = 0xc0
SECONDS = 80


def setup(lab, temp_valid, temp_preferred):
    sh('ip link set v0 address 02:00:00:00:00:61')
    lab.conf('all/accept_dad', 0)
    values = {'accept_dad': 0, 'router_solicitations': 0, 'max_desync_factor': 0, 'use_tempaddr': 2, 'temp_valid_lft': temp_valid, 'temp_prefered_lft': temp_preferred}
    for name, value in values.items():
        lab.conf(f'v0/{name}', value)
    sh('ip link set v0 up')
    time.sleep(2)


def happened(text):
    """What, valid, preferred: a block of `ip -6 monitor address`; None: nothing of this prefix, or it is still tried."""
    if PREFIX not in text or 'tentative' in text:
        return None
    what = 'gone' if text.startswith('Deleted') else 'deprecated' if 'deprecated' in text else 'there'
    valid, preferred = re.search(r'valid_lft (\d+)sec preferred_lft (\d+)sec', text).groups()
    return f"{'temporary' if 'temporary' in text else 'public'} {what}", int(valid), int(preferred)


def play(run):
    valid, preferred, temp_valid, temp_preferred, _ = run
    with Lab('v0') as lab:
        wire = lab.wires()['v0']
        setup(lab, temp_valid, temp_preferred)
        monitor = subprocess.Popen(['stdbuf', '-oL', 'ip', '-6', '-o', 'monitor', 'address'], stdout=subprocess.PIPE, text=True)
        out = []
        begun = time.monotonic() + .5

        def hear():
            for line in monitor.stdout:
                told = happened(line)
                if told:
                    out.append([told[0], round(max(0, time.monotonic() - begun), 1), told[1], told[2]])
        threading.Thread(target=hear, daemon=True).start()
        time.sleep(.5)
        advertise(wire, [[PREFIX, 64, ON_LINK_AUTONOMOUS, valid, preferred]])
        time.sleep(SECONDS)
        monitor.terminate()
        return [valid, preferred, temp_valid, temp_preferred, out]


def same(run):
    """What happened, in the order of the moments: a look at the lifetimes may be late by a second and a quarter."""
    return [*run[:4], sorted(what for what, *_ in run[4])]


def record(runs):
    return [play(run) for run in runs]
