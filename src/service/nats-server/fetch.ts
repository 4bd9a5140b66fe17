/**
 * Fetching nats-server where the machine has none: from the distribution, into a cache of ours.
 *
 * Runs in whatever process wants a server of its own. Invariant: the cached file appears by one
 * rename, so a reader, or a second fetch at the same time, sees either nothing or a whole server.
 *
 *   Debian, Ubuntu   apt-get update, apt-get download, dpkg-deb -x, all in a folder of ours
 *   macOS            brew install nats-server
 *   elsewhere        `nats_server_not_found`, which says what to do
 *
 * `apt-get install` is not used: it needs root and enables a system service on port 4222. Asking
 * GitHub for a release is not used either: the distribution's package is signed, mirrored and
 * reachable where only the distribution is.
 */
import { execFile } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { SignalboxError } from '../../errors.ts'
import {
  cachedServer,
  cacheFolder,
  findNatsServer,
  type Surroundings,
  THIS_MACHINE,
} from './find.ts'

const run = promisify(execFile)

const COMMAND_TIMEOUT_MS = 180_000

/** Where the binary lies inside the distributions' packages. */
const PLACES_IN_PACKAGE = ['usr/sbin/nats-server', 'usr/bin/nats-server']

export interface LocateOptions {
  /** Told in one sentence what is about to be fetched, before it is. */
  readonly onFetch?: (sentence: string) => void
  readonly surroundings?: Surroundings
}

/**
 * Finds nats-server, or fetches it when there is none.
 *
 * @returns the path of an executable nats-server.
 * @throws `nats_server_not_found` when there is none and none can be had; the message says why.
 */
export async function locate(options: LocateOptions = {}): Promise<string> {
  const surroundings = options.surroundings ?? THIS_MACHINE
  return findNatsServer(surroundings) ?? (await fetchNatsServer(options))
}

/** Fetches nats-server into the cache (macOS: lets Homebrew install it), whatever is there already. */
export async function fetchNatsServer(options: LocateOptions = {}): Promise<string> {
  const surroundings = options.surroundings ?? THIS_MACHINE
  const say = options.onFetch ?? (() => {})
  if (surroundings.platform === 'linux' && has('apt-get') && has('dpkg-deb')) {
    return fetchWithApt(surroundings, say)
  }
  if (surroundings.platform === 'darwin' && has('brew')) return fetchWithBrew(surroundings, say)
  throw notFound('this machine has neither apt-get with dpkg-deb nor, on macOS, Homebrew')

  function has(command: string): boolean {
    const folders = (surroundings.env.PATH ?? '').split(':')
    return folders.some((folder) => folder !== '' && existsSync(join(folder, command)))
  }
}

async function fetchWithApt(
  surroundings: Surroundings,
  say: (sentence: string) => void,
): Promise<string> {
  const target = cachedServer(surroundings)
  const cache = cacheFolder(surroundings)
  const folder = makeFetchFolder(cache)
  say(
    `No nats-server found: fetching the distribution's package with apt-get into ${cache} ` +
      '(a few seconds, nothing is installed).',
  )
  try {
    const lists = join(folder, 'lists')
    const archives = join(folder, 'cache')
    mkdirSync(join(lists, 'partial'), { recursive: true })
    mkdirSync(join(archives, 'archives', 'partial'), { recursive: true })
    const settings = [
      `Dir::State::lists=${lists}`,
      `Dir::Cache=${archives}`,
      'APT::Sandbox::User=',
      'Acquire::Retries=2',
      'Acquire::http::Timeout=20',
      'Acquire::https::Timeout=20',
    ].flatMap((setting) => ['-o', setting])
    const apt = (...words: string[]) => command('apt-get', ['-q', ...settings, ...words])
    // One unreachable list among several makes `update` fail, though the package may be had.
    const updated = await apt('update').then(
      () => undefined,
      (error: Error) => error,
    )
    await apt('download', 'nats-server').catch((error: Error) => {
      throw updated ?? error
    })
    const archive = readdirSync(folder).find((name) => name.endsWith('.deb'))
    if (archive === undefined) throw new Error('apt-get download left no package')
    await command('dpkg-deb', ['-x', archive, 'package'])
    const binary = PLACES_IN_PACKAGE.map((place) => join(folder, 'package', place)).find(existsSync)
    if (binary === undefined) throw new Error(`${archive} holds no nats-server`)
    await command(binary, ['--version'])
    chmodSync(binary, 0o755)
    mkdirSync(dirname(target), { recursive: true })
    renameSync(binary, target)
    return target
  } catch (error) {
    throw notFound(`apt-get could not fetch it: ${lastWords(error)}`, error)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }

  function command(name: string, words: string[]) {
    return run(name, words, {
      cwd: folder,
      env: { ...surroundings.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
      timeout: COMMAND_TIMEOUT_MS,
      maxBuffer: 16 * 1024 * 1024,
    })
  }
}

async function fetchWithBrew(
  surroundings: Surroundings,
  say: (sentence: string) => void,
): Promise<string> {
  say('No nats-server found: installing it with `brew install nats-server`.')
  try {
    await run('brew', ['install', 'nats-server'], {
      env: surroundings.env,
      timeout: COMMAND_TIMEOUT_MS,
      maxBuffer: 16 * 1024 * 1024,
    })
  } catch (error) {
    throw notFound(`brew could not install it: ${lastWords(error)}`, error)
  }
  const found = findNatsServer(surroundings)
  if (found === undefined) throw notFound('brew installed it, but it is not on the PATH')
  return found
}

function makeFetchFolder(cache: string): string {
  try {
    mkdirSync(cache, { recursive: true })
    return mkdtempSync(join(cache, 'fetching-'))
  } catch (error) {
    throw notFound(`${cache} cannot be written; set XDG_CACHE_HOME to a folder that can`, error)
  }
}

function notFound(why: string, cause?: unknown): SignalboxError {
  return new SignalboxError(
    'nats_server_not_found',
    `There is no nats-server here and ${why}. Install nats-server 2.9.10 or newer ` +
      '(https://docs.nats.io/running-a-nats-service/introduction/installation) ' +
      'or name one in NATS_SERVER.',
    { cause },
  )
}

/** The last line that a failed command wrote, or the error's own message. */
function lastWords(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message?: string }
  const lines = (stderr ?? '').trim().split('\n')
  return lines.at(-1) || String(message ?? error)
}
