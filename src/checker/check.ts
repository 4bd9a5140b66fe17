/**
 * Finds what a journal shows of broken promises. It knows the documents, nothing of the core, and
 * holds what is open, never all tasks. An IMAGE is opaque to it: unless the journal begins with an
 * empty core, what it has not met is taken as known from before and judged by what it saw.
 */
// biome-ignore-all format: the checker is held to few lines, so small steps share one
import { Decoder, type Row } from './decode.ts'
import { Graphs } from './graphs.ts'
import { Agent, Lane, NOBODY, Task } from './model.ts'
import { Promises } from './promises.ts'

type Kind = 'lost' | 'doubled' | 'overtaken' | 'mis-assigned' | 'miscounted' | 'uncaused' |
  'untimely'
export type Finding = { kind: Kind; record: number; task?: number; agent?: string; message: string }
export type Report = ReturnType<Checker['finish']>
const OLD = { asked: Number.NaN, more: Number.NaN, isOld: true }
const FINDINGS_MAX = 100, WINDOW = 256, QUIET_MS = 1_000, NOTHING = new Task(), BOUND = 3
const OUTCOMES = ['', '', '', 'completed', 'failed', 'cancelled', 'dead', '', '', 'expired']
const CALM = ['', 'TIME', 'STRING', 'END', 'TICK', 'BEAT', 'FORGOTTEN']
/** Ends that count as neither failure nor loss, by whose word; ends that are the task's. */
const FREE: Row['s'] = {
  undelivered: 'DISPATCH_FAILED', preempted: 'YIELD', recalled: 'YIELD', declined: 'DECLINE',
  handed_on: 'HAND_ON',
}
const NOT_OVER = /HEARD|RECALL|HEDGE|CLAIM/ // events after which a running attempt goes on
const ENDS: Record<string, number> = { succeeded: 3, cancelled: 5, deadline_expired: 9 }
const LOSING = ['BEAT', 'BYE', 'HELLO', 'AGENT_LOST', 'TICK'] // the first not one that keeps
const goesFirst = ({ n, place: { due } }: Task, b: Task) => {
  const isOlder = due === b.place.due ? n.seq < b.n.seq : due < b.place.due
  return n.level !== b.n.level ? n.level > b.n.level : n.level > 0 && isOlder
}
export class Checker {
  readonly #in = new Decoder(); readonly #isWhole: boolean; readonly #findings: Finding[] = []
  readonly #tasks = new Map<number, Task>(); readonly #slots = new Map<number, Task>()
  readonly #agents = new Map<number, Agent>(); readonly #classes = new Map<string, Lane[]>()
  readonly #count = { events: 0, effects: 0, tasks: 0, outcomes: 0, total: 0, ended: false }
  readonly #last = { ms: 0, busyMs: 0, firstSeq: -1, seq: -1, counter: 0 }
  readonly #promises = new Promises((kind, what, task) => this.#find(kind, what, task))
  readonly #graphs: Graphs; #nodes: Row[] = []; #policy = JSON.parse('{}')
  /** The last event, and the tasks that it and its effects are about. */
  #cause: Row = { of: 0, kind: '', n: {}, s: {} }; readonly #touched = new Set<Task>()
  /** @param isWhole the journal is known to begin with an empty core. */
  constructor(isWhole = false) {
    this.#isWhole = isWhole; this.#graphs = new Graphs(isWhole, this.#tasks, (...it) => this.#find(...it))
  }
  /** Takes the next bytes, in any pieces. @throws RangeError when they are no journal. */
  push(bytes: Uint8Array): void { this.#in.push(bytes, (row) => this.#take(row)) }
  /** Without END, what had to follow the last event may have been cut off, and is not missed. */
  finish() {
    const { records, rest } = this.#in, state = { cut: rest.length > 0, isWhole: this.#isWhole }
    return { records, ...this.#count, ...state, findings: this.#findings }
  }
  #take(row: Row): void {
    const { of, kind, n, s } = row, isEvent = of >= 16 && of < 64
    if (this.#in.records === 1 && n.version !== 6) throw new RangeError('No HEAD of version 6.')
    if (isEvent || kind === 'END') this.#settle()
    if (isEvent) this.#cause = row
    if (of >= 16) this.#count[isEvent ? 'events' : 'effects']++
    const nodes = isEvent ? this.#nodes.splice(0) : []; this.#graphs.now = this.#count.events
    if (s.refused || (n.answer && n.answer !== BOUND)) return
    if (kind === 'OFFER') for (const one of this.#graphs.cameOut(this.#tasks.get(n.task))) this.#move(one, 'waiting')
    const agent = this.#agent(n.agent, s.who), task = n.task >= 0 ? this.#task(row) : NOTHING
    if (isEvent && !NOT_OVER.test(kind)) task.due.counter = task.at.counter
    if (of >= 16) this.#graphs.about(task)
    if (!CALM.includes(kind) || agent.paused) this.#last.busyMs = this.#last.ms
    const told = { ...row, task, agent }; this.#promises.take(told)
    this.#touched.add(task); this.#on[kind]?.(told, nodes)
  }
  readonly #on: Record<string, (row: Row & { task: Task; agent: Agent }, nodes: Row[]) => unknown> = {
    HEAD: ({ s }) => { this.#policy = JSON.parse(s.facts).policy },
    TIME: ({ n }) => { this.#last.ms = n.ms }, LIMIT: ({ n, agent }) => { agent.limit = n.limit },
    BEAT: ({ n, agent }) => { Object.assign(agent, { paused: false, others: n.foreign }) },
    END: () => {
      this.#count.ended = true
      const isQuiet = this.#isWhole && this.#last.ms - this.#last.busyMs >= QUIET_MS
      const hasSlot = this.#slots.size < this.#policy.slots, all = [...this.#agents.values()]
      for (const task of isQuiet ? this.#tasks.values() : []) {
        const { state, at, s, ms } = task
        const { isPaused, out, options } = this.#promises.queue(s.queue)
        const isFull = out.size >= (options.concurrency || out.size + 1)
        if (isPaused || isFull || (state === 'scheduled' && this.#last.ms < ms.until)) continue
        const its = state === 'bound' ? [at.agent] : all
        const may = (one: Agent) => one.refuses(s) + one.full === '' && this.#graphs.canHave(task, one)
        const canGo = hasSlot && its.some(may)
        if (state === 'blocked') continue
        const isStuck = state === 'offered' || (canGo && state !== 'running')
        if (isStuck) this.#find('lost', 'could go and goes nowhere', task)
      }
    },
    SUBMIT: (row, _, { n, s } = row) => {
      const { lossLimit: losses, match } = this.#promises.queue(s.queue).options
      const [type, said] = s.routing.split('|'), all = n.level >= 4 || (said || match) === 'exact'
      const requires = all ? s.requires : '', base = n.level
      const who = { ...s, requires, needs: s.requires, type: type || s.queue }
      const task = Object.assign(new Task(), { n: { ...n, losses, base }, s: who })
      task.lanes = this.#lanes(`${s.queue}|${s.requires}|${s.routing}|${all}`)
      this.#accept(task, row); return task
    },
    NODE: (row) => { this.#nodes.push(row) },
    GRAPH: (row, nodes) => {
      const tasks = nodes.map((node) => {
        const parents = node.s.places.split(',').filter(Boolean).map((at) => nodes[+at].n.seq).join()
        return this.#on.SUBMIT({ ...row, ...node, s: { ...node.s, parents } }, []) as Task
      })
      this.#graphs.graph(nodes, tasks, row)
    },
    ADVANCE: (row) => {
      const { task, s } = row, its = task.link.of ?? task, isDead = s.then === 'dead'
      if (its.link.isPart) return this.#graphs.won(task, '') // rules are for what is whole
      this.#goes(its, isDead ? 4 : 0, s.code)
      if (its.s.queue) this.#graphs.goes(its, row)
    },
    SUCCEEDED: ({ task }) => this.#graphs.won(task, ''),
    ADVANCED: (row) => { if (row.task.s.queue) this.#graphs.advanced(row.task, row) },
    HEDGE: (row, _, { n, task } = row) => {
      const twin = new Task(), { base } = task.n, its = { seq: n.twin, level: base, retries: 0 }
      const s = { ...task.s, own: '0||0||', parents: '' }, lanes = task.lanes
      Object.assign(twin, { n: { ...task.n, ...its, held: 0 }, s, lanes })
      this.#accept(twin, { ...row, n: its as Row['n'], s }); this.#graphs.hedge(task, twin)
    },
    RESOLVE: (row, _, { n, s, task } = row) => {
      this.#graphs.decided(task)
      if (n.ok === 1 && s.then) {
        this.#goes(task, s.then === 'dead' ? 4 : 0, s.code)
        if (task.s.queue) this.#graphs.goes(task, row)
      } else this.#graphs.owe(task, n.ok === 1 ? 3 : 4, s.code)
      if (n.ok === 0 && task.s.queue) this.#promises.leaves(task, s.code)
      task.is.leaving ||= s.code === 'consensus_required'
    },
    CANCEL_TREE: ({ n }) => {
      const all = new Set([n.root]); let count = 0, least = 0
      for (const [seq, task] of this.#tasks) {
        const isIn = task.link.parents.some((parent) => all.has(parent))
        if (!isIn && seq !== n.root) continue
        all.add(seq); count++; least += task.link.isPart ? 0 : 1; this.#graphs.owe(task, 5, 'cancelled')
      }
      const known = this.#tasks.get(n.root) ?? NOTHING
      // What is part of another may have gone with that.
      const isRight = n.cancelled >= least && n.cancelled <= count
      if (this.#isWhole && !isRight) this.#find('miscounted', `had ${count} open`, known)
    },
    PARK: ({ task }) => {
      this.#move(task, 'parked'); task.place.sent = 0; this.#graphs.park(task)
    },
    UNPARK: ({ n }) => {
      for (const task of this.#graphs.unpark(n.unparked, NOTHING)) this.#move(task, 'waiting')
    },
    CLAIM: ({ task, task: { at, link } }) => {
      if (at.agent.n.claims === 0) this.#find('uncaused', 'is claimed where it had begun', task)
      if (link.isClaimed) this.#find('doubled', 'is claimed again', task)
      link.isClaimed = true; at.sinceMs = this.#last.ms
    },
    ASSIGN: ({ n, task, agent }) => {
      const isFree = /waiting|offered|parked|unknown/.test(task.state)
      if (!isFree) this.#find('doubled', `is ${task.state}, and taken`, task)
      this.#begin(task, agent, false, n.counter, n.into)
    },
    DECLINE: ({ task }) => { task.is.leaving = true; this.#graphs.declined(task) },
    HAND_ON: ({ task }) => { task.is.leaving = true },
    FLOW_ENDED: (row) => this.#graphs.flowEnded(row, NOTHING),
    NOTED: ({ n, s: { note, detail }, task }) => {
      if (/scheduled|ready/.test(note)) this.#move(task, note === 'ready' ? 'waiting' : note)
      if (note === 'moved') this.#goOn(task, detail.split(': ')[1], detail.startsWith('rule'), n.level)
      if (note !== 'boosted' || !task.lane) return
      const { state } = task; task.lane.leave(task, state === 'waiting')
      task.n.level = n.level; Object.assign(task.place, { due: n.by, sent: 0 })
      if (state === 'waiting') task.lane.enter(task)
      if (state === 'offered') task.lane.offer(task)
    },
    OFFER: ({ n, task }) => {
      const { lane } = task, head = task.lanes.findLast((one) => one.head)?.head
      if (head && head !== task) this.#find('overtaken', `goes before task ${head.n.seq}`, task)
      this.#move(task, 'offered', n.into); task.at.generation = n.generation
      const passed = lane?.offer(task) ?? 0
      if (passed >= WINDOW) this.#find('overtaken', `is sent ${passed} past an offered one`, task)
    },
    PROPOSE: ({ n, task, agent }) => {
      const isOther = agent.n.generation >= 0 && agent.n.generation !== n.agentGeneration
      const isOld = task.state === 'offered' && task.at.generation !== n.generation
      if (isOld) this.#find('doubled', 'is committed by an old offer', task)
      if (n.answer !== BOUND) return this.#begin(task, agent, isOther, n.counter, n.slot)
      const { isEarly, options } = this.#promises.queue(task.s.queue)
      const early = isEarly ?? (!this.#isWhole || options.binding === 'early')
      this.#bind(task, agent, isOther, early ? '' : 'is busy')
    },
    STEAL: ({ n, task, agent }) => {
      this.#changes(task, agent)
      if (n.into < 0) this.#bind(task, agent)
      else this.#begin(task, agent, false, n.counter, n.into)
    },
    RECALL: ({ task, agent }) => { this.#changes(task, agent); task.to = agent },
    START: ({ n, task, agent }) => {
      const { at, state } = task
      const first = [...agent.bound].find((one) => one !== task && goesFirst(one, task))
      if (first) this.#find('overtaken', `starts before task ${first.n.seq}`, task)
      this.#begin(task, agent, state === 'bound' && at.agent !== agent, n.counter, n.into)
    },
    CONFIGURE: ({ s }) => {
      for (const task of this.#tasks.values()) {
        const { lane, state } = task, isIn = state === 'waiting'
        if (task.s.queue !== s.queue || !lane || !/waiting|offered|bound|parked/.test(state)) continue
        if (isIn) lane.leave(task, isIn)
        this.#promises.rank(task); if (isIn) lane.enter(task)
      }
    },
    BOUNCE: ({ task }) => this.#move(task, 'waiting'),
    UNBOUND: ({ task }) => { this.#move(task, 'waiting'); this.#graphs.free(task) },
    WITHDRAW: ({ n, task }) => { task.at.generation = n.generation },
    DISPATCH_FAILED: ({ task }) => { task.at.agent.paused = 'id' in task.at.agent.s },
    CANCEL: ({ task }) => {
      if (task.state === 'running') return
      if (task.state !== 'unknown') this.#move(task, 'ended')
      Object.assign(task.due, { state: 5, code: 'cancelled', event: this.#count.events })
    },
    PULL: ({ n, agent }) => agent.pull(n.count), PREFETCH: ({ n, agent }) => agent.fetch(n.count),
    ALLOCATE: ({ agent }) => { this.#assign(agent, false, agent.full); agent.take().held++ },
    RELEASE: ({ n, agent }) => { agent.held -= n.held; agent.take(-n.held) },
    REPEAT: ({ n, task, agent }, _, { kind } = this.#cause) => {
      const { at, state } = task, isIts = at.counter === n.counter && at.agent === agent
      if (!isIts && state === 'running') this.#find('doubled', 'repeats another attempt', task)
      if (agent.n.keeps === 0 || kind !== 'BEAT') this.#find('uncaused', 'goes again', task)
    },
    BYE: ({ agent }) => { agent.draining = true }, DRAIN: ({ agent }) => { agent.draining = true },
    OUTCOME: ({ n, s, task }) => {
      const { due, count: { attempts }, lane } = task, isNow = due.event === this.#count.events
      const isExpired = /^(ttl|deadline)_expired$/.test(s.code) && this.#cause.kind === 'TICK'
      const isTold = s.code === due.code && (n.state === due.state || (isNow && !lane))
      const all = this.#agents.values()
      const may = this.#graphs.mayEnd(task, n.state, s.code, this.#cause, all)
      const isRight = n.state === 9 && task.state !== 'ended' ? isExpired : isTold || may
      const kind = isNow ? 'miscounted' : 'uncaused', isMany = lane && n.attempts !== attempts
      if (!isRight) this.#find(kind, `is ${OUTCOMES[n.state]} without cause`, task)
      if (isMany) this.#find('miscounted', `had ${attempts} attempts, not ${n.attempts}`, task)
      this.#move(task, 'ended'); this.#tasks.delete(n.task); this.#count.outcomes++
      this.#graphs.over(task, n.state, s.code)
    },
    FORGOTTEN: ({ n }, _, it = this.#tasks.get(n.seq)) => {
      if (it) this.#find('lost', 'is forgotten', it)
      this.#graphs.forgotten(n.seq)
    },
    ENDED: ({ n, s: { how }, task, agent }) => {
      const { kind, n: told, s } = this.#cause, { at, count, n: max } = task, { ms } = this.#last
      const isOver = how === 'timeout' ? !(ms < at.sinceMs + max.runMs) : /_/.test(how)
      const isDue = kind === 'TICK' && isOver
      const isLost = how === 'agent_lost' && LOSING.includes(kind, agent.n.keeps)
      const isLoss = isLost || how === 'dispatch_failed', free = how in FREE
      const isIts = at.counter === n.counter && at.agent === agent, isNamed = told.task === n.task
      const goesOn = isNamed && kind === 'ADVANCE', isOld = task.s.queue === undefined
      const isDropped = isOld || task.link.drop === this.#count.events
      const isTold = (isNamed && (FREE[how] ?? how.toUpperCase()).startsWith(kind)) ||
        (goesOn && how === 'succeeded') || (isDropped && how === 'cancelled')
      if (!isTold && !isDue && !isLost) this.#find('uncaused', `ends as ${how}`, task)
      if (!isIts && task.state === 'running') this.#find('doubled', 'ends another attempt', task)
      if (n.charged === 1) agent.charged.add(n.counter)
      const losses = task.link.isTwin ? 0 : max.losses
      const over = !free && (isLoss ? ++count.losses > losses : ++count.failures > max.retries)
      const final = isLoss ? 6 : (ENDS[how] ?? 4)
      const code = how === 'failed' ? s.code : final === 3 ? '' : how
      const isGivenUp = final === 4 && !free && !this.#promises.repeats(task, code)
      const isFinal = over || how in ENDS || told.retryable === 0 || isGivenUp
      this.#graphs.free(task, how); this.#move(task, isFinal ? 'ended' : 'waiting')
      const isOwed = (isDropped && how === 'cancelled') || (goesOn && !task.link.isPart), event = this.#count.events
      if (!isOwed) Object.assign(task.due, { state: isFinal ? final : 0, code, event })
      if (how !== 'recalled' || !(told.agent >= 0)) return
      const to = this.#agent(told.agent), isOther = task.to !== NOBODY && to !== task.to
      this.#begin(task, to, isOther, told.counter, told.into)
    },
    AGENT_UP: ({ n }) => this.#agents.set(n.index, Object.assign(new Agent(), { n })),
    AGENT_DOWN: ({ n, agent: { running, bound } }) => {
      for (const it of [...bound, ...running.values()]) this.#find('lost', 'was left behind', it)
      this.#agents.delete(n.agent)
    },
    CREDIT_BACK: ({ n, agent }) => agent.charged.delete(n.counter),
  }
  /** The last event and its effects are over: what they promised must have come. */
  #settle(): void {
    const { kind, n, s } = this.#cause, who = kind === 'HELLO' && !s.refused && this.#agent(n.index)
    const held = who && who.n.pull === n.pull ? who.held : 0, room = n.pull ? 'more' : 'asked'
    const others = who && n.beats ? who.others : 0
    if (who) Object.assign(who, { n, s, draining: false, paused: false, held, others, [room]: 0 })
    for (const task of new Set([...this.#touched, ...this.#graphs.owed])) {
      const { due, at, state, is } = task, isOver = due.state > 0 && this.#tasks.has(task.n.seq)
      const goesOn = state === 'running' && due.counter === at.counter
      const isOwed = is.owing && state === 'waiting'; is.leaving = is.owing = false
      if (isOwed) this.#find('untimely', 'is not put off', task)
      if (isOver) this.#find('lost', `is ${OUTCOMES[due.state]} without an outcome`, task)
      else if (goesOn) this.#find('lost', 'goes on after its end', task)
    }
    this.#touched.clear(); this.#graphs.settle()
  }
  #accept(task: Task, row: Row): void {
    const { n } = task; let state = this.#graphs.enter(task, row)
    if (n.seq <= this.#last.seq) this.#find('doubled', 'is accepted out of order', task)
    if (this.#count.tasks++ === 0) this.#last.firstSeq = n.seq
    // Of who depends on tasks from before the journal no more is known than of those.
    if (!state || task.s.queue === undefined) { Object.assign(task, { s: {}, lanes: [], n: { seq: n.seq } }); state = 'unknown' }
    this.#last.seq = n.seq; this.#tasks.set(n.seq, task); this.#touched.add(task)
    if (state === 'unknown') return
    this.#promises.accept(task); this.#move(task, state)
  }
  /** A rule sends it on, or ends it. */
  #goes(task: Task, state: number, code: string): void {
    Object.assign(task.due, { state, code, event: this.#count.events, counter: task.at.counter })
    task.link.drop = this.#count.events; this.#touched.add(task)
  }
  #lanes(cls: string): Lane[] {
    const lanes = this.#classes.get(cls) ?? Array.from({ length: 6 }, () => new Lane())
    this.#classes.set(cls, lanes); return lanes
  }
  /** In another queue, by whose options it goes from now on. */
  #goOn(task: Task, queue: string, isRule: boolean, level: number): void {
    const { n, s, count, went } = task; this.#move(task, 'ended'); task.due.state = 0; this.#graphs.elsewhere(task)
    if (s.queue === undefined) { this.#move(task, 'waiting'); return }
    const { options } = this.#promises.queue(queue)
    const { lossLimit, retryCount: retries, timeoutMs: runMs } = options
    went.push(s.queue); if (isRule) this.#graphs.moved(task, queue, level, options)
    if (isRule) task.ms.first = this.#last.ms
    Object.assign(s, { queue, requires: '', needs: '' })
    Object.assign(n, { losses: lossLimit, retries, runMs })
    Object.assign(count, { failures: 0, losses: 0, letters: 0 }); task.own = {}
    if (task.lanes.length > 0) task.lanes = this.#lanes(`${queue}|moved|${s.type}|${n.base >= 4}`)
    this.#move(task, 'waiting')
  }
  /** @param isOther it is not the agent that was meant. @param full why it has no room, or ''. */
  #assign(agent: Agent, isOther: boolean, full: string, task?: Task): void {
    const why = isOther ? 'is gone' : full || agent.refuses(task?.s ?? {})
    const what = `${task ? 'goes to' : 'is'} an agent that ${why}`
    if (why && agent !== NOBODY) this.#find('mis-assigned', what, task, agent)
  }
  #bind(task: Task, agent: Agent, isOther = false, late = ''): void {
    const { agentQueueMax: max } = this.#policy, { n, limit, others, bound } = agent
    const no = n.pull || limit >= 0 || others >= n.size ? 'has no queue' : late
    this.#assign(agent, isOther, no || (bound.size < max ? '' : `has ${max} bound`), task)
    this.#graphs.give(task, agent)
    this.#move(task, 'bound'); task.at.agent = agent; agent.bound.add(task)
  }
  /** It is to be another agent's: not any task, and not anybody's. */
  #changes(task: Task, agent: Agent): void {
    const { n, s, at } = task, isIts = at.agent === agent && agent !== NOBODY
    const may = !isIts && !(n.base >= this.#policy.protectFrom)
    if (!may) this.#find('mis-assigned', 'may not change hands', task)
    this.#assign(agent, false, agent.refuses({ ...s, requires: s.needs }), task)
  }
  #begin(task: Task, agent: Agent, isOther: boolean, counter: number, slot: number): void {
    this.#assign(agent, isOther, agent.full, task)
    if (counter <= this.#last.counter) this.#find('doubled', 'has a token again', task)
    this.#graphs.give(task, agent)
    this.#move(task, 'running', slot); agent.take().running.set(counter, task)
    const sinceMs = agent.n.claims === 1 ? Number.POSITIVE_INFINITY : this.#last.ms
    Object.assign(task.at, { counter, agent, sinceMs }); task.link.isClaimed = false
    task.count.attempts++; this.#last.counter = counter
  }
  #find(kind: Kind, what: string, task?: Task, agent?: Agent): void {
    const who = { task: task?.n.seq, agent: agent && (agent.s.id ?? `${agent.n.index}`) }
    const message = `${task ? `Task ${who.task}` : `Agent ${who.agent}`} ${what}.`
    if (++this.#count.total > FINDINGS_MAX) return
    this.#findings.push({ kind, record: this.#in.records, ...who, message })
  }
  /** @returns the record's task, after a look at whether it can be what the record says. */
  #task({ n, s: { must } }: Row): Task {
    const old = this.#tasks.get(n.task), before = { n: { seq: n.task } }
    const task = old ?? Object.assign(new Task(), before), { state, at } = task
    const from = must || state, isThere = (n.slot ?? at.slot) === at.slot
    const isNew = this.#isWhole || (this.#count.tasks > 0 && n.task >= this.#last.firstSeq)
    const wrong = from === 'running' ? 'uncaused' : 'doubled', isWrong = state !== from || !isThere
    if (isWrong && state !== 'unknown') this.#find(wrong, `is ${state}, not ${from}`, task)
    if (!old && !isNew) this.#tasks.set(n.task, task)
    else if (!old) this.#find(n.task > this.#last.seq ? 'uncaused' : 'doubled', 'is not open', task)
    return task
  }
  #agent(index = -1, id = ''): Agent {
    for (const agent of id ? this.#agents.values() : []) if (agent.s.id === id) return agent
    if (index < 0 || this.#agents.has(index)) return this.#agents.get(index) ?? NOBODY
    const agent = Object.assign(new Agent(), { n: { index }, ...OLD })
    if (this.#isWhole) this.#find('mis-assigned', 'is not there', undefined, agent)
    else this.#agents.set(index, agent)
    return agent
  }
  #move(task: Task, state: string, slot = -1): void {
    const { at, state: from, s: { queue } } = task; at.agent.bound.delete(task)
    if (from === 'running') at.agent.running.delete(at.counter)
    if (this.#slots.get(at.slot) === task) this.#slots.delete(at.slot)
    if (this.#slots.has(slot)) this.#find('doubled', 'is in a slot that is taken', task)
    if (slot >= 0) this.#slots.set(slot, task)
    task.lane?.leave(task, from === 'waiting'); task.state = state; at.slot = slot
    if (queue === undefined) return
    const { out } = this.#promises.queue(queue), isOut = /offered|bound|running/
    if (isOut.test(state)) out.add(task)
    else out.delete(task)
    if (state === 'running') { task.is.judged = true; task.n.level = task.n.base }
    const isFirst = /unknown|blocked/.test(from), isNew = !/offered|bound|parked/.test(from)
    if (state === 'waiting' && isNew) this.#promises.wait(task, isFirst)
    if (state === 'waiting') task.lane?.enter(task)
  }
}
