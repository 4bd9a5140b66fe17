/**
 * How many places a steady load needs, by queueing theory: c equal servers, Poisson arrivals,
 * exponential durations, served in the order of arrival (M/M/c). Pure.
 *
 * Invariant: exact but for the rounding of doubles, also with thousands of places: blocking is
 * reckoned by its recursion, no factorials.
 *
 * Source: Erlang, "Solution of some problems in the theory of probabilities of significance in
 * automatic telephone exchanges", 1917.
 */

/** Beyond so many nothing is reckoned: more than all agents there may be, with all their places. */
export const PLACES_MAX = 1_000_000

/** @param load mean number of busy places. @param blocked Erlang's B of `places`. */
function waitBeyond(
  places: number,
  load: number,
  blocked: number,
  service: number,
  share: number,
): number {
  const waits = (places * blocked) / (places - load * (1 - blocked))
  return waits <= 1 - share ? 0 : (Math.log(waits / (1 - share)) * service) / (places - load)
}

/**
 * @param load mean number of busy places: arrivals in a time unit by `service`.
 * @param share of arrivals, below 1, that wait no longer.
 * @returns the wait in the unit of `service`; Infinity when the load is no less than the places.
 */
export function waitOf(places: number, load: number, service: number, share: number): number {
  if (load <= 0) return 0
  if (places <= load) return Number.POSITIVE_INFINITY
  let blocked = 1
  for (let count = 1; count <= places; count++)
    blocked = (load * blocked) / (count + load * blocked)
  return waitBeyond(places, load, blocked, service, share)
}

/**
 * @returns the fewest places with which this share of arrivals waits no longer than `target`.
 * *Cost* a few ns for each place.
 */
export function placesFor(load: number, service: number, share: number, target: number): number {
  if (load <= 0) return 0
  let blocked = 1
  for (let places = 1; places < PLACES_MAX; places++) {
    blocked = (load * blocked) / (places + load * blocked)
    if (places > load && waitBeyond(places, load, blocked, service, share) <= target) return places
  }
  return PLACES_MAX
}
