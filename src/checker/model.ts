/** What the checker knows of agents, tasks and lanes; NaN or missing: it was before the journal. */
// biome-ignore-all format: the checker is held to few lines, so small steps share one
import type { Row } from './decode.ts'
import type { Flow } from './graphs.ts'

const has = (names: string, name: string) => `,${names},`.includes(`,${name},`)
/** `n` and `s` are of its hello, as a task's are of its submit. */
export class Agent {
  n: Row['n'] = {}; s: Row['s'] = {}; draining = false; paused = false
  /** At a time by the scheduler's own word, -1 for any; work of others; it was there before. */
  limit = -1; others = 0; isOld = false
  /** `asked`: pulled and not given yet; `more`: may be given beyond its size; `held`: allocated. */
  asked = 0; more = 0; held = 0; readonly bound = new Set<Task>()
  readonly running = new Map<number, Task>(); readonly charged = new Set<number>()
  pull(n: number): void { this.asked = Math.min(this.asked + n, 65_535); this.paused = false }
  fetch(count: number): void { this.more = Math.max(0, Math.min(count, 1_024)) }
  take(count = 1): this { this.asked -= count * (this.n.pull ?? 0); return this }
  /** Why it has no credit; '' when it has, or nobody knows. */
  get full(): string {
    const { n: { size, pull }, asked, running, charged, held, limit } = this, all = size + this.more
    const own = Math.max(0, all - this.others), most = limit < 0 ? own : Math.min(own, limit)
    if (pull) return asked <= 0 ? 'has asked for no more' : ''
    return running.size + charged.size + held >= most ? `has ${most} in hand` : ''
  }
  /** Why it may not have the task, with credit or not; '' when it may, for all that is known. */
  refuses({ queue, requires }: Row['s']): string {
    const { queues, can, id, labels = '' } = this.s
    const no = this.limit === 0 ? 'may have nothing' : this.draining ? 'is draining' : ''
    if (no || this.paused) return no || 'did not answer'
    if (queue === undefined || queues === undefined) return ''
    const isIts = has(queues, '*') || has(queues, queue) || id === queue // what escalates to it
    if (!isIts) return `does not serve ${queue}`
    const lacks = requires.split(',').filter((term) => {
      const [name, how, least] = term.split(/([<>=!]+)/)
      const known = `,${labels}`.split(`,${name}=`)[1]
      if (how === undefined) return name !== '' && !has(can, name)
      const a = Number.parseFloat(known), b = Number(least), no = known === undefined
      return no || !has(a === b ? '<=,>=,=' : a < b ? '<=,<,!=' : '>=,>,!=', how)
    })
    return lacks.length > 0 ? `lacks ${lacks}` : ''
  }
}
export const NOBODY = new Agent()
/** Of a task in its lane: by when it is due, and after how many sent ones, 0 for never. */
export type Place = { due: number; sent: number; task: Task }
export class Task {
  /** `n.level` is what it is served at; `s.queue` and `s.requires` are those of who serves it. */
  n: Row['n'] = {}; s: Row['s'] = {}; lanes: Lane[] = []; state = 'unknown'
  at = { slot: -1, generation: -1, counter: -1, sinceMs: Number.NaN, agent: NOBODY }
  count = { attempts: 0, failures: 0, losses: 0, preempted: 0, letters: 0 }
  /** The attempt that must end; the outcome that must come, 0 for none; the event that said so. */
  due = { counter: -1, state: 0, code: '', event: 0 }
  place: Place = { due: Number.POSITIVE_INFINITY, sent: 0, task: this }
  /** When it was accepted, was ready first and lately, was heard of; until when it is put off. */
  ms: Record<string, number> = { ready: Number.NaN, until: Number.NaN, heard: 0 }
  /** Its own promises, queue by queue where it was, the attempt that was asked to stop. */
  own: Record<string, number> = {}; went: string[] = []; asked = -1
  /** The attempt that was called back, for whom. */
  called = -1; to = NOBODY
  /** Its SLA is broken, it has begun, it escalated; it may escalate, is to be put off, now. */
  is = { breached: false, judged: false, shed: false, leaving: false, owing: false }
  /** Its place in a graph, second attempts, whom it is kept from and who has it, where it goes. */
  link = {
    parents: [] as number[], children: new Set<Task>(), open: 0, fail: '', held: false, isReady: -1,
    flow: null as Flow | null, twin: null as Task | null, of: null as Task | null, isPart: false, isTwin: false, drop: -1,
    apart: null as string[] | null, holder: '', goes: '', to: 0, rule: -1, isLeaving: -1,
    left: 0, stages: 0, isClaimed: false, isOut: false,
  }
  get lane(): Lane | undefined { return this.lanes[this.n.level] }
}
const isBefore = ({ due, task: { n } }: Place, other: Place) =>
  due < other.due || (due === other.due && n.seq < other.task.n.seq)
/** Tasks of a class and level: a heap, from which who has left goes when it comes to the top. */
export class Lane {
  readonly offers = new Set<Task>(); #heap: Place[] = []; #waiting = 0; #sent = 0
  get head(): Task | undefined {
    for (let top = this.#heap[0]; top; top = this.#heap[0]) {
      if (top === top.task.place) return top.task
      this.#pop()
    }
    return undefined
  }
  enter(task: Task): void {
    task.place = { ...task.place }; this.#waiting++
    if (this.#heap.length > 2 * this.#waiting + 64) {
      for (const one of this.#heap.splice(0)) if (one === one.task.place) this.#push(one)
    }
    this.#push(task.place)
  }
  /** @param wasWaiting or it was offered. */
  leave(task: Task, wasWaiting: boolean): void {
    this.offers.delete(task); if (!wasWaiting) return
    task.place = { ...task.place }; this.#waiting--
  }
  /** @returns how many were sent past the oldest that is offered. */
  offer(task: Task): number {
    task.place.sent ||= ++this.#sent
    return task.place.sent - Math.min(...Array.from(this.offers.add(task), ({ place }) => place.sent))
  }
  #push(place: Place): void {
    const heap = this.#heap; let at = heap.push(place) - 1
    for (let up = (at - 1) >> 1; at > 0 && isBefore(place, heap[up]); up = (at - 1) >> 1) {
      heap[at] = heap[up]; at = up
    }
    heap[at] = place
  }
  #pop(): void {
    const heap = this.#heap, last = heap.pop()!; let at = 0
    for (let down = 1; down < heap.length; down = 2 * at + 1) {
      if (down + 1 < heap.length && isBefore(heap[down + 1], heap[down])) down++
      if (!isBefore(heap[down], last)) break
      heap[at] = heap[down]; at = down
    }
    if (heap.length > 0) heap[at] = last
  }
}
