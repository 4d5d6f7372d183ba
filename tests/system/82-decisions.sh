#!/usr/bin/env bash
# Goal: what happens to a decision while somebody is away, silent, in conflict or short of money, typed by people against four
# real nodes: an alternate ballots, a recused seat's sponsor is asked, a pause stops the clock, a mediator's text is accepted,
# silence counts as approval once the silent partner's node has shown receipt, and an amount beyond its envelope goes higher.
set -euo pipefail
bin=$1 source=$2
export PATH=$bin:$PATH NO_COLOR=1
work=$(mktemp -d "${TMPDIR:-/tmp}/entente-decisions.XXXXXX")
export XDG_STATE_HOME=$work/state
declare -A pid=() port=()
next=$((20000 + RANDOM % 12000)) # below those that the system gives out by itself
fail() { failed=$*; exit 1; }
finish() {
  code=$?
  for p in "${pid[@]}"; do kill "$p" 2>/dev/null || true; done
  wait 2>/dev/null || true
  if [ $code -eq 0 ]; then rm -rf "$work"; else tail -n 15 "$work"/*.log; echo "left in $work"; echo "FAILED: ${failed:-line $LINENO}"; fi
}
trap finish EXIT
cd "$work"
start() { ententd run "$1" >>"$1.log" 2>&1 & pid[$1]=$!; }
stop() { kill "${pid[$1]}"; wait "${pid[$1]}" 2>/dev/null || true; unset "pid[$1]"; }
wait_for() { # wait_for SECONDS COMMAND...
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || fail "gave up waiting for: $*"
    sleep 0.1
  done
}
as() { # as ORG SEAT VERB...: at that organisation's node
  local org=$1 seat=$2
  shift 2
  entente "$@" --node "$org" --key "keys/$org-$seat.key" --as "$org/$seat" </dev/null
}
field() { { entente node status --json --node "$1" || true; } 2>/dev/null | python3 -c "import json,sys; print(json.load(sys.stdin).get('$2',''))" 2>/dev/null || true; }
healthy() { entente node status --node "$1"; }
same() { [ -n "$(field "$1" root)" ] && [ "$(field "$1" root)" = "$(field "$2" root)" ]; }
says() { # says TEXT COMMAND...: its output has the text, whatever its exit
  local text=$1 out
  shift
  out=$("$@" 2>&1) || true
  grep -q -- "$text" <<<"$out" || { printf '%s\n' "$out"; fail "no '$text' from: $*"; }
}
wait_out() { wait_for 20 test -S "$1/node.sock"; sleep 0.3; entente node status --node "$1"; }
is() { "${@:2}" 2>&1 | grep -q -- "$1"; }
phase() { entente decisions --json --node maker | python3 -c "import json,sys; print([d['phase'] for d in json.load(sys.stdin)['list'] if d['number']==$1][0])"; }
phase_is() { [ "$(phase "$1")" = "$2" ]; }
refused() { # refused EXIT TEXT COMMAND...
  local want=$1 text=$2 code=0 out
  shift 2
  out=$("$@" 2>&1) || code=$?
  { [ $code -eq "$want" ] && grep -q -- "$text" <<<"$out"; } || { printf '%s\n' "$out"; fail "exit $code, expected $want and '$text' from: $*"; }
}
does() { # does COMMAND...: it succeeds
  "$@" >o 2>&1 || { cat o; fail "exit $? from: $*"; }
}
make() { # make ORG SEAT...: node, keys and card
  local org=$1 args=() s
  shift
  port[$org]=$next; next=$((next + 1))
  ententd init "$org" --partner "$org" --listen "127.0.0.1:${port[$org]}" >/dev/null
  for s in "$@"; do
    entente key new "keys/$org-$s.key" --unsealed >/dev/null 2>&1
    args+=(--seat "$s=keys/$org-$s.key")
  done
  entente key new "keys/$org-recovery.key" --unsealed >/dev/null 2>&1
  ententd card "$org" "${args[@]}" --recovery "keys/$org-recovery.key" -o "charter/$org.card" >/dev/null
}

mkdir keys charter
seats="alliance-manager finance registrar sponsor"
for o in maker clinics distributor; do make $o $seats; done
make trustee mediator registrar
cat >charter/charter.yaml <<'Y'
entente: 1
alliance: decisions-test
origin: test.example/ledger
core: [term, partner-seats, parties]
clock: {precision: 500 ms, late-after: 2 h}
term: {from: 2026-01-01, to: 2035-12-31, renewal-opens: 180 d before}
partner-seats: [alliance-manager, finance, registrar, sponsor]
parties:
  maker:       {name: Maker, role: partner, card: maker.card}
  clinics:     {name: Clinics, role: partner, card: clinics.card}
  distributor: {name: Distributor, role: partner, card: distributor.card}
  trustee:     {name: Trustee, role: witness, card: trustee.card, seats: [mediator, registrar]}
calendars:
  joint: {utc: "+00:00", weekend: [sat, sun], holidays: [], listed-to: 2035-12-31}
bodies:
  steering: {layer: executive, seats: ["*/sponsor"], chair: maker/sponsor, quorum: each partner 1}
  council: {layer: operational, seats: ["*/alliance-manager", "*/finance"], chair: maker/alliance-manager, quorum: each partner 1}
ladders:
  standard: [{to: steering, within: 10 bd}]
  quickly: [{to: trustee/mediator, within: 10 d, answer: 5 d}]
decisions:
  defaults: {calendar: joint, min-read: 0 bd, notice: 0 bd, silence: escalate, ladder: standard, else: status quo}
  terms: {owner: council, approve: each partner 1 of */finance, sla: 10 bd}
  pooled: {owner: council, approve: each partner 1 of */finance, sla: 45 s, silence: deemed consent}
  dispute: {owner: council, approve: each partner 1 of */finance, sla: 3 s, ladder: quickly}
  spend: {owner: council, approve: each partner 1 of */finance, sla: 10 bd, budget: required}
  recall: {owner: council, act-first: true, approve: each partner 1 of */finance, sla: 10 bd}
  charter-policy: {owner: council, approve: each partner 1 of council, sla: 15 bd}
  charter-core: {owner: steering, approve: each partner 1 of steering, sla: 30 bd, abstain: blocks}
  admission: {owner: steering, approve: each partner 1 of steering, sla: 30 bd, abstain: blocks}
  removal: {owner: steering, approve: each other partner 1 of steering, sla: 30 bd, abstain: blocks}
  renewal: {owner: steering, approve: each partner 1 of steering, sla: 60 bd, abstain: blocks}
  exit: {owner: steering, approve: own partner 1 of steering, sla: 20 bd, notice: 60 bd}
budgets:
  launch: {amount: USD 100.00, from: 2026-01-01, to: 2035-12-31, borne: {maker: 100}, beyond: steering}
Y
entente alliance draft charter/charter.yaml -o a.genesis >draft.out 2>&1 || { cat draft.out; fail "the charter is refused"; }
for o in maker clinics distributor; do
  for s in $seats; do entente alliance sign a.genesis --as "$o/$s" --key "keys/$o-$s.key" --yes >/dev/null 2>&1; done
done
for s in mediator registrar; do entente alliance sign a.genesis --as trustee/$s --key keys/trustee-$s.key --yes >/dev/null 2>&1; done
for o in maker clinics distributor trustee; do entente alliance found a.genesis --node $o >/dev/null; start $o; done
for o in maker clinics distributor trustee; do wait_for 30 healthy $o; done

echo "== an alternate ballots for a seat"
does as maker finance propose terms --title "Display fee" # D-1
refused 3 'clinics/alliance-manager is no alternate of clinics/finance' as clinics alliance-manager approve D-1 --for clinics/finance --yes
does as clinics registrar seat alternate clinics/finance --by clinics/alliance-manager --since 2026-01-01T00:00:00Z --until 2034-01-01T00:00:00Z --types terms
says 'for clinics/finance its alternate clinics/alliance-manager' entente readiness D-1 --node maker
refused 3 'no  clinics/alliance-manager approve D-1: by decisions.terms.approve' entente can clinics/alliance-manager approve D-1 --node clinics
says 'yes  clinics/alliance-manager approve D-1 for clinics/finance' entente can clinics/alliance-manager approve D-1 --for clinics/finance --node clinics
does as clinics alliance-manager approve D-1 --yes # the one seat it may speak for
says 'ballot: approve by clinics/alliance-manager for clinics/finance' entente show D-1 --node maker
does as clinics finance abstain D-1 --yes # the principal replaces it
refused 3 'clinics/finance has cast its own ballot' as clinics alliance-manager approve D-1 --for clinics/finance --yes

echo "== a recused seat's sponsor is asked"
does as distributor finance recuse D-1 --reason "we own the supplier" --yes
says 'distributor/finance recused itself: in its stead distributor/sponsor' entente readiness D-1 --node clinics
says 'a ballot is owed by distributor/sponsor' entente inbox --as distributor/sponsor --node distributor
refused 3 'that holds to its end' as distributor finance approve D-1 --yes
does as distributor sponsor approve D-1 --yes
does as maker finance approve D-1 --yes
[ "$(phase 1)" = effective ] || fail "D-1 is $(phase 1)"

echo "== a pause"
does as maker finance propose terms --title "Pallets" # D-2
refused 2 'to pause needs a reason' as maker finance pause D-2
does as maker finance pause D-2 --reason "until the audit is in"
[ "$(phase 2)" = open ] || fail "one partner cannot pause"
does as clinics finance pause D-2 --reason "agreed"
[ "$(phase 2)" = paused ] || fail "D-2 is $(phase 2)"
refused 3 'D-2 is paused until' as maker finance approve D-2 --yes
does as distributor finance resume D-2 --reason "the audit is in"
says 'paused  *0 d' entente waiting D-2 --node maker
for o in maker clinics distributor; do does as $o finance approve D-2 --yes; done
[ "$(phase 2)" = effective ] || fail "D-2 is $(phase 2)"

echo "== a mediator's text is accepted"
does as maker finance propose dispute --title "Returns at 5 percent" # D-3, 3 s
wait_for 60 phase_is 3 mediation
says 'to recommend a text' entente inbox --as trustee/mediator --node trustee
refused 1 'no mediator recommends a text on it now' as maker finance accept D-3 --yes
does as trustee mediator mediate D-3 --title "Returns at 4 percent" --reason "halfway"
says 'Returns at 4 percent' as maker finance accept D-3 --yes
refused 2 'to decline needs a reason' as clinics finance decline D-3 --yes
does as clinics finance decline D-3 --reason "too much" --yes
does as clinics finance accept D-3 --yes
does as distributor finance accept D-3 --yes
[ "$(phase 3)" = effective ] || fail "D-3 is $(phase 3)"
says 'Returns at 4 percent' entente show D-3 --node distributor
says 'revision 2' entente show D-3 --node distributor

echo "== silence counts as approval of who has shown receipt"
does as maker finance propose pooled --title "Shared samples" # D-4, 45 s
does as maker finance approve D-4 --yes
wait_for 20 is 'receipt by clinics/node' entente show D-4 --node maker
wait_for 20 is 'receipt by distributor/node' entente show D-4 --node maker
says 'silence: counts as approval of clinics, distributor: it passes' entente readiness D-4 --node clinics
wait_for 120 phase_is 4 effective
says 'deemed consent clinics' entente show D-4 --node trustee

echo "== beyond its envelope"
refused 1 'the row asks for the budget' as maker finance propose spend --title "Samples" --amount "USD 60.00"
refused 1 'give the charge in USD' as maker finance propose spend --title "Samples" --amount "EUR 60.00" --budget launch
for n in 5 6; do
  does as maker finance propose spend --title "Samples" --amount "USD 60.00" --budget launch
  for o in maker clinics distributor; do does as $o finance approve D-$n --yes; done
done
[ "$(phase 5)" = effective ] || fail "D-5 is $(phase 5)"
[ "$(phase 6)" = open ] || fail "D-6 is $(phase 6)"
says 'beyond its budget to steering' entente show D-6 --node clinics
says 'spent USD 60.00, reserved USD 0.00, left USD 40.00' entente budgets --node clinics
refused 3 'clinics/finance is not asked on D-6' as clinics finance approve D-6 --yes
for o in maker clinics distributor; do does as $o sponsor approve D-6 --yes; done
[ "$(phase 6)" = effective ] || fail "D-6 is $(phase 6)"
says 'left -USD 20.00\|left USD -20.00' entente budgets --node clinics

echo "== acting first"
does as clinics finance propose recall --title "Batch 7" # D-7
says 'acted first by clinics/finance' entente show D-7 --node maker
does as clinics finance withdraw D-7 --reason "a false alarm"
says 'not ratified' entente show D-7 --node maker
refused 3 'no  maker/sponsor propose recall: by decisions.recall.owner' entente can maker/sponsor propose recall --node maker

echo "== all nodes agree, and a pack verifies"
for o in clinics distributor trustee; do wait_for 20 same $o maker; done
does entente pack all.pack --node maker
does entente-audit verify all.pack
