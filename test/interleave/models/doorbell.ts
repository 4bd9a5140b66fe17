/** The front end falls asleep while routers propose: no proposal without a message on its way. */
import {
  type FrontEndBell,
  type OutboxConsumer,
  type OutboxProducer,
  PROPOSAL_WORDS,
  type RouterBell,
  type SharedMemory,
  toAgent,
  toGeneration,
  toRouter,
  toSlot,
} from '../../../native-free/index.ts'
import {
  type AnyModel,
  atomics,
  type Canary,
  freshMemory,
  join,
  type Model,
  type NativeFree,
  ownWords,
  run,
  type Stepped,
  type Steps,
} from '../explore.ts'

/** Words of the port between routers and front end: messages sent; whether the thread has exited. */
const SENT = 0
const EXITED = 1
/** Longer than any run: a front end that nobody wakes sleeps on. */
const SLEEP_MS = 1_000

interface World {
  readonly memory: SharedMemory
  readonly port: Int32Array
  readonly frontEnd: Stepped<FrontEndBell>
  readonly bell: Stepped<RouterBell>
  readonly producers: Stepped<OutboxProducer>[]
  readonly consumers: Stepped<OutboxConsumer>[]
  readonly read: number[]
  /** How often the front end armed its bell. */
  armed: number
}

function world(nf: NativeFree, routerCount: number): World {
  const memory = freshMemory(nf, { routerCount })
  const routers = Array.from({ length: routerCount }, (_, router) => toRouter(router))
  return {
    memory,
    port: ownWords(memory, 2),
    frontEnd: new nf.FrontEndBell(memory),
    bell: new nf.RouterBell(memory),
    producers: routers.map((router) => new nf.OutboxProducer(memory, router)),
    consumers: routers.map((router) => new nf.OutboxConsumer(memory, router)),
    read: [],
    armed: 0,
  }
}

/** A message wakes an event loop that sleeps, and is not lost if it does not sleep yet. */
function* post({ port }: World): Steps<void> {
  yield* atomics.add(port, SENT, 1)
  yield* atomics.notify(port, SENT, 1)
}

/** As src/router/route.ts. */
function* propose(w: World, router: number, slot: number): Steps<void> {
  const none = toGeneration(0)
  yield* w.producers[router].write(toSlot(slot), none, toAgent(0), none, 0)
  if ((yield* w.producers[router].publish()) > 0 && (yield* w.bell.ring())) yield* post(w)
}

/** As src/front-end/commit.ts#commitProposals. */
function* readAll(w: World): Steps<void> {
  const into = new Int32Array(PROPOSAL_WORDS)
  for (const outbox of w.consumers) {
    const ready = yield* outbox.size()
    for (let i = 0; i < ready && (yield* outbox.next(into)); i++) w.read.push(into[0])
    yield* outbox.commitReads()
  }
}

function* isAllRead(w: World): Steps<boolean> {
  for (const outbox of w.consumers) if (!(yield* outbox.isEmpty())) return false
  return true
}

/**
 * Turns and sleeps as src/front-end/turn.ts does, until so many proposals are read, or until all is
 * read that a router left behind.
 */
function* takeTurns(w: World, expected: number): Steps<void> {
  let heard = 0
  // Ends: each turn but the last follows a proposal or a message, which are few.
  for (;;) {
    yield* w.frontEnd.disarm()
    const hasExited = yield* atomics.load(w.port, EXITED)
    yield* readAll(w)
    if (hasExited === 1 || w.read.length === expected) return
    yield* w.frontEnd.arm()
    w.armed++
    if (!(yield* isAllRead(w))) {
      yield* w.frontEnd.disarm()
      continue
    }
    yield* atomics.wait(w.port, SENT, heard, SLEEP_MS)
    heard = yield* atomics.load(w.port, SENT)
  }
}

const MESSAGES = ['no message', 'one message', 'two messages']

function sumUp(w: World, expected: readonly number[]): string {
  const read = [...w.read].sort((a, b) => a - b)
  if (`${read}` !== `${expected}`) return `read ${read.join(' and ') || 'nothing'}`
  const sent = w.port[SENT]
  if (sent > w.armed) return 'more messages than sleeps'
  return `all read, ${MESSAGES[sent] ?? sent}`
}

const oneRouter: Model<World> = {
  name: 'doorbell: the front end falls asleep while a router proposes twice',
  world: (nf) => world(nf, 1),
  actors: {
    *frontEnd(w) {
      yield* takeTurns(w, 2)
    },
    *router(w) {
      yield* propose(w, 0, 1)
      yield* propose(w, 0, 2)
    },
  },
  preemptions: 4,
  outcome: (w) => sumUp(w, [1, 2]),
  allowed: {
    'all read, no message': 'the front end was awake, or looked once more',
    'all read, one message': 'it slept once',
    'all read, two messages': 'it slept twice',
  },
  forbidden: {
    'blocked *': 'a proposal lies in the outbox, and the front end sleeps on',
    'more messages than sleeps': 'the exchange lets one ring in each sleep',
    'read *': 'each proposal is read once',
  },
}

const twoRouters: Model<World> = {
  name: 'doorbell: of two routers that ring one sends the message',
  world: (nf) => world(nf, 2),
  actors: {
    *frontEnd(w) {
      yield* takeTurns(w, 2)
    },
    *first(w) {
      yield* propose(w, 0, 1)
    },
    *second(w) {
      yield* propose(w, 1, 2)
    },
  },
  outcome: (w) => sumUp(w, [1, 2]),
  allowed: {
    'all read, no message': 'the front end was awake, or looked once more',
    'all read, one message': 'it slept once, whoever was first',
    'all read, two messages': 'it slept twice',
  },
  forbidden: {
    'blocked *': 'a proposal lies in an outbox, and the front end sleeps on',
    'more messages than sleeps': 'the exchange lets one ring in each sleep',
    'read *': 'each proposal is read once',
  },
}

/** The thread's exit is an event of its own: the front end looks at the outboxes then. */
const death: Model<World> = {
  name: 'doorbell: a router dies between its proposal and the message for it',
  world: (nf) => world(nf, 1),
  actors: {
    *frontEnd(w) {
      yield* takeTurns(w, Number.POSITIVE_INFINITY)
    },
    *router(w) {
      yield* propose(w, 0, 1)
    },
    *exit(w) {
      yield* join('router')
      yield* atomics.store(w.port, EXITED, 1)
      yield* post(w)
    },
  },
  mortal: ['router'],
  outcome(w, { died }) {
    const left = w.read.length === 0 ? 'nothing' : w.read.join(' and ')
    return `${died ?? 'nobody'} died: read ${left}${run(isAllRead(w)) ? '' : ', something left'}`
  },
  allowed: {
    'nobody died: read 1': 'the proposal woke the front end, or was found',
    'router died: read nothing': 'it died before its tail; the offer is made again',
    'router died: read 1': 'found by a look, by the message, or when the thread had exited',
  },
  forbidden: {
    'blocked *': 'the exit wakes the front end whatever the bell says',
    '*, something left': 'after the exit nothing more comes, and all of it is read',
    'nobody died: read nothing': 'the proposal is lost',
  },
}

export const models: AnyModel[] = [oneRouter, twoRouters, death]

export const canaries: Canary[] = [
  {
    name: 'doorbell: the front end looks before it arms',
    model: oneRouter,
    patches: [
      {
        file: 'outbox.js',
        find: 'return atomics.load(this.words, this.tail) === this.cursor',
        replace: 'return atomics.load(this.words, this.head), this.seenTail === this.cursor',
      },
    ],
    why: 'what is published between look and arm rings an open bell',
  },
  {
    name: 'doorbell: the bell is opened without an exchange',
    model: twoRouters,
    patches: [
      {
        file: 'doorbell.js',
        find: 'return atomics.compareExchange(this.words, this.bell, ASLEEP, OPEN) === ASLEEP',
        replace: 'atomics.store(this.words, this.bell, OPEN);\nreturn true',
      },
    ],
    why: 'two routers see it asleep, and both send',
  },
]
