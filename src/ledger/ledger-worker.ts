/**
 * The ledger's thread: chains blocks, keeps the last ones, writes files, answers what is asked. One
 * thread, one request at a time, its state in this module.
 *
 * Invariant: what is asked is answered of all chunks that were handed over before.
 */
import { move, transferableSymbol, valueSymbol } from 'piscina'
import type { LedgerPage } from '../ledger-views.ts'
import type { HistoryEntry } from '../promise-views.ts'
import { Chain, hexOf } from './chain.ts'
import { HASH_BYTES } from './format.ts'
import { LedgerFiles, type LedgerFilesOptions } from './ledger-files.ts'
import { LedgerMemory } from './ledger-memory.ts'
import { type HistoryRequest, history, type TailRequest, tail } from './ledger-queries.ts'
import { type LedgerVerdict, verifyMemory } from './verify.ts'

export interface LedgerStart {
  is: 'start'
  scheduler: string
  epoch: number
  startedAt: string
  bytesMax: number
  files: LedgerFilesOptions | null
}

export type LedgerRequest =
  | LedgerStart
  | { is: 'chunk'; buffer: ArrayBuffer; bytes: number }
  | { is: 'sync' }
  | { is: 'end' }
  | { is: 'tail'; request: TailRequest }
  | { is: 'history'; request: HistoryRequest }
  | { is: 'verify' }

/** What the front end learns of each request that changes something. */
export interface LedgerState {
  /** Of the chain so far, the heads of files among them. */
  blocks: number
  lastHash: string
  keptBytes: number
  /** Why nothing is written to files any more; null while all is well. */
  failure: string | null
}

export interface ChunkDone extends LedgerState {
  /** To be used again. */
  buffer: ArrayBuffer
}

export type LedgerAnswer = LedgerState | ChunkDone | LedgerPage | HistoryEntry[] | LedgerVerdict

interface Ledger {
  chain: Chain
  memory: LedgerMemory
  files: LedgerFiles | null
}

let ledger: Ledger | undefined

export default function answer(request: LedgerRequest): unknown {
  if (request.is === 'start') {
    ledger = begin(request)
    return stateOf(ledger)
  }
  if (ledger === undefined) throw new Error('the thread of the ledger was replaced')
  switch (request.is) {
    case 'chunk':
      return handedBack(take(ledger, request.buffer, request.bytes))
    case 'sync':
      ledger.files?.sync()
      return stateOf(ledger)
    case 'end':
      return end(ledger)
    case 'tail':
      return tail(ledger.memory.blocks(), request.request)
    case 'history':
      return history(ledger.memory.blocks(), request.request)
    default:
      return verifyMemory(Buffer.concat(ledger.memory.blocks().map(({ bytes }) => bytes)))
  }
}

function begin(start: LedgerStart): Ledger {
  const { scheduler, epoch, startedAt, bytesMax, files } = start
  const chain = new Chain(epoch)
  const memory = new LedgerMemory(bytesMax)
  const facts = { scheduler, epoch, startedAt }
  if (files === null) {
    const continues = hexOf(chain.lastHash)
    memory.keep(chain.head({ ...facts, reason: 'start', continues, cutBytes: 0 }, Date.now()))
    return { chain, memory, files: null }
  }
  const opened = new LedgerFiles(files, chain, facts)
  memory.keep(opened.begin(Date.now()))
  return { chain, memory, files: opened }
}

function take({ chain, memory, files }: Ledger, buffer: ArrayBuffer, bytes: number): ChunkDone {
  const head = files?.makeRoom(bytes + HASH_BYTES, Date.now()) ?? null
  if (head !== null) memory.keep(head)
  const block = chain.append(buffer, bytes)
  memory.keep(block)
  files?.append(block)
  return { buffer, ...stateOf({ chain, memory, files }) }
}

function end(all: Ledger): LedgerState {
  const block = all.chain.end(Date.now())
  all.memory.keep(block)
  all.files?.append(block)
  all.files?.close()
  return stateOf(all)
}

function stateOf({ chain, memory, files }: Ledger): LedgerState {
  return {
    blocks: chain.nextNumber - 1,
    lastHash: hexOf(chain.lastHash),
    keptBytes: memory.bytes,
    failure: files?.failure ?? null,
  }
}

/** The chunk's memory moves back instead of being copied. */
function handedBack(done: ChunkDone): unknown {
  return move({
    get [transferableSymbol]() {
      return [done.buffer]
    },
    get [valueSymbol]() {
      return done
    },
  } as never)
}
