/** `inetsw`: which protocols a family offers for which type of socket. */
import { type ModuleContext, type Net, type Token, token } from '@skbuff/core';
import { type Proto, type ProtoOps, SOCKET_LAYER } from '@skbuff/sock';
import { EPROTONOSUPPORT, ESOCKTNOSUPPORT, IPPROTO_IP } from '@skbuff/uapi';
import type { InetSk } from './inet-sk.ts';

/** `struct inet_protosw`. */
export interface InetProtosw {
  /** SOCK_* */
  readonly type: number;
  /** IPPROTO_*; IPPROTO_IP: any (raw sockets). */
  readonly protocol: number;
  readonly prot: Proto;
  readonly ops: ProtoOps;
  /** What socket(2) with protocol 0 means for this type. */
  readonly isDefault: boolean;
  /** A port can be used again at once (`INET_PROTOSW_REUSE`). */
  readonly reuse: boolean;
  /** A connection-oriented socket (`INET_PROTOSW_ICSK`). */
  readonly icsk: boolean;
  /** The protocol's own kind of socket. */
  readonly sock: new (net: Net, family: number, type: number, protocol: number, prot: Proto, kern: boolean) => InetSk;
}

/** The family's table of one kernel. */
export class Inetsw {
  private readonly list: InetProtosw[] = [];

  /** `inet_register_protosw`: returns the undo. A wildcard entry comes after all others of its type. */
  register(entry: InetProtosw): () => void {
    const wildcard = this.list.findIndex((other) => other.type === entry.type && other.protocol === IPPROTO_IP);
    this.list.splice(wildcard < 0 || entry.protocol === IPPROTO_IP ? this.list.length : wildcard, 0, entry);
    return () => void this.list.splice(this.list.indexOf(entry), 1);
  }

  /** The entry for a type and protocol (0: the type's default), -ESOCKTNOSUPPORT or -EPROTONOSUPPORT. */
  lookup(type: number, protocol: number): InetProtosw | number {
    let err = -ESOCKTNOSUPPORT;
    for (const entry of this.list) {
      if (entry.type !== type) continue;
      err = -EPROTONOSUPPORT;
      if (protocol === IPPROTO_IP ? entry.isDefault : entry.protocol === protocol || entry.protocol === IPPROTO_IP) return entry;
    }
    return err;
  }
}

/** The service under which protocols find the table of AF_INET. */
export const INETSW: Token<Inetsw> = token<Inetsw>('INETSW');

/** `proto_register` and `inet_register_protosw`: makes a protocol known, and offers sockets of it in the family of `table`, while the plugin is loaded. */
export function inetRegisterProtosw(ctx: ModuleContext, table: Token<Inetsw>, entry: InetProtosw): void {
  const undo = ctx.get(SOCKET_LAYER).registerProto(entry.prot);
  if (typeof undo === 'number') throw new Error(`${entry.prot.name} is registered already`);
  ctx.onUnload(undo);
  ctx.onUnload(ctx.get(table).register(entry));
}
