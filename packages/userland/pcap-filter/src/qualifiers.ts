/** What stands in front of a name or number: protocol, direction, kind. */
export type Dir = 'default' | 'src' | 'dst' | 'or' | 'and' | 'addr1' | 'addr2' | 'addr3' | 'addr4' | 'ra' | 'ta';
export type Kind = 'default' | 'host' | 'net' | 'port' | 'portrange' | 'gateway' | 'proto' | 'protochain';

export interface Qualifiers {
  /** A protocol's keyword, or `default`. */
  readonly proto: string;
  readonly dir: Dir;
  readonly kind: Kind;
}
