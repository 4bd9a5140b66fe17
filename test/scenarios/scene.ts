/** A scheduler in this process whose agents hold every task until they are let go. */
import { Scheduler } from '../../src/scheduler.ts'
import type { SubmitOptions } from '../../src/task.ts'
import { until } from '../support/until.ts'

export interface Cast {
  id: string
  concurrency: number
  /** Tasks in hand before the first of the scene. */
  load?: number
  capabilities?: string[]
  specializations?: Record<string, number>
}

export class Scene {
  readonly scheduler: Scheduler
  /** Who was given each task, in the order of submission; null while it waits. */
  readonly given: (string | null)[] = []
  private readonly ends: (() => void)[] = []

  constructor(strategy: string) {
    this.scheduler = new Scheduler({
      slots: 64,
      agentsMax: 32,
      strategy,
      routing: { exploration: 0 },
    })
  }

  /** Lets an agent join, with that many places already taken. */
  async add({ load = 0, ...options }: Cast): Promise<void> {
    const mine = `only-${options.id}`
    await this.scheduler.agent(
      {
        ...options,
        queues: ['*'],
        prefetch: 0,
        capabilities: [...(options.capabilities ?? []), mine],
      },
      (task) => {
        this.given[task.json<number>()] = options.id
        return new Promise<void>((resolve) => this.ends.push(resolve))
      },
    )
    for (let i = 0; i < load; i++) this.scheduler.allocate({ requires: [mine] })
  }

  /** Submits one after the other; settles when each has been given to somebody. */
  async submit(tasks: SubmitOptions[]): Promise<void> {
    for (const options of tasks) {
      const number = this.given.push(null) - 1
      await this.scheduler.submit('scene', number, options)
      await until(() => this.given[number] !== null, { what: `an agent for task ${number}` })
    }
  }

  /** @returns how many of the scene's tasks each of these agents was given. */
  counts(agents: string[]): number[] {
    return agents.map((agent) => this.given.filter((given) => given === agent).length)
  }

  async end(): Promise<void> {
    for (const end of this.ends) end()
    await this.scheduler.stop()
  }
}
