/**
 * Loader hooks of a simulation: some modules of the scheduler are replaced by their stand-ins here,
 * and a canary's patch is applied to the built text of one.
 *
 * Runs on: Node's loader thread, for a whole process.
 */
import type { InitializeHook, LoadHook, ResolveHook } from 'node:module'

/** A seeded bug: `find` must stand exactly once in the built file. */
export interface Patch {
  /** Below the build's folder: `src/policy/attempts.js`. */
  readonly file: string
  readonly find: string
  readonly replace: string
}

/** Built module of the scheduler → module of this folder that is loaded instead. */
export const STAND_INS: Readonly<Record<string, string>> = {
  'native-free/memory-map.js': 'memory-map.js',
  'src/clock.js': 'clock.js',
  'src/front-end/nats/connection.js': 'connection.js',
  'src/front-end/turn.js': 'front-end.js',
  'src/observe/latency.js': 'latency.js',
  'src/router/pool.js': 'routers.js',
}

const HERE = new URL('./', import.meta.url).href
const ROOT = new URL('../../', import.meta.url).href

let patches: readonly Patch[] = []

export const initialize: InitializeHook<readonly Patch[]> = (given) => {
  patches = given
}

export const resolve: ResolveHook = async (specifier, context, next) => {
  const resolved = await next(specifier, context)
  if (context.parentURL?.startsWith(HERE) || !resolved.url.startsWith(ROOT)) return resolved
  const standIn = STAND_INS[resolved.url.slice(ROOT.length)]
  return standIn === undefined ? resolved : { ...resolved, url: HERE + standIn }
}

export const load: LoadHook = async (url, context, next) => {
  const loaded = await next(url, context)
  const meant = patches.filter(({ file }) => url === ROOT + file)
  if (meant.length === 0) return loaded
  let source = Buffer.from(loaded.source as Uint8Array).toString('utf8')
  for (const { file, find, replace } of meant) {
    const parts = source.split(find)
    if (parts.length !== 2) {
      throw new Error(`${file} holds ${JSON.stringify(find)} ${parts.length - 1} times, not once`)
    }
    source = parts.join(replace)
  }
  return { ...loaded, source }
}
