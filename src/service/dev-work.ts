/**
 * What the agents of `dev` do, and what its generator asks of them: the same for agents in other
 * processes and in this one.
 */
import type { Handler } from '../agent-task.ts'
import { DEMO_BURST, DEMO_QUEUE, DEMO_WINDOW } from './dev-messages.ts'
import type { LoadPlan } from './load.ts'

export interface DemoResult {
  agent: string
  echo: unknown
}

/** Sends back what it was given and who did it; text that is no JSON comes back as text. */
export function demoHandler(agent: string): Handler {
  return (task): DemoResult => {
    const text = task.text()
    return { agent, echo: parsed(text) }
  }
}

function parsed(text: string): unknown {
  try {
    return text === '' ? null : JSON.parse(text)
  } catch {
    return text
  }
}

/** Numbered tasks of about 100 bytes, and the check that each answer belongs to its task. */
export function demoPlan(tasks: number): LoadPlan {
  return {
    queue: DEMO_QUEUE,
    pace: { kind: 'window', window: DEMO_WINDOW, burst: DEMO_BURST },
    count: tasks,
    durationMs: Number.POSITIVE_INFINITY,
    payload: (n) => ({
      n,
      text: 'The line is clear from here to the next signal box, so proceed.',
    }),
    isRight: (result, n) => (result as { echo?: { n?: number } } | null)?.echo?.n === n,
  }
}
