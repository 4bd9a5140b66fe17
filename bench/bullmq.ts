/**
 * BullMQ as `bench/peers` installs it, with the few types that are used of it.
 *
 * Runs on: the roles of the peers benchmark. Invariant: it is loaded from its own package only, so
 * it is no dependency of ours; nothing else in the repository needs it.
 */
import { createRequire } from 'node:module'

/** `bench/peers`, seen from `dist/bench`. */
export const PEERS = new URL('../../bench/peers/', import.meta.url)

interface Connection {
  readonly host: string
  readonly port: number
}

export interface Queue {
  add(name: string, data: string): Promise<unknown>
  addBulk(jobs: { name: string; data: string }[]): Promise<unknown>
  waitUntilReady(): Promise<unknown>
}

export interface QueueEvents {
  on(event: 'completed', heard: (job: { jobId: string }) => void): void
  on(event: 'failed', heard: (job: { jobId: string; failedReason: string }) => void): void
  on(event: 'error', heard: (error: Error) => void): void
  waitUntilReady(): Promise<unknown>
}

export interface Worker {
  on(event: 'completed', heard: () => void): void
  on(event: 'error', heard: (error: Error) => void): void
  waitUntilReady(): Promise<unknown>
}

interface BullMQ {
  Queue: new (name: string, options: object) => Queue
  QueueEvents: new (name: string, options: object) => QueueEvents
  Worker: new (name: string, handler: () => Promise<void>, options: object) => Worker
}

export const QUEUE = 'bench'

/** @throws Error when `bench/peers` is not installed. */
export function loadBullMQ(): BullMQ {
  return createRequire(new URL('package.json', PEERS))('bullmq') as BullMQ
}

export function connectionTo(port: number): Connection {
  return { host: '127.0.0.1', port }
}
