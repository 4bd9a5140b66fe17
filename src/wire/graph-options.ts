/**
 * Which tasks one depends on, and how several agents decide it: checked the same way from headers,
 * from the library and from the CLI.
 *
 * Any thread. Invariant: what says nothing is null, so that a task that has none of it costs no object.
 */
import { SignalboxError } from '../errors.ts'
import { DECIDE_POLICIES, type DecidePolicy, LIMITS } from '../options.ts'
import {
  PARENT_FAILURES,
  type ParentFailure,
  type SubmitOptions,
  type TaskAfter,
  type TaskVotes,
} from '../task.ts'
import { HEADER } from './headers.ts'
import { isToken, quote } from './tokens.ts'

/** What a submit says of other tasks and other agents. */
export interface SaidGraph {
  readonly after: TaskAfter | null
  readonly votes: TaskVotes | null
}

const NOTHING: SaidGraph = { after: null, votes: null }
const SAYS_NO_PARENTS: TaskAfter = { ids: [], onFailure: 'fail' }
const SAYS_NO_VOTES: TaskVotes = { voters: null, decide: null, by: null }
/** A name within a result, as people write them. */
const FIELD_NAME_MAX = 128

/** @throws bad_option */
export function graphOf(options: SubmitOptions): SaidGraph {
  const { dependsOn, onParentFailure, voters, decide, decideBy } = options
  const said = [dependsOn, onParentFailure, voters, decide, decideBy]
  if (said.every((value) => value === undefined)) return NOTHING
  return {
    after: parents({
      ids: dependsOn === undefined ? [] : checkParents('dependsOn', dependsOn),
      onFailure:
        onParentFailure === undefined
          ? 'fail'
          : checkParentFailure('onParentFailure', onParentFailure),
    }),
    votes: votes({
      voters: voters === undefined ? null : checkVoters('voters', voters),
      decide: decide === undefined ? null : checkDecide('decide', decide),
      by: decideBy === undefined ? null : checkField('decideBy', decideBy),
    }),
  }
}

/**
 * Takes a header that says something of it; `parents` clears up once all are taken.
 * @returns whether it is one of them.
 * @throws bad_option
 */
export function takeGraphHeader(
  said: { after: TaskAfter | null; votes: TaskVotes | null },
  key: string,
  value: string,
): boolean {
  switch (key) {
    case HEADER.after:
      said.after = { ...SAYS_NO_PARENTS, ...said.after, ids: parentsOfText(key, value) }
      return true
    case HEADER.onParentFailure:
      said.after = {
        ...SAYS_NO_PARENTS,
        ...said.after,
        onFailure: checkParentFailure(key, value),
      }
      return true
    case HEADER.voters: {
      const count = /^[0-9]{1,4}$/.test(value) ? Number(value) : value
      said.votes = { ...SAYS_NO_VOTES, ...said.votes, voters: checkVoters(key, count) }
      return true
    }
    case HEADER.decide:
      said.votes = { ...SAYS_NO_VOTES, ...said.votes, decide: checkDecide(key, value) }
      return true
    case HEADER.decideBy:
      said.votes = { ...SAYS_NO_VOTES, ...said.votes, by: checkField(key, value) }
      return true
    default:
      return false
  }
}

/** @returns null where there is no parent; what is said, otherwise. */
export function parents(said: TaskAfter): TaskAfter | null {
  return said.ids.length === 0 ? null : said
}

/** @returns null when nothing is said; what is said, otherwise. */
function votes(said: TaskVotes): TaskVotes | null {
  return said.voters === null && said.decide === null && said.by === null ? null : said
}

/**
 * Ids as a header says them: joined by commas.
 * @throws bad_option
 */
function parentsOfText(key: string, text: string): readonly string[] {
  const ids = text.split(',').map((id) => id.trim())
  return checkParents(
    key,
    ids.filter((id) => id !== ''),
  )
}

/** @returns them without doubles. @throws bad_option unless a list of `id` or `queue/id`. */
export function checkParents(key: string, ids: unknown): readonly string[] {
  if (!Array.isArray(ids) || ids.length > LIMITS.parentsMax) {
    throw new SignalboxError(
      'bad_option',
      `"${key}" must be a list of at most ${LIMITS.parentsMax} ids of tasks, as "id" or "queue/id".`,
    )
  }
  for (const id of ids) {
    if (!isParent(id)) {
      throw new SignalboxError(
        'bad_option',
        `"${key}" holds ${quote(id)}, which is no id of a task: write "id" or "queue/id".`,
      )
    }
  }
  return [...new Set(ids as string[])]
}

function isParent(id: unknown): boolean {
  if (typeof id !== 'string') return false
  const slash = id.indexOf('/')
  return slash < 0 ? isToken(id) : isToken(id.slice(0, slash)) && isToken(id.slice(slash + 1))
}

/** @throws bad_option */
export function checkParentFailure(key: string, value: unknown): ParentFailure {
  if (PARENT_FAILURES.includes(value as ParentFailure)) return value as ParentFailure
  throw new SignalboxError(
    'bad_option',
    `"${key}" is ${quote(value)}: use ${PARENT_FAILURES.join(', ')}.`,
  )
}

/** @throws bad_option */
export function checkVoters(key: string, value: unknown): number {
  const { votersMax } = LIMITS
  const isCount = Number.isInteger(value) && (value as number) >= 1
  if (isCount && (value as number) <= votersMax) return value as number
  throw new SignalboxError(
    'bad_option',
    `"${key}" is ${quote(value)}: give a whole number from 1 to ${votersMax}.`,
  )
}

/** @throws bad_option */
export function checkDecide(key: string, value: unknown): DecidePolicy {
  if (DECIDE_POLICIES.includes(value as DecidePolicy)) return value as DecidePolicy
  throw new SignalboxError(
    'bad_option',
    `"${key}" is ${quote(value)}: use ${DECIDE_POLICIES.join(', ')}.`,
  )
}

/** @param value names joined by dots; '' for the whole result. @throws bad_option */
export function checkField(key: string, value: unknown): string {
  if (value === '') return ''
  const names = typeof value === 'string' ? value.split('.') : []
  const isPath = names.length > 0 && names.length <= LIMITS.ruleDepthMax && names.every(isFieldName)
  if (isPath) return value as string
  throw new SignalboxError(
    'bad_option',
    `"${key}" is ${quote(value)}: name a field of the result, as "decision" or "review.verdict", of ` +
      `at most ${LIMITS.ruleDepthMax} names, or give "" for the whole.`,
  )
}

function isFieldName(name: string): boolean {
  return name !== '' && name.length <= FIELD_NAME_MAX && !/[\u0000-\u001f\u007f-\u009f]/.test(name)
}

/** @returns the refusal of a time to begin of a task that begins once others have completed. */
export function noTimeAfter(): SignalboxError {
  const message =
    'The task begins after others and at a time of day: give "delayMs", which counts from when they ' +
    'have completed, or leave one out.'
  return new SignalboxError('bad_option', message)
}
