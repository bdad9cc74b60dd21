export { type CaptureSink, type CaptureStore, MemoryCaptures } from './capture-store.ts';
export { runLine, type LineResult } from './exec.ts';
export type * from './lab-host.ts';
export { type LabRun, runLab, type RunOptions, setUp } from './run.ts';
export { runSchedule, type Schedule } from './schedule.ts';
export { createStackHost, StackHost } from './stack-host.ts';
