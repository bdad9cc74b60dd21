export { graphToMermaid } from './mermaid.ts';
export * from './model.ts';
export { graphToSvg } from './svg.ts';
