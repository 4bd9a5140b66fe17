/** Asks, and holds each answer against the API's own document. */
import { expect } from 'vitest'
import { misfits } from './fits.ts'
import type { Answer, Asked, Json, Served } from './support.ts'

export class Documented {
  readonly served: Served
  readonly document: Json
  /** `GET /tasks/{id}`: those that were asked and answered 2xx. */
  readonly answered: Set<string>

  constructor(served: Served, document: Json, answered: Set<string>) {
    this.served = served
    this.document = document
    this.answered = answered
  }

  static async of(served: Served, answered = new Set<string>()): Promise<Documented> {
    return new Documented(served, (await served.ask('/openapi.json')).json, answered)
  }

  get(path: string, asked: Asked = {}): Promise<Answer> {
    return this.ask(path, asked)
  }

  post(path: string, body: object = {}, method = 'POST'): Promise<Answer> {
    return this.ask(path, { method, body })
  }

  async ask(path: string, asked: Asked): Promise<Answer> {
    const answer = await this.served.ask(path, asked)
    const { method = 'GET' } = asked
    const known = this.operationOf(method, path)
    expect(known, `${method} ${path}`).not.toBeNull()
    const { operation, name } = known!
    const response = operation.responses[answer.status]
    expect(response, `${method} ${path}: ${answer.status} ${answer.text}`).toBeDefined()
    if (answer.status < 300) this.answered.add(name)
    const content = response.content ?? {}
    const [type = ''] = (answer.headers['content-type'] ?? '').split(';')
    expect(Object.keys(content).includes(type) || answer.status === 204, type).toBe(true)
    if (type === 'application/json') {
      const found = misfits(answer.json, content[type].schema, this.document)
      expect(found, `${method} ${path}: ${answer.text}`).toEqual([])
    }
    return answer
  }

  operationOf(method: string, path: string): { name: string; operation: Json } | null {
    const given = path.split('?')[0].split('/')
    const fitting = Object.keys(this.document.paths).filter((known) => {
      const parts = known.split('/')
      const isFine = (part: string, i: number) => part.startsWith('{') || part === given[i]
      return parts.length === given.length && parts.every(isFine)
    })
    // What stands there word for word goes first.
    fitting.sort((one, other) => one.split('{').length - other.split('{').length)
    const found = fitting.find((known) => this.document.paths[known][method.toLowerCase()])
    if (found === undefined) return null
    const operation = this.document.paths[found][method.toLowerCase()]
    return { name: `${method} ${found}`, operation }
  }
}
