/**
 * Wiring of services when plugins load, on tsyringe: one child container per kernel and one per namespace. The only file that
 * knows tsyringe.
 *
 * Its traps (4.10) are kept out: symbol tokens only, because an unregistered class would silently be constructed anew; factory
 * providers only, because singletons first resolved in a namespace would belong to it; values of a namespace are cached per
 * namespace here; nothing is disposed by the container, because teardown is the plugins' recorded undo. A lookup costs over
 * 100 ns: no container is touched after a plugin was loaded.
 */
import { takeBackReflect } from './reflect.ts';
import { container, type DependencyContainer } from 'tsyringe';
import type { Net } from '../pernet/net.ts';

takeBackReflect();

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

export class Services {
  private readonly kernel: DependencyContainer = container.createChildContainer();
  private readonly nets: Map<Net, { readonly child: DependencyContainer; readonly made: Map<symbol, unknown> }> = new Map();
  private readonly withdrawn: Set<symbol> = new Set();

  /** One instance for the kernel, made at the first `get`. Returns the undo. */
  provide<T>(name: Token<T>, make: () => T): () => void {
    this.mustBeFree(name);
    let made: { readonly value: T } | null = null;
    this.withdrawn.delete(name);
    this.kernel.register<T>(name, { useFactory: () => (made ??= { value: make() }).value });
    return () => {
      this.withdrawn.add(name);
      made = null;
    };
  }

  /** One instance for each namespace. Returns the undo. */
  provideNet<T>(name: Token<T>, make: (net: Net) => T): () => void {
    this.mustBeFree(name);
    this.withdrawn.delete(name);
    this.kernel.register<(net: Net) => T>(name, { useFactory: () => make });
    return () => {
      this.withdrawn.add(name);
      for (const { made } of this.nets.values()) made.delete(name);
    };
  }

  get<T>(name: Token<T>): T {
    if (!this.has(name)) throw new MissingServiceError(String(name.description));
    return this.kernel.resolve<T>(name);
  }

  has<T>(name: Token<T>): boolean {
    return this.kernel.isRegistered(name) && !this.withdrawn.has(name);
  }

  getNet<T>(net: Net, name: Token<T>): T {
    if (!this.has(name)) throw new MissingServiceError(String(name.description));
    let scope = this.nets.get(net);
    if (scope === undefined) {
      scope = { child: this.kernel.createChildContainer(), made: new Map() };
      this.nets.set(net, scope);
    }
    if (!scope.made.has(name)) scope.made.set(name, scope.child.resolve<(net: Net) => T>(name)(net));
    return scope.made.get(name) as T;
  }

  /** The namespace is gone. */
  forget(net: Net): void {
    this.nets.delete(net);
  }

  private mustBeFree<T>(name: Token<T>): void {
    if (this.has(name)) throw new Error(`${String(name.description)} is provided twice`);
  }
}
