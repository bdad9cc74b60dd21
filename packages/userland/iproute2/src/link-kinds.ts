/** Kinds of link that have words of their own behind `type`. A new kind is one more entry. */
import type { Args } from './args.ts';
import type { IpContext } from './context.ts';
import type { LinkParser } from './link-parse.ts';
import { dummyKind } from './link-dummy.ts';
import { vethKind } from './link-veth.ts';

/** `struct link_util`. */
export interface LinkKind {
  readonly name: string;
  /** Reads the words behind the kind into IFLA_INFO_DATA; false after a complaint. */
  readonly parse?: (ctx: IpContext, args: Args, link: LinkParser) => boolean;
  /** Shows IFLA_INFO_DATA, whose attribute lies at `data`. */
  readonly print?: (ctx: IpContext, buf: Uint8Array, data: number) => void;
  /** What `ip link help KIND` says. */
  readonly help: string;
}

/** By name; commands may add theirs. */
export const linkKinds: Map<string, LinkKind> = new Map([vethKind, dummyKind].map((kind) => [kind.name, kind]));
