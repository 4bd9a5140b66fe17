import { expect, test } from 'vitest'
import { VirtualTime } from './time.ts'

function timeAt(startUs = 0): { time: VirtualTime; did: string[]; note(what: string): () => void } {
  const time = new VirtualTime(startUs, 10, 0)
  const did: string[] = []
  return { time, did, note: (what) => () => void did.push(`${what} ${time.nowUs}`) }
}

test('virtual time: things happen in order of time, then of asking', async () => {
  const { time, did, note } = timeAt()
  time.after(20, note('c'))
  time.after(10, note('a'))
  time.after(10, note('b'))
  time.after(15, note('never')).cancel()
  expect(await time.run(() => false, 1)).toBe('nothing left')
  expect(did).toEqual(['a 10', 'b 10', 'c 20'])
})

test('virtual time: a chain of promises settles before the next thing happens', async () => {
  const { time, did, note } = timeAt()
  time.after(1, () => {
    let chain = Promise.resolve()
    for (let i = 0; i < 20; i++) chain = chain.then(() => undefined)
    chain.then(note('settled'))
  })
  time.after(1, note('next'))
  await time.run(() => false, 1)
  expect(did).toEqual(['settled 1', 'next 1'])
})

test('virtual time: a run ends when it is done, when it is late, or by what was thrown', async () => {
  const { time, did, note } = timeAt()
  time.after(10, note('a'))
  time.after(5_000, note('b'))
  expect(await time.run(() => did.length === 1, 1)).toBe('done')
  expect(await time.run(() => did.length === 2, 1)).toBe('too late')
  expect(time.nowUs).toBe(1_010)
  time.after(1, () => {
    throw new Error('wrong')
  })
  await expect(time.run(() => false, 1)).rejects.toThrow('wrong')
})

test('virtual time: while the scheduler is paused only its own happenings wait, in their order', async () => {
  const { time, did, note } = timeAt()
  time.schedulers(30, note('its second'))
  time.schedulers(20, note('its first'))
  time.after(25, note('of the world'))
  time.timer(note('its timer'), 2, false)
  time.pause(100.5)
  await time.run(() => false, 10)
  expect(did).toEqual(['of the world 25', 'its first 101', 'its second 101', 'its timer 2000'])
})

test('virtual time: when the scheduler’s clock jumps its timers ring earlier', async () => {
  const { time, did, note } = timeAt()
  time.timer(note('short'), 3, false)
  time.timer(note('long'), 100, false)
  time.after(50_000, note('of the world'))
  time.jump(40_000)
  expect(time.schedulersUs).toBe(40_000)
  await time.run(() => false, 200)
  expect(did).toEqual(['short 0', 'of the world 50000', 'long 60000'])
})

test('virtual time: a refreshed timer rings a whole delay later, a repeated one until it is cleared', async () => {
  const { time, did, note } = timeAt()
  const once = time.timer(note('once'), 10, false)
  time.after(6_000, () => once.refresh())
  const repeated = time.timer(note('again'), 5, true)
  time.after(12_000, () => repeated.cancel())
  await time.run(() => false, 100)
  expect(did).toEqual(['again 5000', 'again 10000', 'once 16000'])
  once.refresh()
  await time.run(() => false, 100)
  expect(did.at(-1)).toBe('once 26000')
})
