/**
 * A line chart as SVG text, for documents: axes with titles and units, lines with their names beside
 * their ends.
 *
 * Runs on: the process of `npm run bench`. Invariant: the text is the same for the same input, holds
 * no script and nothing from elsewhere, and reads on light and dark pages, also without colours.
 */

export interface Tick {
  readonly at: number
  readonly label: string
}

export interface Axis {
  /** With its unit. */
  readonly title: string
  readonly ticks: readonly Tick[]
  /** @returns where a value lies, 0 at the axis's beginning and 1 at its end. */
  place(value: number): number
}

export interface Line {
  readonly name: string
  readonly points: readonly (readonly [x: number, y: number])[]
}

export interface Chart {
  readonly title: string
  /** What was measured, in one line. */
  readonly note: string
  readonly x: Axis
  readonly y: Axis
  /** At most five. */
  readonly lines: readonly Line[]
}

export const WIDTH = 820
const HEIGHT = 440
const PLOT = { left: 78, right: 196, top: 62, bottom: 62 }
const RIGHT = WIDTH - PLOT.right
const BOTTOM = HEIGHT - PLOT.bottom
const LABEL_GAP = 17

type Scheme = 'light' | 'dark'

const INKS = {
  light: { page: '#ffffff', ink: '#1f2328', soft: '#59636e', grid: '#e3e6ea' },
  dark: { page: '#0d1117', ink: '#f0f6fc', soft: '#9198a1', grid: '#2a3038' },
}

interface Hue {
  readonly light: string
  readonly dark: string
  readonly dash: string
}

/** Okabe and Ito's colours, told apart by most eyes; dashes and marks for everybody else. */
const HUES: readonly Hue[] = [
  { light: '#0072b2', dark: '#56b4e9', dash: '' },
  { light: '#b34700', dark: '#f0903c', dash: '7 3' },
  { light: '#00755a', dark: '#2fc79b', dash: '2 3' },
  { light: '#a0467c', dark: '#dd94bd', dash: '9 3 2 3' },
  { light: '#6b5b00', dark: '#e6d44a', dash: '4 2' },
]

export function svgOf(chart: Chart): string {
  const { title, note, x, y, lines } = chart
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" ` +
      `width="${WIDTH}" height="${HEIGHT}" role="img" aria-labelledby="title note">`,
    `<title id="title">${escaped(title)}</title>`,
    `<desc id="note">${escaped(note)}</desc>`,
    style(lines.length),
    `<rect class="page" width="${WIDTH}" height="${HEIGHT}" rx="6"/>`,
    text(PLOT.left, 28, title, 'title'),
    text(PLOT.left, 46, note, 'note'),
    ...x.ticks.flatMap((tick) => vertical(x, tick)),
    ...y.ticks.flatMap((tick) => horizontal(y, tick)),
    `<path class="axis" d="M${PLOT.left} ${PLOT.top}V${BOTTOM}H${RIGHT}"/>`,
    text((PLOT.left + RIGHT) / 2, HEIGHT - 18, x.title, 'name middle'),
    `<g transform="translate(20 ${(PLOT.top + BOTTOM) / 2}) rotate(-90)">` +
      `${text(0, 0, y.title, 'name middle')}</g>`,
    ...lines.map((line, index) => path(line, index, chart)),
    ...labels(chart),
    '</svg>',
    '',
  ].join('\n')
}

/** Colours as plain rules for each scheme, no variables: not only browsers draw this. */
export function style(lineCount: number): string {
  const hues = HUES.slice(0, lineCount)
  const dashed = hues.map(({ dash }, i) => (dash === '' ? '' : `.l${i}{stroke-dasharray:${dash}}`))
  return [
    '<style>',
    'svg{font:12px system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif}',
    '.title{font-size:15px;font-weight:600}.label{font-weight:600}',
    '.middle{text-anchor:middle}.end{text-anchor:end}',
    'path{fill:none}.line{stroke-width:2;stroke-linejoin:round}',
    dashed.join(''),
    rules('light', hues),
    `@media(prefers-color-scheme:dark){${rules('dark', hues)}}`,
    '</style>',
  ].join('\n')
}

function rules(scheme: Scheme, hues: readonly Hue[]): string {
  const { page, ink, soft, grid } = INKS[scheme]
  const coloured = hues.map((hue, i) => `.c${i}{fill:${hue[scheme]}}.l${i}{stroke:${hue[scheme]}}`)
  return (
    `.page{fill:${page}}text{fill:${soft}}.title,.name{fill:${ink}}` +
    `.grid{stroke:${grid}}.axis{stroke:${soft}}${coloured.join('')}`
  )
}

function vertical(axis: Axis, { at, label }: Tick): string[] {
  const x = acrossOf(axis, at)
  return [
    `<path class="grid" d="M${x} ${PLOT.top}V${BOTTOM}"/>`,
    text(x, BOTTOM + 18, label, 'middle'),
  ]
}

function horizontal(axis: Axis, { at, label }: Tick): string[] {
  const y = upOf(axis, at)
  return [
    `<path class="grid" d="M${PLOT.left} ${y}H${RIGHT}"/>`,
    text(PLOT.left - 8, y + 4, label, 'end'),
  ]
}

function path({ points }: Line, index: number, { x, y }: Chart): string {
  const places = points.map(([across, up]) => `${acrossOf(x, across)} ${upOf(y, up)}`)
  const marks = places.map((place) => {
    const [cx, cy] = place.split(' ')
    return `<circle class="c${index}" cx="${cx}" cy="${cy}" r="2.6"/>`
  })
  return `<path class="line l${index}" d="M${places.join('L')}"/>${marks.join('')}`
}

/** The names beside the lines' ends, pushed apart where they would cover each other. */
function labels({ lines, y }: Chart): string[] {
  const wanted = lines
    .map(({ name, points }, index) => ({ name, index, at: upOf(y, points.at(-1)![1]) }))
    .sort((a, b) => a.at - b.at)
  for (let i = 1; i < wanted.length; i++) {
    wanted[i].at = Math.max(wanted[i].at, wanted[i - 1].at + LABEL_GAP)
  }
  for (let i = wanted.length - 1, most = BOTTOM; i >= 0; i--, most -= LABEL_GAP) {
    wanted[i].at = Math.min(wanted[i].at, most)
  }
  return wanted.map(({ name, index, at }) => text(RIGHT + 10, at + 4, name, `label c${index}`))
}

export function text(x: number, y: number, words: string, classes: string): string {
  return `<text x="${rounded(x)}" y="${rounded(y)}" class="${classes}">${escaped(words)}</text>`
}

function acrossOf(axis: Axis, value: number): number {
  return rounded(PLOT.left + axis.place(value) * (RIGHT - PLOT.left))
}

function upOf(axis: Axis, value: number): number {
  return rounded(BOTTOM - axis.place(value) * (BOTTOM - PLOT.top))
}

export function rounded(value: number): number {
  return Math.round(value * 10) / 10
}

export function escaped(words: string): string {
  return words.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')
}
