/**
 * Call-backs on their way to agents: those of a turn that are about one agent go out in one control
 * message, behind the work that they may be about. Main thread.
 *
 * Invariant: nothing depends on them. One that is lost, that comes twice, or after its attempt was begun
 * changes nothing: the attempt goes on until its agent says something of it.
 */

import { MOVES_VERSION } from '../../wire/frames.ts'
import { encodeJson } from '../../wire/json.ts'
import type { Control } from '../../wire/messages.ts'
import type { FrontEndContext } from '../context.ts'
import type { NatsAgentLink } from './agent-link.ts'
import type { Outlet } from './outlet.ts'
import type { WorkFrames } from './work-frames.ts'

/** Tokens of one control message: some 3 KiB. */
const TOKENS_MAX = 100

export class Recalls {
  readonly #context: FrontEndContext
  readonly #outlet: Outlet
  readonly #frames: WorkFrames
  /** Agents of which something is called back in this turn. */
  readonly #open: NatsAgentLink[] = []

  constructor(context: FrontEndContext, outlet: Outlet, frames: WorkFrames) {
    this.#context = context
    this.#outlet = outlet
    this.#frames = frames
  }

  add(link: NatsAgentLink, token: string): void {
    const { recalledTokens } = link
    if (recalledTokens.length === 0) this.#opens(link)
    recalledTokens.push(token)
    if (recalledTokens.length >= TOKENS_MAX) this.#send(link)
  }

  #opens(link: NatsAgentLink): void {
    this.#open.push(link)
    // It may be asked for outside of a turn.
    this.#context.inbox.wake()
  }

  /** End of a turn: all of them leave. */
  flush(): void {
    for (const link of this.#open) this.#send(link)
    this.#open.length = 0
  }

  #send(link: NatsAgentLink): void {
    // It stands in the list twice if it had a full message.
    if (link.recalledTokens.length === 0) return
    this.#frames.send(link)
    const scheduler = this.#context.options.name
    const tokens = link.recalledTokens.splice(0)
    const control: Control = { type: 'recall', scheduler, tokens }
    this.#outlet.send(link.controlSubject, encodeJson(control))
  }
}

/**
 * @param frames the version in which the agent speaks; 0 for the plain form, which has a header for it.
 * @returns whether the agent can hand back what it was sent, and has anything that is not begun: one
 *   that pulls has asked for all that it gets.
 */
export function canHandBack(frames: number, pull: boolean): boolean {
  return !pull && (frames === 0 || frames >= MOVES_VERSION)
}
