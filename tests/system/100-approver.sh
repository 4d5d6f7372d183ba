#!/usr/bin/env bash
# Goal: what a person reads before signing, and after: who leaves is said of those who leave alone; all that is missing, what a yes does
# and what silence does; who signed for whom; counters, revisions, mediation, acts before the decision and closed decisions say what they
# are. The same ballot is not signed twice. The inbox and the status put first what is due first.
set -euo pipefail
bin=$(realpath "$1") source=$(realpath "$2") name=approver
. "$source/tests/system/alliance.sh"
seats="alliance-manager finance registrar sponsor" witness_seats="mediator registrar"
partners="maker clinics distributor"
members "$partners" trustee
cat >charter/charter.yaml <<'Y'
entente: 1
alliance: approver-test
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
  release: {owner: council, approve: each partner 1 of */finance, sla: 10 bd, veto: [clinics/sponsor], notice: 1 bd}
  dispute: {owner: council, approve: each partner 1 of */finance, sla: 3 s, ladder: quickly}
  recall: {owner: council, act-first: true, approve: each partner 1 of */finance, sla: 10 bd}
  risk-acceptance: {owner: council, approve: each partner 1 of council, sla: 10 bd, longest: 180 d}
  erasure: {owner: council, approve: each partner 1 of council, sla: 10 bd}
  data-sharing: {owner: council, approve: each partner 1 of council, sla: 10 bd}
  upgrade: {owner: steering, approve: each partner 1 of steering, sla: 30 bd}
  charter-policy: {owner: council, approve: each partner 1 of council, sla: 15 bd}
  charter-core: {owner: steering, approve: each partner 1 of steering, sla: 30 bd, abstain: blocks}
  admission: {owner: steering, approve: each partner 1 of steering, sla: 30 bd, abstain: blocks}
  removal: {owner: steering, approve: each other partner 1 of steering, sla: 30 bd, abstain: blocks}
  renewal: {owner: steering, approve: each partner 1 of steering, sla: 60 bd, abstain: blocks}
  exit: {owner: steering, approve: own partner 1 of steering, sla: 20 bd, notice: 60 bd}
sharing:
  signal-data: {maker: could, clinics: can, distributor: cannot}
risks:
  categories: [operational]
  escalate: {score 9: council, score 16: steering}
  review: {score 1: every quarter, score 9: every month}
norms: [good news first]
Y
launch "$partners" trustee
says_not() { # says_not TEXT COMMAND...
  local text=$1
  shift
  "$@" >o 2>&1 || true
  ! grep -Eq -- "$text" o || { cat o; fail "'$text' from: $*"; }
}
proposed() { good "$@"; id=$(sed -n 's/^\(D-[0-9]*\) is .*/\1/p' o); } # sets $id
quiet=()

echo "== whoever leaves is told of, and of nobody else"
proposed as maker finance propose terms --title "Display fee"
fee=$id quiet+=("$id")
good as maker finance comment "$fee" --text "to be erased"
note=$(entente log --grep 'to be erased' --node maker | awk '{print $1}')
good as maker finance risk new --title "One supplier" --category operational --likelihood 2 --impact 2 --owner maker/alliance-manager
proposed as maker finance propose risk-acceptance --title "Live with it" --risk R-1 --accept-until "$(date -u -d '+30 days' +%F)"
quiet+=("$id")
proposed as maker finance propose erasure --title "A comment" --erase "$note"
quiet+=("$id")
proposed as clinics finance propose data-sharing --title "Signals" --class signal-data --with maker --until "$(date -u -d '+30 days' +%F)"
quiet+=("$id")
entente charter show --node maker >changed.yaml
sed -i 's/good news first/bad news first/' changed.yaml
proposed as maker finance propose charter-policy --title "A norm" --amend norms --file changed.yaml
amended=$id quiet+=("$id")
for id in "${quiet[@]}"; do
  wait_for entente show "$id" --node distributor
  says_not 'for good: its name|is asked no more|is not on the record|left empty' as distributor finance show "$id"
  says_not 'for good: its name|is asked no more|is not on the record|left empty' as distributor finance approve "$id"
  grep -q 'Missing: ' o || { cat o; fail "what is missing of $id"; }
  says_not 'for good: its name|is asked no more' as distributor finance reject "$id" --reason "no"
done
ok "what it changes: entente charter diff $amended" entente show "$amended" --node distributor
proposed as maker sponsor propose removal --title "Without the distributor" --partner distributor --yes
removal=$id
ok 'leaves +distributor, partner, for good: its name and keys never come back' entente show "$removal" --node clinics
proposed as clinics sponsor propose exit --title "We go" --confirm exit
ok 'leaves +clinics, partner, for good: its name and keys never come back' entente show "$id" --node maker
good as clinics sponsor withdraw "$id" --reason "we stay"
good as maker sponsor withdraw "$removal" --reason "no need"
ok "$removal removal is withdrawn; asked was" entente readiness "$removal" --node maker
grep -q 'UTC  withdrawn by maker/sponsor: no need' o || { cat o; fail "by whom, and why"; }

echo "== before the answer: all that is missing, what a yes does, what silence does"
answers 2 '^  Missing: needs 1 seat of clinics \(has 0 of 1\); could act: clinics/finance$' as distributor finance approve "$fee"
grep -q '^           needs 1 seat of distributor' o || { cat o; fail "the second of what is missing"; }
grep -q '^  Yes: it waits for clinics, maker still\.$' o || { cat o; fail "what a yes does"; }
grep -q '^  Silence: escalates by itself to steering on ' o || { cat o; fail "what silence does"; }
good as distributor finance approve "$fee" --yes
grep -q "^$fee is open\.\$" o && grep -q '^  Missing: ' o && grep -q '^  Silence: .*\.$' o || { cat o; fail "the outcome in lines"; }

echo "== the same ballot is not signed twice"
answers 0 "distributor/finance said \"approve\" on $fee already, on .* \(leaf [0-9]+\). Nothing was signed" as distributor finance approve "$fee" --yes
[ "$(as distributor finance approve "$fee" --yes --json | json "x['state'] + str(x['decision'])")" = "final${fee#D-}" ] || fail "as JSON"
answers 0 'Signed, final' as distributor finance approve "$fee" --reason "as agreed" --yes
answers 0 'Nothing was signed' as distributor finance approve "$fee" --reason "as agreed" --yes
answers 0 'Signed, final' as distributor finance abstain "$fee" --yes
answers 0 'Signed, final' as distributor finance approve "$fee" --yes

echo "== who signed for whom"
good as clinics finance recuse "$fee" --reason "a friend" --yes
good as clinics sponsor approve "$fee" --for clinics/finance --yes
ok 'clinics +approves +clinics/sponsor, for clinics/finance$' entente readiness "$fee" --node maker
ok 'clinics +approves +clinics/sponsor, for clinics/finance$' entente show "$fee" --node maker
answers 2 '^  Yes: you are last, it passes now\.$' as maker finance approve "$fee"

echo "== a counter"
proposed as clinics finance propose terms --title "No fee" --counter "$fee"
counter=$id
ok "a counter to $fee, which is closed when this one passes" entente show "$counter" --node clinics
ok "countered by $counter; when that one passes, this one is closed" entente show "$fee" --node clinics
grep -q "counter: $counter" o || { cat o; fail "what happened"; }
answers 2 "a counter to $fee, which is closed when this one passes" as distributor finance approve "$counter"

echo "== a revision"
good as clinics finance revise "$counter" --title "Half a fee"
ok "revised: ballots on revision 1 are void" entente show "$counter" --node clinics
grep -q '^  since revision 1:$' o && grep -q '^    - title     No fee$' o && grep -q '^    + title     Half a fee$' o || { cat o; fail "what changed"; }

echo "== a closed one: how, when, by whom, and nobody owes"
for o in $partners; do good as $o finance approve "$counter" --yes; done
ok 'UTC  passed by distributor/finance' entente readiness "$counter" --node distributor
wait_for is_phase "$fee" countered maker
ok "$fee terms is countered; asked was" entente readiness "$fee" --node maker
grep -q "UTC  countered by $counter" o || { cat o; fail "by which"; }
! grep -q 'owes\|needs 1 seat' o || { cat o; fail "a closed decision owes nothing"; }
proposed as maker finance propose release --title "Unsafe"
answers 0 'Signed, final' as clinics sponsor veto "$id" --reason "not safe" --clause decisions.release --confirm "$id"
ok 'vetoed by clinics/sponsor on clause decisions.release: not safe' entente show "$id" --node clinics
ok 'vetoed by clinics/sponsor on clause decisions.release: not safe' entente readiness "$id" --node clinics
grep -q 'distributor +did not vote' o -E || { cat o; fail "who was silent"; }

echo "== acted first"
proposed as maker finance propose recall --title "Recall lot 7"
ok 'acted first: in effect already, since .*; what is asked is to ratify it' entente readiness "$id" --node clinics
ok 'acted first: in effect already' entente show "$id" --node clinics
answers 2 'acted first: in effect already' as clinics finance approve "$id"

echo "== what a mediator recommends is read where the decision is"
proposed as maker finance propose dispute --title "Returns at 5 percent"
wait_for is_phase "$id" mediation trustee
good as trustee mediator mediate "$id" --title "Returns at 4 percent" --reason "halfway"
ok 'is in mediation; asked' entente readiness "$id" --node clinics
grep -q '^    title     Returns at 4 percent$' o || { cat o; fail "the text"; }
ok '^    title     Returns at 4 percent$' entente show "$id" --node clinics
ok "entente accept $id · entente decline $id" entente inbox --node clinics --as clinics/finance

echo "== the inbox and the status: first what is due first, and we before others"
answers 1 'the charter has no seat maker/nobody' entente inbox --as maker/nobody --node maker
answers 1 'the charter has no seat maker/nobody' entente approve --as maker/nobody --node maker
good as clinics finance action new --title "Send the list" --due "$(date -u -d '+2 days' +%F)" --owner distributor/finance
wait_for entente action show A-1 --node distributor
good as distributor finance action take A-1
ok '^1 of [0-9]+  A-1 action: Send the list' entente inbox --as distributor/finance --node distributor
n=$(sed -n 's/^1 of \([0-9]*\) .*/\1/p' o)
[ "$(grep -c "^[0-9]* of $n  " o)" = "$n" ] || { cat o; fail "each is counted"; }
ok '^We owe ' entente status --node distributor
[ "$(grep -n '^We owe' o | cut -d: -f1)" -lt "$(grep -n '^They owe' o | head -n 1 | cut -d: -f1)" ] || { cat o; fail "we owe first"; }
grep -Eq '^We owe +do A-1 in .* · vote on D-' o || { cat o; fail "in plain words, by the time"; }
COLUMNS=60 entente status --node distributor >o
awk '/^(We|They) owe/ && length($0) > 62 {bad = 1; print "too wide: " $0} END {exit bad}' o || fail "too wide"
