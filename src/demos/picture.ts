/**
 * What happened on stage as a picture: a lane for each agent, a bar for each attempt in its queue's
 * colour, people's inboxes behind their bars, and what was late or lost above. SVG text.
 *
 * Any thread. Invariant: the text is the same for the same performance, holds no script and nothing
 * from elsewhere, and reads on light and dark pages.
 *
 *   title, legend
 *   act     events   ▼ 3            ✕
 *           ra1      ▂▂█▂█▁█
 *           hours    0    1    2    3
 */
import type { Act, ActBar, ActMark, Performance } from './demo.ts'
import { inkStyle, PICTURE_HUES } from './picture-inks.ts'
import { span } from './words.ts'

const WIDTH = 960
const LEFT = 112
const RIGHT = WIDTH - 28
const LANE = 24
const BAR = 13
const EVENTS = 18
/** So that what takes seconds in hours is still seen. */
const BAR_MIN = 0.8
const LETTER = 6.6
const MARKS: Readonly<Record<ActMark['what'], string>> = {
  breached: 'SLA breached',
  escalated: 'escalated',
  'dead letter': 'dead letter',
}
const STEPS_MS = [1, 5, 10, 30, 60, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 28_800].map(
  (seconds) => seconds * 1_000,
)
const TICKS_MAX = 10

/** @returns '' when nobody did anything that could be drawn. */
export function pictureOf(performance: Performance): string {
  const acts = performance.acts.filter(({ bars }) => bars.length > 0)
  if (acts.length === 0) return ''
  const hues = huesOf(acts)
  const parts: string[] = []
  let top = 62
  const [legend, legendHeight] = legendOf(hues, acts, top)
  parts.push(...legend)
  top += legendHeight + 10
  // Of all acts: who is not told of again in a later one has the same lane there.
  const order = [...new Set(acts.flatMap(({ agents }) => agents.map(({ agent }) => agent)))]
  for (const act of acts) {
    const panel = new Panel(act, hues, order, top)
    parts.push(...panel.draw())
    top = panel.bottom
  }
  const height = top + 12
  const { title, source, number, seed } = performance
  const note = `source document ${source}, scenario ${number}; virtual time, seed ${seed}`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" ` +
      `width="${WIDTH}" height="${height}" role="img" aria-labelledby="title note">`,
    `<title id="title">${escaped(title)}</title>`,
    `<desc id="note">${escaped(note)}</desc>`,
    inkStyle(hues.size),
    `<rect class="page" width="${WIDTH}" height="${height}" rx="6"/>`,
    text(24, 28, title, 'title'),
    text(24, 46, note),
    ...parts,
    '</svg>',
    '',
  ].join('\n')
}

/** A colour for each queue, in the order in which work of them began. */
function huesOf(acts: readonly Act[]): Map<string, number> {
  const hues = new Map<string, number>()
  for (const { bars } of acts) {
    for (const { queue } of [...bars].sort((a, b) => a.givenMs - b.givenMs)) {
      if (!hues.has(queue)) hues.set(queue, hues.size % PICTURE_HUES.length)
    }
  }
  return hues
}

function legendOf(
  hues: ReadonlyMap<string, number>,
  acts: readonly Act[],
  top: number,
): [string[], number] {
  const marked = new Set(acts.flatMap(({ marks }) => marks.map(({ what }) => what)))
  const hasInbox = acts.some(({ bars }) => bars.some(isInbox))
  const items = [
    ...[...hues].map(([queue, hue]) => ({ words: queue, sign: rect(0, -9, 12, 10, `c${hue}`) })),
    ...(hasInbox ? [{ words: 'in an inbox', sign: rect(0, -9, 12, 10, 'inbox') }] : []),
    ...[...marked].map((what) => ({ words: MARKS[what], sign: signOf(what, 6, -9) })),
  ]
  const drawn: string[] = []
  let x = 24
  let y = top + 10
  for (const { words, sign } of items) {
    const width = 18 + words.length * LETTER + 18
    if (x + width > RIGHT) {
      x = 24
      y += 18
    }
    drawn.push(`<g transform="translate(${x} ${y})">${sign}${text(18, 0, words)}</g>`)
    x += width
  }
  return [drawn, y - top + 6]
}

/** One act: its title, its events, its lanes and its axis. */
class Panel {
  readonly bottom: number
  private readonly act: Act
  private readonly hues: ReadonlyMap<string, number>
  private readonly top: number
  private readonly lanesTop: number
  private readonly lanesBottom: number
  private readonly agents: string[]
  private readonly endMs: number

  constructor(act: Act, hues: ReadonlyMap<string, number>, order: readonly string[], top: number) {
    this.act = act
    this.hues = hues
    this.top = top
    this.endMs = Math.max(1, act.endMs)
    const busy = new Set(act.bars.map(({ agent }) => agent))
    const known = order.filter((agent) => busy.has(agent))
    this.agents = [...known, ...[...busy].filter((agent) => !known.includes(agent))]
    this.lanesTop = top + (act.title === '' ? 6 : 26) + (act.marks.length > 0 ? EVENTS : 0)
    this.lanesBottom = this.lanesTop + this.agents.length * LANE
    this.bottom = this.lanesBottom + 36
  }

  draw(): string[] {
    const { act, top, lanesTop, lanesBottom } = this
    return [
      ...(act.title === '' ? [] : [text(24, top + 16, act.title, 'name label')]),
      ...this.axis(),
      ...(act.marks.length === 0 ? [] : this.events(lanesTop - EVENTS / 2 - 2)),
      ...this.agents.flatMap((agent, at) => this.lane(agent, lanesTop + at * LANE)),
      `<path class="axis" d="M${LEFT} ${lanesTop}V${lanesBottom}H${RIGHT}"/>`,
    ]
  }

  private x(ms: number): number {
    return round(LEFT + ((RIGHT - LEFT) * ms) / this.endMs)
  }

  private axis(): string[] {
    const fits = STEPS_MS.find((step) => this.endMs / step <= TICKS_MAX)
    const step = fits ?? Math.ceil(this.endMs / TICKS_MAX)
    const drawn: string[] = []
    for (let ms = 0; ms <= this.endMs; ms += step) {
      const x = this.x(ms)
      drawn.push(
        `<path class="grid" d="M${x} ${this.lanesTop}V${this.lanesBottom}"/>`,
        text(x, this.lanesBottom + 16, tickWords(ms), 'middle'),
      )
    }
    return drawn
  }

  /** What comes together stands side by side, what is alike as one sign with its number. */
  private events(y: number): string[] {
    const groups: { x: number; what: ActMark['what']; count: number }[] = []
    for (const { atMs, what } of this.act.marks) {
      const x = this.x(atMs)
      const alike = groups.find((group) => group.what === what && Math.abs(x - group.x) < 8)
      if (alike === undefined) groups.push({ x, what, count: 1 })
      else alike.count++
    }
    let right = 0
    const signs = groups.flatMap(({ x, what, count }) => {
      const at = Math.max(x, right)
      right = at + (count > 1 ? 32 : 14)
      const number = count > 1 ? [text(at + 7, y + 4, `${count}`)] : []
      return [signOf(what, at, y - 5), ...number]
    })
    return [text(LEFT - 8, y + 4, 'events', 'end'), ...signs]
  }

  private lane(agent: string, top: number): string[] {
    const bars = this.act.bars.filter((bar) => bar.agent === agent)
    const y = top + LANE - BAR - 3
    return [
      text(LEFT - 8, y + BAR - 3, agent, 'end name'),
      ...this.inbox(bars, top),
      ...bars.flatMap((bar) => this.bar(bar, y)),
    ]
  }

  private bar({ task, queue, fromMs, toMs }: ActBar, y: number): string[] {
    if (fromMs === null) return []
    const x = this.x(fromMs)
    const width = Math.max(BAR_MIN, round(this.x(toMs) - x - 0.6))
    const hue = this.hues.get(queue)!
    const about = `<title>${escaped(`${task}, ${queue}: ${span(toMs - fromMs)}`)}</title>`
    const drawn = [
      `<rect class="c${hue}" x="${x}" y="${y}" width="${width}" height="${BAR}" rx="1.5">${about}</rect>`,
    ]
    if (task.length * LETTER + 8 < width) {
      drawn.push(text(round(x + width / 2), y + BAR - 3, task, 'middle inside'))
    }
    return drawn
  }

  /** How many lie there: steps behind the bars, as high as the lane where they are the most. */
  private inbox(bars: readonly ActBar[], top: number): string[] {
    const changes = bars.filter(isInbox).flatMap(({ givenMs, fromMs, toMs }) => [
      { ms: givenMs, by: 1 },
      { ms: fromMs ?? toMs, by: -1 },
    ])
    if (changes.length === 0) return []
    changes.sort((a, b) => a.ms - b.ms)
    const most = peakOf(changes)
    const scale = (LANE - 3) / Math.max(4, most)
    const foot = top + LANE - 3
    let depth = 0
    let d = `M${this.x(changes[0].ms)} ${foot}`
    let peak = ''
    for (const { ms, by } of changes) {
      const x = this.x(ms)
      depth += by
      d += `H${x}V${round(foot - depth * scale)}`
      if (depth === most && most > 2 && peak === '') peak = text(x + 3, top + 8, `${most}`, 'small')
    }
    return [`<path class="inbox" d="${d}V${foot}Z"/>`, peak]
  }
}

/** `0`, `30 s`, `15 min`, `1.5 h`. */
function tickWords(ms: number): string {
  if (ms === 0) return '0'
  if (ms < 60_000) return `${ms / 1_000} s`
  return ms < 3_600_000 ? `${round(ms / 60_000)} min` : `${round(ms / 3_600_000)} h`
}

function isInbox({ givenMs, fromMs, toMs }: ActBar): boolean {
  return (fromMs ?? toMs) > givenMs
}

function peakOf(changes: readonly { by: number }[]): number {
  let depth = 0
  let most = 0
  for (const { by } of changes) {
    depth += by
    most = Math.max(most, depth)
  }
  return most
}

/** @param x its middle. @param y its top. */
function signOf(what: ActMark['what'], x: number, y: number): string {
  switch (what) {
    case 'breached':
      return `<path class="late" d="M${round(x - 5)} ${y}h10l-5 9z"/>`
    case 'escalated':
      return `<path class="up" d="M${round(x - 5)} ${y + 9}h10l-5 -9z"/>`
    case 'dead letter':
      return `<path class="lost" d="M${round(x - 4)} ${y + 0.5}l8 8m0 -8l-8 8"/>`
  }
}

function rect(x: number, y: number, width: number, height: number, name: string): string {
  return `<rect class="${name}" x="${x}" y="${y}" width="${width}" height="${height}" rx="2"/>`
}

function text(x: number, y: number, words: string, name = ''): string {
  const about = name === '' ? '' : ` class="${name}"`
  return `<text x="${round(x)}" y="${round(y)}"${about}>${escaped(words)}</text>`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

function escaped(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
