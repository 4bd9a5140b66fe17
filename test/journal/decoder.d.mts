export interface DecodedRecord {
  kind: string
  // biome-ignore lint/suspicious/noExplicitAny: whatever the document says
  values: Record<string, any>
  from: number
  end: number
  readTo: number
}
export function recordsOf(
  document: string,
): Map<number, { name: string; fields: { field: string; type: string }[] }>
export function decode(
  document: string,
  bytes: Uint8Array,
  names?: Map<number, string>,
): { records: DecodedRecord[]; bytesRead: number }
export function line(record: DecodedRecord): string
