import type { ErrorObject } from 'ajv';
import type { Diagnostic, DiagnosticText } from './diagnostic.ts';
import { ownKeys, schemaValidator, type SchemaNode } from './schema.ts';
import { didYouMean, suggest } from './suggest.ts';
import { child, pointerParts, type YamlTree } from './yaml-tree.ts';

/** Keywords that only say that something below them failed. */
const STRUCTURAL = new Set(['if', 'then', 'else', 'propertyNames']);
const UNIONS = new Set(['oneOf', 'anyOf', 'not']);

/** Names a value for a message. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  return typeof value === 'object' ? (Object.keys(value).length === 0 ? 'an empty map' : 'a map') : String(value);
}

/** Checks the document against the published schema and says what is wrong, at its place. */
export function validate(tree: YamlTree): Diagnostic[] {
  const check = schemaValidator();
  if (check(tree.value)) return [];
  const errors = (check.errors ?? []).filter((e) => !STRUCTURAL.has(e.keyword));
  const placesOf = (found: (e: ErrorObject) => boolean): Set<string> => new Set(errors.filter(found).map((e) => e.instancePath));
  const unions = placesOf((e) => UNIONS.has(e.keyword));
  const mistyped = placesOf((e) => e.keyword === 'additionalProperties');
  const seen = new Set<string>();
  const result: Diagnostic[] = [];
  for (const error of errors) {
    // The branches of a union complain one by one; its own sentence says it better.
    if (error.keyword === 'required' && unions.has(error.instancePath)) continue;
    // `raech:` instead of `reach:` is one mistake, not two.
    if (error.keyword === 'oneOf' && mistyped.has(error.instancePath)) continue;
    const diagnostic = translate(error, tree);
    const key = `${diagnostic.path}\0${diagnostic.message}`;
    if (!seen.has(key)) result.push(diagnostic);
    seen.add(key);
  }
  return result;
}

function translate(error: ErrorObject, tree: YamlTree): Diagnostic {
  const schema = error.parentSchema as SchemaNode;
  if (error.propertyName !== undefined) return badName(error, tree);
  if (error.keyword === 'additionalProperties') return unknownKey(error, schema, tree);
  if (error.keyword === 'required') {
    const key = String(error.params['missingProperty']);
    return tree.report('error', error.instancePath, 'key', {
      message: `${schema.title ?? whatIs(error.instancePath)} has no \`${key}\``,
      found: keysOf(error.data),
      expected: `a key \`${key}\``,
      ...misspelt(key, error.data),
    });
  }
  const allowed = error.params['allowedValues'] as string[] | undefined;
  const hint = (allowed && typeof error.data === 'string' ? didYouMean(error.data, allowed) : undefined) ?? schema['x-hint'];
  return tree.report('error', error.instancePath, 'value', {
    message: complaint(error),
    found: describe(error.data),
    expected: schema['x-expected'] ?? ajvExpected(error),
    ...(hint !== undefined && { hint }),
  });
}

/** A required key that is missing is often there with a typing error. */
function misspelt(key: string, data: unknown): { hint?: string } {
  const near = suggest(key, Object.keys(data as object));
  return near === undefined ? {} : { hint: `is \`${near}\` meant to be \`${key}\`?` };
}

function keysOf(data: unknown): string {
  const keys = Object.keys(data as object);
  return keys.length === 0 ? 'an empty map' : keys.length > 8 ? `${keys.slice(0, 8).join(', ')}, …` : keys.join(', ');
}

function whatIs(pointer: string): string {
  const last = pointerParts(pointer).at(-1);
  return last === undefined ? 'the file' : /^\d+$/.test(last) ? 'this entry' : `\`${last}\``;
}

function complaint(error: ErrorObject): string {
  const what = whatIs(error.instancePath);
  if (error.keyword === 'type') return `${what} is of the wrong type`;
  if (error.keyword === 'not') return `${what} has both \`after\` and \`at\``;
  if (error.keyword === 'oneOf') return `${what} does not say what is expected`;
  return `${what} cannot be ${describe(error.data)}`;
}

function ajvExpected(error: ErrorObject): string {
  const allowed = error.params['allowedValues'] as unknown[] | undefined;
  if (allowed) return `one of ${allowed.join(', ')}`;
  const { type, minimum, maximum } = error.parentSchema as { type?: string | string[]; minimum?: number; maximum?: number };
  const names = [type ?? 'something else'].flat().map((t) => TYPE_NAMES[t] ?? t).join(' or ');
  if (minimum === undefined) return error.keyword === 'minLength' ? 'text that is not empty' : names;
  return maximum === undefined ? `${names}, at least ${minimum}` : `${names} from ${minimum} to ${maximum}`;
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  object: 'a map', array: 'a list', string: 'text', integer: 'a whole number', number: 'a number', boolean: 'true or false', null: 'nothing',
};

function badName(error: ErrorObject, tree: YamlTree): Diagnostic {
  const name = error.propertyName!;
  const isNode = error.instancePath === '/topology/nodes';
  return tree.report('error', child(error.instancePath, name), 'key', {
    message: isNode ? 'this cannot name a node' : 'this cannot name a sysctl',
    found: describe(name),
    expected: isNode ? "letters, digits, '-', '_' and '.', beginning with a letter or digit" : 'a name such as net.ipv4.ip_forward',
  });
}

/** Unknown keys are notes, unless they look like keys of ours: a mistyped `expect` would let a broken lab pass. */
function unknownKey(error: ErrorObject, schema: SchemaNode, tree: YamlTree): Diagnostic {
  const key = String(error.params['additionalProperty']);
  const known = Object.keys(schema.properties ?? {});
  const spot = child(error.instancePath, key);
  const title = schema.title ?? 'this map';
  if (schema['x-skbuff'] === 'own') {
    const hint = didYouMean(key, known);
    return tree.report('error', spot, 'key', { message: `${title} has no key \`${key}\``, found: key, expected: `one of ${known.join(', ')}`, ...(hint && { hint }) });
  }
  return tree.report(...ownOrNote(key, known, spot, title));
}

function ownOrNote(key: string, known: string[], spot: string, title: string): [Diagnostic['severity'], string, 'key', DiagnosticText] {
  const places = ownKeys.get(key);
  if (places) {
    return ['error', spot, 'key', { message: `\`${key}\` does not belong in ${title}`, found: key, expected: `\`${key}\` in ${places.join(' or ')}` }];
  }
  const near = suggest(key, known);
  if (near !== undefined && ownKeys.get(near)?.includes(title)) {
    return ['error', spot, 'key', { message: `unknown key \`${key}\` in ${title}`, found: key, expected: `one of ${known.filter((k) => ownKeys.get(k)?.includes(title)).join(', ')}, or a key of containerlab`, hint: `did you mean ${near}?` }];
  }
  return ['note', spot, 'key', { message: `unknown field \`${key}\` in ${title}, ignored${near === undefined ? '' : `; did you mean ${near}?`}` }];
}
