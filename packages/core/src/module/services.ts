/**
 * Services between plugins: one plugin provides an object under a token, others ask for it while they load. What belongs to a namespace has its
 * {@link NetSlot}; what a packet needs is a field by then, so that nothing is looked up after loading.
 */

declare const typed: unique symbol;

/** A name for a service of type T. */
export type Token<T> = symbol & { readonly [typed]?: T };

export function token<T>(name: string): Token<T> {
  return Symbol(name) as Token<T>;
}

/** A service was asked for that no loaded plugin provides. */
export class MissingServiceError extends Error {
  override readonly name = 'MissingServiceError';
  readonly service: string;

  constructor(service: string) {
    super(`nothing provides ${service}: load the plugin that does, and name it in "requires"`);
    this.service = service;
  }
}

/** The services of one kernel. */
export class Services {
  /** How each is made, and once it was asked for, a function that returns that one. */
  private readonly makers: Map<symbol, () => unknown> = new Map();

  /** One instance for the kernel, made at the first `get`. Returns the undo. */
  provide<T>(name: Token<T>, make: () => T): () => void {
    if (this.has(name)) throw new Error(`${String(name.description)} is provided twice`);
    this.makers.set(name, () => {
      const made = make();
      this.makers.set(name, () => made);
      return made;
    });
    return () => void this.makers.delete(name);
  }

  get<T>(name: Token<T>): T {
    const make = this.makers.get(name);
    if (make === undefined) throw new MissingServiceError(String(name.description));
    return make() as T;
  }

  has<T>(name: Token<T>): boolean {
    return this.makers.has(name);
  }
}
