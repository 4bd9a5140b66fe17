/** Submit options, checked the same way from headers, from the library and from the CLI. */
import { SignalboxError } from '../errors.ts'
import { LIMITS } from '../options.ts'
import { PRIORITY_DEFAULT, type PriorityLevel, priorityLevel, type SubmitOptions } from '../task.ts'
import { HEADER } from './headers.ts'
import { isToken, quote, requireToken } from './tokens.ts'

/** Options of one submit after the check; null stands for the queue's default. */
export interface CheckedOptions {
  id: string | null
  level: PriorityLevel
  /** Sorted, without doubles. */
  requires: readonly string[]
  timeoutMs: number | null
  retryCount: number | null
}

const NO_REQUIRES: readonly string[] = []
export const NO_OPTIONS: Readonly<CheckedOptions> = Object.freeze({
  id: null,
  level: PRIORITY_DEFAULT,
  requires: NO_REQUIRES,
  timeoutMs: null,
  retryCount: null,
})

const KNOWN = new Set(['id', 'priority', 'requires', 'timeoutMs', 'retryCount'])

/** @throws not_supported for any other key, bad_option, bad_priority or bad_token for a value. */
export function checkOptions(options: SubmitOptions | undefined): Readonly<CheckedOptions> {
  if (options === undefined) return NO_OPTIONS
  for (const key of Object.keys(options)) {
    if (!KNOWN.has(key)) throw notSupported(key)
  }
  return {
    id: options.id === undefined ? null : requireToken(options.id, 'task id'),
    level: options.priority === undefined ? PRIORITY_DEFAULT : requireLevel(options.priority),
    requires: checkRequires(options.requires ?? NO_REQUIRES),
    timeoutMs: checkNumber('timeoutMs', options.timeoutMs, 1, LIMITS.timeoutMsMax),
    retryCount: checkNumber('retryCount', options.retryCount, 0, LIMITS.retryCountMax),
  }
}

/** What a header block offers; the NATS client's `MsgHdrs` fits. */
export interface HeaderSource {
  keys(): string[]
  values(key: string): string[]
}

/**
 * @param subjectLevel the level of the subject's last token, or null when it has none.
 * @throws as `checkOptions`; bad_header for a doubled header or one that differs from the subject.
 */
export function optionsFromHeaders(
  headers: HeaderSource | undefined,
  subjectLevel: PriorityLevel | null,
): Readonly<CheckedOptions> & { outcome?: boolean } {
  if (headers === undefined) {
    return subjectLevel === null ? NO_OPTIONS : { ...NO_OPTIONS, level: subjectLevel }
  }
  const keys = headers.keys()
  if (keys.length > LIMITS.headerCountMax) {
    throw new SignalboxError(
      'headers_too_large',
      `The message has ${keys.length} headers; at most ${LIMITS.headerCountMax} are taken.`,
    )
  }
  const checked = { ...NO_OPTIONS, level: subjectLevel ?? PRIORITY_DEFAULT, outcome: false }
  for (const key of keys) {
    if (!/^(sb-|nats-msg-id$)/i.test(key)) continue
    const values = headers.values(key)
    if (values.length > 1) {
      throw new SignalboxError('bad_header', `The header ${quote(key)} is given more than once.`)
    }
    takeHeader(checked, key, values[0] ?? '', subjectLevel)
  }
  return checked
}

function takeHeader(
  checked: { -readonly [K in keyof CheckedOptions]: CheckedOptions[K] } & { outcome: boolean },
  key: string,
  value: string,
  subjectLevel: PriorityLevel | null,
): void {
  switch (key) {
    case HEADER.id:
      checked.id = requireToken(value, 'task id')
      return
    case HEADER.priority:
      checked.level = requireLevel(value)
      if (subjectLevel !== null && subjectLevel !== checked.level) {
        throw new SignalboxError(
          'bad_header',
          `The subject says priority ${subjectLevel}, the header ${quote(value)}: give one.`,
        )
      }
      return
    case HEADER.requires:
      checked.requires = requiresOf(value)
      return
    case HEADER.timeoutMs:
      checked.timeoutMs = checkNumber(key, headerNumber(value), 1, LIMITS.timeoutMsMax)
      return
    case HEADER.retryCount:
      checked.retryCount = checkNumber(key, headerNumber(value), 0, LIMITS.retryCountMax)
      return
    case HEADER.outcome:
      if (value !== '0' && value !== '1') {
        throw new SignalboxError('bad_header', `${key} is ${quote(value)}: give 0 or 1.`)
      }
      checked.outcome = value === '1'
      return
    default:
      throw notSupported(key)
  }
}

/** Strictly digits: `Number` would also take "1e3", " 7 " and "". */
function headerNumber(value: string): number {
  return /^[0-9]{1,15}$/.test(value) ? Number(value) : Number.NaN
}

function requireLevel(value: unknown): PriorityLevel {
  const level = priorityLevel(value)
  if (level !== undefined) return level
  throw new SignalboxError(
    'bad_priority',
    `The priority ${quote(value)} is none: use 1 to 5 or background, low, normal, high, critical.`,
  )
}

/**
 * Capabilities as headers and frames say them: names joined by commas.
 * @throws bad_option, bad_token, not_supported
 */
export function requiresOf(text: string): readonly string[] {
  const names = text.split(',').map((name) => name.trim())
  return checkRequires(names.filter((name) => name !== ''))
}

function checkRequires(names: unknown): readonly string[] {
  if (!Array.isArray(names) || names.length > LIMITS.requiresMax) {
    throw new SignalboxError(
      'bad_option',
      `"requires" must be a list of at most ${LIMITS.requiresMax} capability names.`,
    )
  }
  if (names.length === 0) return NO_REQUIRES
  for (const name of names) {
    if (typeof name === 'string' && /[<>=]/.test(name)) {
      throw new SignalboxError(
        'not_supported',
        `"requires" holds ${quote(name)}: comparisons are not supported yet, only names.`,
      )
    }
    if (!isToken(name)) requireToken(name, 'capability')
  }
  return [...new Set(names as string[])].sort()
}

function checkNumber(
  key: string,
  value: number | undefined,
  min: number,
  max: number,
): number | null {
  if (value === undefined) return null
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw new SignalboxError(
    'bad_option',
    `"${key}" is ${quote(value)}: give a whole number from ${min} to ${max}.`,
  )
}

function notSupported(key: string): SignalboxError {
  return new SignalboxError(
    'not_supported',
    `The option ${quote(key)} is not supported; known are id, priority, requires, timeoutMs and retryCount.`,
  )
}
