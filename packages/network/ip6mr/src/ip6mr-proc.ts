/** /proc/net/ip6_mr_vif and /proc/net/ip6_mr_cache, of the default table. */
import type { Net } from '@skbuff/core';
import type { In6Addr } from '@skbuff/wire';
import { ip6mrNet, type Mfc6Cache, type Mr6Table, NO_TTL } from './mr6-table.ts';

/** `ip6mr_vif_seq_show`. */
export function ip6mrVifSeqShow(net: Net): string {
  let text = 'Interface      BytesIn  PktsIn  BytesOut PktsOut Flags\n';
  for (const [i, vif] of ip6mrNet.of(net).dflt.vifs.entries()) {
    if (vif === null) continue;
    const flags = vif.flags.toString(16).toUpperCase().padStart(5, '0');
    text += `${right(i, 2)} ${vif.dev.name.padEnd(10)} ${right(vif.bytesIn, 8)} ${right(vif.pktIn, 7)}  ${right(vif.bytesOut, 8)} ${right(vif.pktOut, 7)} ${flags}\n`;
  }
  return text;
}

/** `ipmr_mfc_seq_show`: entries with an answer, then those without. */
export function ip6mrMfcSeqShow(net: Net): string {
  const mrt = ip6mrNet.of(net).dflt;
  let text = 'Group                            Origin                           Iif      Pkts  Bytes     Wrong  Oifs\n';
  for (const c of mrt.mfcs) text += `${colons(c.group)} ${colons(c.origin)} ${String(c.parent).padEnd(3)} ${right(c.pkt, 8)} ${right(c.bytes, 8)} ${right(c.wrongIf, 8)}${ways(mrt, c)}\n`;
  for (const { group, origin } of mrt.unres) text += `${colons(group)} ${colons(origin)} -1  ${right(0, 8)} ${right(0, 8)} ${right(0, 8)}\n`;
  return text;
}

function ways(mrt: Mr6Table, c: Mfc6Cache): string {
  let text = '';
  for (let n = c.minvif; n < c.maxvif; n++) {
    if (mrt.vifs[n] !== null && (c.ttls[n] as number) < NO_TTL) text += ` ${right(n, 2)}:${String(c.ttls[n]).padEnd(3)}`;
  }
  return text;
}

const right = (n: number, width: number): string => String(n).padStart(width);

/** `%pI6`. */
function colons(addr: In6Addr): string {
  return addr.toHex().replace(/(....)(?!$)/g, '$1:');
}
