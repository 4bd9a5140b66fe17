/**
 * An agent without a task: who asks is given one that could take such a task now, and has a place of
 * its concurrency until it is given back. For work that does not go through the scheduler but is to
 * be counted with what does. Main thread, outside of turns.
 *
 * Invariant: an allocation gives back at most what it took, once, and from the instance that it took
 * it from: one that left or was replaced took its places with it.
 */
import { SignalboxError } from '../../errors.ts'
import type { Match } from '../../options.ts'
import { AgentState } from '../../policy/agents.ts'
import type { SubmitOptions } from '../../task.ts'
import { checkOptions } from '../../wire/submit-options.ts'
import { quote, requireToken } from '../../wire/tokens.ts'
import type { FrontEndContext } from '../context.ts'

/** What kind of task an agent is wanted for; any other key is answered `not_supported`. */
export interface AllocateOptions {
  /** It must serve this queue; `default` unless it is said. */
  queue?: string
  /** As of a submit. */
  requires?: string[]
  prefers?: string[]
  match?: Match
  type?: string
}

/** A place of an agent's concurrency. */
export interface Allocation {
  /** The agent's id. */
  readonly agent: string
  /** Gives the place back; a second time it does nothing. */
  release(): void
}

const KNOWN: readonly string[] = [
  'queue',
  'requires',
  'prefers',
  'match',
  'type',
] satisfies (keyof AllocateOptions)[]
const QUEUE_DEFAULT = 'default'

/**
 * Of the agents that have room: those that are preferred, then the least loaded.
 * @returns null when nobody who may has room.
 * @throws bad_token, bad_option, not_supported; queue_unknown, too_many_queues, too_many_classes
 */
export function allocate(
  context: FrontEndContext,
  options: AllocateOptions = {},
): Allocation | null {
  const { core, inbox } = context
  const answer = core.allocate(specOf(options))
  if (answer === null) return null
  if (!(answer instanceof AgentState)) {
    throw new SignalboxError(answer.code as SignalboxError['code'], answer.message)
  }
  let isHeld = true
  return {
    agent: answer.id,
    release() {
      if (!isHeld) return
      isHeld = false
      // The same name may be another instance by now, whose places are none of ours.
      if (core.agents.get(answer.id) !== answer) return
      core.release(answer.id)
      inbox.wake()
    },
  }
}

function specOf({ queue = QUEUE_DEFAULT, ...asked }: AllocateOptions) {
  for (const key of Object.keys(asked)) {
    if (KNOWN.includes(key)) continue
    throw new SignalboxError(
      'not_supported',
      `The option ${quote(key)} is not supported; known are ${KNOWN.join(', ')}.`,
    )
  }
  const { level, requires, routing } = checkOptions(asked satisfies SubmitOptions)
  return { queue: requireToken(queue, 'queue'), level, requires, routing }
}
