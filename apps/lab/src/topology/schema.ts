import { Ajv, type ValidateFunction } from 'ajv';
import { LAB_SCHEMA } from './lab-schema.ts';

/** A node of the JSON schema, with our annotations. */
export interface SchemaNode {
  readonly title?: string;
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly definitions?: Readonly<Record<string, SchemaNode>>;
  /** `own`: skbuff's addition to the format. `ignored`: of containerlab, without effect here. */
  readonly 'x-skbuff'?: 'own' | 'ignored';
  /** What to say is expected, instead of the keyword that failed. */
  readonly 'x-expected'?: string;
  readonly 'x-hint'?: string;
}

/** A key that skbuff adds, and the titles of the maps in which it may stand. */
export type OwnKeys = ReadonlyMap<string, readonly string[]>;

/** The published schema: the same that editors use. */
export const labSchema: SchemaNode = LAB_SCHEMA;

let validator: ValidateFunction | undefined;

/** Compiled once, at the first use. */
export function schemaValidator(): ValidateFunction {
  if (validator) return validator;
  const ajv = new Ajv({ allErrors: true, verbose: true, strict: true, strictTypes: false, strictRequired: false, allowUnionTypes: true });
  ajv.addVocabulary(['x-skbuff', 'x-expected', 'x-hint']);
  validator = ajv.compile(labSchema);
  return validator;
}

/** Every map of the schema that has named keys: the root and the definitions, with what nests in them. */
export function schemaMaps(): SchemaNode[] {
  const seen: SchemaNode[] = [];
  const visit = (node: SchemaNode): void => {
    if (node.properties) seen.push(node);
    for (const part of Object.values(node.properties ?? {})) visit(part);
  };
  visit(labSchema);
  for (const part of Object.values(labSchema.definitions ?? {})) visit(part);
  return seen;
}

/** Keys that skbuff adds to containerlab's maps (not those inside its own maps, which are all its own). */
export const ownKeys: OwnKeys = new Map(
  schemaMaps()
    .filter((map) => map['x-skbuff'] !== 'own')
    .flatMap((map) => Object.entries(map.properties!).map(([key, schema]) => ({ key, schema, title: map.title ?? '' })))
    .filter(({ schema }) => schema['x-skbuff'] === 'own')
    .reduce((all, { key, title }) => all.set(key, [...(all.get(key) ?? []), title]), new Map<string, string[]>()),
);

/** The keys marked as ignored in the map with this title. */
export function ignoredKeys(title: string): ReadonlySet<string> {
  const map = schemaMaps().find((m) => m.title === title);
  return new Set(Object.entries(map?.properties ?? {}).filter(([, s]) => s['x-skbuff'] === 'ignored').map(([key]) => key));
}
