/** A source of payloads. Runs on: load generators. Invariant: all are the same bytes. */

export function* payloads(count: number, bytes: number): Generator<Uint8Array> {
  const payload = new Uint8Array(bytes).fill(0x78)
  for (let i = 0; i < count; i++) yield payload
}
