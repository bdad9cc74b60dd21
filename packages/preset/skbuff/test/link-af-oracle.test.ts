/**
 * IFLA_AF_SPEC { AF_INET }, asked and set in the same order at the kernel underneath and at our stack: same errno, same texts, same
 * messages, same bytes. Needs root, iproute2 and python3; says aloud when it cannot.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { type NetlinkPort, netlinkPort, nlaFind, nlaLen, nlmsgAll, type NlMsgHdr, nlTalk } from '@skbuff/netlink';
import { sysctlOf } from '@skbuff/sysctl';
import * as U from '@skbuff/uapi';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNet, type Host, type HostNet, VirtualClock } from '../src/index.ts';

const has = (command: string): boolean => spawnSync(command, ['-V']).status === 0;
const possible = process.getuid?.() === 0 && has('ip') && has('python3');
if (!possible) console.warn('IFLA_AF_SPEC oracle SKIPPED: it needs root, iproute2 and python3');

const NAME = `skbuff-af-${process.pid}`;

/** A line for ip, a file of /proc/sys and its text, or a request in hex. */
interface Step {
  readonly what: string;
  readonly ip?: string;
  readonly file?: string;
  readonly text?: string;
  readonly hex?: string;
}

const le = (v: number, bytes: number): number[] => Array.from({ length: bytes }, (_, i) => (v >> (8 * i)) & 255);
const attr = (type: number, value: readonly number[]): number[] => [...le(4 + value.length, 2), ...le(type, 2), ...value, ...new Array<number>(-value.length & 3).fill(0)];
const u32 = (v: number): number[] => le(v, 4);
const name = (v: string): number[] => attr(U.IFLA_IFNAME, [...Buffer.from(v), 0]);
/** IFLA_INET_CONF with settings by their index. */
const conf = (...settings: readonly (readonly [index: number, value: number])[]): number[] => attr(U.IFLA_INET_CONF, settings.flatMap(([index, value]) => attr(index, u32(value))));
const link = (type: number, flags: number, attrs: readonly number[]): number[] => {
  const body = [...new Array<number>(16).fill(0), ...attrs];
  return [...le(16 + body.length, 4), ...le(type, 2), ...le(U.NLM_F_REQUEST | U.NLM_F_ACK | flags, 2), ...le(1, 4), ...le(0, 4), ...body];
};
const raw = (what: string, bytes: readonly number[]): Step => ({ what, hex: Buffer.from(bytes).toString('hex') });
const ip = (line: string): Step => ({ what: `ip ${line}`, ip: line });
const write = (file: string, text: string): Step => ({ what: `${file} = ${text}`, file, text });
const spec = (what: string, attrs: readonly number[], dev = 'v0', type: number = U.RTM_SETLINK): Step => raw(`${what} of ${dev}`, link(type, 0, [...name(dev), ...attr(U.IFLA_AF_SPEC, attrs)]));
const inet = (what: string, value: readonly number[], dev?: string, type?: number): Step => spec(what, attr(U.AF_INET, value), dev, type);
const create = (what: string, value: readonly number[]): Step =>
  raw(`a device is made with ${what}`, link(U.RTM_NEWLINK, U.NLM_F_CREATE | U.NLM_F_EXCL, [...name('v7'), ...attr(U.IFLA_LINKINFO, attr(U.IFLA_INFO_KIND, [...Buffer.from('veth'), 0])), ...attr(U.IFLA_AF_SPEC, attr(U.AF_INET, value))]));

const CHANGES: readonly Step[] = [
  inet('nothing', []),
  inet('no settings', conf()),
  ...Array.from({ length: 33 }, (_, i) => inet(`setting ${i + 1}`, conf([i + 1, 40 + i]))),
  inet('a negative value', conf([14, -1])),
  inet('the same again', conf([14, -1])),
  inet('two values for one setting', conf([8, 2], [8, 1])),
  inet('setting 0', conf([0, 1])),
  inet('setting 34', conf([34, 1])),
  inet('setting 99', conf([99, 1])),
  inet('a good one and a bad one', conf([5, 9], [0, 1])),
  inet('half a value', attr(U.IFLA_INET_CONF, attr(5, [1, 2]))),
  inet('no value', attr(U.IFLA_INET_CONF, attr(5, []))),
  inet('two values in one', attr(U.IFLA_INET_CONF, attr(5, [...u32(7), ...u32(8)]))),
  inet('half a value after a whole one', attr(U.IFLA_INET_CONF, [...attr(5, u32(50)), ...attr(6, [1])])),
  inet('a setting marked as nested', attr(U.IFLA_INET_CONF, attr(5 | 0x8000, u32(3)))),
  inet('a setting in network order', attr(U.IFLA_INET_CONF, attr(5 | 0x4000, u32(4)))),
  inet('settings marked as nested', attr(U.IFLA_INET_CONF | 0x8000, attr(5, u32(6)))),
  inet('settings twice', [...conf([5, 11]), ...conf([6, 12])]),
  inet('something unknown', attr(2, u32(1))),
  inet('something unknown besides', [...attr(2, u32(1)), ...conf([5, 16])]),
  inet('settings and two bytes', attr(U.IFLA_INET_CONF, [...attr(5, u32(13)), 1, 2])),
  inet('three bytes for settings', attr(U.IFLA_INET_CONF, [1, 2, 3])),
  inet('a setting without room for its head', attr(U.IFLA_INET_CONF, [3, 0, 5, 0, ...u32(1)])),
  inet('a setting longer than the message', attr(U.IFLA_INET_CONF, [...attr(5, u32(15)), 40, 0, 6, 0])),
  inet('three bytes', [1, 2, 3]),
  inet('settings and three bytes', [...conf([5, 14]), 1, 2, 3]),
  inet('settings without room for their head', [2, 0, 1, 0]),
  inet('RTM_NEWLINK, a setting', conf([5, 22]), 'v0', U.RTM_NEWLINK),
  inet('RTM_NEWLINK, setting 0', conf([0, 22]), 'v0', U.RTM_NEWLINK),
  spec('nothing at all', []),
  spec('AF_INET marked as nested', attr(U.AF_INET | 0x8000, conf([5, 21]))),
  spec('AF_INET twice', [...attr(U.AF_INET, conf([5, 62])), ...attr(U.AF_INET, conf([6, 63]))]),
  spec('AF_INET and no family', [...attr(U.AF_INET, conf([5, 61])), ...attr(3, [])]),
  spec('AF_UNSPEC', attr(0, [])),
];

const STEPS: readonly Step[] = [
  ip('link add v0 type veth peer name v1'),
  write('v0/rp_filter', '2'),
  write('default/secure_redirects', '44'),
  ...CHANGES,
  write('default/secure_redirects', '45'),
  ip('link set v1 up'),
  ip('link set v0 up'),
  ...CHANGES,
  create('nothing', []),
  create('a setting', conf([5, 1])),
  create('setting 0', conf([0, 1])),
  ip('link add v2 type veth peer name v3'),
  inet('a setting of its own', conf([6, 46]), 'v2'),
  write('default/send_redirects', '47'),
  inet('a setting', conf([5, 23]), 'v2'),
  inet('a setting', conf([5, 23]), 'lo'),
  ip('link set lo mtu 60'),
  inet('a setting', conf([5, 23]), 'lo'),
  inet('setting 0', conf([0, 23]), 'lo'),
  inet('nothing', [], 'lo'),
  inet('three bytes for settings', attr(U.IFLA_INET_CONF, [1, 2, 3]), 'lo'),
  ip('link set lo mtu 1500'),
  inet('a setting', conf([5, 24]), 'lo'),
  ip('link set v2 name v9'),
  ip('link del v9'),
];

const DEVICES = ['lo', 'v0', 'v1', 'v2', 'v3'];
/** Bits of the groups: links, and IPv4's settings. */
const GROUPS = (1 << (U.RTNLGRP_LINK - 1)) | (1 << (U.RTNLGRP_IPV4_NETCONF - 1));

const PYTHON = `
import json, socket, struct, subprocess, sys, time
steps, devices, groups = json.load(sys.stdin)
def sock(groups):
    s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    s.bind((0, groups))
    return s
def attrs(b):
    i = 0
    while i + 4 <= len(b):
        l, t = struct.unpack_from('<HH', b, i)
        if l < 4: return
        yield t & 0x3fff, b[i + 4:i + l]
        i += (l + 3) & ~3
def inet(body):
    spec = dict(attrs(body[16:])).get(26)
    return '-' if spec is None else dict((t, v.hex()) for t, v in attrs(spec)).get(2, 'none')
def messages(d):
    i = 0
    while i + 16 <= len(d):
        l, t, f = struct.unpack_from('<IHH', d, i)
        yield t, f, d[i + 16:i + l]
        i += (l + 3) & ~3
def talk(s, req):
    s.send(req)
    found = None
    while True:
        for t, f, body in messages(s.recv(65536)):
            if t != 2:
                found = body
                continue
            tlv = dict(attrs(body[20:])) if f & 0x200 else {}
            return [struct.unpack_from('<i', body)[0], tlv[1][:-1].decode() if 1 in tlv else '', struct.unpack('<I', tlv[2])[0] if 2 in tlv else -1], found
def get(name):
    n = name.encode() + b'\\0'
    n = struct.pack('<HH', 4 + len(n), 3) + n + b'\\0' * (-len(n) % 4)
    err, body = talk(ask, struct.pack('<IHHII', 32 + len(n), 18, 5, 1, 0) + b'\\0' * 16 + n)
    return 'gone' if err[0] else inet(body)
ask = sock(0)
for o in (10, 11): ask.setsockopt(270, o, 1)
ear = sock(groups)
ear.setblocking(False)
out = []
for step in steps:
    if step.get('ip'):
        answer = subprocess.run(['ip'] + step['ip'].split(' '), capture_output=True).returncode
        time.sleep(0.3)
    elif step.get('file'):
        open('/proc/sys/net/ipv4/conf/' + step['file'], 'w').write(step['text'])
        answer = 0
    else: answer = talk(ask, bytes.fromhex(step['hex']))[0]
    events = []
    while True:
        try: d = ear.recv(65536)
        except BlockingIOError: break
        for t, f, body in messages(d):
            events.append('%d %s' % (t, body.hex() if t in (80, 81) else inet(body)))
    out.append([answer, events, [get(d) for d in devices]])
print(json.dumps(out))
`;

describe.skipIf(!possible)('IPv4’s part of a link as the kernel underneath has it', () => {
  const clock = new VirtualClock();
  let net: HostNet;
  let host: Host;
  let port: NetlinkPort;
  let ear: NetlinkPort;
  let theirs: readonly unknown[];

  beforeAll(() => {
    execFileSync('ip', ['netns', 'add', NAME]);
    execFileSync('ip', ['-n', NAME, 'link', 'set', 'lo', 'up']);
    theirs = JSON.parse(execFileSync('ip', ['netns', 'exec', NAME, 'python3', '-c', PYTHON], { input: JSON.stringify([STEPS, DEVICES, GROUPS]), maxBuffer: 1 << 26 }).toString()) as unknown[];
    net = createNet({ clock, debug: true });
    host = net.host('h');
    port = netlinkPort(host.ns, U.NETLINK_ROUTE) as NetlinkPort;
    port.setsockopt(U.NETLINK_EXT_ACK, 1);
    port.setsockopt(U.NETLINK_CAP_ACK, 1);
    ear = netlinkPort(host.ns, U.NETLINK_ROUTE) as NetlinkPort;
    ear.bind(0, GROUPS);
  });

  afterAll(() => {
    execFileSync('ip', ['netns', 'del', NAME]);
    port.close();
    ear.close();
    expect(net.close()).toEqual({});
  });

  function inetOf(nlh: NlMsgHdr): string {
    const at = nlaFind(nlh.buf, nlh.data + 16, nlh.dataLen - 16, U.IFLA_AF_SPEC);
    if (at < 0) return '-';
    const own = nlaFind(nlh.buf, at + 4, nlaLen(nlh.buf, at), U.AF_INET);
    return own < 0 ? 'none' : Buffer.from(nlh.buf.subarray(own + 4, own + 4 + nlaLen(nlh.buf, own))).toString('hex');
  }

  function events(): string[] {
    const out: string[] = [];
    for (let d = ear.recvmsg(); typeof d !== 'number'; d = ear.recvmsg()) {
      for (const nlh of nlmsgAll(d.data)) out.push(`${nlh.type} ${nlh.type === U.RTM_NEWNETCONF || nlh.type === U.RTM_DELNETCONF ? Buffer.from(nlh.buf.subarray(nlh.data, nlh.off + nlh.len)).toString('hex') : inetOf(nlh)}`);
    }
    return out;
  }

  function get(dev: string): string {
    const { error, msgs } = nlTalk(port, Uint8Array.from(link(U.RTM_GETLINK, 0, name(dev))));
    return error !== 0 ? 'gone' : inetOf(msgs[0] as NlMsgHdr);
  }

  async function ours(step: Step): Promise<unknown> {
    if (step.ip !== undefined) {
      const { code } = await host.run(`ip ${step.ip}`);
      clock.advance(2_000_000_000);
      return code;
    }
    if (step.file !== undefined) return sysctlOf(host.ns).write(`net/ipv4/conf/${step.file}`, step.text ?? '');
    const { error, extack, offs } = nlTalk(port, Uint8Array.from(Buffer.from(step.hex ?? '', 'hex')));
    return [error, extack, offs];
  }

  it.each(STEPS.map((step, i) => [step.what, step, i] as const))('%s', async (_what, step, i) => {
    const answer = await ours(step);
    expect([answer, events(), DEVICES.map(get)]).toEqual(theirs[i]);
  });
});
