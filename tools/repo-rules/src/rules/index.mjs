import changesets from './changesets.mjs';
import dependencies from './dependencies.mjs';
import layerOrder from './layer-order.mjs';
import manifest from './manifest.mjs';
import noCycle from './no-cycle.mjs';
import noDeepImport from './no-deep-import.mjs';
import noLeftovers from './no-leftovers.mjs';
import noPlatform from './no-platform.mjs';
import noRealTime from './no-real-time.mjs';
import noSkippedTest from './no-skipped-test.mjs';
import noWholeNamespace from './no-whole-namespace.mjs';
import plainTypescript from './plain-typescript.mjs';
import size from './size.mjs';

/** @type {readonly import('../repository.mjs').Rule[]} */
export const RULES = Object.freeze([
  layerOrder, noCycle, noDeepImport, dependencies, manifest, noPlatform, noRealTime, plainTypescript, noWholeNamespace, size, noLeftovers, noSkippedTest, changesets,
]);
