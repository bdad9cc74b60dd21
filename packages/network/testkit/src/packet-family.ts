/** What tests of all IP versions know of one of them. */

/** What every IP packet says. */
export interface PacketFields {
  /** Default {@link PacketFamily.hostA}. */
  readonly saddr?: string;
  /** Default {@link PacketFamily.hostB}. */
  readonly daddr?: string;
  readonly tos?: number;
  readonly ttl?: number;
  /** Default UDP. */
  readonly proto?: number;
  /** A number: that many bytes counting up. Default eight zeros. */
  readonly payload?: Uint8Array | number;
}

/** One IP version, on which builders of frames and tests of both stand. `P`: what its packets say beside {@link PacketFields}. */
export interface PacketFamily<P extends PacketFields = PacketFields> {
  /** For titles of tests. */
  readonly name: string;
  /** The first four bits of its packets. */
  readonly version: number;
  readonly ethType: number;
  /** The address of the first host, and of the second. */
  readonly hostA: string;
  readonly hostB: string;
  /** A packet. */
  readonly packet: (fields: P) => Uint8Array;
  /** The partial sum of the pseudo-header of UDP and TCP; `len` in bytes. */
  readonly pseudo: (saddr: string, daddr: string, len: number, proto: number) => number;
}

/** A number: that many bytes counting up. */
export function payloadBytes(payload: Uint8Array | number): Uint8Array {
  return typeof payload === 'number' ? Uint8Array.from({ length: payload }, (_, i) => i) : payload;
}
