/** The explorer itself: how many schedules there are, what it takes for an end, what it refuses. */
import { describe, expect, it } from 'vitest'
import {
  explore,
  freshMemory,
  join,
  type Model,
  type NativeFree,
  ownWords,
  pause,
} from './explore.ts'
import { instrument } from './instrument.ts'
import { models as deques } from './models/deque.ts'
import { models as recoveries } from './models/deque-recovery.ts'
import { models as rings } from './models/ring.ts'
import { scheduleOf } from './trace.ts'

interface World {
  readonly nf: NativeFree
  readonly words: Int32Array
  readonly notes: string[]
}

type Actors = Model<World>['actors']

/** A model on four words of its own, in which everything is allowed unless said otherwise. */
function modelOf(actors: Actors, more: Partial<Model<World>> = {}): Model<World> {
  return {
    name: 'explorer: a model of a test',
    world: (nf) => ({ nf, words: ownWords(freshMemory(nf), 4), notes: [] }),
    actors,
    outcome: ({ words }) => `${words}`,
    allowed: { '*': 'any' },
    forbidden: {},
    ...more,
  }
}

/** Adds one to word 0 as a careless program does, so many times. */
function* addCarelessly({ nf, words }: World, times: number) {
  for (let time = 0; time < times; time++) {
    const before = yield* nf.atomics.load(words, 0)
    yield* nf.atomics.store(words, 0, before + 1)
  }
}

/** Stores to word 0, so many times. */
function* store({ nf, words }: World, times: number) {
  for (let time = 0; time < times; time++) yield* nf.atomics.store(words, 0, time)
}

const outcomesOf = async (model: Model<World>) => [...(await explore(model)).outcomes.keys()].sort()

describe('explorer', () => {
  it('explorer: without a bound it runs each of the (n + m)! / n! m! orders, and each once', async () => {
    const actors = { a: (w: World) => store(w, 3), b: (w: World) => store(w, 4) }
    const { schedules } = await explore(modelOf(actors, { preemptions: 7 }))
    expect(schedules).toBe(35)
  })

  it('explorer: bounds of 0, 1 and 2 preemptions leave out exactly what needs more', async () => {
    const actors = { a: (w: World) => store(w, 2), b: (w: World) => store(w, 2) }
    const counts: number[] = []
    for (const preemptions of [0, 1, 2, 3]) {
      counts.push((await explore(modelOf(actors, { preemptions }))).schedules)
    }
    // aabb bbaa | abba baab | abab baba
    expect(counts).toEqual([2, 4, 6, 6])
  })

  it('explorer: a lost update is found with one preemption, not with none', async () => {
    const actors = { a: (w: World) => addCarelessly(w, 1), b: (w: World) => addCarelessly(w, 1) }
    expect(await outcomesOf(modelOf(actors, { preemptions: 0 }))).toEqual(['2,0,0,0'])
    expect(await outcomesOf(modelOf(actors, { preemptions: 1 }))).toEqual(['1,0,0,0', '2,0,0,0'])
  })

  it('explorer: steps that concern nobody else are no places to be preempted at', async () => {
    const actors: Actors = {
      *a({ nf, words }) {
        for (let i = 0; i < 20; i++) yield* nf.atomics.store(words, 1, i)
        yield* nf.atomics.store(words, 0, 1)
      },
      *b({ nf, words }) {
        for (let i = 0; i < 20; i++) yield* nf.atomics.store(words, 2, i)
        yield* nf.atomics.store(words, 0, 2)
      },
    }
    const { schedules, outcomes } = await explore(modelOf(actors))
    expect([...outcomes.keys()].sort()).toEqual(['1,19,19,0', '2,19,19,0'])
    expect(schedules).toBeLessThanOrEqual(6)
  })

  it('explorer: no outcome of rings and deques is left out by that', async () => {
    for (const model of [...rings, ...deques, ...recoveries]) {
      const anything = { ...model, preemptions: 2, allowed: { '*': 'any' } }
      const few = await explore(anything)
      // With an invariant every step counts.
      const all = await explore({ ...anything, invariant: () => undefined })
      expect(few.schedules, model.name).toBeLessThanOrEqual(all.schedules)
      expect([...few.outcomes.keys()].sort(), model.name).toEqual([...all.outcomes.keys()].sort())
    }
  })

  it('explorer: who waits is woken by a notify that comes later, and sleeps on for one before', async () => {
    const actors: Actors = {
      *sleeper({ nf, words }) {
        yield* nf.atomics.wait(words, 0, 0, 1_000)
      },
      *waker({ nf, words }) {
        yield* nf.atomics.notify(words, 0, 1)
      },
    }
    const { failure } = await explore(modelOf(actors, { allowed: { '0,0,0,0': 'woken' } }))
    expect(failure).toMatchObject({ kind: 'forbidden', outcome: 'blocked sleeper: 0,0,0,0' })
    expect(failure!.trace).toContain('wait(own[0], 0) → sleeps')
    const careful: Actors = {
      ...actors,
      *waker({ nf, words }) {
        yield* nf.atomics.store(words, 0, 1)
        yield* nf.atomics.notify(words, 0, 1)
      },
    }
    expect(await outcomesOf(modelOf(careful))).toEqual(['1,0,0,0'])
  })

  it('explorer: an actor dies after each of its steps, once, and others can wait for it', async () => {
    const actors: Actors = {
      *mortal({ nf, words }) {
        for (let i = 1; i <= 3; i++) yield* nf.atomics.store(words, 0, i)
        yield* pause()
      },
      *heir({ nf, words }) {
        if (yield* join('mortal')) yield* nf.atomics.store(words, 1, 1)
      },
    }
    const model = modelOf(actors, {
      mortal: ['mortal'],
      outcome: ({ words }, { died }) => `${words[0]} ${words[1]} ${died}`,
    })
    expect(await outcomesOf(model)).toEqual([
      '1 1 mortal',
      '2 1 mortal',
      '3 0 undefined',
      '3 1 mortal',
    ])
  })

  it('explorer: two who wait for each other are blocked, and named', async () => {
    const actors: Actors = {
      *a() {
        yield* join('b')
      },
      *b() {
        yield* join('a')
      },
    }
    const { failure } = await explore(modelOf(actors, { allowed: {} }))
    expect(failure).toMatchObject({ kind: 'forbidden', outcome: 'blocked a, b: 0,0,0,0' })
  })

  it('explorer: a loop without an end, a throw and a broken invariant are failures', async () => {
    const strict = { allowed: {} }
    const endless = modelOf({ a: (w) => store(w, 1e9), b: (w) => store(w, 1) }, strict)
    expect((await explore(endless)).failure?.outcome).toMatch(/^endless: /)
    const throwing: Actors = {
      *a() {
        yield* pause()
        throw new Error('ouch')
      },
    }
    expect((await explore(modelOf(throwing, strict))).failure?.outcome).toBe('threw: ouch')
    const invariant = ({ words }: World) => (words[0] === 2 ? 'word 0 is 2' : undefined)
    const broken = modelOf({ a: (w) => store(w, 4) }, { ...strict, invariant })
    const { failure } = await explore(broken)
    expect(failure).toMatchObject({ kind: 'forbidden', outcome: 'invariant: word 0 is 2' })
    expect(failure!.schedule).toEqual([0, 0, 0])
  })

  it('explorer: an outcome that is allowed and never occurs is a failure', async () => {
    const allowed = { '2,0,0,0': 'the only one', '3,0,0,0': 'impossible' }
    const { failure } = await explore(modelOf({ a: (w) => addCarelessly(w, 2) }, { allowed }))
    expect(failure).toMatchObject({ kind: 'unseen', outcome: '3,0,0,0' })
  })

  it('explorer: a schedule leads to the same run again, and one that does not fit is refused', async () => {
    const actors = { a: (w: World) => addCarelessly(w, 1), b: (w: World) => addCarelessly(w, 1) }
    const model = modelOf(actors, {
      forbidden: { '1,*': 'an update is lost' },
      allowed: { '2,*': 'both' },
    })
    const { failure } = await explore(model)
    expect(failure!.schedule).toEqual([0, 1, 1, 0])
    const again = await explore(model, { schedule: scheduleOf('0,1,1,0') })
    expect(again.failure).toEqual(failure)
    expect((await explore(model, { schedule: [0, 0, 1, 1] })).failure).toBeUndefined()
    await expect(explore(model, { schedule: [0, 0, 0] })).rejects.toThrow('does not fit')
    expect(() => scheduleOf('0,x')).toThrow('whole numbers')
  })

  it('explorer: a patch that does not fit exactly once is refused', () => {
    const patch = (file: string, find: string) => () => instrument([{ file, find, replace: '' }])
    expect(patch('task-ring.js', 'no such text')).toThrow('task-ring.js: found 0 times')
    expect(patch('task-ring.js', 'words[at]')).toThrow(/found \d+ times/)
    expect(patch('no-such-file.js', 'x')).toThrow('no such file')
  })

  it('explorer: code that touches memory in a way it does not know is refused', () => {
    const ring = (find: string, replace: string) => () =>
      instrument([{ file: 'task-ring.js', find, replace }])
    const before = 'const count = Math.min(ready, max);'
    expect(ring(before, `${before} const w = words; w[head] = 1;`)).toThrow(
      'is w[…] shared or local',
    )
    expect(ring(before, `${before} const f = () => words[head];`)).toThrow('a nameless function')
    expect(ring('this.capacity = memory', 'this.size(); this.capacity = memory')).toThrow(
      'a constructor calls what says steps',
    )
  })
})
