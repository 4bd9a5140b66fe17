/**
 * Finds what a journal shows of broken promises of graphs and of work that several have: who waits for
 * whom, what is kept for whom, whole flows, stages, second attempts, votes, agents that are to be
 * different ones. check.ts tells it what has become of tasks.
 */
// biome-ignore-all format: the checker is held to few lines, so small steps share one
import type { Row } from './decode.ts'
import type { Agent, Task } from './model.ts'

type Kind = 'lost' | 'doubled' | 'mis-assigned' | 'miscounted' | 'uncaused'
type Find = (kind: Kind, what: string, task: Task) => void
/** How one ends with another. */
const GONE = ['cancelled', 'parent_failed', 'skipped']
const COMPLETED = 3, FAILED = 4, CANCELLED = 5, STAGES_MAX = 64
/** How a final task ended, and how many open ones need it. */
type End = { state: number; code: string; needs: number; flow: Flow | null }
/** `after`: by node, places of those before it that it depends on. */
export type Flow = { id: string; nodes: Task[]; after: number[][]; open: number }
type Options = { priority?: number; type?: string }
const list = (text: string) => (text ? text.split(',').map(Number) : [])
export class Graphs {
  readonly #find: Find; readonly #tasks: ReadonlyMap<number, Task>; readonly #isWhole: boolean
  readonly #ends = new Map<number, End>(); readonly #flows = new Map<string, Flow>()
  readonly #parked = new Set<Task>(); readonly #owed = new Set<Task>(); #over: Flow[] = []
  #isBehind: boolean // tasks from before may be aside, and come out before all that are known
  constructor(isWhole: boolean, tasks: ReadonlyMap<number, Task>, find: Find) {
    this.#isWhole = isWhole; this.#isBehind = !isWhole; this.#tasks = tasks; this.#find = find
  }
  /** How many events there were, this one included. */
  now = 0
  /** Its place in a graph. @returns in what state it is then; '' where too little is known. */
  enter(task: Task, { n, s }: Row): string {
    const fail = s.fail ?? s.after?.split(' ')[0] ?? '', link = { fail, held: n.held === 1, open: 0 }
    Object.assign(task.link, link, { parents: list(s.parents ?? '') }); let bad = false
    for (const seq of task.link.parents) {
      const open = this.#tasks.get(seq), end = this.#ends.get(seq)
      if (open) { open.link.children.add(task); task.link.open++; open.link.isPart ||= link.held }
      else if (end) { end.needs++; bad ||= end.state !== COMPLETED }
      else if (this.#isWhole) this.#find('uncaused', `depends on task ${seq}, which is not there`, task)
      else return ''
    }
    if (bad && this.#isStopped(task)) { this.#stop(task); return 'blocked' }
    return task.link.open > 0 || n.held === 1 ? 'blocked' : 'waiting'
  }
  #isStopped({ link }: Task): boolean { return link.fail !== 'continue' }
  /** It must end now, untried, or be cancelled. */
  #stop(task: Task): void {
    const isSkipped = task.link.fail === 'skip'
    const code = isSkipped ? 'skipped' : 'parent_failed'
    this.owe(task, isSkipped ? CANCELLED : FAILED, code)
  }
  /** It has its outcome in this event, whatever the event is about. */
  owe(task: Task, state: number, code: string): void {
    Object.assign(task.due, { state, code, event: this.now, counter: task.at.counter })
    task.link.drop = this.now; this.#owed.add(task)
  }
  /** Tasks whose outcome has become due in this event. */
  get owed(): Set<Task> { return this.#owed }
  /** All its parents are final, and nobody holds it. */
  isFree({ link }: Task): boolean { return link.open === 0 && !link.held }
  graph(nodes: readonly Row[], tasks: Task[], { n, s }: Row): void {
    const [first] = tasks; if (!first) return
    if (n.count !== nodes.length) this.#find('lost', `comes with ${nodes.length} of ${n.count}`, first)
    const groups = new Map<number, string[]>()
    for (const [i, { n: { apart }, s: { agents } }] of nodes.entries()) {
      if (apart < 0) continue
      const group = groups.get(apart) ?? agents.split(',').filter(Boolean); groups.set(apart, group)
      tasks[i].link.apart = group
    }
    if (n.isFlow !== 1) return
    const after = nodes.map((node) => list(node.s.places))
    const flow = { id: s.flow, nodes: tasks, after, open: tasks.length }
    if (this.#flows.has(s.flow)) this.#find('doubled', `comes with flow ${s.flow} again`, first)
    this.#flows.set(s.flow, flow); for (const task of tasks) task.link.flow = flow
  }
  /** A second attempt. */
  hedge(task: Task, twin: Task): void {
    if (task.link.twin || task.link.of) this.#find('doubled', 'has a second twin', task)
    const id = task.at.agent.s.id ?? ''; Object.assign(task.link, { twin })
    if (!task.link.apart) Object.assign(task.link, { apart: [id], holder: id })
    Object.assign(twin.link, { of: task, isTwin: true, isPart: true, apart: task.link.apart })
  }
  /** Its attempt has succeeded: so has the task that it stands for. */
  won({ link: { of } }: Task, code: string, state = COMPLETED): void {
    if (of) this.owe(of, state, code)
  }
  /** What it is about may drop the second attempt at it. */
  about({ link: { twin } }: Task): void {
    if (twin) twin.link.drop = this.now
  }
  /** An agent has it, running or bound. */
  give(task: Task, agent: Agent): void {
    const { link } = task, id = agent.s.id ?? ''; if (!link.apart || link.holder === id) return
    this.free(task); if (id === '') return // it was there before, and who it is nobody told
    if (link.apart.includes(id)) this.#find('mis-assigned', `goes to ${id}, whom it is kept from`, task)
    link.apart.push(id); link.holder = id
  }
  /** An agent has it no more; whose answer it was does not have it again. */
  free({ link }: Task, how = ''): void {
    const { apart, holder } = link; link.holder = ''
    if (!apart || !holder || how === 'succeeded' || how === 'declined') return
    apart.splice(apart.indexOf(holder), 1)
  }
  declined({ link, link: { of }, at: { agent } }: Task): void {
    link.apart ??= [agent.s.id]
    // What waits for its second attempt alone goes with that.
    if (of && !/running|bound/.test(of.state)) { of.is.leaving = true; this.#owed.add(of) }
  }
  /** Where a rule on its result sends it. */
  goes(task: Task, { s, n }: Row): void {
    Object.assign(task.link, { goes: s.then === 'queue' ? s.to : '', to: n.level, rule: n.rule })
    task.link.isLeaving = this.now; this.#owed.add(task)
  }
  /** A stage of it is over. */
  advanced(task: Task, { n, s }: Row): void {
    const { link, count } = task, its = count.attempts - link.left
    const isTold = link.isLeaving === this.now && n.rule === link.rule
    if (!isTold || s.queue !== task.s.queue) this.#find('uncaused', `leaves ${s.queue}`, task)
    if (n.attempts !== its) this.#find('miscounted', `had ${its} attempts, not ${n.attempts}`, task)
    Object.assign(link, { left: count.attempts, stages: link.stages + 1 })
  }
  /** It is in another queue: anybody may have it there, and nobody does it a second time. */
  elsewhere(task: Task): void {
    const { link } = task; this.free(task); link.apart = null
    if (link.isPart) this.#find('uncaused', 'moves and is part of another', task)
    if (!link.twin) return
    if (link.twin.due.event !== this.now) this.owe(link.twin, CANCELLED, 'cancelled')
    link.twin.link.of = null; link.twin = null
  }
  /** It is in another queue by a rule. */
  moved(task: Task, queue: string, level: number, { priority, type }: Options): void {
    const { goes, isLeaving, stages, to } = task.link, isTold = isLeaving === this.now && goes === queue
    const base = to > 0 && type !== 'fifo' ? to : priority; task.link.goes = ''
    if (!isTold || stages > STAGES_MAX) this.#find('uncaused', `goes on in ${queue}`, task)
    if (base !== undefined && level !== base) this.#find('miscounted', `has level ${level}`, task)
    task.n.base = task.n.level = level; task.went.length = 0
    Object.assign(task.is, { breached: false, judged: false, shed: false })
  }
  /** Why it may end although no event says so; '' for no reason. */
  mayEnd(task: Task, state: number, code: string, by: Row, all: Iterable<Agent>): boolean {
    const { goes, isLeaving, stages, drop, isTwin } = task.link
    // Of what was there before nobody knows whom it belongs to.
    const isGone = by.kind === 'ADVANCE' || (code === '' ? by.kind === 'SUCCEEDED' && by.n.task !== task.n.seq : GONE.includes(code))
    if (task.s.queue === undefined && isGone) return true
    if (state === CANCELLED && code === 'cancelled' && this.#mayHang(task, by.n.root)) return true
    if (isTwin && drop === this.now && state === CANCELLED) return code === 'cancelled'
    if (isLeaving === this.now && goes && state === FAILED) return (code === 'too_many_stages') === (stages > STAGES_MAX)
    // Nor whom each of what was there before must not come to.
    if (!this.#isWhole && code === 'declined' && state === FAILED && by.kind === 'DECLINE') return true
    const isDeclined = task.due.code === code || (by.kind === 'DECLINE' && task.is.leaving)
    if (code !== 'declined' || state !== FAILED || !isDeclined) return false
    return ![...all].some((agent) => agent.refuses(task.s) === '' && this.canHave(task, agent))
  }
  /** Of the root, if there is one: it depends on one from before that is newer, and so perhaps on that. */
  #mayHang({ link }: Task, root: number, seen = new Set<number>()): boolean {
    return !this.#isWhole && link.parents.some((seq) => {
      if (!(seq > root) || seen.has(seq)) return false
      const open = this.#tasks.get(seq); seen.add(seq); if (!open) return !this.#ends.has(seq)
      return (open.s.queue === undefined && open.link.parents.length === 0) || this.#mayHang(open, root, seen)
    })
  }
  canHave({ link: { apart } }: Task, { s: { id } }: Agent): boolean { return !apart?.includes(id) }
  park(task: Task): void { this.#parked.delete(task); this.#parked.add(task); task.link.isOut = false }
  get #aside(): Task[] { return [...this.#parked].filter(({ state }) => state === 'parked') }
  /** @returns those that have waited longest aside; who may have come out, behind others, is marked. */
  unpark(count: number, cause: Task): Task[] {
    const all = this.#aside, most = all.filter(({ link }) => link.isOut).length + count
    for (const { link } of all.slice(0, most)) link.isOut = true
    if (!this.#isBehind && all.length < count) this.#find('uncaused', 'was not aside', cause)
    return all.slice(0, this.#isBehind ? 0 : count)
  }
  /** It is offered. @returns who must have come out for that: itself, and who was aside before it. */
  cameOut(task?: Task): Task[] {
    if (task?.state !== 'parked' || !task.link.isOut) return []
    const all = this.#aside; this.#isBehind = false
    return all.slice(0, all.indexOf(task) + 1)
  }
  /** It has its outcome: what follows for those that wait for it, and for whom it waited. */
  over(task: Task, state: number, code: string): void {
    const { link, n: { seq } } = task, { twin, of, flow } = link
    this.free(task); this.#parked.delete(task)
    const end = { state, code, needs: 0, flow }; this.#ends.set(seq, end)
    for (const child of link.children) {
      end.needs++; child.link.open--
      if (child.state !== 'blocked' || (child.link.drop === this.now && child.due.state > 0)) continue
      if (state !== COMPLETED && this.#isStopped(child)) this.#stop(child)
      else if (this.isFree(child)) { child.link.isReady = this.now; this.#owed.add(child) }
    }
    for (const parent of link.parents) {
      const open = this.#tasks.get(parent), its = this.#ends.get(parent)
      if (its) its.needs--
      open?.link.children.delete(task)
      if (open && link.held) this.owe(open, CANCELLED, 'cancelled')
    }
    if (twin && twin.due.event !== this.now) this.owe(twin, CANCELLED, 'cancelled')
    if (twin) twin.link.of = null
    if (of) of.link.twin = null
    if (flow) { task.due.state = state; if (--flow.open === 0) this.#over.push(flow) }
  }
  /** A question is decided: who has not voted need not. */
  decided({ link }: Task): void {
    for (const seq of link.parents) {
      const vote = this.#tasks.get(seq); if (vote) this.owe(vote, CANCELLED, 'cancelled')
    }
    link.held = false
  }
  flowEnded({ s }: Row, cause: Task): void {
    const flow = this.#flows.get(s.flow); if (!flow) {
      if (this.#isWhole) this.#find('uncaused', `ends flow ${s.flow}, which is not open`, cause)
      return
    }
    const [first] = flow.nodes; this.#flows.delete(s.flow)
    this.#over = this.#over.filter((one) => one !== flow)
    if (flow.open > 0) this.#find('uncaused', `is of a flow that ended with ${flow.open} open`, first)
    const isParent = new Set(flow.after.flat())
    const leaves = flow.nodes.filter((_, i) => !isParent.has(i)).map(({ n }) => this.#ends.get(n.seq))
    const isWell = (end?: End) => end?.state === COMPLETED || end?.code === 'skipped'
    const isStopped = (end?: End) => isWell(end) || end?.state === CANCELLED
    const state = leaves.every(isWell) ? 'completed' : leaves.every(isStopped) ? 'cancelled' : 'failed'
    if (s.state !== state) this.#find('miscounted', `is of a flow that is ${s.state}, not ${state}`, first)
  }
  /** What is needed is not forgotten. */
  forgotten(seq: number): void {
    const end = this.#ends.get(seq), isNeeded = end && (end.needs > 0 || (end.flow?.open ?? 0) > 0)
    const task = { n: { seq } } as unknown as Task; this.#ends.delete(seq)
    if (isNeeded) this.#find('lost', 'is forgotten while others need it', task)
  }
  /** The last event is over: what followed from it must have come. */
  settle(): void {
    for (const task of this.#owed) {
      const isOpen = this.#tasks.get(task.n.seq) === task, { link } = task
      if (isOpen && link.isReady === this.now && task.state === 'blocked') this.#find('lost', 'waits for nobody', task)
      if (isOpen && link.isLeaving === this.now && link.goes) this.#find('lost', `is not in ${link.goes}`, task)
    }
    for (const { nodes: [first] } of this.#over) this.#find('lost', 'is of a flow whose end nobody told', first)
    this.#over = []; this.#owed.clear()
  }
}
