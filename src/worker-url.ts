/**
 * Where the built JavaScript of a module lies, for worker threads.
 *
 * Runs on: the thread that starts workers.
 * Invariant: what it returns can be loaded by a plain Node 20: worker threads do not load `.ts`, and
 * test runners do not transform what workers load.
 *
 * Built, the module lies beside its caller. Called from `.ts` (tests, a runner that strips types),
 * the same module is taken from `dist/`, which `npm run build` fills.
 */
const ROOT = new URL('..', import.meta.url)

/**
 * @param relative path from the calling module, without ending: `./entry`.
 * @param base the caller's `import.meta.url`.
 * @param root folder that holds `src/` and `dist/`, as a URL.
 * @returns the URL of the JavaScript file.
 */
export function workerUrl(relative: string, base: string, root: URL = ROOT): URL {
  const built = new URL(`${relative}.js`, base)
  if (!new URL(base).pathname.endsWith('.ts')) return built
  return new URL(`dist/${built.href.slice(root.href.length)}`, root)
}
