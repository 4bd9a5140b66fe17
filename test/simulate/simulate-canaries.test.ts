/**
 * Each seeded bug of canaries.ts is caught by the simulator within its seeds. `CANARY=text` plays
 * only those whose sentence holds the text.
 */
import { beforeAll, expect, test } from 'vitest'
import { CANARIES, CANARY_SEEDS, type Canary } from './canaries.ts'
import { buildSimulation, playInChild } from './children.ts'
import { GRAPH_SHARE } from './graph-plans.ts'
import { MOVING_SHARE } from './moves.ts'
import { THEMES, type Theme } from './themes.ts'

/** Most are caught within the first thirty seeds; a bug that is missed takes all of them. */
const CAUGHT_MS = 5 * 60_000
const BUILD_MS = 60_000
/** At every event they would take half of the time; at the end of a seed they are compared anyway. */
const IMAGES_EVERY = 4
const AT_A_TIME = 2
const { CANARY = '', SEED } = process.env

beforeAll(buildSimulation, BUILD_MS)

test.runIf(SEED === undefined)(
  'simulate: every seeded bug of the core is caught',
  async () => {
    const left = CANARIES.filter(({ why }) => why.includes(CANARY))
    expect(left.length).toBeGreaterThanOrEqual(CANARY === '' ? 8 : 1)
    const missed: string[] = []
    const work = async (): Promise<void> => {
      for (let canary = left.shift(); canary !== undefined; canary = left.shift()) {
        const said = await tryCanary(canary)
        if (said === null) missed.push(canary.why)
        else console.log(`canary: ${canary.why}: ${said}`)
      }
    }
    await Promise.all(Array.from({ length: AT_A_TIME }, work))
    expect(missed).toEqual([])
  },
  CANARIES.length * CAUGHT_MS,
)

/** @returns of how many seeds so many, about, are of the theme. */
function seedsFor(theme: Theme, count: number): number {
  const all = Object.values(THEMES).reduce((sum, weight) => sum + weight, 0)
  return Math.ceil((count * all) / THEMES[theme])
}

/** @returns at which seed it was caught and by what, or null. */
async function tryCanary(canary: Canary): Promise<string | null> {
  const { theme: only, moving, hanging } = canary
  const all = only === undefined ? CANARY_SEEDS : seedsFor(only, CANARY_SEEDS)
  const share = moving ? MOVING_SHARE : hanging ? GRAPH_SHARE : 1
  const count = Math.ceil(all / share)
  const where = { theme: only, moving, hanging, imagesEvery: IMAGES_EVERY }
  const { failed } = await playInChild({ first: 1, count, ...where, patches: [canary] })
  if (failed.length === 0) return null
  const [{ seed, theme, event, error }] = failed
  return `caught at seed ${seed} (${theme}), event ${event}: ${error.slice(0, 120)}`
}
