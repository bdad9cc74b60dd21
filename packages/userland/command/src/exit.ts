/** exit(3): thrown to end a command from deep inside. */
import type { Status } from './command.ts';

export class Exit extends Error {
  override readonly name = 'Exit';
  /** 0 to 255. */
  readonly status: number;

  constructor(status: number) {
    super(`exit ${status & 255}`);
    this.status = status & 255;
  }
}

/** Runs `main` and turns an {@link Exit} into its status: at once if `main` does not wait. */
export function exitStatus(main: () => Status): Status {
  try {
    const status = main();
    return typeof status === 'number' ? status & 255 : status.then((value) => value & 255, exited);
  } catch (error) {
    return exited(error);
  }
}

function exited(error: unknown): number {
  if (error instanceof Exit) return error.status;
  throw error;
}

/** What follows a step that may have to wait. */
export function andThen(status: Status, next: (status: number) => Status): Status {
  return typeof status === 'number' ? next(status) : status.then(next);
}
