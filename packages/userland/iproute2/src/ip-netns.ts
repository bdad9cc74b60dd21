/** `ip netns`. */
import { andThen, atoi, Exit, type Status } from '@skbuff/command';
import type { Net } from '@skbuff/core';
import { NlAttrs, RtGenMsg } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import type { Args } from './args.ts';
import { parseAttrs } from './attrs.ts';
import type { IpContext } from './context.ts';
import { nsidName, nsidOfName } from './netns-id.ts';
import { netnsSwitch } from './netns-switch.ts';
import { getInteger } from './numbers.ts';
import { usageNetns } from './usage.ts';

const NETNS_RUN_DIR = '/run/netns';
const NO_NAME = 'No netns name specified\n';

function complain(ctx: IpContext, text: string): number {
  ctx.stderr(text);
  return -1;
}

function netnsList(ctx: IpContext): number {
  const { out } = ctx;
  out.newDocument();
  for (const name of ctx.env.netns.names()) {
    out.openObject();
    out.any('name', name, name);
    const id = nsidOfName(ctx, name);
    if (id >= 0) out.any('id', id, ` (id: ${id})`);
    out.text('\n');
    out.closeObject();
  }
  out.deleteDocument();
  return 0;
}

const NAME_MAX = 255;

/** `invalid_name`. */
function checkName(ctx: IpContext, name: string): void {
  if (name === '' || name.length > NAME_MAX || name.includes('/') || name === '.' || name === '..') ctx.die(-1, `Invalid netns name "${name}"\n`);
}

function netnsAdd(ctx: IpContext, args: Args): number {
  if (args.left === 0) return complain(ctx, NO_NAME);
  const name = args.cur;
  const { netns, task } = ctx.env;
  if (netns.get(name) !== null) return complain(ctx, `Cannot create namespace file "${NETNS_RUN_DIR}/${name}": ${U.strerror(U.EEXIST)}\n`);
  // The next line of a batch is to run where this one began.
  const back = task.open('/proc/self/ns/net');
  const err = task.unshare(U.CLONE_NEWNET);
  if (err === 0) {
    netns.attach(name, task.net);
    task.setns(back, U.CLONE_NEWNET);
  }
  task.close(back);
  return err < 0 ? complain(ctx, `Failed to create a new network namespace "${name}": ${U.strerror(err)}\n`) : 0;
}

/** Gives the namespace of a process a name. */
function netnsAttach(ctx: IpContext, args: Args): number {
  if (args.left < 2) return complain(ctx, 'No netns name and PID specified\n');
  const name = args.cur;
  args.skip();
  const pid = getInteger(args.cur) ?? 0;
  if (pid === 0) return complain(ctx, `Invalid PID: ${args.cur}\n`);
  const net = ctx.env.netns.get(name) === null ? ctx.env.netOfPid(pid) : null;
  if (net !== null) return Math.min(ctx.env.netns.attach(name, net), 0);
  if (ctx.env.netns.get(name) !== null) return complain(ctx, `Cannot create namespace file "${NETNS_RUN_DIR}/${name}": ${U.strerror(U.EEXIST)}\n`);
  return complain(ctx, `Bind /proc/${pid}/ns/net -> ${NETNS_RUN_DIR}/${name} failed: ${U.strerror(U.ENOENT)}\n`);
}

function remove(ctx: IpContext, name: string): number {
  const err = ctx.env.netns.remove(name);
  return err < 0 ? complain(ctx, `Cannot remove namespace file "${NETNS_RUN_DIR}/${name}": ${U.strerror(err)}\n`) : 0;
}

function netnsDelete(ctx: IpContext, args: Args): number {
  if (args.left === 0 && ctx.options.doAll) {
    for (const name of [...ctx.env.netns.names()]) remove(ctx, name);
    return 0;
  }
  return args.left === 0 ? complain(ctx, NO_NAME) : remove(ctx, args.cur);
}

function namesOf(ctx: IpContext, net: Net): string[] {
  return ctx.env.netns.names().filter((name) => ctx.env.netns.get(name) === net);
}

function netnsIdentify(ctx: IpContext, args: Args): number {
  let net: Net | null = ctx.env.net;
  if (args.left > 1) return complain(ctx, 'extra arguments specified\n');
  if (args.left === 1) {
    if (!/^\d+$/.test(args.cur)) return complain(ctx, `Specified string '${args.cur}' is not a pid\n`);
    net = ctx.env.netOfPid(atoi(args.cur));
    if (net === null) return complain(ctx, `Cannot open network namespace: ${U.strerror(U.ENOENT)}\n`);
  }
  // Of several names the last one that the directory has.
  ctx.out.raw(`${namesOf(ctx, net).at(-1) ?? ''}\n`);
  return 0;
}

function netnsPids(ctx: IpContext, args: Args): number {
  if (args.left === 0) return complain(ctx, NO_NAME);
  if (args.left > 1) return complain(ctx, 'extra arguments specified\n');
  const net = ctx.env.netns.get(args.cur);
  if (net === null) return complain(ctx, `Cannot open network namespace: ${U.strerror(U.ENOENT)}\n`);
  for (const pid of ctx.env.pidsOf(net)) ctx.out.raw(`${pid}\n`);
  return 0;
}

/** `cmd_exec`: in the process itself, unless it has more to do afterwards. */
function execIn(ctx: IpContext, name: string, argv: readonly string[]): Status {
  const env = ctx.options.batch === null && !ctx.options.doAll ? ctx.env : ctx.env.fork();
  if (netnsSwitch(env, name, ctx.stderr) < 0) throw new Exit(-1);
  ctx.out.flush();
  return andThen(env.run(argv), (status) => {
    if (status < 0) ctx.stderr(`exec of "${argv[0]}" failed: ${U.strerror(status)}\n`);
    return status < 0 ? -1 : -status;
  });
}

/** The command in one namespace after the other. */
function execAll(ctx: IpContext, names: readonly string[], argv: readonly string[]): Status {
  const [name, ...more] = names;
  if (name === undefined) return 0;
  ctx.out.raw(`\nnetns: ${name}\n`);
  return andThen(execIn(ctx, name, argv), () => execAll(ctx, more, argv));
}

function netnsExec(ctx: IpContext, args: Args): Status {
  if (args.left === 0 && !ctx.options.doAll) return complain(ctx, NO_NAME);
  if (args.left < 1 + Number(!ctx.options.doAll)) return complain(ctx, 'No command specified\n');
  if (ctx.options.doAll) return execAll(ctx, ctx.env.netns.names(), args.rest());
  const name = args.cur;
  args.skip();
  return execIn(ctx, name, args.rest());
}

function netnsSet(ctx: IpContext, args: Args): number {
  if (args.left === 0) return complain(ctx, NO_NAME);
  const name = args.cur;
  args.skip();
  if (args.left === 0) return complain(ctx, 'No nsid specified\n');
  const id = args.is('auto') ? -1 : getInteger(args.cur);
  if (id === null) return args.invarg('Invalid "netnsid" value');
  if (id < 0 && !args.is('auto')) args.invarg('"netnsid" value should be >= 0');
  const net = ctx.env.netns.get(name);
  if (net === null) return complain(ctx, `Cannot open network namespace "${name}": ${U.strerror(U.ENOENT)}\n`);
  const req = ctx.rtnl.request(U.RTM_NEWNSID, 0, new RtGenMsg());
  req.builder.nlaPutU32(U.NETNSA_FD, ctx.openNetns(net));
  req.builder.nlaPutU32(U.NETNSA_NSID, id >>> 0);
  return ctx.rtnl.talk(req) < 0 ? -2 : 0;
}

interface ListId {
  readonly nsid: number;
  readonly target: number;
}

function readNsid(args: Args, key: string): number {
  const id = getInteger(args.next()) ?? args.invarg(`"${key}" value is invalid`);
  // ip complains about the word behind the number.
  return id >= 0 ? id : args.invarg(`"${key}" value should be >= 0`, args.rest()[1] ?? '(null)');
}

function parseListId(ctx: IpContext, args: Args): ListId {
  let nsid = -1;
  let target = -1;
  for (; args.left > 0; args.skip()) {
    if (args.is('target-nsid')) {
      if (target >= 0) args.duparg('target-nsid');
      target = readNsid(args, 'target-nsid');
    } else if (args.is('nsid')) {
      if (nsid >= 0) args.duparg('nsid');
      nsid = readNsid(args, 'nsid');
    } else usageNetns(ctx);
  }
  return { nsid, target };
}

function netnsListId(ctx: IpContext, args: Args): number {
  const { nsid, target } = parseListId(ctx, args);
  const { out } = ctx;
  const req = ctx.rtnl.request(U.RTM_GETNSID, 0, new RtGenMsg());
  if (target >= 0) req.builder.nlaPutU32(U.NETNSA_TARGET_NSID, target);
  if (nsid >= 0) req.builder.nlaPutU32(U.NETNSA_NSID, nsid);
  const show = (nlh: Parameters<typeof parseAttrs>[1]): void => {
    const tb = parseAttrs(new NlAttrs(U.NETNSA_MAX), nlh, RtGenMsg.LEN);
    const id = tb.s32(U.NETNSA_NSID);
    out.openObject();
    if (id < 0) out.text('nsid unassigned ');
    else out.any('nsid', id, `nsid ${id} `);
    if (tb.has(U.NETNSA_CURRENT_NSID)) out.any('current-nsid', tb.s32(U.NETNSA_CURRENT_NSID), `current-nsid ${tb.s32(U.NETNSA_CURRENT_NSID)} `);
    const name = nsidName(ctx, tb.has(U.NETNSA_CURRENT_NSID) ? tb.s32(U.NETNSA_CURRENT_NSID) : id);
    if (name !== null) out.any('name', name, `(iproute2 netns name: ${name})`);
    out.text('\n');
    out.closeObject();
  };
  const answers: Parameters<typeof show>[0][] = [];
  if (nsid >= 0) {
    const answer = ctx.rtnl.ask(req);
    if (typeof answer === 'number') return -2;
    answers.push(answer);
  } else if (ctx.rtnl.dump(req, (nlh) => (answers.push(nlh), 0)) < 0) return ctx.die(1, 'Dump terminated\n');
  out.newDocument();
  for (const answer of answers) show(answer);
  out.deleteDocument();
  return 0;
}

/** Every name that comes and goes, until a signal ends it. */
async function netnsMonitor(ctx: IpContext): Promise<number> {
  const { task, netns } = ctx.env;
  const watch = netns.watch(task);
  if (typeof watch === 'number') return complain(ctx, `inotify_add_watch failed: ${U.strerror(watch)}\n`);
  while ((await task.poll([{ fd: watch.fd, events: U.POLLIN, revents: 0 }], -1)) >= 0) {
    for (const { what, name } of watch.read()) ctx.out.raw(`${what} ${name}\n`);
    ctx.out.flush();
  }
  return 0;
}

/** `do_netns`. */
export function doNetns(ctx: IpContext, args: Args): Status {
  if (args.left === 0) return netnsList(ctx);
  if (!ctx.options.doAll && args.left > 1) checkName(ctx, args.rest()[1] as string);
  const then = <T>(fn: (rest: Args) => T): T => {
    args.skip();
    return fn(args);
  };
  if (args.abbr('list', 'show', 'lst')) return netnsList(ctx);
  if (args.abbr('list-id')) return then((rest) => netnsListId(ctx, rest));
  if (args.abbr('help')) return usageNetns(ctx);
  if (args.abbr('add')) return then((rest) => netnsAdd(ctx, rest));
  if (args.abbr('set')) return then((rest) => netnsSet(ctx, rest));
  if (args.abbr('delete')) return then((rest) => netnsDelete(ctx, rest));
  if (args.abbr('identify')) return then((rest) => netnsIdentify(ctx, rest));
  if (args.abbr('pids')) return then((rest) => netnsPids(ctx, rest));
  if (args.abbr('exec')) return then((rest) => netnsExec(ctx, rest));
  if (args.abbr('monitor')) return netnsMonitor(ctx);
  if (args.abbr('attach')) return then((rest) => netnsAttach(ctx, rest));
  return ctx.die(-1, `Command "${args.cur}" is unknown, try "ip netns help".\n`);
}
