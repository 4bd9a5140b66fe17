/**
 * Who may ask: an address that only this machine reaches, or somebody with the token. Pure functions.
 *
 * Invariant: without a token nothing is answered beyond the loopback, and on the loopback nothing is
 * answered to a page that reached it by a name of its own (DNS rebinding): the Host header must name
 * the loopback too.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { isIPv4 } from 'node:net'
import { SignalboxError } from '../../errors.ts'

export interface HttpAddress {
  host: string
  /** 0 for any free one. */
  port: number
}

const PORT_MAX = 65_535
export const LOOPBACK = '127.0.0.1'

/** Reads `PORT` or `HOST:PORT`, an IPv6 address in brackets. @throws bad_option */
export function httpAddress(text: string): HttpAddress {
  const parts = /^(?:(\[[0-9a-fA-F:.]+\]|[^:[\]\s]+):)?(\d{1,5})$/.exec(text)
  const port = Number(parts?.[2])
  if (parts === null || port > PORT_MAX) {
    throw new SignalboxError(
      'bad_option',
      `"${text}" is no address for HTTP: give PORT or HOST:PORT, as 9100 or 127.0.0.1:9100.`,
    )
  }
  return { host: (parts[1] ?? LOOPBACK).replace(/^\[|\]$/g, ''), port }
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))
}

/** @throws bad_option for an address that others reach, without a token. */
export function requireToken({ host }: HttpAddress, token: string | undefined): void {
  if (isLoopback(host) || (token !== undefined && token !== '')) return
  throw new SignalboxError(
    'bad_option',
    `Others than this machine could reach ${host}: give --http-token (or SIGNALBOX_HTTP_TOKEN), ` +
      `or listen on ${LOOPBACK}.`,
  )
}

/** *Cost* the same for any token of any length: hashes are compared, in constant time. */
export function isAuthorized(header: string | undefined, token: string): boolean {
  const given = /^Bearer +([^\s]+)$/i.exec(header ?? '')?.[1] ?? ''
  return timingSafeEqual(sha256(given), sha256(token))
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** @param header of a request: `host`, `host:port` or `[::1]:port`. */
export function namesLoopback(header: string | undefined): boolean {
  const host = /^(\[[^\]]*\]|[^:]*)(?::\d{1,5})?$/.exec(header ?? '')?.[1] ?? ''
  return isLoopback(host.replace(/^\[|\]$/g, ''))
}
