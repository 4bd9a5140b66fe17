#!/bin/sh
# Serves the queues of signalbox.yaml, joins an agent for each automatic stage, submits one message and
# lets one of the people decide it. Brings a NATS server of its own, unless NATS_URL names one that no
# scheduler uses: NATS_URL=127.0.0.1:4222 …/run.sh
set -eu
cd "$(dirname "$0")"
[ -f ../../dist/src/cli/main.js ] || { echo "run.sh: run 'npm ci && npm run build' first." >&2; exit 1; }
signalbox=${SIGNALBOX:-node ../../dist/src/cli/main.js}

# A server where another scheduler answers is none for this: it would take tasks of these queues.
nats=${SIGNALBOX_NATS:-${NATS_URL:-}}
if [ -z "$nats" ]; then
  exec node nats.mjs ./run.sh
elif $signalbox status > /dev/null 2>&1; then
  echo "run.sh: a scheduler answers at $nats already, so this brings a NATS server of its own." >&2
  exec node nats.mjs ./run.sh
fi

$signalbox config check signalbox.yaml

$signalbox serve --config signalbox.yaml --log-level error &
serve=$!
started=$serve
trap 'kill $started 2> /dev/null || :; wait' EXIT
trap 'exit 130' INT TERM HUP

# until WHAT COMMAND is successful, for a minute at most; whoever has ended never comes.
wait_for() {
  give_up=$(($(date +%s) + 60))
  until eval "$2" > /dev/null 2>&1; do
    for each in $started; do
      kill -0 "$each" 2> /dev/null ||
        { echo "run.sh: $1 will not come: what was started has ended, see above." >&2; exit 1; }
    done
    [ "$(date +%s)" -lt $give_up ] ||
      { echo "run.sh: $1 did not come within a minute." >&2; exit 1; }
    sleep 0.2
  done
}

wait_for 'scheduler regulatory-review' '$signalbox status | grep -q regulatory-review'

$signalbox agent run gap-analyst --queue gap_analysis \
  --exec 'echo "{\"gaps_detected\": 2, \"safety_critical\": false}"' &
started="$started $!"
$signalbox agent run ranker --queue predicate_ranking --exec 'echo "{\"predicates\": 3}"' &
started="$started $!"
$signalbox agent run router --queue confidence_filtering --exec 'echo "{\"confidence\": 93}"' &
started="$started $!"

wait_for 'the three agents' \
  '[ "$($signalbox agent list | grep -c -e gap-analyst -e ranker -e router)" = 3 ]'
$signalbox task submit gap_analysis --message message.json
wait_for 'the task in an inbox' '$signalbox inbox list | grep -q msg-50-gap-001'

$signalbox inbox list
$signalbox inbox claim msg-50-gap-001 --as ra1
$signalbox inbox decide msg-50-gap-001 --as ra1 --accept --comment 'predicates are sound'
$signalbox task get msg-50-gap-001
