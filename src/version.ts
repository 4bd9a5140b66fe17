/** The version of this package, read from its own package.json. Any thread. */
import { createRequire } from 'node:module'

export function version(): string {
  const manifest = createRequire(import.meta.url)('signalbox/package.json') as { version: string }
  return manifest.version
}
