/**
 * Runs the ```nats blocks of a document: what stands behind `>` is sent, what stands behind `<` is
 * waited for and compared, `SUB` subscribes. Messages on one subject are compared in order, those
 * on different subjects in any. `<name>` is bound by the first text it meets. `WAIT` lets so many
 * milliseconds pass where the protocol tells by time, as between two beats.
 */
import { setTimeout as after } from 'node:timers/promises'
import { headers, type Msg, type MsgHdrs, type NatsConnection } from 'nats'
import { until } from '../support/until.ts'

export interface Message {
  readonly direction: '>' | '<'
  readonly subject: string
  readonly reply: string | undefined
  readonly headers: readonly string[]
  readonly body: string
}

export type Step = { readonly subscribe: string } | { readonly waitMs: number } | Message

/** @returns the blocks of this language, without their fences. */
export function blocksOf(document: string, language: string): string[] {
  const fence = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm')
  return [...document.matchAll(fence)].map(([, code]) => code)
}

export function parseTranscript(block: string): Step[] {
  return block
    .split(/\n{2,}|\n(?=SUB )/)
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(parseStep)
}

function parseStep(part: string): Step {
  if (part.startsWith('SUB ')) return { subscribe: part.slice('SUB '.length) }
  const wait = /^WAIT (\d+) ms$/.exec(part)
  if (wait !== null) return { waitMs: Number(wait[1]) }
  const direction = part[0]
  if (direction !== '>' && direction !== '<') throw new Error(`no message: ${part}`)
  const lines = part.split('\n').map((line) => {
    if (!line.startsWith(direction)) throw new Error(`two directions in one message: ${part}`)
    return line.slice(2)
  })
  const gap = lines.indexOf('')
  const head = gap < 0 ? lines : lines.slice(0, gap)
  const [subject, reply] = head[0].split(' ')
  const body = gap < 0 ? '' : lines.slice(gap + 1).join('\n')
  return { direction, subject, reply, headers: head.slice(1), body }
}

export class Transcript {
  readonly #nc: NatsConnection
  readonly #bound = new Map<string, string>()
  readonly #received: Msg[] = []

  constructor(nc: NatsConnection) {
    this.#nc = nc
  }

  async run(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      if ('subscribe' in step) await this.#subscribe(step.subscribe)
      else if ('waitMs' in step) await after(step.waitMs)
      else if (step.direction === '>') this.#send(step)
      else await this.#expect(step)
    }
  }

  /** What has come that no step has waited for, as subjects. */
  async leftOver(): Promise<string[]> {
    await this.#nc.flush()
    return this.#received.map(({ subject }) => subject)
  }

  async #subscribe(subject: string): Promise<void> {
    this.#nc.subscribe(subject, { callback: (_, msg) => this.#received.push(msg) })
    await this.#nc.flush()
  }

  #send(message: Message): void {
    const { subject, reply, body } = message
    this.#nc.publish(this.#filled(subject), this.#filled(body), {
      reply,
      headers: message.headers.length === 0 ? undefined : headersOf(message.headers),
    })
  }

  async #expect(message: Message): Promise<void> {
    const subject = this.#filled(message.subject)
    const find = () => this.#received.findIndex((msg) => msg.subject === subject)
    await until(() => find() >= 0, { what: `a message on ${subject}` })
    const [received] = this.#received.splice(find(), 1)
    this.#compare(shown(message), shownMessage(received))
  }

  #filled(text: string): string {
    return text.replace(/<(\w+)>/g, (_, name) => {
      const value = this.#bound.get(name)
      if (value === undefined) throw new Error(`<${name}> is used before it is known`)
      return value
    })
  }

  #compare(expected: string, received: string): void {
    const names: string[] = []
    const pattern = expected
      .split(/(<\w+>|\.\.\.)/)
      .map((part) => this.#patternOf(part, names))
      .join('')
    const match = new RegExp(`^${pattern}$`).exec(received)
    if (match === null) throw new Error(`expected\n${expected}\n\nreceived\n${received}`)
    for (const [i, name] of names.entries()) this.#bound.set(name, match[i + 1])
  }

  #patternOf(part: string, names: string[]): string {
    if (part === '...') return '[\\s\\S]*?'
    const name = /^<(\w+)>$/.exec(part)?.[1]
    if (name === undefined) return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    const known = this.#bound.get(name)
    if (known !== undefined) return known
    if (names.includes(name)) return `\\${names.indexOf(name) + 1}`
    names.push(name)
    return '([A-Za-z0-9_-]+?)'
  }
}

function headersOf(lines: readonly string[]): MsgHdrs {
  const block = headers()
  for (const line of lines) {
    const colon = line.indexOf(': ')
    block.append(line.slice(0, colon), line.slice(colon + 2))
  }
  return block
}

function shown({ subject, reply, headers, body }: Message): string {
  return [reply === undefined ? subject : `${subject} ${reply}`, ...headers, '', body].join('\n')
}

function shownMessage(msg: Msg): string {
  const lines: string[] = []
  if (msg.headers?.code) lines.push(`NATS/1.0 ${msg.headers.code}`)
  for (const [name, values] of msg.headers ?? []) {
    for (const value of values) lines.push(`${name}: ${value}`)
  }
  const reply = msg.reply ? msg.reply : undefined
  return shown({
    direction: '<',
    subject: msg.subject,
    reply,
    headers: lines,
    body: new TextDecoder().decode(msg.data),
  })
}
