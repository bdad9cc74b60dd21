/** Names of the namespaces that this one knows by number. */
import { NlAttrs, RtGenMsg } from '@skbuff/netlink';
import { NETNSA_FD, NETNSA_MAX, NETNSA_NSID, NETNSA_NSID_NOT_ASSIGNED, RTM_GETNSID } from '@skbuff/uapi';
import { parseAttrs } from './attrs.ts';
import type { IpContext } from './context.ts';

/** `get_netnsid_from_netnsid`, `get_netnsid_from_name`: the number of a named namespace, or a negative one. */
export function nsidOfName(ctx: IpContext, name: string): number {
  const net = ctx.env.netns.get(name);
  if (net === null) return -2;
  const fd = ctx.env.openNetns(net);
  if (fd < 0) return fd;
  const req = ctx.lookup.request(RTM_GETNSID, 0, new RtGenMsg());
  req.builder.nlaPutU32(NETNSA_FD, fd);
  const answer = ctx.lookup.ask(req, true);
  ctx.env.closeNetns(fd);
  if (typeof answer === 'number') return NETNSA_NSID_NOT_ASSIGNED;
  const tb = parseAttrs(new NlAttrs(NETNSA_MAX), answer, RtGenMsg.LEN);
  return tb.has(NETNSA_NSID) ? tb.s32(NETNSA_NSID) : NETNSA_NSID_NOT_ASSIGNED;
}

/** `get_name_from_nsid`: the name under which /run/netns has the namespace of that number, or null. */
export function nsidName(ctx: IpContext, id: number): string | null {
  for (const name of ctx.env.netns.names()) if (nsidOfName(ctx, name) === id) return name;
  return null;
}
