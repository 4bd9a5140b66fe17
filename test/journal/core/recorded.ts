/** What a core writes while something is done to it, read again record by record. */
import { expect } from 'vitest'
import { isEffect, isEvent, Kind, type KindName, kindName } from '../../../src/journal/format.ts'
import { JournalReader } from '../../../src/journal/reader.ts'
import type { Policy } from '../../policy/support.ts'
import { Twin } from './support.ts'

/** Those of routing-records.test.ts. */
export const ROUTING_KINDS: readonly string[] = [
  'START',
  'STRATEGY',
  'SHADOW',
  'BINDING',
  'ALLOCATE',
  'RELEASE',
  'UNBOUND',
] satisfies KindName[]

/** Those of promise-records.test.ts. */
export const PROMISE_KINDS: readonly string[] = [
  'PAUSE',
  'RESUME',
  'CONFIGURE',
  'INTERRUPT',
  'YIELD',
  'NOTED',
  'PREEMPT',
  'PAUSED',
] satisfies KindName[]

/** Those of move-records.test.ts. */
export const MOVE_KINDS: readonly string[] = [
  'STEAL',
  'RECALL',
  'LIMIT',
  'STOLEN',
  'CALL_BACK',
] satisfies KindName[]

/** Those of time-records.test.ts. */
export const TIME_KINDS: readonly string[] = ['TICK', 'CONNECTED'] satisfies KindName[]

/** Those of graph-records.test.ts. */
export const GRAPH_KINDS: readonly string[] = [
  'NODE',
  'GRAPH',
  'ADVANCE',
  'HEDGE',
  'RESOLVE',
  'CANCEL_TREE',
  'PARK',
  'UNPARK',
  'CLAIM',
  'ASSIGN',
  'DECLINE',
  'HAND_ON',
  'ADVANCED',
  'FLOW_ENDED',
] satisfies KindName[]

export type Row = [kind: string | undefined, fields: Record<string, unknown>]

const seen = new Set<number>()

/** Events and effects of what is done, after it was replayed from an image before it. */
export function recorded(policy: Policy, act: () => void): Row[] {
  const twin = new Twin(policy.core)
  act()
  const rows = rowsOf(twin.end())
  expect(twin.replayer.end).toBe(twin.digest)
  expect(twin.replayer.events).toBeGreaterThan(0)
  return rows.filter(([kind]) => kind === 'NODE' || (kind && isEventOrEffect(kind)))
}

function isEventOrEffect(name: string): boolean {
  const kind = Kind[name as keyof typeof Kind]
  return isEvent(kind) || isEffect(kind)
}

function rowsOf(bytes: Uint8Array): Row[] {
  const reader = new JournalReader()
  reader.push(bytes)
  const rows: Row[] = []
  while (reader.next()) {
    seen.add(reader.kind)
    rows.push([kindName(reader.kind), reader.fields()])
    reader.close()
  }
  expect(reader.leftBytes).toBe(0)
  return rows
}

/** @returns the kinds that nothing recorded so far has had. */
export function unseen(): string[] {
  return Object.entries(Kind)
    .filter(([, kind]) => !seen.has(kind))
    .map(([name]) => name)
}
