/**
 * What a demo is, and what a performance of it leaves behind: data only. Any thread.
 *
 * Invariant: a performance is a function of its demo and its seed, to the last bit; times are virtual
 * ms since its act began.
 */
import type { Story } from './story.ts'

/** A scenario of one of the documents that Signalbox was built from. */
export interface Demo {
  readonly name: string
  /** Document and the scenario's number in it, as `docs/demos.md` counts them. */
  readonly source: string
  readonly number: number
  readonly title: string
  /** In a sentence or two. */
  readonly shows: string
  readonly run: (story: Story) => void
}

/** An expectation, and what came of it. */
export interface Check {
  readonly what: string
  /** The document's own words or figure. */
  readonly document: string
  readonly expected: unknown
  readonly found: unknown
  readonly holds: boolean
}

/** What an agent is at the beginning, for people. */
export interface AgentSetup {
  readonly agent: string
  readonly places: number
  readonly can: string
  readonly first: string
}

/** What waits for an agent, and what it runs. */
export interface AgentQueue {
  readonly agent: string
  readonly running: number
  readonly waiting: number
}

export interface StoryLine {
  readonly atMs: number
  readonly text: string
  /** A picture of all agents' queues at that time; null for words alone. */
  readonly queues: readonly AgentQueue[] | null
}

export interface AgentSummary {
  readonly agent: string
  /** Tasks that it began; that it completed. */
  readonly tasks: number
  readonly done: number
  /** Share of its places in use, over the time that it was there. */
  readonly busy: number
  /** Tasks that it took from others, and that others took from it. */
  readonly took: number
  readonly gave: number
}

/** An agent's work on a task, from when it was given to when it ended. */
export interface ActBar {
  readonly agent: string
  readonly task: string
  readonly queue: string
  readonly givenMs: number
  /** When work on it began; null when it ended before. */
  readonly fromMs: number | null
  readonly toMs: number
}

/** Something that happened to a task, for a picture. */
export interface ActMark {
  readonly atMs: number
  readonly what: 'breached' | 'dead letter' | 'escalated'
  readonly task: string
  readonly queue: string
}

/** One fleet from its beginning to its end; some demos show two. */
export interface Act {
  readonly title: string
  readonly facts: readonly (readonly [name: string, value: string])[]
  readonly setup: readonly AgentSetup[]
  readonly lines: readonly StoryLine[]
  readonly agents: readonly AgentSummary[]
  /** Figures of the whole act, by name; the names are the documents' where they have one. */
  readonly figures: Readonly<Record<string, number | string>>
  readonly endMs: number
  /** In the order in which they ended. */
  readonly bars: readonly ActBar[]
  readonly marks: readonly ActMark[]
}

export interface Performance {
  readonly demo: string
  readonly source: string
  readonly number: number
  readonly title: string
  readonly shows: string
  readonly seed: number
  readonly acts: readonly Act[]
  readonly checks: readonly Check[]
  /** Whether all checks hold. */
  readonly ok: boolean
}
