/** The JSON bodies of the wire, and the readers that check them. `docs/PROTOCOL.md` shows each. */
import { SignalboxError } from '../errors.ts'
import type { TaskInputView } from '../flow-views.ts'
import { LIMITS } from '../options.ts'
import { FRAME } from './frame-format.ts'
import { checkLabels, checkSpecializations } from './hello-numbers.ts'
import { type JsonObject, parseObject, tokenList } from './json.ts'
import { quote, requireToken } from './tokens.ts'

/** `sb.from.<id>.hello`: agent → schedulers. */
export interface Hello {
  /** Random per start; an unseen one ends the older's attempts. */
  instance: string
  /** Queues it serves; `["*"]` for all. */
  queues: string[]
  capabilities: string[]
  /** Numbers by name, at most 64. */
  labels?: Record<string, number>
  /** How good it is at a type of task, 0 to 1, at most 256. */
  specializations?: Record<string, number>
  /** Tasks it runs at a time, 1 to 65,535. */
  concurrency: number
  /** It will send beats with its running tokens. */
  beats: boolean
  /** The newest version of frames that it takes and sends; 0 or nothing: the plain form only. */
  frames?: number
  /** It knows work again that is repeated, and keeps results until they are acknowledged. */
  keeps?: boolean
  /** Tasks that it will hold beyond its concurrency, at most 1,024. */
  prefetch?: number
  /** It gets as much work as it asks for by `pull`, and none of itself. */
  pull?: boolean
  /** It lets itself be asked to stop a task for a critical one, and hands back how far it came. */
  preemptible?: boolean
  /** It hands back, when called, what it was sent and has not begun. */
  recalls?: boolean
  /** It may decline what it is given, by the error code `declined`. */
  declines?: boolean
}

/** Every scheduler's answer to a hello. */
export interface HelloAnswer {
  scheduler: string
  epoch: number
  leaseMs: number
  beatMs: number
  /** The version of frames in use from now on; nothing: the plain form. */
  frames?: number
}

/** `sb.from.<id>.beat`: agent → schedulers, every `beatMs`. */
export interface Beat {
  instance: string
  /** Per scheduler: the last token received, and all that are being worked on. */
  schedulers: Record<string, { seen: string | null; running: string[] }>
  /** All tasks in its hands, whoever gave them, those of `schedulers` included; at most 65,535. */
  load?: number
}

/** `sb.from.<id>.bye`. */
export interface Bye {
  instance: string
  /** Take no more, finish what runs; a second bye ends it. */
  drain: boolean
}

/** `sb.from.<id>.pull`: agent → schedulers, or the one that is named. */
export interface Pull {
  instance: string
  /** Tasks it wants besides those asked for before. */
  n: number
  scheduler?: string
}

/** The answer to a pull. */
export interface PullAnswer {
  scheduler: string
  /** Tasks asked for and not sent yet, these included. */
  granted: number
}

/** `sb.agent.<id>.<instance>.control`: scheduler → agent. */
export type Control =
  | { type: 'cancel'; scheduler: string; token: string; reason: string }
  | { type: 'drain'; scheduler: string }
  | { type: 'fenced'; scheduler: string }
  | { type: 'acknowledge'; scheduler: string; tokens: string[] }
  | { type: 'preempt'; scheduler: string; token: string }
  | { type: 'recall'; scheduler: string; tokens: string[] }

/** Answer to `*<n>` on `sb.from.<agent>.<scheduler>.input.<slot>.<token>`. */
export interface InputPage {
  inputs: TaskInputView[]
  /** Where the list goes on; null at its end. */
  next: number | null
}

/** Reply to `sb.task.<queue>`. */
export interface Accepted {
  id: string
  queue: string
  state: string
  waitingFor: string | null
  /** True when the id was known already: nothing was added. */
  duplicate?: boolean
}

/** `sb.event.scheduler_up`: a scheduler has started, or its connection is back. */
export interface SchedulerUp {
  scheduler: string
  epoch: number
  /** Queues it serves; `["*"]` for all. */
  queues: string[]
  /** The newest version of submit frames that it takes; nothing: the plain form only. */
  frames?: number
}

export function readSchedulerUp(bytes: Uint8Array): SchedulerUp {
  const body = parseObject(bytes, 'event')
  return {
    scheduler: requireToken(body.scheduler, 'scheduler'),
    epoch: Number(body.epoch),
    queues: tokenList(body, 'queues', LIMITS.queuesMax, { star: true }),
  }
}

export function readHello(bytes: Uint8Array, agent: string): Required<Hello> {
  const body = parseObject(bytes, 'hello')
  sameAgent(body, agent)
  return {
    instance: requireToken(body.instance, 'instance'),
    queues: requireNonEmpty(tokenList(body, 'queues', LIMITS.queuesPerAgentMax, { star: true })),
    capabilities: tokenList(body, 'capabilities', LIMITS.capabilitiesMax),
    labels: checkLabels(body.labels),
    specializations: checkSpecializations(body.specializations),
    concurrency: requireConcurrency(body.concurrency ?? 1),
    beats: body.beats === true,
    frames: Math.min(wholeNumber(body, 'frames', 0, 255), FRAME.version),
    keeps: body.keeps === true,
    prefetch: wholeNumber(body, 'prefetch', 0, LIMITS.prefetchMax),
    pull: body.pull === true,
    preemptible: body.preemptible === true,
    recalls: body.recalls === true,
    declines: body.declines === true,
  }
}

export function readPull(bytes: Uint8Array, agent: string): Pull {
  const body = parseObject(bytes, 'pull')
  sameAgent(body, agent)
  return {
    instance: requireToken(body.instance, 'instance'),
    n: wholeNumber(body, 'n', 1, LIMITS.concurrencyMax),
    scheduler: body.scheduler == null ? undefined : requireToken(body.scheduler, 'scheduler'),
  }
}

export function readBeat(bytes: Uint8Array, agent: string): Beat {
  const body = parseObject(bytes, 'beat')
  sameAgent(body, agent)
  const schedulers = body.schedulers ?? {}
  if (typeof schedulers !== 'object' || schedulers === null || Array.isArray(schedulers)) {
    throw new SignalboxError('bad_body', '"schedulers" of a beat must be an object by scheduler.')
  }
  for (const report of Object.values(schedulers)) {
    const running: unknown = report?.running
    if (!Array.isArray(running) || running.length > LIMITS.concurrencyMax) {
      throw new SignalboxError('bad_body', 'A beat’s "running" must be a list of tokens.')
    }
  }
  return {
    instance: requireToken(body.instance, 'instance'),
    schedulers: schedulers as Beat['schedulers'],
    load: body.load == null ? undefined : wholeNumber(body, 'load', 0, LIMITS.concurrencyMax),
  }
}

export function readBye(bytes: Uint8Array, agent: string): Bye {
  const body = parseObject(bytes, 'bye')
  sameAgent(body, agent)
  return { instance: requireToken(body.instance, 'instance'), drain: body.drain === true }
}

function sameAgent(body: JsonObject, agent: string): void {
  if (body.id === undefined || body.id === agent) return
  throw new SignalboxError(
    'identity_mismatch',
    `The body names agent ${quote(body.id)} but the subject ${quote(agent)}: send as yourself.`,
  )
}

/** @returns `body[key]`, or `min` when it is absent. */
function wholeNumber(body: JsonObject, key: string, min: number, max: number): number {
  const value = body[key] ?? min
  if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) {
    return value as number
  }
  throw new SignalboxError(
    'bad_option',
    `"${key}" is ${quote(value)}: give a whole number from ${min} to ${max}.`,
  )
}

function requireNonEmpty(queues: string[]): string[] {
  if (queues.length > 0) return queues
  throw new SignalboxError('bad_body', '"queues" is empty: name the queues served, or ["*"].')
}

/** @throws bad_concurrency unless a whole number 1 to 65,535. */
export function requireConcurrency(value: unknown): number {
  if (
    typeof value === 'number' &&
    Number.isInteger(value) &&
    value >= 1 &&
    value <= LIMITS.concurrencyMax
  ) {
    return value
  }
  throw new SignalboxError(
    'bad_concurrency',
    `The concurrency ${quote(value)} must be a whole number from 1 to ${LIMITS.concurrencyMax}.`,
  )
}
