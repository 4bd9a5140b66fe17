/**
 * Figures and rows of the stealing benchmark.
 *
 * Runs on: the process of `npm run bench`. Invariant: each figure stands beside its twin of the same run.
 */
import { column, type Figure, type Report, type Row, ratios, type Samples } from './harness.ts'
import { median } from './statistics.ts'

const RATIO_MAX = 1.3
const GAIN_MIN = 2
const STEAL_US_MAX = 50
const REBALANCE_MS_MAX = 1
const VARIATION_MAX = 0.1
const SEARCH_SHARE_MAX = 0.02

export function reportOf(samples: Samples): Report {
  const of = (name: string, value: string) => column(samples, name, value)
  const gains = ratios(of('makespan all 0', 'ratio'), of('makespan all 1', 'ratio'))
  const figures: Record<string, Figure> = {
    makespanRatio: { value: median(of('makespan all 1', 'ratio')), atMost: RATIO_MAX },
    makespanWorst: { value: median(of('makespan all 1', 'worst')), atMost: RATIO_MAX },
    gain: { value: median(gains), atLeast: GAIN_MIN },
    stealUs: { value: median(of('steal ours', 'us')), below: STEAL_US_MAX },
    rebalanceMs: { value: median(of('rebalance ours', 'ms')), below: REBALANCE_MS_MAX },
    searchShare: { value: median(of('searching ours', 'share')), below: SEARCH_SHARE_MAX },
    idleNs: { value: median(of('searching ours', 'idleNs')) },
    variation: { value: median(of('variation', 'worst')), below: VARIATION_MAX },
  }
  const beside = (
    what: string,
    unit: string,
    name: string,
    value: string,
    figure?: string,
  ): Row => {
    const ours = of(`${name} ours`, value)
    const twin = of(`${name} twin`, value)
    return { what, unit, ours, twin, ratio: ratios(ours, twin), figure }
  }
  const rows: Row[] = [
    ...makespans(of, 'all', 'all bound'),
    ...makespans(of, 'some', 'queues of 16'),
    { what: 'gain: makespan without stealing, over with', unit: '', ours: gains, figure: 'gain' },
    beside('a steal, 1,000 agents: median', 'µs', 'steal', 'us', 'stealUs'),
    beside('a steal, 1,000 agents: 99th percentile', 'µs', 'steal', 'p99'),
    beside('20 tasks on 1 of 5 agents evened out', 'ms', 'rebalance', 'ms', 'rebalanceMs'),
    beside('the same, the first time in a process', 'ms', 'rebalance', 'first'),
    beside(
      'share of the time searched in vain, 100,000 agents',
      '',
      'searching',
      'share',
      'searchShare',
    ),
    { what: 'a turn with nothing bound', unit: 'ns', ours: of('searching ours', 'idleNs') },
    {
      what: 'largest variation of loads when no move is left; before, mean',
      unit: '',
      ours: of('variation', 'worst'),
      twin: of('variation', 'before'),
      ratio: ratios(of('variation', 'worst'), of('variation', 'before')),
      figure: 'variation',
    },
  ]
  return { figures, rows }
}

function makespans(
  of: (name: string, value: string) => number[],
  bound: string,
  words: string,
): Row[] {
  return [
    ['ratio', 'makespan, by the ideal one', 'makespanRatio'],
    ['worst', 'the same, the worst of 20 seeds', 'makespanWorst'],
  ].map(([value, what, figure]) => {
    const ours = of(`makespan ${bound} 1`, value)
    const twin = of(`makespan ${bound} 0`, value)
    return {
      what: `${what}: ${words}`,
      unit: '',
      ours,
      twin,
      ratio: ratios(ours, twin),
      figure: bound === 'all' ? figure : undefined,
    }
  })
}
