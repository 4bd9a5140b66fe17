/**
 * What a performance tells: acts with their lines and figures, and expectations. Any thread.
 *
 * Invariant: nothing of what is told has any effect on what happens; a check compares what was found
 * with what was written down before, and is never left out.
 */
import { isDeepStrictEqual } from 'node:util'
import type {
  Act,
  ActBar,
  ActMark,
  AgentQueue,
  AgentSetup,
  AgentSummary,
  Check,
  Demo,
  Performance,
  StoryLine,
} from './demo.ts'

/** An act while it goes on. */
export class ActNotes implements Act {
  readonly title: string
  readonly facts: [string, string][] = []
  readonly setup: AgentSetup[] = []
  readonly lines: StoryLine[] = []
  agents: AgentSummary[] = []
  readonly figures: Record<string, number | string> = {}
  endMs = 0
  bars: ActBar[] = []
  readonly marks: ActMark[] = []

  constructor(title: string) {
    this.title = title
  }

  tell(atMs: number, text: string, queues: readonly AgentQueue[] | null = null): void {
    this.lines.push({ atMs, text, queues })
  }
}

export class Story {
  readonly seed: number
  private readonly acts: ActNotes[] = []
  private readonly checks: Check[] = []

  constructor(seed: number) {
    this.seed = seed
  }

  /** @param title '' where there is one act only. */
  act(title: string): ActNotes {
    const act = new ActNotes(title)
    this.acts.push(act)
    return act
  }

  /** @param document the document's own words or figure. */
  expect(what: string, document: string, expected: unknown, found: unknown): void {
    const holds = isDeepStrictEqual(expected, found)
    this.checks.push({ what, document, expected, found, holds })
  }

  expectAtMost(what: string, document: string, bound: number, found: number): void {
    this.checks.push({ what, document, expected: `≤ ${bound}`, found, holds: found <= bound })
  }

  expectAtLeast(what: string, document: string, bound: number, found: number): void {
    this.checks.push({ what, document, expected: `≥ ${bound}`, found, holds: found >= bound })
  }

  performance({ name, source, number, title, shows }: Demo): Performance {
    const { seed, acts, checks } = this
    // A scene may tell of something only when it knows what came of it.
    for (const { lines } of acts) lines.sort((a, b) => a.atMs - b.atMs)
    const ok = checks.length > 0 && checks.every(({ holds }) => holds)
    return { demo: name, source, number, title, shows, seed, acts, checks, ok }
  }
}
