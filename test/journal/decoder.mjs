/**
 * Reads a journal by docs/journal.md alone: the tables of its records are read from the document, so
 * that document and recorder cannot come apart.
 */

/** `| 17 | OFFER | `task` task, `slot` int |` of the document, by kind. */
export function recordsOf(document) {
  const records = new Map()
  for (const [, kind, name, fields] of document.matchAll(/^\| (\d+) \| ([A-Z_]+) \| (.+) \|$/gm)) {
    const parsed = [...fields.matchAll(/`(\w+)` (\w+)/g)].map(([, field, type]) => ({
      field,
      type,
    }))
    records.set(Number(kind), { name, fields: parsed })
  }
  return records
}

/** @returns the whole records of some bytes, each with its name, its bytes and its fields. */
export function decode(document, bytes, names = new Map([[0, '']])) {
  const records = recordsOf(document)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const decoded = []
  let at = 0
  while (at + 4 <= bytes.length) {
    const word = view.getUint32(at, true)
    const end = at + (word >>> 8) * 4
    if (end > bytes.length || end === at) break
    const record = records.get(word & 0xff)
    if (record !== undefined) {
      const reader = { view, at: at + 4, names }
      const values = {}
      for (const { field, type } of record.fields) {
        // PROPOSE has its last fields only when it was committed; a list may have nothing in it.
        if (reader.at < end || type === 'wides') values[field] = readers[type](reader, values)
      }
      if (record.name === 'STRING') names.set(values.number, values.string)
      if (record.name === 'HEAD') {
        names.clear()
        names.set(0, '')
      }
      decoded.push({ kind: record.name, values, from: at, end, readTo: reader.at })
    }
    at = end
  }
  return { records: decoded, bytesRead: at }
}

const readers = {
  int: (reader) => {
    reader.at += 4
    return reader.view.getInt32(reader.at - 4, true)
  },
  bool: (reader) => readers.int(reader) === 1,
  wide: (reader) => {
    reader.at += 8
    const low = reader.view.getUint32(reader.at - 8, true)
    return low + reader.view.getUint32(reader.at - 4, true) * 2 ** 32
  },
  ms: (reader) => {
    const value = readers.int(reader)
    return value === -1 ? -1 : value >>> 0
  },
  name: (reader) => {
    const number = readers.int(reader)
    if (!reader.names.has(number)) throw new Error(`text ${number} was never given`)
    return reader.names.get(number)
  },
  bytes: (reader) => {
    const length = readers.int(reader)
    const from = reader.view.byteOffset + reader.at
    reader.at += Math.ceil(length / 4) * 4
    return new Uint8Array(reader.view.buffer, from, length)
  },
  text: (reader) => new TextDecoder().decode(readers.bytes(reader)),
  wides: (reader, { count }) => Array.from({ length: count }, () => readers.wide(reader)),
  digest: (reader) => {
    const from = reader.view.byteOffset + reader.at
    reader.at += 32
    return Buffer.from(reader.view.buffer, from, 32).toString('hex')
  },
}

/** `OFFER task=0 slot=0 …`, as the document writes it. */
export function line({ kind, values }) {
  const fields = Object.entries(values).map(([field, value]) => `${field}=${JSON.stringify(value)}`)
  return [kind, ...fields].join(' ')
}
