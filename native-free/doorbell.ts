/**
 * How the front end sleeps, and how a router asks for the one message that wakes it.
 *
 * Runs on: `FrontEndBell` on the front end, `RouterBell` on routers.
 * Invariant: while the front end is in its event loop's poll with the bell ASLEEP, no outbox holds
 * an unread proposal for which no wake-up message is on its way.
 *
 * ```
 *  going to sleep (front end)           publishing (router)
 *  1 arm: store ASLEEP                  1 push: store the outbox's tail
 *  2 look at all outboxes again         2 ring: exchange ASLEEP for OPEN
 *  3 found: disarm, and read them       3 if it was ASLEEP: post one message
 *    nothing: return to the event loop
 *
 *  OPEN ── arm ──► ASLEEP ── disarm, or the first router to ring ──► OPEN
 * ```
 *
 * The front end cannot block in `wait` (it speaks NATS), so it is woken by a message on a port;
 * routers send one only when it sleeps, and only one of them does. A message that arrives after
 * `disarm` costs one empty look.
 */
import * as atomics from './atomics.ts'
import type { SharedMemory } from './memory-map.ts'

const OPEN = 0
const ASLEEP = 1

/** The front end's end. */
export class FrontEndBell {
  private readonly words: Int32Array
  private readonly bell: number

  constructor(memory: SharedMemory) {
    this.words = memory.words
    this.bell = memory.map.bell
  }

  /** Says that the front end is about to sleep. */
  arm(): void {
    // publishes ASLEEP; pairs with the load in RouterBell#ring
    // must come before the last look at the outboxes: otherwise a proposal published in between
    // rings an open bell, and the front end sleeps on it
    atomics.store(this.words, this.bell, ASLEEP)
  }

  /** Says that the front end is awake; routers need not send anything. */
  disarm(): void {
    // publishes OPEN; pairs with the load in RouterBell#ring
    atomics.store(this.words, this.bell, OPEN)
  }
}

/** A router's end. */
export class RouterBell {
  private readonly words: Int32Array
  private readonly bell: number

  constructor(memory: SharedMemory) {
    this.words = memory.words
    this.bell = memory.map.bell
  }

  /**
   * Wakes the front end if it sleeps; call it after publishing to the outbox.
   * @returns true when the caller must send the wake-up message, false when nobody needs it or
   * another router sends it.
   * *Cost* one atomic load while the front end is awake.
   */
  ring(): boolean {
    // sees ASLEEP; pairs with the store in FrontEndBell#arm
    if (atomics.load(this.words, this.bell) !== ASLEEP) return false
    // claims the waking; the loser sends nothing
    return atomics.compareExchange(this.words, this.bell, ASLEEP, OPEN) === ASLEEP
  }
}
