export { type Diagnostic, type Position, type Severity, TopologyError } from './diagnostic.ts';
export { type Env } from './expand.ts';
export { type Paint, plainPaint } from '@skbuff/explain';
export { formatDiagnostic, formatDiagnostics, printable } from './format.ts';
export type * from './model.ts';
export { type ParseOptions, parseTopology, parseTopologyOrThrow } from './parse.ts';
export { labSchema } from './schema.ts';
export { formatDuration } from './units.ts';
