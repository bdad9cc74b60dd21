/**
 * The same ethtool command lines, by the system's binary in a namespace of the running kernel and by ours: both must print the same and
 * return the same. Needs root and ethtool; says aloud when it cannot.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNet, type Host, type HostNet } from '../src/index.ts';

const version = (): string | undefined => spawnSync('ethtool', ['--version']).stdout?.toString();
const possible = process.getuid?.() === 0 && version() === 'ethtool version 6.1\n';
if (!possible) console.warn('ethtool oracle SKIPPED: it needs root and the command ethtool 6.1');

const NAME = `skbuff-ethtool-${process.pid}`;
const SETUP = ['link set lo up', 'link add veth0 numtxqueues 2 numrxqueues 2 type veth peer name veth1 numtxqueues 2 numrxqueues 2'];

/** In order: each line sees what the lines before it did. */
const SCRIPT = `
-h
--version
lo
veth0
veth0 foo
nodev
averyveryverylongdevicename
-i averyveryverylongdevicename
-S averyveryverylongdevicename
-i lo
-i veth0
-i nodev
-i a b
-i
--driver veth0
-k lo
-k veth0
-k nodev
-k lo foo
--show-features lo
--show-offload veth0
--json -k lo
--json -k veth0
-K veth0 sg off
-k veth0
-K veth0 sg off
-K veth0 sg on
-K veth0 tx off
-k veth0
-K veth0 tx on
-K veth0 tso off
-K veth0 gso off
-K veth0 tx off
-K veth0 tx on
-K veth0 tso on gso on
-K veth0 gro on
-K veth0 gro off
-K veth0 rx off
-K veth0 lro on
-K veth0 lro on sg off
-K veth0 sg on
-K veth0 ufo on
-K veth0 ntuple on
-K veth0 rxhash on
-K veth0 highdma off
-K veth0 rxvlan off txvlan off
-K veth0 tx-gre-segmentation off
-K veth0 tx-nocache-copy on
-K veth0 rx-gro-list on
-K veth0 rx-udp-gro-forwarding on
-K veth0 tx-checksum-ipv4 on
-K veth0 tx-checksum-ip-generic off
-K veth0 tx-checksum-ip-generic on
-K veth0 tx-checksum-sctp off
-K veth0 nosuch on
-K veth0 tx on nosuch on
-K veth0 highdma on gro off nosuch on
-K veth0 sg maybe
-K veth0 sg
-K veth0
-K lo sg off
-K lo sg off gro off
-K lo tx off
-K lo rx off
-K lo vlan-challenged off
-K lo nosuch off
-K nodev sg off
--offload veth0 sg on
-k veth0
-S lo
-S veth0
-S nodev
-S
-S veth0 foo
-S veth0 --all-groups
-S veth0 --groups eth-mac
-S veth0 --groups foo
--json -S veth0 --all-groups
--json -S veth0
--phy-statistics veth0
-P lo
-P veth0
-P nodev
-P lo foo
-l lo
-l veth0
-l nodev
-l lo foo
-L veth0 rx 1
-S veth0
-L veth0 rx 2 tx 1
-l veth0
-L veth0 rx 3
-L veth0 rx 2 tx 5
-L veth0 tx 0
-L veth0 combined 1
-L veth0
-L veth0 foo 1
-L veth0 rx x
-L veth0 rx
-L lo rx 1
-L nodev rx 1
-g veth0
-g lo foo
-G veth0 rx 5
-G veth0
-G veth0 foo 3
-c veth0
-c nodev
-C veth0 rx-usecs 3
-C veth0 foo 1
-C veth0
-a veth0
--json -a veth0
-A veth0 rx on
-A veth0
-A veth0 rx maybe
-T lo
-T veth0
-T nodev
-T lo foo
-x lo
-x nodev
-x lo foo
-X veth0 equal 2
-X veth0
-X lo default
-X nodev equal 1
-X veth0 foo
-n lo
-u veth0
-n nodev
-n veth0 rx-flow-hash tcp4
-n veth0 rule 3
-n veth0 foo
-N veth0 rx-flow-hash udp4 sdfn
-N veth0 flow-type tcp4 src-ip 1.2.3.4 action 1
-N veth0 delete 3
-N veth0
-s veth0
-s veth0 speed 100
-s veth0 speed 100 duplex full autoneg off
-s veth0 duplex foo
-s veth0 speed abc
-s veth0 foo
-s veth0 wol g
-s veth0 wol z
-s veth0 msglvl 3
-s veth0 msglvl drv on
-s veth0 port tp
-s veth0 phyad 3
-s veth0 xcvr internal
-s veth0 mdix auto
-s veth0 advertise 0x1
-s veth0 sopass 00:11:22:33:44:55
-s lo speed 10
-s nodev speed 10
--change veth0 speed 10
-r lo
-r nodev
-r
-p nodev
-p veth0 1
-p veth0 x
-t veth0
-t veth0 online
-t veth0 foo
-t nodev
-d lo
-d veth0
-d veth0 raw on
-d veth0 foo
-e lo
-e veth0
-m veth0
-m veth0 foo
-m nodev
-m veth0 hex on
-f veth0 file
-f veth0
-w veth0
-W veth0 1
--show-eee veth0
--set-eee veth0 eee on
--show-priv-flags veth0
--set-priv-flags veth0 foo on
--show-fec veth0
--set-fec veth0 encoding auto
--show-tunnels veth0
--show-module veth0
--set-module veth0 power-mode-policy auto
--get-tunable veth0 rx-copybreak
--set-tunable veth0 rx-copybreak 3
--get-tunable veth0 foo
--get-phy-tunable veth0 downshift
--set-phy-tunable veth0 downshift on
--reset veth0 all
--reset veth0 foo
--cable-test veth0
-Q veth0 queue_mask 1 -c
--json veth0
--json -i veth0
--debug 0 lo
--debug x lo
-I lo
--foo
-z
*
* foo
-I *
veth*
-k *
-k * foo
--json -k *
-k veth*
-a *
--json -a *
-c *
-g *
-l *
-T *
-T * foo
-P *
-P * foo
--show-eee *
--show-fec *
--json --show-fec *
--show-priv-flags *
--show-tunnels *
--show-module *
--json --show-module *
-S *
-S * foo
-S * --groups
-S veth0 --groups
-S * --all-groups
--json -S * --all-groups
-S * --groups eth-mac rmon
-S * --groups eth-mac foo
--cable-test *
--json --cable-test *
--json --cable-test veth0
--cable-test-tdr *
-i *
-x *
-Q * -c
-m *
-m * foo
-s *
-s * speed 10
-A * rx on
-C *
-G * rx 1
-K *
-K * foo
-L * rx 1
--set-eee * eee on
--set-fec * encoding off
--set-priv-flags * a on
--set-module *
`;

const LINES = SCRIPT.trim().split('\n');
/** Offload features; driver, counters, addresses, channels; the settings block. */
const FEATURES = /^(--json )?(-k|-K|--show-|--offload) ?(features|offload)?( |$)/;
const INFO = /^(--json )?(-[iSPlLT]|--driver|--phy-statistics)( |$)/;
const SETTINGS = /^(\*|lo|veth0|nodev|avery\w+|-s .*|--change .*)( foo)?$/;

let net: HostNet;
let host: Host;

describe.skipIf(!possible)("against the system's ethtool", () => {
  beforeAll(() => {
    execFileSync('ip', ['netns', 'add', NAME]);
    net = createNet({ debug: true });
    host = net.host('h');
    for (const line of SETUP) execFileSync('ip', ['-n', NAME, ...line.split(' ')]);
  });
  beforeAll(async () => {
    for (const line of SETUP) expect(await host.run(`ip ${line}`)).toMatchObject({ code: 0 });
  });
  afterAll(() => {
    execFileSync('ip', ['netns', 'del', NAME]);
    expect(net.close()).toEqual({});
  });

  async function same(line: string): Promise<void> {
    const { status, stdout, stderr } = spawnSync('ip', ['netns', 'exec', NAME, 'ethtool', ...line.split(' ')], { input: '' });
    expect(await host.run(`ethtool ${line}`)).toEqual({ code: status, stdout: stdout.toString(), stderr: stderr.toString() });
  }

  it.each(LINES.filter((line) => FEATURES.test(line)))('ethtool %s [TOOL-08] [ETH-02]', same);
  it.each(LINES.filter((line) => INFO.test(line)))('ethtool %s [TOOL-09] [ETH-03] [DVI-03]', same);
  it.each(LINES.filter((line) => SETTINGS.test(line)))('ethtool %s [TOOL-07]', same);
  it.each(LINES.filter((line) => !FEATURES.test(line) && !INFO.test(line) && !SETTINGS.test(line)))('ethtool %s', same);
});

describe('a device whose driver says nothing of itself', () => {
  it('answers every question, most with an error [ETH-01]', async () => {
    const plain = createNet({ debug: true });
    const h = plain.host('h');
    expect(await h.run('ip link add dummy0 type dummy')).toMatchObject({ code: 0 });
    expect(await h.run('ethtool dummy0')).toEqual({ code: 75, stdout: 'No data available\n', stderr: '' });
    expect(await h.run('ethtool -i dummy0')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^driver: dummy\n/) });
    expect(await h.run('ethtool -S dummy0')).toMatchObject({ code: 94, stderr: 'no stats available\n' });
    for (const option of ['-l', '-g', '-c', '-a', '--show-eee']) {
      expect(await h.run(`ethtool ${option} dummy0`)).toEqual({ code: 1, stdout: '', stderr: 'netlink error: Operation not supported\n' });
    }
    expect(plain.close()).toEqual({});
  });
});
