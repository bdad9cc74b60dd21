import type { Diagnostic, DiagnosticText, Position } from './diagnostic.ts';
import { child, type YamlTree } from './yaml-tree.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** A map, or an empty one: the schema has already complained about anything else. */
export function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : Object.create(null) as Fields;
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function number(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

/** Drops the keys that are undefined, which `exactOptionalPropertyTypes` does not want. */
export function compact<T extends object>(value: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as T;
}

/** What the steps after the schema share: the document, the diagnostics so far, the names of the nodes. */
export class Context {
  readonly diagnostics: Diagnostic[];
  readonly file: string;
  readonly nodeNames: ReadonlySet<string>;
  private readonly tree: YamlTree;

  constructor(tree: YamlTree, file: string, diagnostics: Diagnostic[]) {
    this.tree = tree;
    this.file = file;
    this.diagnostics = diagnostics;
    this.nodeNames = new Set(Object.keys(fields(fields(this.root['topology'])['nodes'])));
  }

  get root(): Fields {
    return fields(this.tree.value);
  }

  /** One mistake that many nodes inherit is said once. */
  error(pointer: string, text: DiagnosticText, part: 'key' | 'value' = 'value'): void {
    const added = this.tree.report('error', pointer, part, text);
    const isKnown = this.diagnostics.some((d) => d.path === added.path && d.found === added.found && d.expected === added.expected && d.hint === added.hint);
    if (!isKnown) this.diagnostics.push(added);
  }

  note(pointer: string, text: DiagnosticText, part: 'key' | 'value' = 'key'): void {
    this.diagnostics.push(this.tree.report('note', pointer, part, text));
  }

  position(pointer: string, part: 'key' | 'value' = 'value'): Position {
    const { file, line, column } = this.tree.report('note', pointer, part, { message: '' });
    return { file, line, column };
  }

  /** A scalar as written in the file. */
  written(pointer: string, value: unknown): string {
    const isScalar = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
    return this.tree.text(pointer) ?? (isScalar ? String(value) : '');
  }
}

export { child };
