/**
 * A redis-server for the peers: the machine's own, or Debian's package in our cache.
 *
 * Runs on: the process of `npm run bench`. Invariant: nothing is installed; the cached folder appears
 * by one rename, so a reader sees either nothing or a whole server with its libraries.
 *
 * As for nats-server, `apt-get install` is not used: it needs root and enables a service.
 */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { cacheFolder } from '../src/service/nats-server/find.ts'

const run = promisify(execFile)

const COMMAND_TIMEOUT_MS = 180_000
/** The server, its binary, and what Debian's own `apt` does not bring along. */
const PACKAGES = ['redis-server', 'redis-tools', 'libjemalloc2', 'liblzf1', 'libatomic1']

/** A command with what has to be in its environment. */
export interface RedisCommand {
  readonly file: string
  readonly libraries: string | undefined
}

/** @returns undefined when there is none on the path, in `REDIS_SERVER` or in the cache. */
export function findRedis(): RedisCommand | undefined {
  const { REDIS_SERVER, PATH = '' } = process.env
  const folders = [...PATH.split(delimiter), '/usr/local/bin', '/opt/homebrew/bin']
  const candidates = folders.map((folder) => join(folder, 'redis-server'))
  const file = [REDIS_SERVER ?? '', ...candidates].find((path) => path !== '' && existsSync(path))
  if (file !== undefined) return { file, libraries: undefined }
  const cached = join(cachedFolder(), 'usr/bin/redis-server')
  return existsSync(cached)
    ? { file: cached, libraries: librariesBelow(cachedFolder()) }
    : undefined
}

/** @throws Error that says what is missing and what to do about it. */
export async function fetchRedis(say: (sentence: string) => void): Promise<RedisCommand> {
  const found = findRedis()
  if (found !== undefined) return found
  say(`No redis-server found: fetching Debian's package with apt-get into ${cacheFolder()}.`)
  mkdirSync(cacheFolder(), { recursive: true })
  const folder = mkdtempSync(join(cacheFolder(), 'fetching-'))
  try {
    await download(folder)
    rmSync(cachedFolder(), { recursive: true, force: true })
    renameSync(join(folder, 'package'), cachedFolder())
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string }
    const words = stderr?.trim().split('\n').at(-1) || message
    throw new Error(
      `peers needs redis-server, and apt-get could not fetch it: ${words}. ` +
        'Install Redis 5 or newer, or name a redis-server in REDIS_SERVER.',
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return findRedis()!
}

export async function redisVersion({ file, libraries }: RedisCommand): Promise<string> {
  const env = withLibraries(libraries)
  const { stdout } = await run(file, ['--version'], { env, timeout: COMMAND_TIMEOUT_MS })
  return /v=(\S+)/.exec(stdout)?.[1] ?? 'unknown'
}

/** @returns the environment in which a fetched server finds what was fetched with it. */
export function withLibraries(libraries: string | undefined): NodeJS.ProcessEnv {
  return libraries === undefined ? process.env : { ...process.env, LD_LIBRARY_PATH: libraries }
}

async function download(folder: string): Promise<void> {
  const lists = join(folder, 'lists')
  const archives = join(folder, 'cache')
  mkdirSync(join(lists, 'partial'), { recursive: true })
  mkdirSync(join(archives, 'archives', 'partial'), { recursive: true })
  const settings = [
    `Dir::State::lists=${lists}`,
    `Dir::Cache=${archives}`,
    'APT::Sandbox::User=',
    'Acquire::Retries=2',
  ].flatMap((setting) => ['-o', setting])
  const command = (name: string, words: string[]) =>
    run(name, words, { cwd: folder, timeout: COMMAND_TIMEOUT_MS, env: environment() })
  // One unreachable list among several makes `update` fail, though the packages may be had.
  const updated = await command('apt-get', ['-q', ...settings, 'update']).catch((error) => error)
  await command('apt-get', ['-q', ...settings, 'download', ...PACKAGES]).catch((error) => {
    throw updated instanceof Error ? updated : error
  })
  for (const archive of readdirSync(folder).filter((name) => name.endsWith('.deb'))) {
    await command('dpkg-deb', ['-x', archive, 'package'])
  }
}

function environment(): NodeJS.ProcessEnv {
  return { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' }
}

function cachedFolder(): string {
  return join(cacheFolder(), 'redis')
}

/** Debian keeps libraries in a folder named after the machine's kind. */
function librariesBelow(folder: string): string {
  const lib = join(folder, 'usr/lib')
  return readdirSync(lib)
    .map((name) => join(lib, name))
    .filter((path) => readdirSync(path).some((name) => name.includes('.so')))
    .join(delimiter)
}
