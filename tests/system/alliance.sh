# Sourced by system tests: a small alliance of real nodes in a directory of its own, which is the working directory.
#   found "maker clinics" "trustee"   partners, then witnesses: keys, cards, charter, founding; all nodes run
# Before it, a test may set: admission (that row of the charter), clock, term, more (sections of the charter besides), run_as (put before ententd, an array). A test with a
# charter of its own calls the parts: members, then writes charter/charter.yaml, then launch. It may set seats, witness_seats,
# and draft_as (put before the drafting, an array).
# Waits give up after what a machine five times slower than ours needs: they bound a fault, they measure nothing.
export PATH=$bin:$PATH NO_COLOR=1
work=$(mktemp -d "${TMPDIR:-/tmp}/entente-$name.XXXXXX")
export XDG_STATE_HOME=$work/state XDG_CONFIG_HOME=$work/config
declare -A pid=()
seats="alliance-manager registrar sponsor"
witness_seats=registrar
clock="{precision: 500 ms, late-after: 2 h}"
term="{from: 2026-01-01, to: 2035-12-31, renewal-opens: 180 d before}"
admission="{owner: steering, approve: each partner 1 of steering, sla: 30 bd, abstain: blocks}"
more=
run_as=()
draft_as=()
PATIENCE=${PATIENCE:-300}
failed=

fail() { failed=$*; exit 1; }
# A node that was told to end, and does not within a minute: what its threads are at is told, and it is killed.
ends() {
  for ((i = 0; i < 600; i++)); do
    kill -0 "$1" 2>/dev/null && [ "$(sed -n 's/^State:\t\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null)" != Z ] || return 0
    sleep 0.1
  done
  failed="${failed:+$failed; }process $1 did not end when it was told to"
  if command -v gdb >/dev/null; then gdb -p "$1" -batch -ex 'thread apply all bt' 2>/dev/null || true; fi
  for t in "/proc/$1/task"/*; do echo "$(cat "$t/comm" "$t/wchan" "$t/syscall" 2>/dev/null | tr '\n' ' ')"; done
  kill -9 "$1"
  return 1
}
finish() {
  code=$?
  for p in "${pid[@]}"; do kill -CONT "$p" 2>/dev/null || true; kill "$p" 2>/dev/null || true; done
  for p in "${pid[@]}"; do ends "$p" || code=1; done
  wait 2>/dev/null || true
  if [ $code -eq 0 ]; then rm -rf "$work"; else tail -n 15 "$work"/*.log || true; echo "left in $work"; echo "FAILED: ${failed:-line $LINENO}"; fi
}
trap finish EXIT
cd "$work"

# All programs of the test live in one time from here on: libfaketime adds the seconds that the file `shift` says to their wall
# clocks.
moved_clock() {
  local library
  library=$(ls /usr/lib/*/faketime/libfaketime.so.1 2>/dev/null | head -n 1)
  [ -n "$library" ] || { echo "skipped: libfaketime is not installed (scripts/deps installs it)"; exit 77; }
  shift_to 0
  in_time=(env LD_PRELOAD="$library" FAKETIME_TIMESTAMP_FILE="$work/shift" FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1 DONT_FAKE_MONOTONIC=1)
  run_as=("${in_time[@]}")
  entente() { "${in_time[@]}" "$bin/entente" "$@"; }
}
shift_to() { # shift_to SECONDS: so far ahead of the machine's clock it is now
  moved=$1
  echo "+$moved" >shift.new
  mv shift.new shift
}
now() { echo $(($(date +%s) + moved)); } # by the moved clock, in seconds
until_time() { shift_to $(($1 - $(date +%s))); } # until_time SECONDS: it is that time
setting() { # setting COMMAND: the notify: of the maker's node, which starts again with it
  [ -z "${pid[maker]-}" ] || stop maker
  sed -i '/^notify:/d' maker/node.yaml
  printf 'notify: %s\n' "$1" >>maker/node.yaml
  start maker
  wait_for healthy maker
}
start() { "${run_as[@]}" ententd run "$1" >>"$1.log" 2>&1 & pid[$1]=$!; }
stop() { kill "${pid[$1]}"; wait "${pid[$1]}" 2>/dev/null || true; unset "pid[$1]"; }
lose() { kill -9 "${pid[$1]}"; wait "${pid[$1]}" 2>/dev/null || true; unset "pid[$1]"; }
wait_for() { # wait_for COMMAND...: until it succeeds
  local end=$((SECONDS + PATIENCE)) o
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || fail "gave up waiting for: $*"
    for o in "${!pid[@]}"; do kill -0 "${pid[$o]}" 2>/dev/null || fail "the node of $o ended by itself, waiting for: $*"; done
    sleep 0.1
  done
}
covered() { [ -n "$(field "$1" size)" ] && [ "$(field "$1" checkpoint)" = "$(field "$1" size)" ]; } # covered ORG: its tree is cosigned, at most once a second; proofs are made against that
as() { # as ORG SEAT VERB...: at that organisation's node
  local org=$1 seat=$2
  shift 2
  entente "$@" --node "$org" --key "keys/$org-$seat.key" --as "$org/$seat" </dev/null
}
good() { local code=0; "$@" >o 2>&1 || code=$?; [ $code -eq 0 ] || { cat o; fail "exit $code: $*"; }; }
says() { # says TEXT COMMAND...: its output has the text, whatever its exit
  local text=$1 out
  shift
  out=$("$@" 2>&1) || true
  grep -Eq -- "$text" <<<"$out" || { printf '%s\n' "$out"; fail "no '$text' from: $*"; }
}
exits() { # exits CODE COMMAND...: its output is in the file o
  local want=$1 code=0
  shift
  "$@" >o 2>&1 || code=$?
  [ $code -eq "$want" ] || { cat o; fail "exit $code, expected $want: $*"; }
}
answers() { # answers CODE TEXT COMMAND...: that exit, and its output has the text
  local text=$2
  exits "$1" "${@:3}"
  grep -Eq -- "$text" o || { cat o; fail "no '$text' from: ${*:3}"; }
}
is() { "${@:2}" 2>&1 | grep -Eq -- "$1"; } # is TEXT COMMAND...: as says, to be waited for
ok() { # ok TEXT COMMAND...: exit 0, and its output has the text; a question is asked until what was signed at another node is there
  [ "$2" != entente ] || wait_for is "$@"
  answers 0 "$@"
}
json() { python3 -c "import json,sys; x=json.load(sys.stdin); print($1)"; } # json EXPRESSION: of what comes in, as x
field() { { entente node status --json --node "$1" || true; } 2>/dev/null | json "x.get('$2','')" 2>/dev/null || true; }
has_field() { [ "$(field "$1" "$2")" = "$3" ]; }
healthy() { entente node status --node "$1"; }
same() { [ -n "$(field "$1" root)" ] && [ "$(field "$1" root)" = "$(field "$2" root)" ]; }
phase() { entente decisions --json --node "$2" | json "[d['phase'] for d in x['list'] if d['number'] == ${1#D-}][0]"; }
is_phase() { [ "$(phase "$1" "$3")" = "$2" ]; } # is_phase D-n PHASE NODE
make() { # make ORG SEAT...: node, keys and card
  local org=$1 args=() s
  shift
  ententd init "$org" --partner "$org" --listen "127.0.0.1:$(free_port)" >/dev/null
  for s in "$@"; do
    entente key new "keys/$org-$s.key" --unsealed >/dev/null 2>&1
    args+=(--seat "$s=keys/$org-$s.key")
  done
  entente key new "keys/$org-recovery.key" --unsealed >/dev/null 2>&1
  ententd card "$org" "${args[@]}" --recovery "keys/$org-recovery.key" -o "charter/$org.card" >/dev/null
}
# Below the range that outgoing connections take.
free_port() { python3 -c '
import random, socket
while True:
    port = random.randrange(11000, 32000)
    with socket.socket() as s:
        try: s.bind(("127.0.0.1", port))
        except OSError: continue
    print(port); break'; }
members() { # members PARTNERS WITNESSES: their nodes, keys and cards
  local o
  mkdir keys charter
  for o in $1; do make "$o" $seats; done
  for o in ${2-}; do make "$o" $witness_seats; done
}
launch() { # launch PARTNERS WITNESSES: drafts charter/charter.yaml; all sign, and all nodes run
  local o s
  good "${draft_as[@]}" entente alliance draft charter/charter.yaml -o a.genesis
  for o in $1; do for s in $seats; do good entente alliance sign a.genesis --as "$o/$s" --key "keys/$o-$s.key" --yes; done; done
  for o in ${2-}; do
    for s in $witness_seats; do good entente alliance sign a.genesis --as "$o/$s" --key "keys/$o-$s.key" --yes; done
  done
  for o in $1 ${2-}; do good entente alliance found a.genesis --node "$o"; start "$o"; done
  for o in $1 ${2-}; do wait_for healthy "$o"; done
  alliance=$(entente alliance show a.genesis | sed -n 's/^id *//p')
}
found() {
  local o parties=
  members "$1" "${2-}"
  for o in $1; do parties+="  $o: {name: $o, role: partner, card: $o.card}"$'\n'; done
  for o in ${2-}; do parties+="  $o: {name: $o, role: witness, card: $o.card, seats: [registrar]}"$'\n'; done
  cat >charter/charter.yaml <<Y
entente: 1
alliance: $name
origin: test.example/ledger
core: [term, partner-seats, parties]
clock: $clock
term: $term
partner-seats: [${seats// /, }]
parties:
${parties}calendars:
  joint: {utc: "+00:00", weekend: [sat, sun], holidays: [], listed-to: 2035-12-31}
bodies:
  steering: {layer: executive, seats: ["*/sponsor"], chair: maker/sponsor, quorum: each partner 1}
  council: {layer: operational, seats: ["*/alliance-manager"], chair: maker/alliance-manager, quorum: each partner 1}
ladders:
  standard: [{to: steering, within: 10 bd}]
decisions:
  defaults: {calendar: joint, min-read: 0 bd, notice: 0 bd, silence: escalate, ladder: standard, else: status quo}
  commercial-terms: {owner: council, approve: each partner 1 of council, sla: 10 bd}
  charter-policy: {owner: council, approve: each partner 1 of council, sla: 15 bd}
  charter-core: {owner: steering, approve: each partner 1 of steering, sla: 30 bd, abstain: blocks}
  admission: $admission
  removal: {owner: steering, approve: each other partner 1 of steering, sla: 30 bd, abstain: blocks}
  upgrade: {owner: steering, approve: each partner 1 of steering, sla: 30 bd}
  renewal: {owner: steering, approve: each partner 1 of steering, sla: 60 bd, abstain: blocks}
  exit: {owner: steering, approve: own partner 1 of steering, sla: 20 bd, notice: 60 bd}
$more
Y
  launch "$1" "${2-}"
}
verified() { # verified PACK [TEXT]: by both auditors, each of which says the text
  good entente-audit verify "$1" --expect-alliance "$alliance"
  [ -z "${2-}" ] || grep -Eq -- "$2" o || { cat o; fail "entente-audit does not say '$2' of $1"; }
  good python3 -B "$source/docs/independent-verifier/entente_verify.py" verify "$1"
  grep -q '^VERIFIED' o || { cat o; fail "the independent verifier refuses $1"; }
}
