/** The simulated network, beside a real nats-server wherever that can be asked. */
import type { Msg, NatsConnection } from 'nats'
import { expect, test } from 'vitest'
import { headersOf } from '../../src/front-end/nats/incoming.ts'
import { encodeHeaders } from '../../src/wire/headers.ts'
import { withNats } from '../support/nats.ts'
import { connectNats } from './connection.ts'
import { type CurrentWorld, setCurrent } from './current.ts'
import { Dice } from './dice.ts'
import { FAIR, Network } from './network.ts'
import type { Weather } from './peer.ts'
import { VirtualTime } from './time.ts'

const nats = withNats()
const BYTES = Buffer.from('payload')

function networkWith(weather: Weather = FAIR): { time: VirtualTime; network: Network } {
  const time = new VirtualTime(0, 10, 0)
  const network = new Network(time, new Dice(1, 'network'), () => {})
  network.weather = weather
  return { time, network }
}

/** A pair of connections, and what makes sure that everything said before has arrived. */
interface Pair {
  readonly a: NatsConnection
  readonly b: NatsConnection
  arrive(): Promise<void>
}

async function realPair(): Promise<Pair> {
  const [a, b] = [await nats.connect(), await nats.connect()]
  return {
    a,
    b,
    arrive: async () => {
      for (const nc of [a, b, a, b]) await nc.flush()
    },
  }
}

async function simulatedPair(): Promise<Pair> {
  const { time, network } = networkWith()
  setCurrent({ time, network } as unknown as CurrentWorld)
  const [a, b] = [await connectNats({}, 'a'), await connectNats({}, 'b')]
  return { a, b, arrive: async () => void (await time.run(() => false, 1_000)) }
}

/** What each subscription heard, in order. */
class Heard {
  readonly lines: Record<string, string[]> = {}

  listen(name: string, nc: NatsConnection, subject: string, queue?: string) {
    this.lines[name] ??= []
    return nc.subscribe(subject, {
      queue,
      callback: (_, msg) => this.lines[name].push(lineOf(msg)),
    })
  }
}

function lineOf(msg: Msg): string {
  const headers = headersOf(msg)
  const read = headers === undefined ? '' : `${headers.code} ${headers.get('Sb-Id')}`
  return `${msg.subject} ${msg.reply ?? ''} [${read}] ${Buffer.from(msg.data)}`
}

const SCRIPTS: Record<string, (pair: Pair, heard: Heard) => Promise<void>> = {
  'a subject reaches exactly the patterns that fit it': async ({ a, b, arrive }, heard) => {
    for (const pattern of ['x.y', 'x.*', '*.y', 'x.>', '>', 'x.*.z', 'x']) {
      heard.listen(pattern, a, pattern)
    }
    await arrive()
    for (const subject of ['x', 'x.y', 'x.y.z', 'x.q.z', 'q.y']) b.publish(subject, BYTES)
    await arrive()
  },
  'messages of one client arrive in order': async ({ a, b, arrive }, heard) => {
    heard.listen('all', a, 'n.*')
    await arrive()
    for (let i = 0; i < 50; i++) b.publish(`n.${i}`, Buffer.from(String(i)))
    await arrive()
  },
  'headers and reply arrive as they were sent': async ({ a, b, arrive }, heard) => {
    heard.listen('all', a, 'h')
    await arrive()
    const headers = encodeHeaders('Sb-Id: t-1') as never
    b.publish('h', BYTES, { headers, reply: 'somewhere' })
    b.publish('h', new Uint8Array(0), { headers })
    b.publish('h', BYTES)
    await arrive()
  },
  'a request that nobody hears is answered 503, to its sender alone': async (pair, heard) => {
    const { a, b, arrive } = pair
    heard.listen('sender', b, 'inbox.b')
    // One of the two hears it; which one is the server's choice.
    heard.listen('sender', b, 'inbox.b')
    heard.listen('other', a, 'inbox.*')
    await arrive()
    b.publish('nobody', BYTES, { reply: 'inbox.b' })
    b.publish('nobody', BYTES)
    await arrive()
  },
  'a client hears itself': async ({ b, arrive }, heard) => {
    heard.listen('own', b, 'own')
    b.publish('own', BYTES)
    await arrive()
  },
  'who has unsubscribed or drained hears no more': async ({ a, b, arrive }, heard) => {
    const left = heard.listen('left', a, 's')
    const drained = heard.listen('drained', a, 's')
    heard.listen('stays', a, 's')
    await arrive()
    b.publish('s', Buffer.from('1'))
    await arrive()
    left.unsubscribe()
    void drained.drain()
    await arrive()
    b.publish('s', Buffer.from('2'))
    await arrive()
  },
}

for (const [what, script] of Object.entries(SCRIPTS)) {
  test(`simulated network: ${what}, as on a real server`, async () => {
    const simulated = new Heard()
    await script(await simulatedPair(), simulated)
    setCurrent(undefined)
    const real = new Heard()
    const pair = await realPair()
    await script(pair, real)
    await Promise.all([pair.a.close(), pair.b.close()])
    expect(Object.values(real.lines).flat()).not.toEqual([])
    expect(simulated.lines).toEqual(real.lines)
  })
}

test('simulated network: one member of a queue group gets each message', async () => {
  const { a, b, arrive } = await simulatedPair()
  const heard = new Heard()
  heard.listen('one', a, 'q.*', 'group')
  heard.listen('other', b, 'q.>', 'group')
  heard.listen('beside', b, 'q.*')
  await arrive()
  for (let i = 0; i < 40; i++) a.publish(`q.${i}`, BYTES)
  await arrive()
  setCurrent(undefined)
  const { one, other, beside } = heard.lines
  expect(beside).toHaveLength(40)
  expect([...one, ...other].sort()).toEqual([...beside].sort())
  expect(Math.min(one.length, other.length)).toBeGreaterThan(5)
})

test('simulated network: what is said while a line is cut is lost, and heard again after it', async () => {
  const { time, network } = networkWith()
  const [a, b] = [network.connect('a'), network.connect('b')]
  const heard: string[] = []
  const cuts: boolean[] = []
  a.onCut((isCutOff) => cuts.push(isCutOff))
  a.subscribe('s', ({ data }) => heard.push(Buffer.from(data).toString()))
  await time.run(() => false, 10)
  const say = (text: string) => b.publish('s', Buffer.from(text))
  say('before')
  await time.run(() => false, 10)
  say('on its way')
  network.setCutOff('a', true)
  await time.run(() => false, 10)
  say('meanwhile')
  a.publish('s', Buffer.from('from behind the cut'))
  await time.run(() => false, 10)
  network.setCutOff('a', false)
  await time.run(() => !a.isCutOff, 1_000)
  await time.run(() => false, 10)
  say('after')
  await time.run(() => false, 10)
  expect(heard).toEqual(['before', 'after'])
  expect(cuts).toEqual([true, false])
})

test('simulated network: bad weather drops, doubles and reorders what fair weather does not', async () => {
  const sent = Array.from({ length: 300 }, (_, i) => i)
  const through = async (weather: Partial<Weather>): Promise<number[]> => {
    const { time, network } = networkWith({ ...FAIR, ...weather })
    const [a, b] = [network.connect('a'), network.connect('b')]
    const heard: number[] = []
    a.subscribe('s', ({ data }) => heard.push(Number(Buffer.from(data))))
    await time.run(() => false, 10)
    for (const i of sent) b.publish('s', Buffer.from(String(i)))
    await time.run(() => false, 1_000)
    return heard
  }
  expect(await through({})).toEqual(sent)
  expect((await through({ drop: 0.3 })).length).toBeLessThan(sent.length)
  expect((await through({ duplicate: 0.3 })).length).toBeGreaterThan(sent.length)
  const reordered = await through({ reorder: 0.3 })
  expect(reordered).not.toEqual(sent)
  expect(reordered.toSorted((x, y) => x - y)).toEqual(sent)
})
