/**
 * What an actor of the simulation (an agent, a submitter) has of the world: a clock, timers, random
 * numbers and one connection to the simulated network. Everything is of the virtual world, so an
 * actor is a function of its seed.
 */
export interface Delivery {
  readonly subject: string
  readonly reply: string
  /** Decoded header block; null without one. `code` is the status line's, 0 without one. */
  readonly headers: { readonly code: number; get(name: string): string } | null
  readonly data: Uint8Array
}

export interface PeerSubscription {
  unsubscribe(): void
}

/** One client's connection. Publishing while it is cut off loses the message, as core NATS does. */
export interface Peer {
  /** Virtual milliseconds, with a fraction. */
  now(): number
  /** Runs `act` after `ms` of virtual time. @returns what takes it back. */
  after(ms: number, act: () => void): () => void
  publish(
    subject: string,
    data: Uint8Array,
    options?: { reply?: string; headers?: { encode(): Uint8Array } },
  ): void
  subscribe(subject: string, take: (message: Delivery) => void): PeerSubscription
  /** Whether this client is cut off from the server now. */
  readonly isCutOff: boolean
  /** Calls back when it is cut off, and when it is back. */
  onCut(act: (isCutOff: boolean) => void): void
  /** Ends the connection: nothing is delivered or sent any more. */
  close(): void
}

/** How the network treats each message on its way; set for all links at once. */
export interface Weather {
  /** Each delivery takes from … to; of one link in order, unless it is reordered. */
  readonly delayMs: readonly [from: number, to: number]
  /** Shares of deliveries, 0 … 1. */
  readonly drop: number
  readonly duplicate: number
  readonly reorder: number
}

/** What the plan of faults may do to the world. */
export interface FaultyWorld {
  after(ms: number, act: () => void): void
  setWeather(weather: Weather): void
  /** A peer (by the name it was connected with) is cut off, or back. */
  setCutOff(peer: string, isCutOff: boolean): void
  /** The scheduler's own connection. */
  setSchedulerCutOff(isCutOff: boolean): void
  /** The scheduler's process stands still: no timer, no message, no turn of it runs meanwhile. */
  pauseScheduler(ms: number): void
  /** The scheduler's clock jumps forward. */
  jumpClock(ms: number): void
  killRouter(router: number): void
  /** It takes no turn for so long. */
  stallRouter(router: number, ms: number): void
}
