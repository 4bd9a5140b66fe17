/**
 * Lets a process end although Piscina is running a task without end.
 *
 * Runs on: the front end.
 * Invariant: after `letGo` only the pool's own ports decide whether routers keep the process alive.
 *
 * Piscina holds the port of each worker that runs a task, which is right for tasks that end. A
 * router's never does, and an embedded scheduler that is idle must not keep its process. Piscina has
 * no option for that; its worker interface carries the port's owner under a symbol. Should a later
 * version not, routers would keep the process alive until `stop`, and a test says so.
 */
/** What Piscina's `workerCreate` hands out, as far as it is public. */
interface PiscinaWorker {
  readonly id: number
  readonly destroyed: boolean
}

/** As much of Piscina as is needed here. */
export interface WorkerEvents {
  on(event: 'workerCreate', listener: (worker: PiscinaWorker) => void): unknown
}

/** Piscina's workers, by what its events told. */
export class PiscinaPorts {
  private readonly workers: PiscinaWorker[] = []

  constructor(events: WorkerEvents) {
    events.on('workerCreate', (worker) => this.workers.push(worker))
  }

  /** Stops holding the process for the task of one thread. @param threadId of `worker_threads`. */
  letGo(threadId: number): void {
    this.forgetDestroyed()
    for (const worker of this.workers) if (worker.id === threadId) this.unref(worker)
  }

  private unref(worker: PiscinaWorker): void {
    for (const symbol of Object.getOwnPropertySymbols(worker)) {
      const owner = (worker as unknown as Record<symbol, { unref?: unknown } | undefined>)[symbol]
      if (typeof owner?.unref === 'function') owner.unref()
    }
  }

  private forgetDestroyed(): void {
    for (let i = this.workers.length - 1; i >= 0; i--) {
      if (this.workers[i].destroyed) this.workers.splice(i, 1)
    }
  }
}
