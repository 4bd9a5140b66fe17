/** That the modules of a simulation stand where they should, and only there. */
import { beforeAll, expect, test } from 'vitest'
import { buildSimulation, playInChild } from './children.ts'
import { STAND_INS } from './hooks.ts'

const BUILD_MS = 60_000

beforeAll(buildSimulation, BUILD_MS)

async function exportsOf(file: string, folder: string): Promise<string[]> {
  const { href } = new URL(folder + file.replace(/\.js$/, '.ts'), import.meta.url)
  return Object.keys(await import(/* @vite-ignore */ href))
}

for (const [real, standIn] of Object.entries(STAND_INS)) {
  test(`stand-ins: ${standIn} exports what ${real} exports`, async () => {
    const [offered, wanted] = [await exportsOf(standIn, './'), await exportsOf(real, '../../')]
    expect(offered).toEqual(expect.arrayContaining(wanted))
  })
}

test('stand-ins: what is thrown in a microtask of the scheduler fails the seed, each time', async () => {
  const { failed, done } = await playInChild({
    first: 1,
    count: 2,
    failuresMax: 2,
    patches: [
      {
        file: 'src/front-end/turn.js',
        find: 'stampFlushed(this.context);',
        replace: 'throw new Error("thrown at the end of a turn");',
      },
    ],
  })
  expect(done.failures).toBe(2)
  for (const { error, isRepeatable, lines } of failed) {
    expect(error).toBe('thrown at the end of a turn')
    expect(isRepeatable).toBe(true)
    expect(lines.length).toBeGreaterThan(5)
  }
})

test('stand-ins: a journal that does not say what the core did gives another core', async () => {
  const { failed } = await playInChild({
    first: 1,
    count: 20,
    patches: [
      {
        file: 'src/journal/event-writer.js',
        find: 'out.int(record.payloadBytes);',
        replace: 'out.int(1);',
      },
    ],
  })
  expect(failed.map(({ error }) => error).join()).toMatch(/the rebuilt core differs/)
})

test('stand-ins: a patch that fits nowhere, or twice, is an error and no run', async () => {
  for (const find of ['nothing of the kind', 'const ']) {
    const patches = [{ file: 'src/policy/attempts.js', find, replace: '' }]
    await expect(playInChild({ first: 1, count: 1, patches })).rejects.toThrow(/times, not once/)
  }
})
