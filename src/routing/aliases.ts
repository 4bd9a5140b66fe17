/**
 * The names under which strategies are known: ours, and those of the source documents.
 *
 * Runs on: wherever a name comes in from outside.
 * Invariant: every name here stands for one strategy of the registry.
 *
 * Case, `-`, `_` and a leading `Strategy` do not count, so `StrategyLatencyBased`, `latency-based` and
 * `latency_based` are one name.
 */

/** Our names, by themselves and by other names without `_`. */
const STRATEGIES: Readonly<Record<string, readonly string[]>> = {
  affinity: ['keyaffinity', 'sticky', 'rendezvous'],
  best_fit: ['skillmatch'],
  capability_best: ['capability', 'capabilitybased', 'bestcapability'],
  capacity_priority: ['capacity', 'capacitybased', 'prioritycapacity'],
  hybrid: ['hybridscore'],
  latency: ['latencybased', 'lowestlatency'],
  least_loaded: ['leastload', 'leastconnections', 'leastbusy'],
  performance: ['performancebased'],
  power_of_two: ['poweroftwochoices', 'p2c', 'twochoices'],
  random: ['randomized'],
  round_robin: ['roundrobincapacity', 'rr', 'rotation'],
  shortest_wait: ['shortestexpectedwait', 'expectedcompletion', 'earliestfinish'],
  specialization: ['specialisation', 'specializationbased', 'specialist'],
  weighted_round_robin: ['weightedrr', 'wrr', 'roundrobinweighted'],
}

const CANONICAL: ReadonlyMap<string, string> = new Map(
  Object.entries(STRATEGIES).flatMap(([name, others]): [string, string][] =>
    [plain(name), ...others].map((other) => [other, name]),
  ),
)

/** @returns the name in the registry, or null: nothing is known by that name. */
export function canonicalStrategy(given: unknown): string | null {
  if (typeof given !== 'string') return null
  const name = plain(given)
  return CANONICAL.get(name) ?? CANONICAL.get(name.replace(/^strategy/, '')) ?? null
}

/**
 * @param names of the strategies that are loaded, a user's among them.
 * @returns where the one stands that is meant by its own or another name, or -1.
 */
export function strategyIndexIn(names: readonly string[], given: unknown): number {
  const own = names.indexOf(given as string)
  return own >= 0 ? own : names.indexOf(canonicalStrategy(given) ?? '')
}

/** @returns for each strategy its other names, to show. */
export function strategyAliases(): Readonly<Record<string, readonly string[]>> {
  return STRATEGIES
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[-_]/g, '')
}
