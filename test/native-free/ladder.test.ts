/** Every structure of native-free climbs the same ladder on real threads (ladder/rungs.ts). */
import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import { agentTable } from './ladder/agent-table.ts'
import { bitset } from './ladder/bitset.ts'
import { Crew, Tally } from './ladder/crew.ts'
import { doorbell } from './ladder/doorbell.ts'
import { latencyCounts } from './ladder/latency-counts.ts'
import { memoryMap } from './ladder/memory-map.ts'
import { outbox } from './ladder/outbox.ts'
import { routerStatus } from './ladder/router-status.ts'
import { type Ladder, LIMIT_MS, RUNGS } from './ladder/rungs.ts'
import { sleepers } from './ladder/sleepers.ts'
import { slotTable } from './ladder/slot-table.ts'
import { taskRing } from './ladder/task-ring.ts'
import { workStealingDeque } from './ladder/work-stealing-deque.ts'
import { tinyMemory } from './support.ts'

const LADDERS: readonly Ladder[] = [
  taskRing,
  workStealingDeque,
  outbox,
  sleepers,
  doorbell,
  slotTable,
  agentTable,
  bitset,
  routerStatus,
  latencyCounts,
  memoryMap,
]

/** Modules that are no structure, and why. */
const NO_STRUCTURE: Record<string, string> = {
  atomics: 'one operation on one word each; atomics.test.ts',
  brands: 'types and constants',
  'agent-columns': 'what agent-table.ts writes, read; it climbs with it',
  'class-table': 'words of one writer, each for itself; class-table.test.ts',
  'learning-table': 'floats of one writer, each for itself; learning-table.test.ts',
  'policy-ranges': 'arithmetic; image.test.ts',
  'shadow-counts': 'a block for each writer; shadow-counts.test.ts',
  'strategy-switches': 'words of one writer, each for itself; class-table.test.ts',
}

const crew = new Crew(LIMIT_MS)

afterAll(() => crew.end())

for (const { structure, rungs, beyond } of LADDERS) {
  describe(structure, () => {
    for (const [name, rung] of Object.entries({ ...rungs, ...beyond })) {
      if ('because' in rung) continue
      test(`${structure}: ${name}: ${rung.title}`, () => rung.climb(crew), 2 * LIMIT_MS)
    }
  })
}

describe('ladder', () => {
  test('ladder: every module of native-free belongs to one structure, or says why to none', () => {
    const index = readFileSync(new URL('../../native-free/index.ts', import.meta.url), 'utf8')
    const modules = [...index.matchAll(/from '\.\/([\w-]+)\.ts'/g)].map(([, module]) => module)
    const climbed = LADDERS.flatMap((ladder) => ladder.modules)
    expect([...climbed, ...Object.keys(NO_STRUCTURE)].sort()).toEqual(modules.sort())
  })

  test('ladder: every structure has every rung, or is one of these', () => {
    const without = LADDERS.flatMap(({ structure, rungs }) => {
      expect(Object.keys(rungs)).toEqual([...RUNGS])
      return RUNGS.filter((name) => 'because' in rungs[name]).map((name) => `${structure}: ${name}`)
    })
    expect(without).toEqual([
      'sleepers: wraps',
      'doorbell: full',
      'doorbell: wraps',
      'bitset: wraps',
      'router status: full',
      'memory map: no starvation',
      'memory map: conservation',
    ])
  })

  test('ladder: an item that came twice or never is named', () => {
    const tally = new Tally(2, 70)
    const take = (row: number, item: number) => {
      tally.words[row * tally.rowWords + (item >>> 5)] |= 1 << (item & 31)
    }
    for (let item = 0; item < 70; item++) if (item !== 40) take(item & 1, item)
    take(0, 69)
    expect(tally.notOnce()).toEqual(['40: never', '69: more than once'])
    expect([tally.notOnce(40), tally.moreThanOnce()]).toEqual([[], ['69: more than once']])
  })

  test('ladder: when a thread fails or is silent all threads end, and the next run has new ones', async () => {
    const memory = tinyMemory()
    const wait = { act: 'canary#waitInVain' } as const
    const answer = { act: 'canary#answer' } as const
    for (const [limitMs, other, message] of [
      [LIMIT_MS, { act: 'canary#fail' }, 'a canary failed'],
      [LIMIT_MS, { act: 'canary#exit' }, 'canary#exit: thread 1 ended'],
      [50, wait, 'silent for 50 ms'],
    ] as const) {
      const mortal = new Crew(limitMs)
      await expect(mortal.run(memory, [wait, other])).rejects.toThrow(message)
      expect(mortal.threadCount).toBe(0)
    }
    await crew.end()
    expect((await crew.run(memory, [answer, answer])).reports).toEqual([42, 42])
    expect(crew.threadCount).toBe(2)
  })
})
