/** A whole stack, put together here because the preset lies above this package. */
import { addrconf } from '@skbuff/addrconf';
import { afInet } from '@skbuff/af-inet';
import { afInet6 } from '@skbuff/af-inet6';
import { arp } from '@skbuff/arp';
import type { Plugin } from '@skbuff/core';
import { fib } from '@skbuff/fib';
import { FibTrie } from '@skbuff/fib-trie';
import { fib6 } from '@skbuff/fib6';
import { Fib6Trie } from '@skbuff/fib6-trie';
import { icmp } from '@skbuff/icmp';
import { icmpv6 } from '@skbuff/icmpv6';
import { ip } from '@skbuff/iproute2';
import { ipv4 } from '@skbuff/ipv4';
import { ipv6 } from '@skbuff/ipv6';
import { dummy } from '@skbuff/dummy';
import { loopback } from '@skbuff/loopback';
import { mld } from '@skbuff/mld';
import { Cred, namespaces } from '@skbuff/namespaces';
import { ndisc } from '@skbuff/ndisc';
import { neighbour } from '@skbuff/neighbour';
import { netlink } from '@skbuff/netlink';
import { ping } from '@skbuff/ping';
import { procfs } from '@skbuff/procfs';
import { raw } from '@skbuff/raw';
import { rawv6 } from '@skbuff/rawv6';
import { rtnetlink } from '@skbuff/rtnetlink';
import { sock } from '@skbuff/sock';
import { sysctl } from '@skbuff/sysctl';
import { CLONE_NEWUSER } from '@skbuff/uapi';
import { udp } from '@skbuff/udp';
import { veth } from '@skbuff/veth';
import { type Command, type CommandEnv, readStdinText, type Status } from '@skbuff/command';
import { createNet, type HostNet, type NetOptions } from '../src/index.ts';

function plugins(): Plugin[] {
  return [
    sysctl(), procfs(), netlink(), rtnetlink(), loopback(), veth(), dummy(), neighbour(), arp(), ipv4(), fib({ table: () => new FibTrie() }),
    icmp(), namespaces(), sock(), afInet(), udp(), raw(), ping(),
    ipv6(), icmpv6(), ndisc(), mld(), addrconf(), fib6({ table: () => new Fib6Trie() }), afInet6(), rawv6(),
  ];
}

const sleep = (env: CommandEnv): Promise<number> => env.task.nanosleep(1e18) as Promise<number>;

/** What a probe does, by its first argument; anything else prints the arguments and the time. */
const PROBES: Readonly<Record<string, (env: CommandEnv, argv: readonly string[]) => Status>> = {
  wait: async (env) => ((await sleep(env)) < 0 ? 1 : 0),
  /** Waits until two signals came. */
  catch: async (env) => {
    for (const signal of ['SIGQUIT', 'SIGINT'] as const) env.onSignal(signal, () => env.stdout(`${signal} `));
    for (let i = 0; i < 2; i++) env.stdout(`errno ${-(await sleep(env))}\n`);
    return 0;
  },
  read: (env, [path = '']) => {
    const text = env.readFile(path);
    env.stdout(typeof text === 'string' ? text : `errno ${-text}`);
    return 0;
  },
  write: (env, [path = '', text = '']) => {
    const err = env.writeFile(path, text);
    if (err < 0) env.stdout(`errno ${-err}`);
    return err < 0 ? 1 : 0;
  },
  /** `write` as somebody else: a user id, or `inside`: root of a user namespace of his own. */
  as: (env, [who = '', path = '', text = '']) => {
    const { task } = env;
    if (who === 'inside') task.unshare(CLONE_NEWUSER);
    else task.commitCreds(new Cred(task.cred.userNs.get(), { uid: Number(who) }));
    env.stdout(`${env.writeFile(path, text)}`);
    return 0;
  },
  cat: async (env) => {
    env.stdout(await readStdinText(env));
    env.stdout(`terminal ${env.isTerminal}\n`);
    return 0;
  },
  copy: (env, [from = '', to = '']) => {
    const bytes = env.readBytes(from);
    const file = env.create(to);
    if (typeof bytes === 'number' || typeof file === 'number') {
      env.stdout(`errno ${-bytes}`);
      return 1;
    }
    file.write(bytes);
    file.close();
    return 0;
  },
};

const probe: Command = {
  name: 'probe',
  run(argv, env) {
    const one = PROBES[argv[1] ?? ''];
    if (one !== undefined) return one(env, argv.slice(2));
    env.stdout(`${argv.slice(1).join('|')} ${env.now()}\n`);
    return 0;
  },
};

/** A network whose packets are overwritten when they are freed. */
export function testNet(options: Partial<NetOptions> = {}): HostNet {
  return createNet({ plugins: plugins(), commands: [ip, probe], debug: true, ...options });
}
