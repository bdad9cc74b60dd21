export { classify, type Classification } from './classify.ts';
export { parseLine } from './parse.ts';
export { commandsOf, runGroup, type ShellCommand, type ShellGroup, type ShellScript, type ShellStep, type Sink } from './script.ts';
