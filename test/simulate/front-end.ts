/**
 * Stands between the scheduler and `src/front-end/turn.ts`: the real front end, whose context (core,
 * memory, inbox) the simulated world gets to see.
 */
import type { EventSink } from '../../src/front-end/complete.ts'
import type { FrontEndOptions } from '../../src/front-end/context.ts'
import { FrontEnd as RealFrontEnd } from '../../src/front-end/turn.ts'
import { current } from './current.ts'

export class FrontEnd extends RealFrontEnd {
  constructor(options: FrontEndOptions, event: EventSink) {
    super(options, event)
    current().context = this.context
  }
}
