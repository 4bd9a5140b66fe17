/**
 * A proxy on loopback that understands the NATS protocol: it can lose single messages on their way,
 * hold some back or say them once more, and hold everything back from a client that is then a slow
 * consumer. All else passes unchanged.
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** A message on its way through. */
export interface Passing {
  /** From the client, or to it. */
  readonly to: 'server' | 'client'
  readonly subject: string
  /** Body without headers. */
  readonly body: Buffer
}

const CR_LF = Buffer.from('\r\n')
const VERBS: Readonly<Record<string, Passing['to']>> = {
  PUB: 'server',
  HPUB: 'server',
  MSG: 'client',
  HMSG: 'client',
}

/** Cuts a stream of the protocol into whole lines and whole messages. */
class Splitter {
  #received: Buffer = Buffer.alloc(0)

  /** @param pass is called with each piece, and with the message when it is one. */
  take(chunk: Buffer, pass: (piece: Buffer, message: Passing | null) => void): void {
    this.#received = Buffer.concat([this.#received, chunk])
    // Ends: each round takes a piece, or has too little for one.
    for (;;) {
      const end = this.#received.indexOf(CR_LF)
      if (end < 0) return
      const words = this.#received.toString('latin1', 0, end).split(/[ \t]+/)
      const to = VERBS[words[0].toUpperCase()]
      const length = to === undefined ? 0 : Number(words.at(-1)) + CR_LF.length
      const next = end + CR_LF.length + length
      if (this.#received.length < next) return
      const piece = this.#received.subarray(0, next)
      this.#received = this.#received.subarray(next)
      if (to === undefined) pass(piece, null)
      else {
        const headers = words[0].toUpperCase().startsWith('H') ? Number(words.at(-2)) : 0
        const body = piece.subarray(end + CR_LF.length + headers, next - CR_LF.length)
        pass(piece, { to, subject: words[1], body })
      }
    }
  }
}

export class NatsProxy {
  /** Says which messages are lost. */
  loses: (message: Passing) => boolean = () => false
  /** Says which messages stay here until `release`. */
  holds: (message: Passing) => boolean = () => false
  /** Says which messages pass, and once more with `release`. */
  copies: (message: Passing) => boolean = () => false
  readonly #held: { piece: Buffer; to: Socket; subject: string }[] = []
  /** Messages that were lost, by subject. */
  readonly lost: string[] = []
  readonly #targetPort: number
  readonly #server: Server
  /** Each is gone when both of its ends are. */
  readonly #lines = new Set<[near: Socket, far: Socket]>()

  constructor(targetPort: number) {
    this.#targetPort = targetPort
    this.#server = createServer((near) => this.#join(near))
  }

  /** Starts one in front of a port of this machine; it listens on a free one. */
  static async start(targetPort: number): Promise<NatsProxy> {
    const proxy = new NatsProxy(targetPort)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get url(): string {
    return `nats://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Nothing is read from the server for those who are here now: its buffers for them fill up. */
  stall(): void {
    for (const [, far] of this.#lines) far.pause()
  }

  resume(): void {
    for (const [, far] of this.#lines) far.resume()
  }

  /** Subjects of what is held, and of the copies. */
  get held(): string[] {
    return this.#held.map(({ subject }) => subject)
  }

  /** What is held goes on, and what was copied comes again, in the order in which it came here. */
  release(): void {
    for (const { piece, to } of this.#held.splice(0)) to.write(piece)
  }

  /** Connections that pass through it now. */
  get open(): number {
    return this.#lines.size
  }

  async close(): Promise<void> {
    for (const [near, far] of this.#lines) {
      near.destroy()
      far.destroy()
    }
    this.#server.close()
    await once(this.#server, 'close')
  }

  #passes(message: Passing, piece: Buffer, to: Socket): boolean {
    const { subject } = message
    if (this.loses(message)) {
      this.lost.push(subject)
      return false
    }
    const isHeld = this.holds(message)
    if (isHeld || this.copies(message)) this.#held.push({ piece, to, subject })
    return !isHeld
  }

  #join(near: Socket): void {
    const far = connect(this.#targetPort, '127.0.0.1')
    const line: [Socket, Socket] = [near, far]
    this.#lines.add(line)
    for (const [from, to] of [line, [far, near]]) {
      const splitter = new Splitter()
      from.setNoDelay(true)
      from.on('data', (chunk: Buffer) => {
        splitter.take(chunk, (piece, message) => {
          if (message === null || this.#passes(message, piece, to)) to.write(piece)
        })
      })
      // What it has said, its reason to leave above all, is passed on first.
      from.on('end', () => to.end())
      from.on('error', () => to.destroy())
      from.on('close', () => {
        to.destroySoon()
        if (near.destroyed && far.destroyed) this.#lines.delete(line)
      })
    }
  }
}
