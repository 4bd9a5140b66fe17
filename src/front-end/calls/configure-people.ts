/**
 * A call from outside that gives a scheduler another roster while tasks run. Main thread.
 *
 * Invariant: everything is checked before the first person is changed, so it is done as a whole or not
 * at all.
 */
import { isDeepStrictEqual } from 'node:util'
import { badOption } from '../../config/require.ts'
import { requireRoster } from '../../config/require-people.ts'
import { SignalboxError } from '../../errors.ts'
import type { Roster } from '../../people/person.ts'
import type { FrontEndContext } from '../context.ts'
import type { RosterChanges } from '../people.ts'

/** To join would fence it in the middle of its work. */
const AGENT_NOW = 'an agent has the name now: give another, or stop the agent first'

/** @throws bad_option, bad_token, too_many_agents; then nothing has changed */
export function configurePeople(context: FrontEndContext, given: unknown): RosterChanges {
  const changes = context.people.configure(
    checkedRoster(context, given),
    isDeepStrictEqual,
    context.nowMs,
  )
  const words = [
    ...changes.added.map((name) => `${name} added`),
    ...changes.changed.map((name) => `${name} changed`),
    ...changes.removed.map((name) => `${name} removed`),
  ]
  if (words.length > 0) context.ledger?.writer.change('people changed', words.join(', '))
  return changes
}

/**
 * @param others queues that there will be besides those that there are.
 * @throws bad_option, bad_token, too_many_agents
 */
export function checkedRoster(
  { core, people }: FrontEndContext,
  given: unknown,
  others: readonly string[] = [],
): Roster {
  const queues = core.options.strictQueues ? [...core.queues.keys(), ...others] : null
  const roster = requireRoster(given, { queues })
  const added = [...roster.keys()].filter((name) => !people.has(name))
  const taken = added.find((name) => core.agents.has(name))
  if (taken !== undefined) throw badOption(`people.${taken}`, taken, AGENT_NOW)
  const room = core.freeAgentIndices.length
  if (added.length <= room) return roster
  throw new SignalboxError(
    'too_many_agents',
    `There is room for ${room} agents more, and ${added.length} people are new: raise agents_max, which ` +
      'needs a restart.',
  )
}
