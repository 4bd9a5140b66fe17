import { connect as connectTcp } from 'node:net'
import { expect, test } from 'vitest'
import { ERROR_CODES } from '../../../src/errors.ts'
import { brokenOf, Chance, type FuzzRequest, requestOf } from './fuzz.ts'
import { serve } from './support.ts'

const REQUESTS = process.env.SOAK === '1' ? 100_000 : 4_000
const BATCH = 50
const SEED = 8

interface Given {
  status: number
  type: string
  body: string
}

/** Sends them at once on a connection of their own and, when they are answered, what ends it. */
function exchange(port: number, requests: FuzzRequest[], end: Buffer): Promise<Given[]> {
  return new Promise((resolve) => {
    let came = Buffer.alloc(0)
    let isEnding = false
    const socket = connectTcp(port, '127.0.0.1')
    socket.on('data', (part) => {
      came = Buffer.concat([came, part])
      if (isEnding || answersIn(came).length < requests.length) return
      isEnding = true
      socket.end(end)
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(answersIn(came)))
    socket.write(Buffer.concat(requests.map(({ bytes }) => bytes)))
  })
}

/** Those that are whole, by their lengths; the bound is how much came. */
function answersIn(bytes: Buffer): Given[] {
  const answers: Given[] = []
  for (let at = 0; ; ) {
    const end = bytes.indexOf('\r\n\r\n', at)
    if (end < 0) return answers
    const head = bytes.subarray(at, end).toString('latin1')
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0)
    const from = end + 4
    at = from + length
    if (at > bytes.length) return answers
    answers.push({
      status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]),
      type: /\r\ncontent-type: ([^\r]+)/i.exec(head)?.[1] ?? '',
      body: bytes.subarray(from, at).toString(),
    })
  }
}

/** @returns what is wrong with it; null for nothing. */
function faultOf({ status, type, body }: Given): string | null {
  if (status >= 200 && status < 300) return null
  if (!(status >= 400 && status < 500)) return `status ${status}: ${body}`
  if (!type.startsWith('application/json')) return `${status} as ${type}`
  const { code, message, retryable } = JSON.parse(body)
  if (!Object.hasOwn(ERROR_CODES, code)) return `the code ${code}`
  if (typeof retryable !== 'boolean') return 'no retryable'
  return /^\S[^\r\n\0]*[.?]$/.test(message) ? null : `the sentence ${JSON.stringify(message)}`
}

test(`rest: of ${REQUESTS} requests that nobody should send, each is answered 2xx, or 4xx with a sentence`, async () => {
  console.log(`seed ${SEED}`)
  const chance = new Chance(SEED)
  const { scheduler, port, ask } = await serve({
    queues: { q: { tasksMax: 500 }, ocr: { tasksMax: 500, retryCount: 0 } },
    strictQueues: true,
    people: { ada: { queues: ['q'] } },
  })
  await scheduler.agent({ id: 'a1', queues: ['ocr'] }, () => {
    throw new Error('torn')
  })
  const counts = new Map<number, number>()
  const faults: string[] = []
  for (let done = 0; done < REQUESTS; done += BATCH) {
    const requests = Array.from({ length: BATCH }, () => requestOf(chance))
    const end = brokenOf(chance)
    const answers = await exchange(port, requests, end)
    if (answers.length < BATCH) faults.push(`${answers.length} answers to ${BATCH} requests`)
    for (const [i, answer] of answers.entries()) {
      counts.set(answer.status, (counts.get(answer.status) ?? 0) + 1)
      const fault = faultOf(answer)
      const asked = (requests[i]?.bytes ?? end).toString('latin1').slice(0, 400)
      if (fault !== null && faults.length < 10) faults.push(`${fault}\n${asked}`)
    }
  }
  expect(faults).toEqual([])
  // Not all of them are refused at the door: some do something.
  for (const status of [200, 201, 400, 403, 404, 405, 415])
    expect(counts.get(status)).toBeGreaterThan(0)
  expect(Object.keys(Object.prototype)).toEqual([])
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  const { json } = await ask('/status')
  expect(json.tasks).toMatchObject({ lost: 0 })
  expect(json.tasks.accepted).toBeGreaterThan(0)
}, 600_000)
