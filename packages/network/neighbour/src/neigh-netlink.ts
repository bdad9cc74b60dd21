/** Neighbours over rtnetlink: messages, notifications, and RTM_NEWNEIGH, RTM_DELNEIGH (`neigh_add`, `neigh_delete`). */
import type { Net, NetDevice } from '@skbuff/core';
import {
  NdaCacheInfo,
  NdMsg,
  NlAttrs,
  type NetlinkExtAck,
  type NetlinkSkb,
  NLA_BINARY,
  NLA_NESTED,
  NLA_U16,
  NLA_U32,
  NLA_U8,
  NLA_UNSPEC,
  type NlMsgHdr,
  nlaFind,
  nlaLen,
  nlaPolicy,
  nlaPolicyMask,
  nlaPolicySet,
  type NlaPolicySet,
  nlmsgParseDeprecated,
} from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { EAFNOSUPPORT, EEXIST, EINVAL, ENODEV, ENOENT, NUD_FAILED, NUD_NONE, NUD_PERMANENT } from '@skbuff/uapi';
import type { NeighCore } from './neigh-core.ts';
import { neighEventSend } from './neigh-event.ts';
import { keyWords } from './neigh-fill.ts';
import { NTF_EXT_SHIFT, NTF_EXT_VALIDATED, NTF_MANAGED } from './neigh-flags.ts';
import type { NeighTable } from './neigh-table.ts';
import * as F from './neigh-update.ts';
import { neighUpdate } from './neigh-update.ts';
import { MAX_ADDR_LEN, NUD_VALID, type Neighbour } from './neighbour.ts';
import { neighProxy } from './pneigh.ts';

/** `nda_policy`; everything from NDA_NH_ID on is held to strict rules. */
export const ndaPolicy: NlaPolicySet = nlaPolicySet(
  U.NDA_MAX,
  {
    [U.NDA_DST]: nlaPolicy(NLA_BINARY, MAX_ADDR_LEN),
    [U.NDA_LLADDR]: nlaPolicy(NLA_BINARY, MAX_ADDR_LEN),
    [U.NDA_CACHEINFO]: nlaPolicy(NLA_UNSPEC, NdaCacheInfo.LEN),
    [U.NDA_PROBES]: nlaPolicy(NLA_U32),
    [U.NDA_VLAN]: nlaPolicy(NLA_U16),
    [U.NDA_PORT]: nlaPolicy(NLA_U16),
    [U.NDA_VNI]: nlaPolicy(NLA_U32),
    [U.NDA_IFINDEX]: nlaPolicy(NLA_U32),
    [U.NDA_MASTER]: nlaPolicy(NLA_U32),
    [U.NDA_PROTOCOL]: nlaPolicy(NLA_U8),
    [U.NDA_NH_ID]: nlaPolicy(NLA_U32),
    [U.NDA_FDB_EXT_ATTRS]: nlaPolicy(NLA_NESTED),
    [U.NDA_FLAGS_EXT]: nlaPolicyMask(NLA_U32, U.NTF_EXT_MANAGED | U.NTF_EXT_EXT_VALIDATED),
  },
  U.NDA_NH_ID,
);

/** `neigh_find_table`. */
export function neighFindTable(core: NeighCore, family: number): NeighTable | null {
  return core.tables.find((tbl) => tbl.family === family) ?? null;
}

/** A request, as far as `neigh_add` and `neigh_delete` read it alike. */
interface Target {
  readonly dev: NetDevice | null;
  readonly tbl: NeighTable;
  readonly key: readonly [number, number, number, number];
}

/**
 * `dst`: where NDA_DST lies, or -1. `withLladdr`: the request may say the link-layer address, which must be long enough.
 */
function findTarget(core: NeighCore, net: Net, ndm: NdMsg, tb: NlAttrs, dst: number, withLladdr: boolean, extack: NetlinkExtAck): Target | number {
  if (dst < 0) return refuse(extack, 'Network address not specified');
  const dev = ndm.ifindex === 0 ? null : net.devGetByIndex(ndm.ifindex);
  if (dev === null && ndm.ifindex !== 0) return -ENODEV;
  if (withLladdr && dev !== null && tb.has(U.NDA_LLADDR) && tb.len(U.NDA_LLADDR) < dev.addrLen) return refuse(extack, 'Invalid link address');
  const tbl = neighFindTable(core, ndm.family);
  if (tbl === null) return -EAFNOSUPPORT;
  if (nlaLen(tb.buf, dst) < tbl.keyLen) return refuse(extack, 'Invalid network address');
  return { dev, tbl, key: keyWords(tbl.keyLen, tb.buf, dst + U.NLA_HDRLEN) };
}

function refuse(extack: NetlinkExtAck, text: string): number {
  extack.setErrMsg(text);
  return -EINVAL;
}

/** RTM_NEWNEIGH (`neigh_add`): adds or changes an entry, or a proxied address. */
export function neighAdd(core: NeighCore, skb: NetlinkSkb, nlh: NlMsgHdr, extack: NetlinkExtAck): number {
  const tb = new NlAttrs(U.NDA_MAX);
  const err = nlmsgParseDeprecated(nlh, NdMsg.LEN, tb, ndaPolicy, extack);
  if (err < 0) return err;
  const ndm = new NdMsg().read(nlh.buf, nlh.data);
  const target = findTarget(core, skb.net, ndm, tb, tb.at(U.NDA_DST), true, extack);
  if (typeof target === 'number') return target;
  const flags = ndm.flags | (tb.u32(U.NDA_FLAGS_EXT) << NTF_EXT_SHIFT);
  if ((flags & U.NTF_PROXY) !== 0) return pneighAdd(skb.net, target, ndm, flags, tb.u8(U.NDA_PROTOCOL), extack);
  const { dev, tbl } = target;
  if (dev === null) return refuse(extack, 'Device not specified');
  if (tbl.options.allowAdd !== null && !tbl.options.allowAdd(dev, extack)) return -EINVAL;
  const known = tbl.find(dev, ...target.key);
  const refused = refuseAdd(known, ndm, flags, nlh.flags, extack);
  if (refused !== 0) return refused;
  const neigh = known ?? createForAdd(dev, target, ndm, flags);
  if (typeof neigh === 'number') return neigh;
  // Without NLM_F_REPLACE the address of an entry that has one stays.
  const override = known === null || (nlh.flags & U.NLM_F_REPLACE) !== 0;
  return applyAdd(neigh, ndm, flags, override, tb, skb.portid, extack);
}

function pneighAdd(net: Net, target: Target, ndm: NdMsg, flags: number, protocol: number, extack: NetlinkExtAck): number {
  if ((flags & (NTF_MANAGED | NTF_EXT_VALIDATED)) !== 0) return refuse(extack, 'Invalid NTF_* flag combination');
  const entry = neighProxy(target.tbl).create(net, target.dev, ...target.key);
  if (typeof entry === 'number') return entry;
  entry.flags = flags;
  entry.permanent = (ndm.state & NUD_PERMANENT) !== 0;
  if (protocol !== 0) entry.protocol = protocol;
  return 0;
}

function refuseAdd(known: Neighbour | null, ndm: NdMsg, flags: number, nlFlags: number, extack: NetlinkExtAck): number {
  if (known !== null && (nlFlags & U.NLM_F_EXCL) !== 0) return -EEXIST;
  if (known === null && (nlFlags & U.NLM_F_CREATE) === 0) return -ENOENT;
  if (known === null && (ndm.state & NUD_PERMANENT) !== 0 && (flags & NTF_MANAGED) !== 0) return refuse(extack, 'Invalid NTF_* flag for permanent entry');
  if ((flags & NTF_EXT_VALIDATED) === 0 || (stateAfterAdd(known, ndm, flags) & NUD_VALID) !== 0) return 0;
  return refuse(extack, `Cannot ${known === null ? 'create' : 'mark neighbor as'} externally validated${known === null ? ' neighbor' : ''} with an invalid state`);
}

/** An entry that is to be looked for keeps its state, or starts without one. */
function stateAfterAdd(known: Neighbour | null, ndm: NdMsg, flags: number): number {
  if ((flags & (U.NTF_USE | NTF_MANAGED)) === 0) return ndm.state;
  return known === null ? NUD_NONE : known.nudState & ~NUD_PERMANENT;
}

function createForAdd(dev: NetDevice, target: Target, ndm: NdMsg, flags: number): Neighbour | number {
  const kept = flags & (U.NTF_EXT_LEARNED | NTF_MANAGED | NTF_EXT_VALIDATED);
  const exempt = (ndm.state & NUD_PERMANENT) !== 0 || (kept & ~NTF_MANAGED) !== 0;
  return target.tbl.createWith(dev, ...target.key, kept, exempt);
}

function applyAdd(neigh: Neighbour, ndm: NdMsg, flags: number, override: boolean, tb: NlAttrs, portid: number, extack: NetlinkExtAck): number {
  const protocol = tb.u8(U.NDA_PROTOCOL);
  if (protocol !== 0) neigh.protocol = protocol;
  const lladdr = tb.at(U.NDA_LLADDR);
  const update = updateFlagsOf(flags, override);
  const err = neighUpdate(neigh, lladdr < 0 ? null : tb.buf, lladdr + U.NLA_HDRLEN, ndm.state, update, portid, extack);
  if (err === 0 && (flags & (U.NTF_USE | NTF_MANAGED)) !== 0) neighEventSend(neigh, null);
  return err;
}

function updateFlagsOf(flags: number, override: boolean): number {
  let update = F.NEIGH_UPDATE_F_ADMIN;
  if (override) update |= F.NEIGH_UPDATE_F_OVERRIDE | F.NEIGH_UPDATE_F_OVERRIDE_ISROUTER;
  if ((flags & U.NTF_EXT_LEARNED) !== 0) update |= F.NEIGH_UPDATE_F_EXT_LEARNED;
  if ((flags & U.NTF_ROUTER) !== 0) update |= F.NEIGH_UPDATE_F_ISROUTER;
  if ((flags & NTF_MANAGED) !== 0) update |= F.NEIGH_UPDATE_F_MANAGED;
  if ((flags & NTF_EXT_VALIDATED) !== 0) update |= F.NEIGH_UPDATE_F_EXT_VALIDATED;
  if ((flags & U.NTF_USE) !== 0) update |= F.NEIGH_UPDATE_F_USE;
  return update;
}

/** RTM_DELNEIGH (`neigh_delete`): the entry fails, and goes unless somebody holds it. */
export function neighDelete(core: NeighCore, skb: NetlinkSkb, nlh: NlMsgHdr, extack: NetlinkExtAck): number {
  if (nlh.dataLen < NdMsg.LEN) return -EINVAL;
  const tb = new NlAttrs(U.NDA_MAX);
  const err = nlmsgParseDeprecated(nlh, NdMsg.LEN, tb, nlaPolicySet(U.NDA_MAX, {}), null);
  if (err < 0) return err;
  const ndm = new NdMsg().read(nlh.buf, nlh.data);
  // Of several addresses the first one counts here (`nlmsg_find_attr`).
  const dst = nlaFind(nlh.buf, nlh.attrData(NdMsg.LEN), nlh.attrLen(NdMsg.LEN), U.NDA_DST);
  const target = findTarget(core, skb.net, ndm, tb, dst, false, extack);
  if (typeof target === 'number') return target;
  const { dev, tbl, key } = target;
  if ((ndm.flags & U.NTF_PROXY) !== 0) return neighProxy(tbl).delete(skb.net, dev, ...key);
  if (dev === null) return -EINVAL;
  const neigh = tbl.find(dev, ...key);
  if (neigh === null) return -ENOENT;
  const failed = neighUpdate(neigh, null, 0, NUD_FAILED, F.NEIGH_UPDATE_F_OVERRIDE | F.NEIGH_UPDATE_F_ADMIN, skb.portid, extack);
  tbl.remove(neigh);
  return failed;
}
