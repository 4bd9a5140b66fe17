/**
 * The simulator's seeds. `SEED=n` plays one of them and prints its trace, `FIRST_SEED=n` begins
 * elsewhere, `SOAK=1` plays many, beginning at a seed of its own.
 */
import { beforeAll, expect, test } from 'vitest'
import { buildSimulation, type ChildReport, playInChild, traceInChild } from './children.ts'
import { NAMED_SEEDS } from './named-seeds.ts'
import { failureText } from './report.ts'

const SEEDS = 2_000
const SOAK_SEEDS = 100_000
/** At every event, the images of two cores would take half of the time. */
const IMAGES_EVERY = 4
const CHILDREN = 2
/** Seeds of which every line of the trace is compared. */
const COMPARED = 12
const BUILD_MS = 60_000
const TRACE_MS = 60_000
/** 2,000 seeds take two to six minutes on two cores. */
const PLAY_MS = 10 * 60_000
const SOAK_MS = 6 * 3600_000

const { SEED, FIRST_SEED, SOAK } = process.env
const first = FIRST_SEED ? Number(FIRST_SEED) : SOAK ? Math.trunc(Date.now() / 1000) : 1

beforeAll(buildSimulation, BUILD_MS)

if (SEED) {
  test(
    `simulate: seed ${SEED} once more`,
    async () => {
      const lines: string[] = []
      await traceInChild(Number(SEED), (line) => lines.push(line))
      const { failures } = JSON.parse(lines.pop()!)
      process.stdout.write(`${lines.filter((line) => !line.startsWith('{')).join('\n')}\n`)
      const failed = lines.find((line) => line.startsWith('{"type":"failed"'))
      expect(failures, failed && failureText(JSON.parse(failed))).toBe(0)
    },
    TRACE_MS,
  )
} else {
  for (const { seed, found } of NAMED_SEEDS) {
    test(
      `simulate: seed ${seed} no longer finds that ${found}`,
      async () => {
        const { failed } = await playInChild({ first: seed, count: 1 })
        expect(failed.length, failed.map(failureText).join()).toBe(0)
      },
      TRACE_MS,
    )
  }

  test(
    'simulate: every seed keeps every promise',
    async () => {
      const count = SOAK ? SOAK_SEEDS : SEEDS
      console.log(`simulate: first seed ${first}, ${count} seeds`)
      const beganMs = performance.now()
      const reports = await Promise.all(
        Array.from({ length: CHILDREN }, (_, i) =>
          playInChild({
            first: first + i,
            count: count - i,
            step: CHILDREN,
            imagesEvery: IMAGES_EVERY,
          }),
        ),
      )
      console.log(`simulate: ${summary(reports, performance.now() - beganMs)}`)
      const failed = reports.flatMap((report) => report.failed)
      expect(failed.length, failed.map(failureText).join('\n\n')).toBe(0)
      expect(sum(reports, 'seeds')).toBe(count)
    },
    SOAK ? SOAK_MS : PLAY_MS,
  )

  test(
    'simulate: a seed is the same in every process, whatever was played before it',
    async () => {
      const [all, last] = await Promise.all([
        playInChild({ first, count: COMPARED, digests: true, failuresMax: COMPARED }),
        playInChild({
          first: first + COMPARED - 3,
          count: 3,
          digests: true,
          failuresMax: COMPARED,
        }),
      ])
      expect(all.digests).toHaveLength(COMPARED)
      expect(new Set(all.digests.map(({ digest }) => digest)).size).toBe(COMPARED)
      expect(last.digests).toEqual(all.digests.slice(-3))
    },
    PLAY_MS,
  )
}

function sum(reports: readonly ChildReport[], what: 'seeds' | 'tasks' | 'coreEvents'): number {
  return reports.reduce((total, { done }) => total + done[what], 0)
}

function summary(reports: readonly ChildReport[], ms: number): string {
  const events = sum(reports, 'coreEvents')
  const rate = Math.round((1000 * events) / ms)
  const seconds = (ms / 1000).toFixed(1)
  return (
    `${sum(reports, 'seeds')} seeds, ${sum(reports, 'tasks')} tasks, ${events} events in ` +
    `${seconds} s: ${rate} events/s`
  )
}
