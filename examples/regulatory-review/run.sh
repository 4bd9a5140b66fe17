#!/bin/sh
# Serves the queues of signalbox.yaml, joins an agent for gap analysis, submits one message and prints
# its result. Needs a NATS server: NATS_URL=127.0.0.1:4222 examples/regulatory-review/run.sh
set -eu
cd "$(dirname "$0")"
signalbox=${SIGNALBOX:-npx signalbox}

$signalbox config check signalbox.yaml

$signalbox serve --config signalbox.yaml --log-level error &
serve=$!
$signalbox agent run gap-analyst --queue gap_analysis \
  --exec 'echo "{\"gaps_detected\": 2, \"confidence\": 93}"' &
agent=$!
trap 'kill $serve $agent 2>/dev/null; wait' EXIT

# Both are there when the agent is listed; one that has ended never comes.
tries=0
until $signalbox agent list 2>/dev/null | grep -q gap-analyst; do
  tries=$((tries + 1))
  [ $tries -lt 50 ] && kill -0 $serve && kill -0 $agent || exit 1
  sleep 0.2
done

$signalbox task submit gap_analysis --message message.json --wait
$signalbox task get msg-50-gap-001
