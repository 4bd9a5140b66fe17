/** A TCP proxy on loopback whose lines can be cut and healed, for tests of lost connections. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

export interface TcpProxy {
  /** What to connect to instead of the target. */
  readonly url: string
  /** Connections that pass through it now. */
  readonly open: number
  /** Cuts every connection with what is in flight on it, and any new one, until healed. */
  cut(): void
  heal(): void
  close(): Promise<void>
}

/** Starts a proxy in front of a port of this machine; it listens on a free one. */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const proxy = new CuttableProxy(targetPort)
  await proxy.listen()
  return proxy
}

class CuttableProxy implements TcpProxy {
  readonly #targetPort: number
  readonly #server: Server
  readonly #lines = new Set<[Socket, Socket]>()
  #isCut = false

  constructor(targetPort: number) {
    this.#targetPort = targetPort
    this.#server = createServer((near) => this.#join(near))
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  get url(): string {
    return `nats://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get open(): number {
    return this.#lines.size
  }

  cut(): void {
    this.#isCut = true
    for (const [near, far] of this.#lines) {
      near.destroy()
      far.destroy()
    }
  }

  heal(): void {
    this.#isCut = false
  }

  async close(): Promise<void> {
    this.cut()
    this.#server.close()
    await once(this.#server, 'close')
  }

  /** The port stays ours while the line is cut: whoever connects is turned away at once. */
  #join(near: Socket): void {
    if (this.#isCut) {
      near.destroy()
      return
    }
    const far = connect(this.#targetPort, '127.0.0.1')
    const line: [Socket, Socket] = [near, far]
    this.#lines.add(line)
    for (const [from, to] of [line, [far, near]]) {
      from.setNoDelay(true)
      from.pipe(to)
      from.on('error', () => to.destroy())
      from.on('close', () => {
        to.destroy()
        this.#lines.delete(line)
      })
    }
  }
}
