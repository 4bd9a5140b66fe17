/**
 * A NATS client of a few lines that sends whatever bytes it is told, for input that no proper client
 * lets through.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { until } from '../../support/until.ts'

const CRLF = '\r\n'

export class RawNats {
  readonly #socket: Socket
  /** All that the server said. */
  heard = ''
  closed = false

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (bytes) => {
      this.heard += bytes.toString('latin1')
      if (this.heard.endsWith(`PING${CRLF}`)) socket.write(`PONG${CRLF}`)
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      this.closed = true
    })
  }

  static async connect(port: number): Promise<RawNats> {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    const raw = new RawNats(socket)
    await until(() => raw.heard.startsWith('INFO '), { what: 'the server to greet' })
    raw.send(`CONNECT {"verbose":false,"headers":true,"no_responders":true}${CRLF}`)
    await raw.settled()
    return raw
  }

  send(bytes: string | Uint8Array): void {
    this.#socket.write(bytes)
  }

  /** `PUB`, its words as they are. */
  publish(subject: string, reply: string, body = ''): void {
    this.send(`PUB ${subject} ${reply} ${Buffer.byteLength(body)}${CRLF}${body}${CRLF}`)
  }

  /** `HPUB` with a header block as it is. */
  publishHeaders(subject: string, reply: string, block: string, body = ''): void {
    const headerBytes = Buffer.byteLength(block, 'latin1')
    const total = headerBytes + Buffer.byteLength(body, 'latin1')
    const words = `HPUB ${subject} ${reply} ${headerBytes} ${total}${CRLF}`
    this.send(Buffer.from(`${words}${block}${body}${CRLF}`, 'latin1'))
  }

  /** Resolves when the server has taken everything that was sent, or has hung up. */
  async settled(): Promise<void> {
    const before = this.heard.length
    this.send(`PING${CRLF}`)
    await until(() => this.closed || this.heard.slice(before).includes('PONG'), {
      what: 'the server to answer a ping',
    })
  }

  close(): void {
    this.#socket.destroy()
  }
}
