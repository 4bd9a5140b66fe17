/** What `dev` and the processes that it starts tell each other over their IPC channel. */
import type { LoadCounts } from './load.ts'

/** The queue of the demonstration; the only one that its agents serve. */
export const DEMO_QUEUE = 'demo'
/** Tasks that the generator keeps in flight, and how many it sends at a time. */
export const DEMO_WINDOW = 1_000
export const DEMO_BURST = 250
export const DEMO_AGENTS = 8
export const DEMO_AGENT_PROCESSES = 2
/** Of one agent: 8 × 256 credits for 1,000 tasks in flight. */
export const DEMO_CONCURRENCY = 256

export type DevRequest =
  | { kind: 'agents'; url: string; ids: string[]; concurrency: number }
  | { kind: 'load'; url: string; tasks: number }

export type DevReport =
  | { kind: 'ready' }
  | { kind: 'counts'; counts: LoadCounts }
  | { kind: 'done'; counts: LoadCounts }
  | { kind: 'failed'; code: string; message: string }

export function demoAgentIds(): string[] {
  return Array.from({ length: DEMO_AGENTS }, (_, i) => `agent-${i + 1}`)
}
