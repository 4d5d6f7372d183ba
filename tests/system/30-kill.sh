#!/usr/bin/env bash
# Goal: kill -9 of any node, at any step of the demo and at any moment in it, leaves outcomes and decision numbers as in the
# undisturbed run. usage: 30-kill.sh BIN SOURCE [RUNS [SEED]]. Each run kills one node at one step, after a random delay, and
# starts it again. scripts/kill-test runs all nodes, all steps, five delays each.
set -euo pipefail
bin=$1 source=$2 runs=${3:-2} seed=${4:-$(date +%s)}
steps=(6 7 9 11 12 13)
nodes=(maker clinics distributor trustee)
hook=$(mktemp)
trap 'rm -f "$hook"' EXIT
cat >"$hook" <<'H'
#!/usr/bin/env bash
[ "$1" = "$KILL_STEP" ] || exit 0
work=$2
(
  sleep "$KILL_AFTER"
  [ ! -f "$work/$KILL_NODE.down" ] && [ -f "$work/$KILL_NODE.pid" ] && [ ! -f "$work/stopping" ] || exit 0
  kill -9 "$(cat "$work/$KILL_NODE.pid")" 2>/dev/null || exit 0
  touch "$work/killed"
  sleep 1
  [ ! -f "$work/$KILL_NODE.down" ] && [ ! -f "$work/stopping" ] || exit 0
  ententd run "$work/$KILL_NODE" >>"$work/$KILL_NODE.log" 2>&1 &
  echo $! >"$work/$KILL_NODE.pid"
) >/dev/null 2>&1 &
H
chmod +x "$hook"
RANDOM=$((seed % 32768))
for ((i = 0; i < runs; i++)); do
  export KILL_STEP=${KILL_STEPS:-${steps[RANDOM % ${#steps[@]}]}} KILL_NODE=${KILL_NODES:-${nodes[RANDOM % 4]}}
  case $KILL_STEP in # within the step: some take longer
    12) span=15 ;;
    13) span=5 ;;
    *) span=1 ;;
  esac
  KILL_AFTER=$(printf '%d.%03d' $((RANDOM % span)) $((RANDOM % 1000))) && export KILL_AFTER
  echo "seed $seed: $KILL_NODE is killed in step $KILL_STEP after $KILL_AFTER s"
  out=$(DEMO_BIN=$bin DEMO_HOOK=$hook "$source/scripts/demo" --act 1 2>&1) || { printf '%s\n' "$out" | tail -60; exit 1; }
  for want in '^  D-1  *passed  *commercial-terms' '^  D-2  *open  *clinical-claim' 'VERIFIED 6 entries, .* 2 decisions' \
    'escalated to steering, by itself'; do
    grep -q "$want" <<<"$out" || { tail -80 <<<"$out"; echo "missing: $want"; exit 1; }
  done
done
echo ok
