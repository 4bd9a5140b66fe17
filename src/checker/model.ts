/** What the checker knows of agents, tasks and lanes; NaN or missing: it was before the journal. */
// biome-ignore-all format: the checker is held to 300 lines, so small steps share one
import type { Row } from './decode.ts'

const has = (names: string, name: string) => `,${names},`.includes(`,${name},`)
/** `n` and `s` are of its hello, as a task's are of its submit. */
export class Agent {
  n: Row['n'] = {}; s: Row['s'] = {}; draining = false; paused = false
  /** `asked`: pulled and not given yet; `more`: may be given beyond its size; `held`: allocated. */
  asked = 0; more = 0; held = 0; readonly bound = new Set<Task>()
  readonly running = new Map<number, Task>(); readonly charged = new Set<number>()
  pull(n: number): void { this.asked = Math.min(this.asked + n, 65_535); this.paused = false }
  fetch(count: number): void { this.more = Math.max(0, Math.min(count, 1_024)) }
  take(count = 1): this { this.asked -= count * (this.n.pull ?? 0); return this }
  /** Why it has no credit; '' when it has, or nobody knows. */
  get full(): string {
    const { n: { size, pull }, asked, running, charged, held } = this, most = size + this.more
    if (pull) return asked <= 0 ? 'has asked for no more' : ''
    return running.size + charged.size + held >= most ? `has ${most} in hand` : ''
  }
  /** Why it may not have the task, with credit or not; '' when it may, for all that is known. */
  refuses({ queue, requires }: Row['s']): string {
    const { queues, can, labels = '' } = this.s
    if (this.draining || this.paused) return this.draining ? 'is draining' : 'did not answer'
    if (queue === undefined || queues === undefined) return ''
    if (!has(queues, '*') && !has(queues, queue)) return `does not serve ${queue}`
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
export class Task {
  n: Row['n'] = {}; s: Row['s'] = {}; lanes: Lane[] = []; state = 'unknown'
  at = { slot: -1, generation: -1, counter: -1, sinceMs: Number.NaN, agent: NOBODY }
  count = { attempts: 0, failures: 0, losses: 0 }; next: Task = this; prev: Task = this
  /** The attempt that must end; the outcome that must come, 0 for none; the event that said so. */
  due = { counter: -1, state: 0, code: '', event: 0 }
  /** In its lane; after how many sent ones, 0 for never; whether it went back there. */
  place = { order: Number.NaN, sent: 0, isBack: false }
  get lane(): Lane | undefined { return this.lanes[this.n.level] }
}
/** Tasks of a class and level: one that comes back goes first, one that bounces where it stood. */
export class Lane {
  readonly #end = new Task() // closes the ring of those that wait
  readonly offers = new Set<Task>(); #nextOrder = 0; #sent = 0
  get head(): Task | undefined { return this.#end.next === this.#end ? undefined : this.#end.next }
  /** @param from the state that it was in. */
  enter(task: Task, from: string): void {
    const isBack = /running|bound/.test(from)
    const isBefore = (one: Task) => one.place.order < task.place.order
    const order = () => (isBack && this.head ? this.head.place.order - 1 : this.#nextOrder++)
    if (from !== 'offered') task.place = { order: order(), sent: isBack ? this.#sent : 0, isBack }
    task.next = isBefore(this.#end.prev) ? this.#end : this.#end.next
    while (isBefore(task.next)) task.next = task.next.next
    task.prev = task.next.prev; task.prev.next = task; task.next.prev = task
  }
  leave(task: Task): void {
    this.offers.delete(task); task.prev.next = task.next; task.next.prev = task.prev
    task.next = task; task.prev = task
  }
  /** @returns how many were sent past the oldest that is offered. */
  offer(task: Task): number {
    task.place.sent ||= ++this.#sent
    return this.#sent - Math.min(...Array.from(this.offers.add(task), ({ place }) => place.sent))
  }
}
