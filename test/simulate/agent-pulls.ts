/** What a scripted agent asks for: as many tasks as it likes to have asked for, or anything at all. */
import type { AgentPlan } from './agent-plans.ts'
import type { Dice } from './dice.ts'

/** After so long without work, what was asked for may have got lost. */
const AGAIN_MS = 120
const ANYHOW_MS = 60

/** What it has of its agent. */
export interface PullSay {
  readonly instance: string
  pull(body: object): void
  after(ms: number, act: () => void): void
  /** It pulls at all, and is not about to leave. */
  mayPull(): boolean
}

export class AgentPulls {
  readonly #plan: AgentPlan
  readonly #dice: Dice
  readonly #say: PullSay
  /** Asked for and not received, as far as it knows; work came since it last looked. */
  #asked = 0
  #wasGiven = false
  #isCalm = false

  constructor(plan: AgentPlan, dice: Dice, say: PullSay) {
    this.#plan = plan
    this.#dice = dice
    this.#say = say
  }

  start(): void {
    const { pulls, pullsAnyhow } = this.#plan.confirms
    if (pulls > 0) this.#say.after(AGAIN_MS, this.#again)
    if (pullsAnyhow) this.#say.after(ANYHOW_MS, this.#anyhow)
  }

  /** The scheduler may have forgotten what was asked for before it heard this hello. */
  met(): void {
    this.#asked = 0
    this.#ask()
  }

  given(): void {
    this.#wasGiven = true
    this.#asked--
    this.#ask()
  }

  calm(): void {
    this.#isCalm = true
  }

  #ask(): void {
    const n = Math.max(1, this.#plan.confirms.pulls) - this.#asked
    if (n <= 0 || !this.#say.mayPull()) return
    this.#asked += n
    this.#say.pull({ instance: this.#say.instance, n })
  }

  readonly #again = (): void => {
    this.#say.after(AGAIN_MS, this.#again)
    if (!this.#wasGiven && this.#dice.chance(0.3)) this.#asked = 0
    this.#wasGiven = false
    this.#ask()
  }

  readonly #anyhow = (): void => {
    if (this.#isCalm) return
    this.#say.after(ANYHOW_MS, this.#anyhow)
    const { instance } = this.#say
    const n = this.#dice.pick([1, 1, 2, 65_535, 0, -1, 1.5, 1e9, 'many', null])
    this.#say.pull({ instance: this.#dice.pick([instance, instance, instance, 'nobody']), n })
  }
}
