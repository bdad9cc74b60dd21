/** Writes JSON as iproute2 lays it out, compact or pretty. */

export type JsonScalar = string | number | bigint | boolean | null;

const ESCAPES: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r', '\f': '\\f', '\b': '\\b', '\\': '\\\\', '"': '\\"' };

function quote(text: string): string {
  return `"${text.replace(/[\t\n\r\f\b\\"]/g, (c) => ESCAPES[c] as string)}"`;
}

export class JsonWriter {
  private readonly write: (text: string) => void;
  private readonly pretty: boolean;
  private depth = 0;
  /** Whether something precedes the next member on its level. */
  private sep = false;

  constructor(write: (text: string) => void, pretty: boolean) {
    this.write = write;
    this.pretty = pretty;
  }

  startObject(): void {
    this.begin('{');
  }

  endObject(): void {
    this.end('}');
  }

  startArray(): void {
    this.begin('[');
    if (this.pretty) this.write(' ');
  }

  endArray(): void {
    if (this.pretty && this.sep) this.write(' ');
    this.sep = false;
    this.end(']');
  }

  name(key: string): void {
    this.comma();
    this.newline();
    this.sep = false;
    this.write(quote(key) + (this.pretty ? ': ' : ':'));
  }

  value(v: JsonScalar): void {
    this.comma();
    this.write(typeof v === 'string' ? quote(v) : String(v));
  }

  /** A number with the digits that are given. */
  raw(text: string): void {
    this.comma();
    this.write(text);
  }

  private begin(c: string): void {
    this.comma();
    this.write(c);
    this.depth++;
    this.sep = false;
  }

  private end(c: string): void {
    this.depth--;
    if (this.sep) this.newline();
    this.write(c);
    this.sep = true;
  }

  private comma(): void {
    if (this.sep) this.write(',');
    this.sep = true;
  }

  private newline(): void {
    if (this.pretty) this.write(`\n${'    '.repeat(this.depth)}`);
  }
}
