#!/usr/bin/env bash
# Goal: items through the CLI, on four real nodes: ownership that is accepted, done when another partner has looked, a conflict
# that climbs by itself and ends by the mediator's word or by default, an accepted risk, a falsified assumption that reaches the
# decision resting on it, a gate; what is refused says why; all nodes agree, and an auditor re-executes it.
set -euo pipefail
bin=$1 source=$2
export PATH=$bin:$PATH NO_COLOR=1
log=$(mktemp)
DEMO_SED='s/first: field-team, within: 5 bd/first: field-team, within: 4 s/; s/to-council: \[{to: council, within: 3 bd}/to-council: [{to: council, within: 4 s}/' \
  DEMO_BIN=$bin "$source/scripts/demo" --act 1 --keep >"$log" 2>&1 || { cat "$log"; exit 1; }
pids=$(sed -n 's/^Stop it: kill \([0-9 ]*\);.*/\1/p' "$log")
work=$(sed -n 's/^Stop it: .* rm -r \(.*\)$/\1/p' "$log")
export XDG_STATE_HOME=$work/state XDG_CONFIG_HOME=$work/config
finish() { code=$?; kill $pids 2>/dev/null || true; wait 2>/dev/null || true; [ $code -ne 0 ] || rm -rf "$work" "$log"; }
trap finish EXIT
export ENTENTE_NODE=$work/maker
grep -q 'first: field-team, within: 4 s' "$work/charter/charter.yaml"

expect() { # expect CODE STDOUT-REGEX STDERR-REGEX COMMAND...; "-" means empty
  local want=$1 o=$2 e=$3 code=0
  shift 3
  setsid -w "$@" >"$work/o" 2>"$work/e" </dev/null || code=$?
  check() { if [ "$2" = - ]; then [ ! -s "$1" ]; else grep -Eq -- "$2" "$1"; fi; }
  if [ "$code" -ne "$want" ] || ! check "$work/o" "$o" || ! check "$work/e" "$e"; then
    echo "FAILED: $*"; echo "exit $code, expected $want"; echo "stdout (expected '$o'):"; cat "$work/o"; echo "stderr (expected '$e'):"; cat "$work/e"
    exit 1
  fi
}
by() { echo "--key $work/keys/$1-$2.key --as $1/$2 --node $work/$1"; }
wait_for() { # wait_for REGEX COMMAND...: until its output has it
  local want=$1 end=$((SECONDS + 60))
  shift
  until "$@" 2>/dev/null | grep -Eq -- "$want"; do
    [ $SECONDS -lt $end ] || { echo "FAILED: no '$want' from: $*"; "$@"; exit 1; }
    sleep 0.3
  done
}
due=$(date -u -d '+20 days' +%F) later=$(date -u -d '+40 days' +%F) month=$(date -u -d '+60 days' +%F)

# Nothing typed is ignored; what is missing is named.
expect 2 - 'a new risk needs a title: entente risk new --title TEXT' entente risk new $(by maker quality)
expect 2 - 'risk neww: expected one of new\|take' entente risk neww
expect 2 - 'entente risk takes no option --against' entente risk new --against maker/finance
expect 2 - 'risk show needs the id of an item, for instance: entente risk show R-7' entente risk show
expect 2 - 'A-1 is no risk: entente action show A-1' entente risk show A-1
expect 2 - 'due tomorrow: expected a date, for instance 2026-03-31' entente action new --title x --due tomorrow $(by maker quality)
expect 2 - 'a new risk needs --category NAME' entente risk new --title "One line" $(by maker quality)
expect 2 - 'category weather: the charter has no such category of risks; expected one of: ' entente risk new --title "One line" --category weather --likelihood 3 --impact 4 $(by maker quality)
expect 3 - 'trustee is no partner: its seats open findings and requests' entente issue new --title "x" $(by trustee mediator)
expect 1 - 'there is no item R-9' entente risk show R-9

# An action: offered, taken, claimed, verified by another partner.
expect 0 'A-1 is open. distributor/finance owes it by' - entente action new --title "Send the forecast" --due "$due" --owner maker/finance $(by distributor finance)
expect 0 'A-1 action: Send the forecast' - entente inbox --as maker/finance
grep -q 'distributor/finance offers it to you: take it' "$work/o"
grep -q 'entente action take A-1' "$work/o"
expect 3 '^[A-Z]+-1: ' 'Refused: .*the seat that it is offered to, maker/finance does this' entente action take A-1 $(by maker quality)
expect 0 'A-1 is open. maker/finance owes it' - entente action take A-1 $(by maker finance)
expect 3 '^[A-Z]+-1: ' 'its owner maker/finance does this' entente action claim A-1 $(by distributor finance)
expect 0 'A-1 is claimed. a seat of another partner than maker owes a look' - entente action claim A-1 --text "sent" $(by maker finance)
expect 3 '^[A-Z]+-1: ' 'Refused: .*a seat of another partner than maker' entente action verify A-1 $(by maker quality)
expect 0 'They owe +clinics:.*verify A-1' - entente status
expect 0 'A-1 is closed' - entente action verify A-1 $(by clinics finance)
expect 3 '^[A-Z]+-1: ' 'A-1 was closed at .*it can be reopened' entente action claim A-1 $(by maker finance)
expect 1 '^[A-Z]+-1: ' 'Refused: a reason is required' entente action reopen A-1 $(by clinics finance)
expect 0 'A-1 is open' - entente action reopen A-1 --reason "the wrong month" $(by clinics finance)
expect 0 'reopened by clinics/finance: the wrong month' - entente show A-1
expect 0 'A-1 +open +maker/finance' - entente action list
expect 0 'M-1 is open' - entente milestone new --title "First hundred patients" --due "$due" $(by clinics quality)
expect 1 '^[A-Z]+-1: ' 'to rebase M-1 needs a text that says how or why' entente milestone rebase M-1 --due "$later" $(by clinics quality)
expect 0 'M-1 is open' - entente milestone rebase M-1 --due "$later" --reason "approval is late" $(by clinics quality)
expect 0 'by the first baseline .*rebased 1 times' - entente milestone show M-1

# A conflict climbs by itself. Both sides hear the mediator.
expect 0 'C-1 is open' - entente conflict new --title "Two price lists" --against clinics/finance $(by maker finance)
expect 0 'C-1 conflict: Two price lists' - entente inbox --as clinics/delivery-lead
wait_for 'climbed to steering' entente show C-1
expect 0 'escalated to council, until' - entente show C-1
expect 3 '^[A-Z]+-1: ' 'a side, such as maker/finance does this' entente conflict claim C-1 --text "ours" $(by distributor finance)
expect 0 'C-1 is mediation. the mediator owes a recommendation' - entente escalate C-1 --reason "no movement" $(by clinics finance)
expect 0 'C-1' - entente inbox --as trustee/mediator
expect 0 'both sides owe an answer to the mediator' - entente conflict recommend C-1 --text "one list, from June" $(by trustee mediator)
expect 0 'C-1 is mediation' - entente conflict accept C-1 $(by clinics finance)
expect 3 '^[A-Z]+-1: ' 'a side that has not answered' entente conflict accept C-1 $(by clinics finance)
expect 0 'C-1 is closed' - entente conflict accept C-1 $(by maker finance)
expect 0 'settled by maker/finance' - entente show C-1
expect 0 'C-2 is open' - entente conflict new --title "Who pays returns" --against clinics/finance $(by maker finance)
expect 0 'C-2 is claimed' - entente conflict claim C-2 --text "half each" $(by clinics finance)
expect 0 'C-2 is closed' - entente conflict verify C-2 $(by maker finance)

# A risk is accepted by decision, until a day.
expect 0 'R-1 is open' - entente risk new --title "One electrode supplier" --category operational --likelihood 3 --impact 4 --share maker=60,distributor=40 $(by maker quality)
expect 0 'score 12, for council to look at' - entente risk show R-1
expect 1 - 'Refused: .*lets an acceptance last until' entente propose risk-acceptance --title "Live with it" --risk R-1 --accept-until 2030-01-01 $(by maker finance)
expect 0 'D-[0-9]+ is open' - entente propose risk-acceptance --title "Live with it" --risk R-1 --accept-until "$month" $(by maker finance)
id=$(grep -o 'D-[0-9]*' "$work/o" | head -1)
expect 0 "risk R-1, score 12, is accepted until $month" - entente show "$id"
for o in maker clinics distributor; do expect 0 "$id is" - entente approve "$id" --yes $(by $o finance); done
expect 0 'accepted; owner maker/quality' - entente risk show R-1
expect 3 '^[A-Z]+-1: ' 'R-1 is accepted: that is not its next step' entente risk claim R-1 $(by maker quality)

# An assumption is falsified: the decision that rests on it is seen to.
expect 0 'AS-1 is open' - entente assume new --title "Physicians prescribe" --about prescribing --link "$id" $(by clinics medical-lead)
expect 1 - 'no prescribers' entente assume new --title "x" --about prescribers $(by clinics medical-lead)
expect 1 '^[A-Z]+-1: ' 'needs its verdict: validated, falsified or inconclusive' entente assume claim AS-1 $(by clinics medical-lead)
expect 0 'AS-1 is claimed' - entente assume claim AS-1 --verdict falsified --text "9 of 60" $(by clinics medical-lead)
expect 0 'AS-1 is closed' - entente assume verify AS-1 --verdict falsified $(by maker quality)
expect 0 'doubted: AS-1 was falsified' - entente show "$id"
grep -q 'AS-1 ' "$work/o"
expect 0 'review the thesis: AS-1 was falsified' - entente action list
expect 0 "reaffirm, amend or supersede $id: AS-1 was falsified" - entente inbox --as maker/finance
action=$(sed -n "s/^[0-9]* of [0-9]*  \(A-[0-9]*\) action: reaffirm.*/\1/p" "$work/o")
expect 0 "$action is open. maker/finance owes it" - entente action take "$action" $(by maker finance)

# Training in a procedure of the charter, confirmed by another partner; a pilot, an opportunity, what people without a seat said.
expect 1 - "Refused: .*the charter's section procedures has no return; see: entente charter show procedures" entente training new --title "Returns" --about return --due "$due" $(by maker delivery-lead)
expect 0 'T-1 is open' - entente training new --title "Returns: first course, nine people" --about returns --due "$due" $(by maker delivery-lead)
expect 0 'T-1 is claimed. a seat of another partner than maker owes a look' - entente training claim T-1 --text "nine of nine" $(by maker delivery-lead)
expect 3 '^T-1: ' 'Refused: ' entente training verify T-1 $(by maker quality)
expect 0 'T-1 is closed' - entente training verify T-1 $(by distributor delivery-lead)
expect 0 'T-1 .*Returns: first course' - entente training list --all
expect 0 'P-1 is open' - entente pilot new --title "Two clinics, eight weeks" --due "$due" $(by clinics business-lead)
expect 0 'O-1 is open' - entente opportunity new --title "The neighbouring region" --text "asked for by three clinics" $(by distributor business-lead)
expect 0 'O-1 is closed' - entente opportunity claim O-1 --text "into the plan of next year" $(by distributor business-lead)
expect 0 'FB-1 is open' - entente feedback new --title "Drivers: labels peel off in the cold" $(by distributor delivery-lead)

# A control is attested with evidence; then it is due again.
echo audit >"$work/audit.txt"
expect 0 'K-1 is open' - entente comply new --title "Patient data, this quarter" --about patient-data --due "$due" $(by maker security-legal)
expect 1 '^[A-Z]+-1: ' 'needs evidence: the digest of a document' entente comply claim K-1 $(by maker security-legal)
expect 0 'K-1 is claimed' - entente comply claim K-1 --document "$work/audit.txt" $(by maker security-legal)
expect 0 'K-1 is closed' - entente comply verify K-1 $(by clinics security-legal)
expect 0 'patient-data is due again' - entente comply list

# Saved, handed in elsewhere; signed on what was read before.
expect 0 'A-1: Send the forecast' 'saved' entente action claim A-1 --save "$work/claim.entry" $(by maker finance)
expect 0 'Signed, final' - entente submit "$work/claim.entry" --node "$work/clinics"
expect 0 'A-1' 'saved' entente action reopen A-1 --reason "no" --save "$work/stale.entry" $(by clinics finance)
expect 0 'A-1 is closed' - entente action verify A-1 $(by distributor finance)
expect 5 - 'A-1 changed at leaf .*look again, then sign again' entente submit "$work/stale.entry"

# --json is one JSON document.
for words in "risk list" "action list --all" "risk show R-1" "show C-1" inbox status "show $id"; do
  entente $words --json >"$work/o" 2>"$work/e" || { echo "FAILED: $words --json"; cat "$work/e"; exit 1; }
  python3 -c 'import json,sys; json.load(sys.stdin)' <"$work/o" || { echo "FAILED: not JSON: $words"; head -c 400 "$work/o"; exit 1; }
done
entente risk show R-1 --json | python3 -c 'import json,sys; q = json.load(sys.stdin); assert (q["id"], q["score"], q["item"]["phase"]) == ("R-1", 12, "accepted"), q'

# The same state at every node; an auditor gets the same from the pack alone.
root() { entente node status --json --node "$work/$1" | python3 -c 'import json,sys; s=json.load(sys.stdin); print(s["size"], s["state_root"])'; }
for o in clinics distributor trustee; do wait_for "^$(root maker)$" root $o; done
alliance=$(entente node status | awk '/^alliance/ {print $3}')
expect 0 . - entente pack "$work/items.pack"
expect 0 'VERIFIED' - entente-audit verify "$work/items.pack" --expect-alliance "$alliance"
[ -z "${KEEP_PACK-}" ] || cp "$work/items.pack" "$KEEP_PACK"
expect 0 '^VERIFIED' - python3 -B "$source/docs/independent-verifier/entente_verify.py" verify "$work/items.pack"
expect 0 '^escalated +[0-9]+ .* C-1 +maker/finance +conflict: to council, by itself$' 'VERIFIED' entente-audit exceptions "$work/items.pack"
expect 0 '^document not in the pack .* 1 document named by this item-move$' 'VERIFIED' entente-audit exceptions "$work/items.pack"
expect 0 '^ *[0-9]+ .* item-move +clinics/finance +C-1 +escalate$' 'VERIFIED' entente-audit log "$work/items.pack" --kind item-move --type conflict
expect 0 '^R-1 risk, accepted, owned by maker/quality: One electrode supplier$' 'VERIFIED' entente-audit replay "$work/items.pack" --at 2099-01-01
echo ok
