/** `ip maddress`: groups that interfaces listen to, from the files of /proc, and link-layer ones that are set by hand. */
import { IoctlSocket } from '@skbuff/command';
import { AF_INET, AF_INET6, AF_PACKET, AF_UNSPEC, SIOCADDMULTI, SIOCDELMULTI, strerror } from '@skbuff/uapi';
import type { Args } from './args.ts';
import type { IpContext } from './context.ts';
import { formatHost } from './format-host.ts';
import { llAddrA2n, llAddrN2a } from './inet.ts';
import { isIfname } from './link-parse.ts';
import { usageMaddr } from './usage.ts';

const ETH_ALEN = 6;

/** A membership. */
interface MaInfo {
  readonly index: number;
  readonly name: string;
  readonly family: number;
  readonly bytes: Uint8Array;
  readonly users: number;
  /** Set by hand. */
  readonly isStatic: boolean;
}

/** In the order of the interfaces; of one interface as they come. */
class Memberships {
  readonly list: MaInfo[] = [];

  insert(info: MaInfo): void {
    const at = this.list.findIndex((other) => other.index > info.index);
    this.list.splice(at < 0 ? this.list.length : at, 0, info);
  }
}

function hexBytes(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length >> 1 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16));
}

function lines(ctx: IpContext, file: string): string[] {
  const text = ctx.env.readFile(`/proc/net/${file}`);
  return typeof text === 'number' ? [] : text.split('\n').filter((line) => line !== '');
}

function readDevMcast(ctx: IpContext, dev: string | null, to: Memberships): void {
  for (const line of lines(ctx, 'dev_mcast')) {
    const [index, name, users, isStatic, hex] = line.trim().split(/\s+/) as [string, string, string, string, string];
    if (dev === null || dev === name) to.insert({ index: Number(index), name, family: AF_PACKET, bytes: hexBytes(hex), users: Number(users), isStatic: Number(isStatic) !== 0 });
  }
}

/** Lines that begin with a tab are groups of the interface above them; addresses are in the byte order of the machine. */
function readIgmp(ctx: IpContext, dev: string | null, to: Memberships): void {
  let index = 0;
  let name = '';
  for (const line of lines(ctx, 'igmp').slice(1)) {
    if (!line.startsWith('\t')) {
      const words = line.split(/\s+/);
      index = Number(words[0]);
      name = (words[1] as string).replace(/:$/, '');
    } else if (dev === null || dev === name) {
      const [hex, users] = line.trim().split(/\s+/) as [string, string];
      to.insert({ index, name, family: AF_INET, bytes: hexBytes(hex).reverse(), users: Number(users), isStatic: false });
    }
  }
}

function readIgmp6(ctx: IpContext, dev: string | null, to: Memberships): void {
  for (const line of lines(ctx, 'igmp6')) {
    const [index, name, hex, users] = line.trim().split(/\s+/) as [string, string, string, string];
    if (dev === null || dev === name) to.insert({ index: Number(index), name, family: AF_INET6, bytes: hexBytes(hex), users: Number(users), isStatic: false });
  }
}

function printAddress(ctx: IpContext, m: MaInfo): void {
  const { out } = ctx;
  out.openObject();
  if (m.family === AF_PACKET) {
    const text = llAddrN2a(m.bytes);
    out.text('link  ');
    out.any('link', text, out.paint('mac', text));
  } else {
    const text = formatHost(ctx, m.family, m.bytes);
    out.any('family', m.family === AF_INET ? 'inet' : 'inet6', m.family === AF_INET ? 'inet  ' : 'inet6 ');
    out.any('address', text, out.paint(m.family === AF_INET ? 'inet' : 'inet6', text));
  }
  if (m.users !== 1) out.any('users', m.users, ` users ${m.users}`);
  if (m.isStatic) out.any('features', 'static', ' static');
  out.text('\n');
  out.closeObject();
}

/** `print_mlist`: with -oneline the interface stands before each. */
function printList(ctx: IpContext, list: readonly MaInfo[]): void {
  const { out, options } = ctx;
  let index = 0;
  out.newDocument();
  for (const m of list) {
    if (m.index !== index || options.oneline) {
      if (index !== 0) {
        out.closeArray();
        out.closeObject();
      }
      out.openObject();
      index = m.index;
      out.any('ifindex', index, `${index}:`);
      out.any('ifname', m.name, out.paint('ifname', `\t${m.name}`));
      out.nl();
      out.openArray('maddr');
    }
    out.text('\t');
    printAddress(ctx, m);
  }
  if (index !== 0) {
    out.closeArray();
    out.closeObject();
  }
  out.deleteDocument();
}

/** `multiaddr_list`. */
function list(ctx: IpContext, args: Args): number {
  const { family } = ctx.options;
  let dev: string | null = null;
  for (; args.left > 0; args.skip()) {
    if (args.is('dev')) args.next();
    else if (args.abbr('help')) usageMaddr(ctx);
    if (dev !== null) args.duparg2('dev');
    dev = args.cur;
  }
  const found = new Memberships();
  if (family === AF_UNSPEC || family === AF_PACKET) readDevMcast(ctx, dev, found);
  if (family === AF_UNSPEC || family === AF_INET) readIgmp(ctx, dev, found);
  if (family === AF_UNSPEC || family === AF_INET6) readIgmp6(ctx, dev, found);
  printList(ctx, found.list);
  return 0;
}

/** `multiaddr_modify`: SIOCADDMULTI or SIOCDELMULTI. Without an address it is 00:00:00:00:00:00. */
function modify(ctx: IpContext, args: Args, request: number): number {
  let name = '';
  let address: Uint8Array | null = null;
  for (; args.left > 0; args.skip()) {
    if (args.is('dev')) {
      args.next();
      if (name !== '') args.duparg('dev');
      if (!isIfname(args.cur)) args.invarg('"dev" not a valid ifname');
      name = args.cur;
      continue;
    }
    if (args.abbr('address')) args.next();
    if (args.abbr('help')) usageMaddr(ctx);
    if (address !== null) args.duparg('address');
    address = readAddress(ctx, args);
  }
  if (name === '') return ctx.die(-1, 'Not enough information: "dev" is required.\n');
  return change(ctx, name, address ?? new Uint8Array(ETH_ALEN), request);
}

function readAddress(ctx: IpContext, args: Args): Uint8Array {
  const bytes = llAddrA2n(args.cur, ctx.stderr) ?? ctx.die(1, '');
  if (bytes.length !== ETH_ALEN) ctx.die(1, `Error: Invalid address length ${bytes.length} - must be ${ETH_ALEN} bytes\n`);
  return bytes;
}

function change(ctx: IpContext, name: string, address: Uint8Array, request: number): number {
  const io = IoctlSocket.open(ctx.env, ctx.options.family === AF_INET6 ? AF_INET6 : AF_INET);
  if (typeof io === 'number') return ctx.die(1, `Cannot create socket: ${strerror(io)}\n`);
  const err = io.set(request, name, [0, 0, ...address]);
  io.close();
  return err < 0 ? ctx.die(1, `ioctl: ${strerror(err)}\n`) : 0;
}

/** `do_multiaddr`. */
export function doMaddr(ctx: IpContext, args: Args): number {
  if (args.left === 0) return list(ctx, args);
  const then = (fn: (rest: Args) => number): number => {
    args.skip();
    return fn(args);
  };
  if (args.abbr('add')) return then((rest) => modify(ctx, rest, SIOCADDMULTI));
  if (args.abbr('delete')) return then((rest) => modify(ctx, rest, SIOCDELMULTI));
  if (args.abbr('list', 'show', 'lst')) return then((rest) => list(ctx, rest));
  if (args.abbr('help')) return usageMaddr(ctx);
  return ctx.die(-1, `Command "${args.cur}" is unknown, try "ip maddr help".\n`);
}
