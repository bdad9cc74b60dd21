/** radvd on a whole stack: hosts that go by it, the times between adverts, signals, and what changes under it. */
import * as U from '@skbuff/uapi';
import { afterEach, expect, it } from 'vitest';
import { createNet, type Host, type HostNet } from '../src/index.ts';
import { NAMELESS_SOLICITATION } from './radvd-frames.ts';
import { ourRadvd, plain } from './radvd-lab.ts';

const SECOND = 1e9;
let net: HostNet;

afterEach(() => {
  expect(net.close()).toEqual({});
});

interface Daemon {
  /** What it said, and the same without times that are drawn. */
  readonly said: () => string;
  readonly text: () => string[];
  readonly kill: (signal: 'SIGTERM' | 'SIGHUP' | 'SIGINT') => void;
  readonly done: Promise<{ readonly code: number }>;
  config: string;
}

function radvd(router: Host, config: string, debug = 5): Daemon {
  let stderr = '';
  const daemon = { config, said: () => stderr, text: () => plain(stderr) };
  const files = { readText: (path: string) => (path === '/r.conf' ? daemon.config : -U.ENOENT), readBytes: () => -U.ENOENT, create: () => -U.EROFS };
  const run = router.start(`radvd -C /r.conf -m stderr_clean -d ${debug}`, { stdout: () => {}, stderr: (t) => void (stderr += t), files });
  return Object.assign(daemon, { kill: run.kill, done: run.done });
}

/** A router and a host on a link, two seconds after it came up. */
async function link(seed = 3): Promise<{ readonly router: Host; readonly host: Host; readonly sleep: (s: number) => Promise<unknown> }> {
  net = createNet({ seed });
  const router = net.router('r');
  const host = net.host('h');
  net.link(router, host);
  const sleep = (s: number): Promise<unknown> => Promise.resolve(host.task.nanosleep(s * SECOND));
  await sleep(2);
  return { router, host, sleep };
}

const globals = (host: Host): string[] => host.addr.list().filter(({ global, family }) => global && family === U.AF_INET6).map(({ cidr }) => cidr);
const defaults = async (host: Host): Promise<string> => (await host.run('ip -6 route show default')).stdout;
const CONF = 'interface eth0 { AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4; prefix 2001:db8:1::/64 { DeprecatePrefix on; }; };';

it('gives a host an address and a default route, which go when it ends [TOOL-48]', async () => {
  const { router, host, sleep } = await link();
  const daemon = radvd(router, CONF);
  await sleep(6);
  expect(globals(host)).toHaveLength(1);
  expect(globals(host)[0]).toMatch(/^2001:db8:1:.*\/64$/);
  expect(await defaults(host)).toMatch(/^default via fe80::\S+ dev eth0 proto ra metric 1024 expires 1\dsec /);
  daemon.kill('SIGTERM');
  expect((await daemon.done).code).toBe(0);
  await sleep(1);
  expect(await defaults(host)).toBe('');
  expect(host.addr.list().find(({ global }) => global)?.flags).toContain('deprecated');
});

it('sends the first three adverts soon, the rest between the intervals, the same for a seed', async () => {
  const times = async (seed: number): Promise<number[]> => {
    const { router, sleep } = await link(seed);
    const daemon = radvd(router, 'interface eth0 { AdvSendAdvert on; MinRtrAdvInterval 100; MaxRtrAdvInterval 200; };');
    await sleep(2500);
    daemon.kill('SIGTERM');
    await daemon.done;
    return daemon.said().split('\n').flatMap((line) => /next scheduled RA in (\S+)/.exec(line)?.[1] ?? []).map(Number);
  };
  const first = await times(5);
  expect(first.slice(0, 2)).toEqual([16, 16]);
  expect(first.length).toBeGreaterThan(10);
  for (const time of first.slice(2)) expect(time).toBeGreaterThanOrEqual(100);
  for (const time of first) expect(time).toBeLessThanOrEqual(200);
  expect(net.close()).toEqual({});
  const again = await times(5);
  expect(again).toEqual(first);
});

it('looks at an interface again when its link or its addresses change', async () => {
  const { router, host, sleep } = await link();
  const daemon = radvd(router, 'interface eth0 { AdvSendAdvert on; prefix ::/64 { }; };');
  await sleep(1);
  expect(globals(host)).toEqual([]);
  router.addr.add({ dev: 'eth0', cidr: '2001:db8:9::1/64', nodad: true });
  await sleep(3);
  expect(globals(host)[0]).toMatch(/^2001:db8:9:/);
  router.link.set({ dev: 'eth0', up: false });
  await sleep(3);
  router.link.set({ dev: 'eth0', up: true });
  await sleep(5);
  daemon.kill('SIGINT');
  await daemon.done;
  const text = daemon.text().join('\n');
  expect(text).toMatch(/new address\nnetlink: eth0, ifindex 2, addresses are different\neth0 next scheduled RA in 1 second/);
  expect(text).toMatch(/timer_handler called for eth0\nioctl\(SIOCGIFFLAGS\) succeeded on eth0\neth0 is not up\nnot sending RA for eth0, interface is not ready/);
  expect(text).toMatch(/flags is running\nnetlink: eth0, ifindex 2, flags is running\neth0 next scheduled RA in 1 second/);
  expect(text.match(/eth0 is ready/g)?.length).toBeGreaterThan(2);
  expect(text).toContain('exiting, 1 sigint(s) received');
});

it('reads its file again at SIGHUP, and ends if that is no longer one', async () => {
  const { router, host, sleep } = await link();
  const daemon = radvd(router, CONF, 0);
  await sleep(1);
  daemon.config = CONF.replace('db8:1', 'db8:2');
  daemon.kill('SIGHUP');
  await sleep(2);
  expect(globals(host).map((cidr) => cidr.slice(0, 11)).sort()).toEqual(['2001:db8:1:', '2001:db8:2:']);
  daemon.config = 'nonsense';
  daemon.kill('SIGHUP');
  expect((await daemon.done).code).toBe(1);
  expect(daemon.text()).toEqual([
    'version 2.19 started', 'attempting to reread config file', 'resuming normal operation', 'attempting to reread config file', '/r.conf:1 error: syntax error', 'exiting, failed to read config file',
  ]);
});

it('complains about another router that says otherwise', async () => {
  const { router, host, sleep } = await link();
  host.sysctl('net.ipv6.conf.all.forwarding', 1);
  const one = radvd(router, 'interface eth0 { AdvSendAdvert on; AdvManagedFlag on; };', 0);
  const other = radvd(host, 'interface eth0 { AdvSendAdvert on; AdvCurHopLimit 3; };', 0);
  await sleep(20);
  for (const daemon of [one, other]) {
    daemon.kill('SIGTERM');
    await daemon.done;
    expect(daemon.text().join('\n')).toMatch(/our AdvCurHopLimit on eth0 doesn't agree with fe80::\S+\nour AdvManagedFlag on eth0 doesn't agree/);
  }
});

it('answers a nameless solicitation to all, unless they have just been told', async () => {
  net = createNet();
  const config = 'interface va { AdvSendAdvert on; };';
  const long = await ourRadvd({ config, frames: [NAMELESS_SOLICITATION, NAMELESS_SOLICITATION], gap: 3100 });
  expect(long.adverts.map((text) => text.split(' ')[0])).toEqual(['333300000001', '333300000001', '333300000001']);
  const short = await ourRadvd({ config, frames: [NAMELESS_SOLICITATION], gap: 2900 });
  expect(short.adverts).toHaveLength(1);
  expect(plain(short.stderr)).toContain("va: rate limiting RA's, rescheduling RA N seconds from now");
});

it('says as a daemon only what is wrong with the syntax', async () => {
  const { router } = await link();
  const start = (config: string): Promise<{ readonly code: number; readonly stderr: string }> => {
    const files = { readText: () => config, readBytes: () => -U.ENOENT, create: () => -U.EROFS };
    return router.start('radvd', { stdout: () => {}, stderr: () => {}, files }).done;
  };
  expect(await start('interface eth0 {')).toMatchObject({ code: 1, stderr: '/etc/radvd.conf:1 error: syntax error\n' });
  expect(await start('interface eth0 { prefix 1::/129 { }; };')).toMatchObject({ code: 1, stderr: '' });
});

it('says what keeps it from running', async () => {
  const { router } = await link();
  expect(await router.run('radvd -n -m stderr_clean -C /nope')).toEqual({
    code: 1, stdout: '', stderr: "version 2.19 started\ncan't open /nope: No such file or directory\nexiting, permissions on conf_file invalid\n",
  });
  expect(await router.run('radvd -C /nope')).toEqual({ code: 1, stdout: '', stderr: '' });
  expect(await router.run('radvd -x')).toEqual({ code: 1, stdout: '', stderr: "radvd: invalid option -- 'x'\n" });
  expect(await router.run('radvd -m foo')).toEqual({ code: 1, stdout: '', stderr: 'radvd: unknown log method: foo\n' });
  expect((await router.run('radvd -c -C /nope')).stderr).toMatch(/^\[\w{3} \d\d \d\d:\d\d:\d\d\] radvd \(\d+\): can't open \/nope: No such file or directory\n/);
});
