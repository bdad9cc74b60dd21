import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { problemAffectsResolutionKind } from '@arethetypeswrong/core/problems';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { readTarball } from './pack.mjs';

/** The packages are ESM only: what CommonJS and Node 10 would see does not matter. */
const PROFILE = /** @type {const} */ (['node16-esm', 'bundler']);

/** @param {import('./pack.mjs').Packed} packed @returns {Promise<string[]>} */
async function arethetypeswrong(packed) {
  const analysis = await checkPackage(createPackageFromTarballData(readTarball(packed)));
  if (!analysis.types) return ['are-the-types-wrong: no types'];
  return analysis.problems
    .filter((problem) => PROFILE.some((kind) => problemAffectsResolutionKind(problem, kind, analysis)))
    .map((problem) => `are-the-types-wrong: ${JSON.stringify(problem)}`);
}

/** @param {import('./pack.mjs').Packed} packed @returns {Promise<string[]>} */
async function publish(packed) {
  const tarball = /** @type {ArrayBuffer} */ (readTarball(packed).slice().buffer);
  const { messages, pkg } = await publint({ pack: { tarball }, strict: true });
  return messages.map((message) => `publint: ${message.type}: ${formatMessage(message, pkg) ?? message.code}`);
}

/** What publint and are-the-types-wrong say about a tarball. @param {import('./pack.mjs').Packed} packed @returns {Promise<string[]>} */
export async function inspect(packed) {
  return [...(await publish(packed)), ...(await arethetypeswrong(packed))];
}
