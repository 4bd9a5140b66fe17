/**
 * A changed configuration file, taken over by a scheduler that runs: all of it or nothing.
 *
 * Runs in the process of `serve`. Invariant: one reading at a time; whatever is amiss, the options
 * stay those of the last file that was taken over.
 *
 * ```
 *   idle ──signal──► reading ──findings, or a restart needed──► told, idle
 *     ▲                 └──────► applied, told ──► idle;  a signal meanwhile reads once more
 * ```
 */
import { type ConfigChanges, configChanges } from '../config/changes.ts'
import type { Configuration } from '../config/read.ts'
import { SignalboxError } from '../errors.ts'
import type { Scheduler } from '../scheduler.ts'

/** @returns the file as it is now with the same flags, or why it cannot be taken. */
export type Reread = () => Promise<Configuration | readonly string[]>

export interface Reloaded {
  file: string
  /** Sentences; none when it was taken over. */
  refused: readonly string[]
  added: readonly string[]
  changed: readonly string[]
  /** Names of dead letters with another route. */
  routes: readonly string[]
  /** Who is new, has gone, or has other options. */
  people: readonly string[]
}

export class Reloader {
  readonly #scheduler: Scheduler
  readonly #reread: Reread
  readonly #told: (result: Reloaded) => void
  #configuration: Configuration
  #isReading = false
  #again = false

  constructor(
    scheduler: Scheduler,
    configuration: Configuration,
    reread: Reread,
    told: (result: Reloaded) => void,
  ) {
    this.#scheduler = scheduler
    this.#configuration = configuration
    this.#reread = reread
    this.#told = told
  }

  request(): void {
    this.#again = true
    if (!this.#isReading) void this.#run()
  }

  async #run(): Promise<void> {
    this.#isReading = true
    // Ends: each round takes one request, or several that came while it read.
    while (this.#again) {
      this.#again = false
      this.#told(await this.#reload())
    }
    this.#isReading = false
  }

  async #reload(): Promise<Reloaded> {
    const { file } = this.#configuration
    const nothing = { file, added: [], changed: [], routes: [], people: [] }
    try {
      const read = await this.#reread()
      if (!('scheduler' in read)) return { ...nothing, refused: read }
      const changes = configChanges(this.#configuration, read)
      const { needsRestart, added, changed, routes, people } = changes
      if (needsRestart.length > 0)
        return { ...nothing, refused: needsRestart.map((what) => `${what}.`) }
      const { people: roster = {}, queues = {} } = read.scheduler
      // All of it or nothing: what may be refused is asked first.
      if (people.length > 0) this.#scheduler.checkPeople(roster, Object.keys(queues))
      if (hasChanges(changes)) this.#scheduler.configureQueues(read.scheduler)
      if (people.length > 0) this.#scheduler.configurePeople(roster)
      this.#configuration = read
      return { file, refused: [], added, changed, routes, people }
    } catch (error) {
      if (!(error instanceof SignalboxError)) throw error
      return { ...nothing, refused: [error.message] }
    }
  }
}

function hasChanges({ added, changed, routes }: ConfigChanges): boolean {
  return added.length + changed.length + routes.length > 0
}
