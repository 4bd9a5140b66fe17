/** Submit options, checked the same way from headers, from the library and from the CLI. */
import { SignalboxError } from '../errors.ts'
import { LIMITS, MATCHES, type Match } from '../options.ts'
import {
  type OwnPromises,
  type PriorityLevel,
  priorityLevel,
  type SaidLevel,
  type SubmitOptions,
  type TaskAfter,
  type TaskRouting,
  type TaskVotes,
} from '../task.ts'
import { isComparison, parseTerm } from '../terms.ts'
import { graphOf, noTimeAfter, parents, takeGraphHeader } from './graph-options.ts'
import { HEADER } from './headers.ts'
import {
  bothSaid,
  checkAt,
  checkMs,
  promises,
  promisesOf,
  SAYS_NO_PROMISE,
} from './own-promises.ts'
import { quote, requireToken } from './tokens.ts'

/** Options of one submit after the check; null stands for the queue's default. */
export interface CheckedOptions {
  id: string | null
  level: SaidLevel
  /** Canonical terms, sorted, without doubles. */
  requires: readonly string[]
  timeoutMs: number | null
  retryCount: number | null
  /** null when it says nothing of that, as nearly all tasks do. */
  routing: TaskRouting | null
  key: string | null
  /** null as well. */
  own: OwnPromises | null
  /** When to begin, ms since 1970; becomes a delay of `own` where the task is taken. */
  atMs: number | null
  /** Tasks that it depends on; null without. */
  after: TaskAfter | null
  /** How several agents decide it; null for the queue's way. */
  votes: TaskVotes | null
}

const NO_TERMS: readonly string[] = []
export const NO_OPTIONS: Readonly<CheckedOptions> = Object.freeze({
  id: null,
  level: 0,
  requires: NO_TERMS,
  timeoutMs: null,
  retryCount: null,
  routing: null,
  key: null,
  own: null,
  atMs: null,
  after: null,
  votes: null,
})

const KNOWN: ReadonlySet<string> = new Set<keyof SubmitOptions>([
  'id',
  'priority',
  'type',
  'requires',
  'prefers',
  'match',
  'strategy',
  'key',
  'timeoutMs',
  'retryCount',
  'retryDelayMs',
  'ttlMs',
  'deadlineMs',
  'slaTargetMs',
  'delayMs',
  'at',
  'dependsOn',
  'onParentFailure',
  'voters',
  'decide',
  'decideBy',
])

/** @throws not_supported for any other key, bad_option, bad_priority or bad_token for a value. */
export function checkOptions(options: SubmitOptions | undefined): Readonly<CheckedOptions> {
  if (options === undefined) return NO_OPTIONS
  for (const key of Object.keys(options)) {
    if (!KNOWN.has(key)) throw notSupported(key)
  }
  const promised = promisesOf(options, Date.now())
  const graph = graphOf(options)
  if (graph.after !== null && promised.atMs !== null) throw noTimeAfter()
  return {
    id: options.id === undefined ? null : requireToken(options.id, 'task id'),
    level: options.priority === undefined ? 0 : requireLevel(options.priority),
    requires: checkTerms('requires', options.requires ?? NO_TERMS),
    timeoutMs: checkNumber('timeoutMs', options.timeoutMs, 1, LIMITS.timeoutMsMax),
    retryCount: checkNumber('retryCount', options.retryCount, 0, LIMITS.retryCountMax),
    routing: routingOf(options),
    key: options.key === undefined ? null : requireToken(options.key, 'key'),
    ...promised,
    ...graph,
  }
}

/** @throws bad_token, bad_option */
function routingOf(options: SubmitOptions): TaskRouting | null {
  const { type, strategy, match, prefers } = options
  const said = [type, strategy, match, prefers]
  if (said.every((value) => value === undefined)) return null
  return routing({
    type: type === undefined ? null : requireToken(type, 'type'),
    strategy: strategy === undefined ? null : requireToken(strategy, 'strategy'),
    match: match === undefined ? null : requireMatch(match),
    prefers: checkTerms('prefers', prefers ?? NO_TERMS),
  })
}

/**
 * What an extension of a frame says, '' and 0 standing for the queue's.
 * @param match the number of the frame, at most as many as there are.
 * @throws bad_token, bad_option
 */
export function routingOfTexts(
  type: string,
  strategy: string,
  match: number,
  prefers: string,
): TaskRouting | null {
  return routing({
    type: type === '' ? null : requireToken(type, 'type'),
    strategy: strategy === '' ? null : requireToken(strategy, 'strategy'),
    match: match === 0 ? null : MATCHES[match - 1],
    prefers: termsOfText('prefers', prefers),
  })
}

/** @returns null when nothing is said; what is said, otherwise. */
function routing(said: TaskRouting): TaskRouting | null {
  const { type, strategy, match, prefers } = said
  const isNone = type === null && strategy === null && match === null && prefers.length === 0
  return isNone ? null : said
}

/** @throws bad_option */
export function requireMatch(value: unknown): Match {
  if (MATCHES.includes(value as Match)) return value as Match
  throw new SignalboxError(
    'bad_option',
    `The match ${quote(value)} is none: use ${MATCHES.join(', ')}.`,
  )
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
): Readonly<CheckedOptions> & { outcome?: boolean; form?: Form } {
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
  const checked: HeaderOptions = {
    ...NO_OPTIONS,
    level: subjectLevel ?? 0,
    outcome: false,
    form: null,
  }
  for (const key of keys) {
    if (!/^(sb-|nats-msg-id$)/i.test(key)) continue
    const values = headers.values(key)
    if (values.length > 1) {
      throw new SignalboxError('bad_header', `The header ${quote(key)} is given more than once.`)
    }
    takeHeader(checked, key, values[0] ?? '', subjectLevel)
  }
  if (checked.atMs !== null && checked.own !== null && checked.own.delayMs > 0) throw bothSaid()
  if (checked.after !== null) checked.after = parents(checked.after)
  if (checked.after !== null && checked.atMs !== null) throw noTimeAfter()
  return checked
}

/** How the body is to be read; null for bytes that are nobody's business. */
export type Form = 'message' | null

type HeaderOptions = { -readonly [K in keyof CheckedOptions]: CheckedOptions[K] } & {
  outcome: boolean
  form: Form
}

function takeHeader(
  checked: HeaderOptions,
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
      checked.requires = termsOfText('requires', value)
      return
    case HEADER.prefers:
      say(checked, { prefers: termsOfText('prefers', value) })
      return
    case HEADER.type:
      say(checked, { type: requireToken(value, 'type') })
      return
    case HEADER.strategy:
      say(checked, { strategy: requireToken(value, 'strategy') })
      return
    case HEADER.match:
      say(checked, { match: requireMatch(value) })
      return
    case HEADER.key:
      checked.key = requireToken(value, 'key')
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
    case HEADER.form:
      if (value !== 'message') {
        throw new SignalboxError('bad_header', `${key} is ${quote(value)}: give message.`)
      }
      checked.form = value
      return
    default:
      if (!takeGraphHeader(checked, key, value)) takePromise(checked, key, value)
  }
}

/** By header; `at` is a time and stands for itself. */
const PROMISES: Readonly<Record<string, keyof OwnPromises>> = {
  [HEADER.ttlMs]: 'ttlMs',
  [HEADER.deadlineMs]: 'deadlineMs',
  [HEADER.slaTargetMs]: 'slaTargetMs',
  [HEADER.retryDelayMs]: 'retryDelayMs',
  [HEADER.delayMs]: 'delayMs',
}

function takePromise(checked: HeaderOptions, key: string, value: string): void {
  if (key === HEADER.at) {
    checked.atMs = checkAt(key, headerNumber(value), Date.now())
    return
  }
  if (!Object.hasOwn(PROMISES, key)) throw notSupported(key)
  const said = { [PROMISES[key]]: checkMs(key, headerNumber(value)) }
  checked.own = promises({ ...SAYS_NO_PROMISE, ...checked.own, ...said })
}

const SAYS_NOTHING: TaskRouting = { type: null, strategy: null, match: null, prefers: NO_TERMS }

function say(checked: HeaderOptions, said: Partial<TaskRouting>): void {
  checked.routing = routing({ ...SAYS_NOTHING, ...checked.routing, ...said })
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
 * Terms as headers and frames say them: joined by commas.
 * @param what `requires` or `prefers`.
 * @throws bad_option, bad_token
 */
export function termsOfText(what: string, text: string): readonly string[] {
  const terms = text.split(',').map((term) => term.trim())
  return checkTerms(
    what,
    terms.filter((term) => term !== ''),
  )
}

function checkTerms(what: string, terms: unknown): readonly string[] {
  if (!Array.isArray(terms) || terms.length > LIMITS.requiresMax) {
    throw new SignalboxError(
      'bad_option',
      `"${what}" must be a list of at most ${LIMITS.requiresMax} terms, such as "ocr" or "gpu>=24".`,
    )
  }
  if (terms.length === 0) return NO_TERMS
  return [...new Set(terms.map((term) => canonicalTerm(what, term)))].sort()
}

function canonicalTerm(what: string, given: unknown): string {
  if (typeof given !== 'string' || !isComparison(given)) return requireToken(given, 'capability')
  const term = parseTerm(given)
  if (term !== null) return term.text
  throw new SignalboxError(
    'bad_option',
    `"${what}" holds ${quote(given)}, which is no comparison: write a name, one of ` +
      `>= <= > < = !=, and a number of at most ${LIMITS.termDigitsMax} digits, such as "gpu>=24".`,
  )
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
    `The option ${quote(key)} is not supported; known are ${[...KNOWN].join(', ')}.`,
  )
}
