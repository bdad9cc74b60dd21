/** exit(3): thrown to end a command from deep inside. */
export class Exit extends Error {
  override readonly name = 'Exit';
  /** 0 to 255. */
  readonly status: number;

  constructor(status: number) {
    super(`exit ${status & 255}`);
    this.status = status & 255;
  }
}

/** Runs `main` and turns an {@link Exit} into its status. */
export async function exitStatus(main: () => number | Promise<number>): Promise<number> {
  try {
    return (await main()) & 255;
  } catch (error) {
    if (error instanceof Exit) return error.status;
    throw error;
  }
}
