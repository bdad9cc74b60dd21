export function chromiumPath(): string | undefined;
export class Browser {
  static open(): Promise<Browser>;
  run(code: string, input: object): Promise<Record<string, unknown>>;
  printed(code: string): Promise<string>;
  close(): Promise<void>;
}
