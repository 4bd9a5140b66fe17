/**
 * An agent written by hand over the plain NATS client: hello, subscribe, respond, beat. Nothing of
 * Signalbox is imported, since whoever follows the protocol is an agent.
 *
 * It tells what happens to it through `report`: `got` a task, `answered` with the code that the
 * scheduler gave its result (null is taken), `cancelled`, `fenced`, `joined` after each hello.
 */
import { connect, createInbox, headers } from 'nats'

export class PlainAgent {
  /** Tokens in work, and the tasks behind them. */
  running = new Map()
  /** Unfinished results: their answer's number to what was answered. */
  #awaited = new Map()
  #answers = 0
  #seen = new Map()
  #held = []
  #stopped = false

  constructor(options) {
    this.options = {
      queues: ['*'],
      capabilities: [],
      labels: {},
      concurrency: 1,
      beats: true,
      workMs: 0,
      holds: false,
      prefix: 'sb',
      instance: Math.random().toString(36).slice(2, 12),
      report: () => {},
      ...options,
    }
  }

  get id() {
    return this.options.id
  }

  /** Connects and says hello until a scheduler answers. */
  async start() {
    const { servers, prefix, id, instance } = this.options
    this.nc = await connect({ servers, maxReconnectAttempts: -1, reconnectTimeWait: 100 })
    this.inbox = createInbox()
    this.nc.subscribe(`${this.inbox}.*`, { callback: (_, msg) => this.#onAnswer(msg) })
    const own = `${prefix}.agent.${id}.${instance}`
    this.work = this.nc.subscribe(`${own}.work`, { callback: (_, msg) => this.#onWork(msg) })
    this.nc.subscribe(`${own}.control`, { callback: (_, msg) => this.#onControl(msg) })
    await this.hello()
    return this
  }

  /** Says hello and keeps on until a scheduler answers it. */
  async hello() {
    const { id, instance, queues, capabilities, labels, concurrency, beats } = this.options
    const body = { instance, queues, capabilities, labels, concurrency, beats }
    for (let tries = 0; ; tries++) {
      const answer = await this.say('hello', body)
      if (answer.code === null) {
        this.#report({ kind: 'joined', id })
        this.#beatEvery(answer.body.beatMs)
        return
      }
      if (answer.code === 'fenced') return this.#fenced()
      if (tries === 50) throw new Error(`no scheduler answered hello: ${answer.code}`)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }

  /** A request on one of our own subjects; `code` is null when it was granted. */
  async say(verb, body) {
    const { prefix, id } = this.options
    try {
      const subject = `${prefix}.from.${id}.${verb}`
      const msg = await this.nc.request(subject, JSON.stringify(body), { timeout: 1_000 })
      const code = msg.headers?.get('Sb-Code') || null
      return { code, body: code === null ? msg.json() : null }
    } catch (error) {
      return { code: error.code ?? error.message, body: null }
    }
  }

  #beatEvery(beatMs) {
    clearInterval(this.beatTimer)
    if (!this.options.beats || this.#stopped) return
    this.beatTimer = setInterval(() => this.beat(), beatMs)
  }

  async beat() {
    const schedulers = {}
    for (const [name, seen] of this.#seen) schedulers[name] = { seen, running: [] }
    for (const [token, { scheduler }] of this.running) schedulers[scheduler].running.push(token)
    const { code } = await this.say('beat', { instance: this.options.instance, schedulers })
    if (this.#stopped) return
    if (code !== null) this.#report({ kind: 'refused', id: this.id, code })
    if (code === 'agent_unknown') await this.hello()
    else if (code === 'fenced') this.#fenced()
  }

  #onWork(msg) {
    const token = msg.reply.split('.').at(-1)
    const scheduler = msg.reply.split('.').at(-4)
    const task = {
      id: msg.headers.get('Sb-Id'),
      queue: msg.headers.get('Sb-Queue'),
      attempt: Number(msg.headers.get('Sb-Attempt')),
      reply: msg.reply,
      token,
      scheduler,
      payload: Uint8Array.from(msg.data),
    }
    this.running.set(token, task)
    this.#seen.set(scheduler, token)
    this.#report({ kind: 'got', id: task.id, attempt: task.attempt, token })
    if (this.options.holds) this.#held.push(task)
    else if (this.options.workMs === 0) this.finish(task)
    else setTimeout(() => this.finish(task), this.options.workMs)
  }

  /** Finishes what `holds` held back; from then on nothing is held. */
  release() {
    this.options.holds = false
    for (const task of this.#held.splice(0)) this.finish(task)
  }

  /** Sends a task's payload back as its result, or a failure. */
  finish(task, failure) {
    if (this.nc.isClosed()) return
    this.running.delete(task.token)
    const number = ++this.#answers
    this.#awaited.set(String(number), task)
    const reply = `${this.inbox}.${number}`
    if (failure === undefined) {
      this.nc.publish(task.reply, task.payload, { reply })
      return
    }
    const block = headers()
    block.set('Nats-Service-Error-Code', '500')
    block.set('Nats-Service-Error', failure.message)
    if (failure.code) block.set('Sb-Code', failure.code)
    if (failure.retryable === false) block.set('Sb-Retryable', '0')
    this.nc.publish(task.reply, '', { reply, headers: block })
  }

  #onAnswer(msg) {
    const number = msg.subject.split('.').at(-1)
    const task = this.#awaited.get(number)
    if (task === undefined) return
    this.#awaited.delete(number)
    const silent = msg.headers?.code === 503
    const code = silent ? 'no_responders' : msg.headers?.get('Sb-Code') || null
    this.#report({ kind: 'answered', id: task.id, attempt: task.attempt, token: task.token, code })
  }

  #onControl(msg) {
    const control = msg.json()
    if (control.type === 'fenced') this.#fenced()
    else this.#report({ kind: control.type, id: this.id, token: control.token ?? null })
  }

  #fenced() {
    clearInterval(this.beatTimer)
    this.#report({ kind: 'fenced', id: this.id })
  }

  #report(report) {
    this.options.report({ agent: this.id, atMs: Date.now(), ...report })
  }

  /** Says bye and closes. */
  async stop() {
    await this.say('bye', { instance: this.options.instance, drain: false })
    await this.vanish()
  }

  /** Closes without a word. */
  async vanish() {
    this.#stopped = true
    clearInterval(this.beatTimer)
    await this.nc.close()
  }
}
