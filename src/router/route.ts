/**
 * Routes one task: a living entry in, a proposal out.
 *
 * Runs on: router threads.
 * Invariant: each entry is either dropped as stale or becomes exactly one proposal.
 */
import type { Generation, SlotIndex } from '../../native-free/brands.ts'
import type { RouterBell } from '../../native-free/doorbell.ts'
import type { OutboxProducer } from '../../native-free/outbox.ts'
import type { RouterStatusWriter } from '../../native-free/router-status.ts'
import type { SlotTableReader } from '../../native-free/slot-table.ts'
import { nowUs } from '../clock.ts'
import type { Chooser } from '../routing/chooser.ts'
import { NONE } from '../routing/strategy.ts'
import { BELL } from './messages.ts'
import type { Outstanding } from './outstanding.ts'
import type { Shadow } from './shadow.ts'

/** What a router routes with; made once a thread. */
export interface RouteContext {
  readonly slots: SlotTableReader
  readonly chooser: Chooser
  readonly outbox: OutboxProducer
  readonly outstanding: Outstanding
  readonly shadow: Shadow
  readonly bell: RouterBell
  readonly status: RouterStatusWriter
  /** Where the one wake-up message goes. */
  readonly port: { postMessage(value: unknown): void }
}

/**
 * Step 5 of 8. Before: the front end offered the slot and published its entry (match). After: the
 * proposal is written to this router's outbox; `publishProposals` shows it to the front end.
 * @returns the proposal's stamp, µs, wrapping; `claimedUs` when the entry was stale.
 * @throws Error when the outbox is full, which its size rules out; or what the strategy throws.
 * *Cost* two atomic loads, one store.
 */
export function route(
  at: RouteContext,
  slot: SlotIndex,
  generation: Generation,
  claimedUs: number,
): number {
  if (at.slots.generation(slot) !== generation) {
    at.status.droppedStale()
    return claimedUs
  }
  at.outstanding.settle()
  const agent = at.chooser.choose(slot)
  at.shadow.compare(slot, agent)
  // Read after the choice: should the row have been given to another agent in between, the front end
  // checks the class's candidate bit and the credit of the one named here.
  const agentGeneration = agent === NONE ? 0 : at.chooser.agents.generation(agent)
  const proposedUs = nowUs()
  if (!at.outbox.write(slot, generation, agent as never, agentGeneration as never, proposedUs)) {
    throw new Error(`slot ${slot}: the outbox is full, which its capacity rules out`)
  }
  at.outstanding.add(agent)
  at.status.decided()
  return proposedUs
}

/**
 * Shows the front end what was proposed since the last time, and wakes it if it sleeps.
 * *Cost* a store and a load; a message only when the front end sleeps.
 */
export function publishProposals(at: RouteContext): void {
  if (at.outbox.publish() > 0 && at.bell.ring()) at.port.postMessage(BELL)
}
