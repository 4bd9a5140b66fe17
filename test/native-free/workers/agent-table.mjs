/** Routers choose agents by the table; the front end charges them, and says so by the outbox. */
import {
  AgentStatus,
  AgentTableReader,
  AgentTableWriter,
  nextInBoth,
  OutboxConsumer,
  OutboxProducer,
} from '../../../dist/native-free/index.js'

/** Proposals of one router that are not settled, at most. */
const UNSETTLED = 32
/** Matches that differ in all four bytes, so that a torn one is none; 0 is what a new row has. */
const MATCHES = [0, new Float32Array([1_234.5])[0], new Float32Array([0.0625 + 2 ** -20])[0]]

/** `role`: router. Proposes as fast as it can; what the head says is settled must be charged. */
export function proposeOne(scene) {
  const outbox = new OutboxProducer(scene.memory, scene.role.router)
  const agents = new AgentTableReader(scene.memory)
  const patience = scene.patience('room in the outbox')
  const start = outbox.producedCount()
  let behind = 0
  scene.meet()
  for (let item = 0; item < scene.itemCount; ) {
    const settled = (outbox.consumedCount() - start) | 0
    if (agents.inUse(0) < settled) behind++
    if (outbox.push(item, 0, 0, 0, 0)) {
      item++
      patience.reset()
    } else patience.miss()
  }
  return { behind }
}

/** `role`: router. Charges agent 0 for each proposal, and then settles what it read. */
export function chargeOne(scene) {
  const outbox = new OutboxConsumer(scene.memory, scene.role.router)
  const agents = new AgentTableWriter(scene.memory)
  const patience = scene.patience('proposals in the outbox')
  const into = new Int32Array(5)
  scene.meet()
  for (let item = 0; item < scene.itemCount; ) {
    let read = 0
    for (; read < 100 && outbox.next(into); read++, item++) {
      scene.count(into[0])
      agents.take(0)
    }
    outbox.commitReads()
    if (read > 0) patience.reset()
    else patience.miss()
  }
  return { behind: 0 }
}

/** `role`: router, capacity. Proposes free agents; a row that no front end wrote is an error. */
export function choose(scene) {
  const { router, capacity } = scene.role
  const outbox = new OutboxProducer(scene.memory, router)
  const agents = new AgentTableReader(scene.memory)
  const candidates = agents.candidates(0)
  const patience = scene.patience('free agents')
  const most = agents.agentHigh()
  let from = (router * most) >> 3
  let passes = 0
  scene.meet()
  // Ends: when the front end has placed the last task.
  while (!scene.isFinished()) {
    if (((outbox.producedCount() - outbox.consumedCount()) | 0) >= UNSETTLED) {
      patience.miss()
      continue
    }
    const agent = nextInBoth(agents.free, candidates, from)
    from = agent < 0 ? 0 : agent + 1
    if (agent < 0) {
      patience.miss()
      continue
    }
    patience.reset()
    passes++
    const inUse = agents.inUse(agent)
    if (agent >= most || inUse < 0 || inUse > capacity || agents.capacity(agent) !== capacity) {
      throw new Error(`agent ${agent} has ${inUse} of ${agents.capacity(agent)} in use`)
    }
    if (!MATCHES.includes(agents.match(1, agent))) {
      throw new Error(`agent ${agent} has the torn match ${agents.match(1, agent)}`)
    }
    if (!outbox.push(passes, 0, agent, agents.generation(agent), 0)) {
      throw new Error('the outbox is full')
    }
  }
  return { committed: [], refused: 0, gone: 0, passes }
}

/** `role`: routers, capacity; share. Charges what still holds, gives back, lets agents go. */
export function commit(scene) {
  const { routers, capacity, share } = scene.role
  const outboxes = routers.map((router) => new OutboxConsumer(scene.memory, router))
  const agents = new AgentTableWriter(scene.memory)
  const patience = scene.patience('proposals')
  const into = new Int32Array(5)
  const agentCount = agents.agentHigh()
  const keep = (agentCount * capacity) >> 1
  const charged = new Int32Array(2 * agentCount * capacity)
  const committed = routers.map(() => 0)
  let refused = 0
  let done = 0
  let given = 0
  const leaver = makeLeaver(agents, agentCount, capacity)
  const settle = (n) => {
    let read = 0
    for (; read < UNSETTLED && done < scene.itemCount && outboxes[n].next(into); read++) {
      const agent = into[2]
      if (agents.generation(agent) !== into[3] || !agents.free.has(agent)) {
        refused++
        continue
      }
      agents.take(agent)
      agents.setMatch(1, agent, MATCHES[1 + (done & 1)])
      charged[done % charged.length] = agent
      committed[n]++
      done++
      if (done % 512 === 0) leaver.turn()
    }
    outboxes[n].commitReads()
    return read
  }
  scene.meet()
  // Ends: routers propose as long as somebody is free, and half of the credit always is.
  while (done < scene.itemCount) {
    let read = 0
    for (let n = 0; n < outboxes.length; n++) read += settle(n)
    for (; done - given > keep; given++) agents.give(charged[given % charged.length])
    if (read > 0) patience.reset()
    else patience.miss()
    if (share !== undefined && committed.every((count) => count >= share)) break
  }
  scene.finish()
  for (; given < done; given++) agents.give(charged[given % charged.length])
  leaver.end()
  return { committed, refused, gone: leaver.count(), passes: 0 }
}

/** One agent after the other leaves, and comes back when it has given all: a new row. */
function makeLeaver(agents, agentCount, capacity) {
  let next = 0
  let count = 0
  const isGone = () => agents.status(next) === AgentStatus.OFFLINE
  const comeBack = () => {
    agents.join(next, capacity)
    next = (next + 1) % agentCount
  }
  return {
    turn() {
      if (!isGone()) {
        agents.leave(next)
        count++
      } else if (agents.inUse(next) === 0) comeBack()
    },
    end() {
      if (isGone()) comeBack()
    },
    count: () => count,
  }
}
