export { type ExportOptions, exportScript } from './shell-script.ts';
