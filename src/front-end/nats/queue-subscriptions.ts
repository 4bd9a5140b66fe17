/**
 * Subscriptions that schedulers share: of one queue group, each message goes to one of them. Main thread.
 */
import type { Msg, NatsConnection, Subscription } from 'nats'

const QUEUE_GROUP = 'sb'

export class QueueSubscriptions {
  readonly #nc: NatsConnection
  readonly #onMessage: (msg: Msg) => void
  readonly #all: Subscription[] = []

  constructor(nc: NatsConnection, onMessage: (msg: Msg) => void) {
    this.#nc = nc
    this.#onMessage = onMessage
  }

  listen(subject: string): void {
    const callback = (error: Error | null, msg: Msg) => {
      if (error === null) this.#onMessage(msg)
    }
    this.#all.push(this.#nc.subscribe(subject, { queue: QUEUE_GROUP, callback }))
  }

  /** No more; what is on its way already is still heard, and answered `stopping`. */
  drain(): void {
    for (const subscription of this.#all.splice(0)) {
      if (!subscription.isClosed()) subscription.drain().catch(() => {})
    }
  }
}
