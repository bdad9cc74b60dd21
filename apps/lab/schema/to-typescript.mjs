// Writes the published schema as a module, for where there is no file to read (a browser): `node apps/lab/schema/to-typescript.mjs`.
import { readFileSync, writeFileSync } from 'node:fs';

const schema = readFileSync(new URL('skbuff-lab.schema.json', import.meta.url), 'utf8');
writeFileSync(new URL('../src/topology/lab-schema.ts', import.meta.url), `/** The published schema as a module: browsers have no file to read. Made by schema/to-typescript.mjs; a test holds the two together. */
// long: it is the schema.
export const LAB_SCHEMA: object = ${schema.trimEnd()};
`);
