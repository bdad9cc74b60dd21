export { runLine, type LineResult } from './exec.ts';
export type * from './lab-host.ts';
export { type LabRun, runLab, type RunOptions, setUp } from './run.ts';
export { runSchedule, type Schedule } from './schedule.ts';
export { createStackHost } from './stack-host.ts';
