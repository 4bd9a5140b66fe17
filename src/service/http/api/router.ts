/**
 * Which route a request is for: by path, then by method. Any thread.
 *
 * Invariant: a path is known or refused with the nearest one named; a known path with another method is
 * refused with the methods that it has.
 */

import { quote } from '../../../wire/tokens.ts'
import { nearest } from '../../../words/nearest.ts'
import { HttpRefusal } from './refusals.ts'
import { isParameter, type Route } from './route.ts'

export const PREFIX = '/api/v1'
/** Made of the table, so it is not in it. */
export const DOCUMENT_PATH = '/openapi.json'

export interface Routed {
  readonly route: Route
  readonly path: Readonly<Record<string, string>>
}

/**
 * @param path behind the prefix, as it was sent.
 * @throws HttpRefusal 404, 405
 */
export function routeOf(routes: readonly Route[], method: string, path: string): Routed {
  const segments = decodedSegments(path)
  const fitting = segments === null ? [] : routes.filter((route) => fits(route.segments, segments))
  if (segments === null || fitting.length === 0) throw unknownPath(routes, path)
  // What stands there word for word goes before what stands for anything.
  const best = Math.min(...fitting.map(parameterCount))
  const there = fitting.filter((route) => parameterCount(route) === best)
  const wanted = method === 'HEAD' ? 'GET' : method
  const route = there.find((each) => each.method === wanted)
  if (route === undefined) throw wrongMethod(there, method, path)
  return { route, path: parametersOf(route.segments, segments) }
}

function decodedSegments(path: string): string[] | null {
  try {
    return path.slice(1).split('/').map(decodeURIComponent)
  } catch {
    return null
  }
}

function fits(pattern: readonly string[], segments: readonly string[]): boolean {
  if (pattern.length !== segments.length) return false
  return pattern.every((each, i) => (isParameter(each) ? segments[i] !== '' : each === segments[i]))
}

function parameterCount({ segments }: Route): number {
  return segments.filter(isParameter).length
}

function parametersOf(
  pattern: readonly string[],
  segments: readonly string[],
): Record<string, string> {
  const entries = pattern.flatMap((each, i) =>
    isParameter(each) ? [[each.slice(1, -1), segments[i]]] : [],
  )
  return Object.fromEntries(entries)
}

function unknownPath(routes: readonly Route[], path: string): HttpRefusal {
  const given = path.split('/').slice(1, 12)
  // What stands for anything is as near as can be: only the words are compared.
  const paths = routes.map(({ segments }) => {
    const filled = segments.map((each, i) => (isParameter(each) ? given[i] || each : each))
    return { known: segments.join('/'), filled: filled.join('/') }
  })
  const words = [...paths.map(({ filled }) => filled), DOCUMENT_PATH.slice(1)]
  const near = nearest(given.join('/'), words)
  const known = paths.find(({ filled }) => filled === near)?.known ?? near
  return new HttpRefusal(404, 'not_supported', `There is nothing at ${quote(PREFIX + path)}.`, {
    do:
      known === null
        ? `GET ${PREFIX}${DOCUMENT_PATH} has all paths.`
        : `The nearest is ${PREFIX}/${known}; GET ${PREFIX}${DOCUMENT_PATH} has all paths.`,
  })
}

function wrongMethod(there: readonly Route[], method: string, path: string): HttpRefusal {
  const methods = there.map((each) => each.method)
  const known = methods.flatMap((each) => (each === 'GET' ? ['GET', 'HEAD'] : [each]))
  const words = `${quote(PREFIX + path)} has no ${quote(method)}: use ${known.join(', ')}.`
  return new HttpRefusal(405, 'not_supported', words, { headers: { allow: known.join(', ') } })
}
