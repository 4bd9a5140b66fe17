/**
 * A chart of bars lying side by side as SVG text, for documents: a row for each name, a bar for each
 * series, its value beside its end.
 *
 * Runs on: the process of `npm run bench`. Invariant: as `chart.ts`: no script, nothing from elsewhere,
 * readable on light and dark pages, and without colours by the order that the legend has too.
 */
import { type Axis, escaped, rounded, style, text, WIDTH } from './chart.ts'

export interface Bar {
  readonly value: number
  /** Ends of the mark over the bar's end. */
  readonly least: number
  readonly most: number
}

export interface Bars {
  readonly title: string
  /** What was measured, in one line. */
  readonly note: string
  readonly names: readonly string[]
  /** Begins at zero. */
  readonly axis: Axis
  /** A line below so many names, and what stands above it. */
  readonly divider: { readonly after: number; readonly label: string }
  readonly series: readonly { readonly name: string; readonly bars: readonly Bar[] }[]
}

const LEFT = 178
const RIGHT = WIDTH - 66
const TOP = 84
const BAR = 11
const BAR_GAP = 2
const ROW_GAP = 10
const DIVIDER_GAP = 16
const FOOT = 62
const LEGEND_STEP = 120

export function barsOf({ title, note, names, axis, divider, series }: Bars): string {
  const rowHeight = series.length * (BAR + BAR_GAP) + ROW_GAP
  const topOf = (row: number) => TOP + row * rowHeight + (row >= divider.after ? DIVIDER_GAP : 0)
  const bottom = topOf(names.length)
  const dividerAt = topOf(divider.after) - (ROW_GAP + DIVIDER_GAP) / 2
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${bottom + FOOT}" ` +
      `width="${WIDTH}" height="${bottom + FOOT}" role="img" aria-labelledby="title note">`,
    `<title id="title">${escaped(title)}</title>`,
    `<desc id="note">${escaped(note)}</desc>`,
    style(series.length),
    `<rect class="page" width="${WIDTH}" height="${bottom + FOOT}" rx="6"/>`,
    text(24, 28, title, 'title'),
    text(24, 46, note, 'note'),
    ...legend(series.map(({ name }) => name)),
    ...axis.ticks.flatMap(({ at, label }) => [
      `<path class="grid" d="M${acrossOf(axis, at)} ${TOP - 6}V${bottom}"/>`,
      text(acrossOf(axis, at), bottom + 18, label, 'middle'),
    ]),
    text((LEFT + RIGHT) / 2, bottom + 44, axis.title, 'name middle'),
    `<path class="axis" d="M24 ${dividerAt}H${RIGHT}"/>`,
    text(RIGHT, dividerAt - 5, divider.label, 'end'),
    ...names.flatMap((name, row) => [
      text(LEFT - 10, topOf(row) + (rowHeight - ROW_GAP) / 2 + 4, name, 'name end'),
      ...series.flatMap(({ bars }, index) =>
        bar(axis, bars[row], index, topOf(row) + index * (BAR + BAR_GAP)),
      ),
    ]),
    `<path class="axis" d="M${LEFT} ${TOP - 6}V${bottom}"/>`,
    '</svg>',
    '',
  ].join('\n')
}

function legend(names: readonly string[]): string[] {
  return names.flatMap((name, index) => {
    const x = LEFT + index * LEGEND_STEP
    return [
      `<rect class="c${index}" x="${x}" y="58" width="${BAR}" height="${BAR}"/>`,
      text(x + BAR + 6, 68, name, `label c${index}`),
    ]
  })
}

/** The bar, a mark from the least to the most that was measured, and the value behind both. */
function bar(axis: Axis, { value, least, most }: Bar, index: number, y: number): string[] {
  const end = acrossOf(axis, value)
  const middle = rounded(y + BAR / 2)
  const from = acrossOf(axis, least)
  const to = acrossOf(axis, most)
  return [
    `<rect class="c${index}" x="${LEFT}" y="${y}" width="${rounded(end - LEFT)}" height="${BAR}"/>`,
    `<path class="axis" d="M${from} ${middle}H${to}M${from} ${y + 3}v${BAR - 6}M${to} ${y + 3}v${BAR - 6}"/>`,
    text(Math.max(end, to) + 5, middle + 4, value.toFixed(1), 'value'),
  ]
}

function acrossOf(axis: Axis, value: number): number {
  return rounded(LEFT + axis.place(value) * (RIGHT - LEFT))
}
