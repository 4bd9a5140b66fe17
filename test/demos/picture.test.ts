import { describe, expect, test } from 'vitest'
import { DEMOS, demoNamed, play } from '../../src/demos/catalog.ts'
import type { Performance } from '../../src/demos/demo.ts'
import { pictureOf } from '../../src/demos/picture.ts'

const TAG = /<(\/?)([a-z]+)([^>]*?)(\/?)>/g

/** @returns the names of elements that are open at the end, which XML does not have. */
function openAtEnd(svg: string): string[] {
  const open: string[] = []
  for (const [, closes, name, , isEmpty] of svg.matchAll(TAG)) {
    if (closes === '/') expect(open.pop()).toBe(name)
    else if (isEmpty === '') open.push(name)
  }
  return open
}

const review = () => play(demoNamed('review')!)

describe('pictures of demos', () => {
  test('every demo has one: whole elements, no script, nothing from elsewhere', () => {
    for (const demo of DEMOS) {
      const svg = pictureOf(play(demo))
      expect(svg, demo.name).toMatch(
        /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" [^>]*role="img"/,
      )
      expect(openAtEnd(svg), demo.name).toEqual([])
      expect(svg).not.toMatch(/<script|href|url\(|NaN|undefined|Infinity/)
    }
  })

  test('the same performance is the same picture, another seed another one', () => {
    expect(pictureOf(review())).toBe(pictureOf(review()))
    expect(pictureOf(play(demoNamed('review')!, 2))).not.toBe(pictureOf(review()))
  })

  test('a lane for each agent, a bar for each attempt that began, a colour for each queue', () => {
    const performance = review()
    const svg = pictureOf(performance)
    for (const { agents } of performance.acts) {
      for (const { agent } of agents) expect(svg).toContain(`>${agent}</text>`)
    }
    const bars = performance.acts.flatMap((act) => act.bars)
    const began = bars.filter(({ fromMs }) => fromMs !== null)
    expect(svg.match(/<title>device-/g)!.length + svg.match(/<title>[a-z]+, /g)!.length).toBe(
      began.length,
    )
    for (const queue of new Set(bars.map((bar) => bar.queue))) expect(svg).toContain(`>${queue}<`)
    expect(svg).toContain('>in an inbox<')
    expect(svg).toContain('>SLA breached<')
  })

  test('names that are markup are text', () => {
    const performance = review()
    const [act] = performance.acts
    const odd: Performance = {
      ...performance,
      title: '<b>&',
      acts: [{ ...act, bars: act.bars.map((bar) => ({ ...bar, task: '<script>' })) }],
    }
    const svg = pictureOf(odd)
    expect(svg).toContain('&lt;b&gt;&amp;')
    expect(svg).not.toContain('<script')
  })

  test('where nobody did anything there is none', () => {
    expect(pictureOf({ ...review(), acts: [] })).toBe('')
  })
})
