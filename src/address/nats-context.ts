/**
 * The context that the `nats` command line has selected: `nats/context.txt` names it,
 * `nats/context/<name>.json` holds it, both in the user's configuration folder.
 *
 * Runs in any process, once. Invariant: nothing selected is no error; something selected that cannot
 * be used is one, because connecting elsewhere in silence would be worse.
 */
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { SignalboxError } from '../errors.ts'
import { quote } from '../wire/tokens.ts'
import type { Environment } from './dev-state.ts'

export interface NatsContext {
  name: string
  url: string
  login: { user?: string; password?: string; token?: string }
}

/** Ways to prove who one is that a context may hold and that are not built. */
const UNSUPPORTED = ['creds', 'nkey', 'user_jwt', 'nsc', 'cert', 'key']

/** @throws bad_option for an unreadable context, not_supported for one with keys or certificates. */
export function readNatsContext(env: Environment): NatsContext | undefined {
  const folder = join(configFolder(env), 'nats')
  const name = readText(join(folder, 'context.txt'))?.trim()
  if (!name) return undefined
  const file = join(folder, 'context', `${name}.json`)
  const context = /^[\w.-]+$/.test(name) ? parse(readText(file)) : undefined
  if (context === undefined || typeof context.url !== 'string' || context.url === '') {
    throw new SignalboxError(
      'bad_option',
      `The selected NATS context ${quote(name)} has no readable ${file} with a "url": ` +
        'select another, or give --nats.',
    )
  }
  const cannot = UNSUPPORTED.find((key) => typeof context[key] === 'string' && context[key] !== '')
  if (cannot !== undefined) {
    throw new SignalboxError(
      'not_supported',
      `The NATS context ${quote(name)} uses "${cannot}", which is not supported: ` +
        'use user and password or a token, or give --nats.',
    )
  }
  const login = Object.fromEntries(
    ['user', 'password', 'token']
      .filter((key) => typeof context[key] === 'string' && context[key] !== '')
      .map((key) => [key, context[key] as string]),
  )
  return { name, url: context.url, login }
}

function configFolder(env: Environment): string {
  const folder = env.XDG_CONFIG_HOME
  return folder && isAbsolute(folder) ? folder : join(env.HOME || homedir(), '.config')
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

function parse(text: string | undefined): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '')
    return typeof value === 'object' && value !== null
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}
