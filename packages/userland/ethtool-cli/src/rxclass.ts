/** How received packets are spread over rings: `-n -N -u -U -x -X`. */
import { ETHTOOL_GRXCLSRLCNT, ETHTOOL_GRXCLSRULE, ETHTOOL_GRXFH, ETHTOOL_GRXFHINDIR, ETHTOOL_GRXRINGS, ETHTOOL_SRXCLSRLDEL, ETHTOOL_SRXFH, ETHTOOL_SRXFHINDIR, strerror } from '@skbuff/uapi';
import { le32, setLe32 } from '@skbuff/wire';
import { badArgs, type EthtoolContext } from './context.ts';

/** Bytes of `struct ethtool_rxnfc`. */
const RXNFC_LEN = 192;
const FLOWS = /^(tcp|udp|ah|esp|sctp)[46]$|^ah-?esp[46]$|^ether$/;

/** `-n`: what is hashed for a kind of flow, one rule, or all. */
export function classRules(ctx: EthtoolContext): number {
  const [word, value] = ctx.args;
  if (word === 'rx-flow-hash' && value !== undefined && FLOWS.test(value)) {
    const rc = ctx.ioctl(ETHTOOL_GRXFH, new Uint8Array(RXNFC_LEN));
    return rc < 0 ? ctx.fail(1, ctx.perror('Cannot get RX network flow hashing options', rc)) : 0;
  }
  if (word === 'rule' && ctx.args.length === 2 && /^[0-9]+$/.test(value ?? '')) {
    const rc = ctx.ioctl(ETHTOOL_GRXCLSRULE, new Uint8Array(RXNFC_LEN));
    return rc < 0 ? ctx.fail(1, `rxclass: Cannot get RX class rule: ${strerror(-rc)}\nCannot get RX classification rule`) : 0;
  }
  return word === undefined ? allRules(ctx) : badArgs(ctx.env);
}

function allRules(ctx: EthtoolContext): number {
  const rings = ctx.ask(ETHTOOL_GRXRINGS, RXNFC_LEN);
  if (typeof rings === 'number') ctx.err(ctx.perror('Cannot get RX rings', rings));
  else ctx.out(`${le32(rings, 8)} RX rings available\n`);
  const rc = ctx.ioctl(ETHTOOL_GRXCLSRLCNT, new Uint8Array(RXNFC_LEN));
  return rc < 0 ? ctx.fail(1, `${ctx.perror('rxclass: Cannot get RX class rule count', rc)}\nRX classification rule retrieval failed`) : 0;
}

/** `-N`. */
export function classRulesSet(ctx: EthtoolContext): number {
  const [word, value] = ctx.args;
  const data = new Uint8Array(RXNFC_LEN);
  if (word === 'rx-flow-hash' && value !== undefined && FLOWS.test(value) && ctx.args.length >= 3) {
    const rc = ctx.ioctl(ETHTOOL_SRXFH, data);
    // A complaint, and yet a success.
    if (rc < 0) ctx.err(ctx.perror('Cannot change RX network flow hashing options', rc));
    return 0;
  }
  if (word === 'flow-type' && ctx.args.length >= 2) {
    const rc = ctx.ioctl(ETHTOOL_GRXCLSRLCNT, data);
    return ctx.fail(1, `${ctx.perror('rxclass: Cannot get RX class rule count', rc)}\nCannot insert classification rule`);
  }
  if (word === 'delete' && /^[0-9]+$/.test(value ?? '')) {
    const rc = ctx.ioctl(ETHTOOL_SRXCLSRLDEL, data);
    return rc < 0 ? ctx.fail(1, `${ctx.perror('rmgr: Cannot delete RX class rule', rc)}\nCannot delete classification rule`) : 0;
  }
  return badArgs(ctx.env);
}

function ringCount(ctx: EthtoolContext): number {
  const rings = ctx.ask(ETHTOOL_GRXRINGS, RXNFC_LEN);
  return typeof rings === 'number' ? ctx.fail(1, ctx.perror('Cannot get RX ring count', rings)) : le32(rings, 8);
}

function tableSize(ctx: EthtoolContext): number {
  const head = ctx.ask(ETHTOOL_GRXFHINDIR, 8);
  return typeof head === 'number' ? ctx.fail(1, ctx.perror('Cannot get RX flow hash indirection table size', head)) : le32(head, 4);
}

/** `-x`: the table, eight to a line. */
export function hashTable(ctx: EthtoolContext): number {
  if (ctx.args.length > 0) badArgs(ctx.env);
  const rings = ringCount(ctx);
  const size = tableSize(ctx);
  const data = new Uint8Array(8 + 4 * size);
  setLe32(data, 4, size);
  const rc = ctx.ioctl(ETHTOOL_GRXFHINDIR, data);
  if (rc < 0) return ctx.fail(1, ctx.perror('Cannot get RX flow hash indirection table', rc));
  let text = `RX flow hash indirection table for ${ctx.dev} with ${rings} RX ring(s):\n`;
  for (let i = 0; i < size; i++) {
    if (i % 8 === 0) text += `${String(i).padStart(5)}: `;
    text += ` ${String(le32(data, 8 + 4 * i)).padStart(5)}${i % 8 === 7 || i === size - 1 ? '\n' : ''}`;
  }
  ctx.out(text);
  return 0;
}

/** `-X equal N` or `-X default`. */
export function hashTableSet(ctx: EthtoolContext): number {
  const [word, value] = ctx.args;
  const equal = word === 'equal' && /^[1-9][0-9]*$/.test(value ?? '') ? Number(value) : 0;
  const rest = ctx.args.slice(equal === 0 ? 1 : 2);
  if ((equal === 0 && word !== 'default') || rest.some((other) => other !== 'default')) return badArgs(ctx.env);
  if (equal !== 0 && rest.length > 0) return ctx.fail(1, 'Equal and default options are mutually exclusive');
  ringCount(ctx);
  const size = equal === 0 ? 0 : tableSize(ctx);
  const data = new Uint8Array(8 + 4 * size);
  setLe32(data, 4, size);
  for (let i = 0; i < size; i++) setLe32(data, 8 + 4 * i, i % equal);
  const rc = ctx.ioctl(ETHTOOL_SRXFHINDIR, data);
  return rc < 0 ? ctx.fail(1, ctx.perror('Cannot set RX flow hash indirection table', rc)) : 0;
}
