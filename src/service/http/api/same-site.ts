/**
 * Who sends a request in whose name: pages of other origins are refused, whatever they ask. Pure.
 *
 * Invariant: nothing is answered to a request that a browser says another site made, and no header ever
 * tells a browser that another site may read an answer. Programs, which say nothing of an origin, are
 * not concerned.
 *
 * Source: the resource isolation policy of https://web.dev/articles/fetch-metadata, without its
 * exception for links: nobody links to an API.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { HttpRefusal } from './refusals.ts'

/** Of a page of this very address, or typed by somebody. */
const OWN = ['same-origin', 'none']

/** @throws HttpRefusal 403 */
export function requireSameSite(headers: IncomingHttpHeaders): void {
  const site = headers['sec-fetch-site']
  const isForeign = site !== undefined && !OWN.includes(String(site).toLowerCase())
  if (isForeign || !isOwnOrigin(headers.origin, headers.host)) throw crossSite()
}

function isOwnOrigin(origin: string | undefined, host: string | undefined): boolean {
  if (origin === undefined) return true
  const parts = /^https?:\/\/([^/]+)$/i.exec(origin)
  return parts !== null && parts[1].toLowerCase() === host?.toLowerCase()
}

function crossSite(): HttpRefusal {
  const words = 'A page of another origin sent this, and none may use the API.'
  return new HttpRefusal(403, 'permission_denied', words, {
    do: 'Ask from a program, or from a page that this address serves.',
  })
}
