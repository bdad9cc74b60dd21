/** Where results go: text, or JSON with the same content. */
import { type JsonScalar, JsonWriter } from './json-writer.ts';

export interface PrintOptions {
  readonly json: boolean;
  readonly pretty: boolean;
  readonly oneline: boolean;
}

/** What is coloured, with its SGR number. */
const COLORS = { ifname: 36, mac: 33, inet: 35, inet6: 34, up: 32, down: 31 } as const;

export type Paint = keyof typeof COLORS;

export class Printer {
  /** Whether -color is in force. */
  color = false;
  private readonly out: (text: string) => void;
  private readonly options: PrintOptions;
  private jw: JsonWriter | null = null;
  private pending = '';

  constructor(out: (text: string) => void, options: PrintOptions) {
    this.out = out;
    this.options = options;
  }

  /** Whether a JSON document is being written. */
  get isJson(): boolean {
    return this.jw !== null;
  }

  /** End of a line inside an entry: a backslash with -oneline. */
  get sl(): string {
    return this.options.oneline ? '\\' : '\n';
  }

  /** Text in any mode; `fprintf(stdout)`. */
  raw(text: string): void {
    this.pending += text;
    if (this.pending.length > 4096) this.flush();
  }

  /** The text in its colour, if there are colours. */
  paint(what: Paint | null, text: string): string {
    return this.color && what !== null ? `\u001b[${COLORS[what]}m${text}\u001b[0m` : text;
  }

  flush(): void {
    if (this.pending !== '') this.out(this.pending);
    this.pending = '';
  }

  /** Begins the document, an array, if -json was given. */
  newDocument(): void {
    if (!this.options.json) return;
    this.jw = new JsonWriter((text) => this.raw(text), this.options.pretty);
    this.jw.startArray();
  }

  deleteDocument(): void {
    if (this.jw === null) return;
    this.jw.endArray();
    this.jw = null;
    this.raw('\n');
  }

  /** PRINT_ANY: the text, or the member. Key null: an element of an array. */
  any(key: string | null, value: JsonScalar, text: string): void {
    if (this.jw === null) this.raw(text);
    else this.json(key, value);
  }

  /** PRINT_FP. */
  text(text: string): void {
    if (this.jw === null) this.raw(text);
  }

  /** PRINT_JSON. */
  json(key: string | null, value: JsonScalar): void {
    if (this.jw === null) return;
    if (key !== null) this.jw.name(key);
    this.jw.value(value);
  }

  /** A number whose digits matter. */
  jsonRaw(key: string, digits: string): void {
    this.jw?.name(key);
    this.jw?.raw(digits);
  }

  nl(): void {
    this.text(this.sl);
  }

  openObject(key: string | null = null): void {
    if (key !== null) this.jw?.name(key);
    this.jw?.startObject();
  }

  closeObject(): void {
    this.jw?.endObject();
  }

  openArray(key: string | null, text = ''): void {
    if (key !== null) this.jw?.name(key);
    this.jw?.startArray();
    this.text(text);
  }

  closeArray(text = ''): void {
    this.jw?.endArray();
    this.text(text);
  }
}
