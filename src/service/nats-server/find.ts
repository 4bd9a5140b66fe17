/**
 * Where a nats-server may already be: the machine's own, or one that was fetched earlier.
 *
 * Runs in whatever process wants a server of its own (`dev`, tests, benchmarks), never in one
 * that is told an address. Invariant: what is returned existed and was executable a moment ago;
 * a path that the user named in `NATS_SERVER` is used or refused, never silently replaced.
 *
 * `/usr/sbin` is looked at besides `PATH`, because Debian installs nats-server there and ordinary
 * users do not have it on theirs.
 */
import { accessSync, constants, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, isAbsolute, join } from 'node:path'
import { SignalboxError } from '../../errors.ts'

/** What finding and fetching read of the machine; tests hand in another one. */
export interface Surroundings {
  readonly env: NodeJS.ProcessEnv
  readonly platform: NodeJS.Platform
  /** Looked at after those of `PATH`. */
  readonly usualFolders: readonly string[]
}

export const THIS_MACHINE: Surroundings = {
  env: process.env,
  platform: process.platform,
  usualFolders: ['/usr/sbin', '/usr/local/bin', '/opt/homebrew/bin'],
}

/** The folder in which Signalbox keeps what it can fetch again. */
export function cacheFolder({ env, platform } = THIS_MACHINE): string {
  if (env.XDG_CACHE_HOME && isAbsolute(env.XDG_CACHE_HOME)) {
    return join(env.XDG_CACHE_HOME, 'signalbox')
  }
  const home = env.HOME || homedir()
  return platform === 'darwin'
    ? join(home, 'Library', 'Caches', 'signalbox')
    : join(home, '.cache', 'signalbox')
}

/** Where a fetched nats-server lies in the cache. */
export function cachedServer(surroundings: Surroundings = THIS_MACHINE): string {
  return join(cacheFolder(surroundings), 'bin', 'nats-server')
}

/**
 * Looks for nats-server in `$NATS_SERVER`, `PATH`, the usual folders and our cache, in this order.
 *
 * @returns its path, or undefined when there is none.
 * @throws `nats_server_not_found` when `NATS_SERVER` names something that cannot be executed.
 */
export function findNatsServer(surroundings: Surroundings = THIS_MACHINE): string | undefined {
  const { env, usualFolders } = surroundings
  if (env.NATS_SERVER) {
    if (isExecutableFile(env.NATS_SERVER)) return env.NATS_SERVER
    throw new SignalboxError(
      'nats_server_not_found',
      `NATS_SERVER is ${env.NATS_SERVER}, which is not an executable file. ` +
        'Correct it, or unset it to let Signalbox look for itself.',
    )
  }
  const folders = (env.PATH ?? '').split(delimiter).filter(isAbsolute).concat(usualFolders)
  return folders
    .map((folder) => join(folder, 'nats-server'))
    .concat(cachedServer(surroundings))
    .find(isExecutableFile)
}

function isExecutableFile(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
