/**
 * Who is subscribed to what, as a NATS server keeps it: exact subjects, `*` for a token, `>` for the
 * rest, and queue groups of which one member gets each message.
 */
export interface Interest {
  readonly subject: string
  /** Empty for a plain subscription. */
  readonly queue: string
}

interface Pattern<S> {
  readonly tokens: readonly string[]
  readonly subscription: S
}

export class InterestTable<S extends Interest> {
  readonly #exact = new Map<string, S[]>()
  readonly #patterns: Pattern<S>[] = []
  readonly #found: S[] = []
  readonly #groups = new Map<string, S[]>()

  add(subscription: S): void {
    const { subject } = subscription
    if (isPattern(subject)) {
      this.#patterns.push({ tokens: subject.split('.'), subscription })
      return
    }
    const known = this.#exact.get(subject)
    if (known === undefined) this.#exact.set(subject, [subscription])
    else known.push(subscription)
  }

  remove(subscription: S): void {
    const { subject } = subscription
    if (isPattern(subject)) {
      const at = this.#patterns.findIndex((pattern) => pattern.subscription === subscription)
      if (at >= 0) this.#patterns.splice(at, 1)
      return
    }
    const left = this.#exact.get(subject)?.filter((other) => other !== subscription) ?? []
    if (left.length === 0) this.#exact.delete(subject)
    else this.#exact.set(subject, left)
  }

  /**
   * Who gets a message: every plain subscription and one of each group.
   * @param pick chooses among the members of a group.
   * @returns a list that is valid until the next call.
   */
  receivers(subject: string, pick: (count: number) => number): readonly S[] {
    const found = this.#found
    found.length = 0
    this.#groups.clear()
    for (const subscription of this.#exact.get(subject) ?? []) this.#take(subscription)
    const tokens = subject.split('.')
    for (const pattern of this.#patterns) {
      if (matches(pattern.tokens, tokens)) this.#take(pattern.subscription)
    }
    for (const members of this.#groups.values()) found.push(members[pick(members.length)])
    return found
  }

  #take(subscription: S): void {
    if (subscription.queue === '') {
      this.#found.push(subscription)
      return
    }
    const members = this.#groups.get(subscription.queue)
    if (members === undefined) this.#groups.set(subscription.queue, [subscription])
    else members.push(subscription)
  }
}

function isPattern(subject: string): boolean {
  return subject.includes('*') || subject.endsWith('>')
}

function matches(pattern: readonly string[], tokens: readonly string[]): boolean {
  for (let i = 0; i < pattern.length; i++) {
    if (pattern[i] === '>') return i < tokens.length
    if (i >= tokens.length || (pattern[i] !== '*' && pattern[i] !== tokens[i])) return false
  }
  return pattern.length === tokens.length
}
