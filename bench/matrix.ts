/**
 * Fleets by sizes: 1, 10 and 100 agents by payloads of 16 bytes to 64 KiB, a short run each.
 *
 * Runs on: the harness. Invariant: the runs of a cell have the same payload, agents and window.
 *
 * At most 16 MiB are in flight: nats-server cuts off a reader that is 64 MiB behind, and the
 * scheduler refuses beyond as much that it has not admitted. A packed message holds at most 512 KiB,
 * half of what nats-server takes. So large payloads have a smaller window and fewer tasks a message,
 * on both sides.
 */
import { type Configuration, column, type Row, ratios, type Samples } from './harness.ts'

const AGENTS = [1, 10, 100]
const PAYLOADS = [16, 256, 4_096, 65_536]
const AGENTS_QUICK = [10]
const PAYLOADS_QUICK = [16, 65_536]

const WINDOW_MAX = 8_192
const IN_FLIGHT_BYTES_MAX = 16 * 1024 * 1024
const BATCH_MAX = 64
const MESSAGE_BYTES_MAX = 512 * 1024
/** Of each run; the packed loop gets four times as many, it is over so soon. */
const TASKS = { least: 4_096, most: 60_000, bytes: 192 * 1024 * 1024 }
const CREDIT = 2_000

const KINDS = ['sdk', 'loop', 'plain', 'packed']

export function matrixConfigurations(isQuick: boolean): Configuration[] {
  const payloads = isQuick ? PAYLOADS_QUICK : PAYLOADS
  return payloads.flatMap((payloadBytes) =>
    (isQuick ? AGENTS_QUICK : AGENTS).flatMap((agents) =>
      KINDS.map((kind) => ({
        name: nameOf(kind, agents, payloadBytes),
        run: kind,
        parameters: {
          agents,
          payloadBytes,
          credit: CREDIT,
          loop: 'closed',
          window: windowOf(payloadBytes),
          batch: batchOf(payloadBytes),
          ...tasksOf(kind, payloadBytes, isQuick),
        },
      })),
    ),
  )
}

function tasksOf(kind: string, payloadBytes: number, isQuick: boolean) {
  if (isQuick) return { tasks: 512, warmUpTasks: 128 }
  const times = kind === 'packed' ? 4 : 1
  const fitting = Math.floor(TASKS.bytes / payloadBytes)
  const tasks = times * Math.max(TASKS.least, Math.min(TASKS.most, fitting))
  return { tasks, warmUpTasks: Math.ceil(tasks / 3) }
}

function windowOf(payloadBytes: number): number {
  return Math.min(WINDOW_MAX, IN_FLIGHT_BYTES_MAX / payloadBytes)
}

function batchOf(payloadBytes: number): number {
  return Math.min(BATCH_MAX, MESSAGE_BYTES_MAX / payloadBytes)
}

/** @returns for each cell that was run, ours by SDK and plain over the hand-written loops. */
export function matrixRows(samples: Samples): Row[] {
  return PAYLOADS.flatMap((payloadBytes) =>
    AGENTS.filter((agents) => nameOf('sdk', agents, payloadBytes) in samples).flatMap((agents) => {
      const rate = (kind: string) =>
        column(samples, nameOf(kind, agents, payloadBytes), 'tasksPerSecond')
      const row = (what: string, mine: string, theirs: string): Row => ({
        what: `${agents} x ${sizeOf(payloadBytes)}, ${inFlight(payloadBytes)}: ${what}`,
        unit: '1/s',
        ours: rate(mine),
        twin: rate(theirs),
        ratio: ratios(rate(mine), rate(theirs)),
      })
      return [
        row('SDK; loop', 'sdk', 'loop'),
        row('plain; loop', 'plain', 'loop'),
        row(`SDK; loop of ${batchOf(payloadBytes)} a message`, 'sdk', 'packed'),
      ]
    }),
  )
}

function nameOf(kind: string, agents: number, payloadBytes: number): string {
  return `${kind}, ${agents} x ${sizeOf(payloadBytes)}`
}

function inFlight(payloadBytes: number): string {
  return `${windowOf(payloadBytes).toLocaleString('en')} in flight`
}

function sizeOf(bytes: number): string {
  return bytes < 1_024 ? `${bytes} B` : `${bytes / 1_024} KiB`
}
