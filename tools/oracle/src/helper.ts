/** Programs in C that run in a namespace of the running kernel. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A helper in C that is asked line by line. */
export class Helper {
  private readonly process: ChildProcess;
  private readonly lines: AsyncIterator<string>;

  /** Source in c/, compiled into `directory`. */
  constructor(directory: string, name: string, netns: string, args: readonly string[]) {
    const binary = path.join(directory, name);
    if (!existsSync(binary)) execFileSync('gcc', ['-O2', '-o', binary, fileURLToPath(new URL(`../c/${name}.c`, import.meta.url))]);
    this.process = spawn('ip', ['netns', 'exec', netns, binary, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.lines = createInterface({ input: this.process.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  }

  get pid(): number {
    return this.process.pid as number;
  }

  write(line: string): void {
    this.process.stdin?.write(`${line}\n`);
  }

  async next(): Promise<string> {
    const { value, done } = await this.lines.next();
    if (done === true) throw new Error('the helper has ended');
    return value;
  }

  /** Its lines until it ends. */
  [Symbol.asyncIterator](): AsyncIterator<string> {
    return this.lines;
  }

  async ask(line: string): Promise<string> {
    this.write(line);
    return this.next();
  }

  async close(): Promise<void> {
    const gone = new Promise((resolve) => this.process.once('exit', resolve));
    this.process.stdin?.end();
    await gone;
  }
}
