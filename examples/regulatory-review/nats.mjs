// Runs a command beside a nats-server of its own, and ends the server with it:
//
//   node nats.mjs COMMAND WORD…       NATS_URL and SIGNALBOX_NATS of the command are the server's
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { startNatsServer } from '../../dist/src/service/nats-server/run.js'

const [command, ...words] = process.argv.slice(2)
let server
try {
  server = await startNatsServer({ onFetch: (sentence) => console.error(sentence) })
  const { url } = server
  const env = { ...process.env, NATS_URL: url, SIGNALBOX_NATS: url }
  const child = spawn(command, words, { stdio: 'inherit', env })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  const [code] = await once(child, 'exit')
  process.exitCode = code ?? 1
} catch (error) {
  console.error(`nats.mjs: ${error.message}`)
  process.exitCode = 3
} finally {
  await server?.stop()
}
