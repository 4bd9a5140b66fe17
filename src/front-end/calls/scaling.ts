/** Calls from outside about scaling advice. Main thread, outside of the hot path. */
import type { ScalingAdvice } from '../../balance-views.ts'
import { policyMs } from '../../clock.ts'
import { SignalboxError } from '../../errors.ts'
import type { QueueState } from '../../policy/queues.ts'
import { termsOfText } from '../../wire/submit-options.ts'
import type { FrontEndContext } from '../context.ts'
import { requireQueue } from './queues.ts'

export interface ScalingQuestion {
  /** What an agent must have: terms, joined by commas. */
  requires?: string
  /** Agents that have all of this are left out of both numbers: they are scaled by another advice. */
  without?: string
}

/**
 * As of the last look, which is at most its interval ago; a queue that nothing came to yet has none.
 * @throws queue_unknown, bad_token; not_supported when no advice is given here
 */
export function scalingAdvice(context: FrontEndContext, queue: unknown): ScalingAdvice[] {
  const name = queue === undefined || queue === null ? undefined : requireQueue(context, queue).name
  return adviceOf(context, name)
}

/**
 * For one kind of work, whether a task of it ever came or not.
 * @throws queue_unknown, bad_token, bad_option; not_supported when no advice is given here
 */
export function scalingOf(
  context: FrontEndContext,
  queue: unknown,
  { requires = '', without = '' }: ScalingQuestion,
): ScalingAdvice {
  const state = requireQueue(context, queue)
  const terms = termsOfText('requires', requires)
  const known = adviceOf(context, state.name).find((row) => isSame(row.requires, terms))
  const advice = known ?? unseen(context, state, terms)
  const besides = termsOfText('without', without)
  if (besides.length === 0) return advice
  const left = [...new Set([...terms, ...besides])].sort()
  const others = context.scaling.ableOf(state, left)
  const agents = Math.max(0, advice.agents - others.agents)
  const desiredAgents = Math.max(0, advice.desiredAgents - others.agents)
  return {
    ...advice,
    verdict: desiredAgents > agents ? 'add' : desiredAgents < agents ? 'remove' : 'keep',
    agents,
    desiredAgents,
    places: Math.max(0, advice.places - others.places),
    desiredPlaces: Math.max(0, advice.desiredPlaces - others.places),
  }
}

function adviceOf({ scaling }: FrontEndContext, name: string | undefined): ScalingAdvice[] {
  if (!scaling.isOn) {
    throw new SignalboxError(
      'not_supported',
      'No scaling advice is given here: the scheduler was started with "scaling: false".',
    )
  }
  scaling.check(policyMs())
  return scaling.advice(name)
}

/** Nobody asked for it yet: whoever is there stays. */
function unseen(
  { scaling }: FrontEndContext,
  queue: QueueState,
  requires: readonly string[],
): ScalingAdvice {
  const { agents, places } = scaling.ableOf(queue, requires)
  return scaling.unseen(queue, requires, { agents, places })
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((text, i) => text === other[i])
}
