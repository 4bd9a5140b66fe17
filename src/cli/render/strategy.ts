/** Strategies and shadows as text; pure functions. */
import type { ShadowReport, StrategyView } from '../../strategy-views.ts'
import type { Colors } from './colors.ts'
import { list, table } from './table.ts'
import { count, cut, duration, plain } from './text.ts'

const WIDTH_MIN = 16

/** @param width columns of the terminal: what is left of them is the last column's. */
export function strategyLines(
  strategies: readonly StrategyView[],
  width: number,
  colors: Colors,
): string[] {
  const used = strategies.reduce((most, { name }) => Math.max(most, name.length), 8) + 18
  const left = Math.max(WIDTH_MIN, width - used)
  return table(
    [{ title: 'strategy' }, { title: 'from' }, { title: 'queues' }],
    strategies.map((strategy) => [
      strategy.isDefault ? colors.bold(plain(strategy.name)) : plain(strategy.name),
      strategy.origin === 'own' ? 'you' : 'signalbox',
      strategy.off === null
        ? cut(placesOf(strategy), left)
        : colors.red(cut(`switched off: ${plain(strategy.off)}`, left)),
    ]),
    colors,
  )
}

function placesOf({ isDefault, queues, shadows }: StrategyView): string {
  const places = isDefault ? ['default'] : []
  places.push(...queues.map(plain), ...shadows.map((queue) => `shadow of ${plain(queue)}`))
  return places.length === 0 ? '–' : places.join(', ')
}

export function shadowLines(report: ShadowReport, colors: Colors): string[] {
  const { queue, strategy, shadow, decisions, agreements, predictedUs, spread } = report
  const title = `Queue ${colors.bold(plain(queue))}: ${plain(shadow)} beside ${plain(strategy)}`
  if (decisions === 0) return [title, '  Nothing was placed by routers since it was set.']
  const share = ((100 * agreements) / decisions).toFixed(1)
  return [
    title,
    ...list([['agreement', `${share} % of ${count(decisions)} decisions`]], colors),
    ...table(
      [
        { title: '' },
        { title: 'predicted time', right: true },
        { title: 'spread over agents', right: true },
      ],
      [
        [plain(strategy), duration(predictedUs.live / 1_000), spread.live.toFixed(3)],
        [plain(shadow), duration(predictedUs.shadow / 1_000), spread.shadow.toFixed(3)],
      ],
      colors,
    ),
  ]
}
