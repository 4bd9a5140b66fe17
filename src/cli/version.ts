/** The version of this package, read from its own package.json. */
import { createRequire } from 'node:module'

export function version(): string {
  const manifest = createRequire(import.meta.url)('signalbox/package.json') as { version: string }
  return manifest.version
}
