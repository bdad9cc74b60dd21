/**
 * tsyringe refuses to load where `Reflect.getMetadata` is missing, which it needs for decorators. There are none here, so a
 * function that is there while it loads does, instead of a polyfill: bundlers run a CommonJS polyfill after the ES module that asks for it.
 */
const reflect = Reflect as { getMetadata?: () => undefined };
const lent = reflect.getMetadata === undefined;
if (lent) reflect.getMetadata = (): undefined => undefined;

/** Once tsyringe is there: nothing of ours stays in a global. */
export function takeBackReflect(): void {
  if (lent) delete reflect.getMetadata;
}
