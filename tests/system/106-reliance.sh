#!/usr/bin/env bash
# Goal: what a decision rests on is told to who signs it, and when that moves the decision is in doubt, on real nodes whose clocks
# are moved. D-1 rests on an assumption, a reading and a clause: the reading is restated, the clause amended, the assumption
# falsified; each time the mover is asked for an answer. An exception ends by itself on its last day. A pivot has the thesis reaffirmed.
# What the charter does not allow is refused with words. The auditor's program comes to the same record.
set -euo pipefail
bin=$(realpath "$1") source=$(realpath "$2") name=reliance
. "$source/tests/system/alliance.sh"
moved_clock
reading() { # reading FIELD: of the first one of on-shelf that has been reported
  entente report list --node maker --json | json "[r['reading'].get('$1', '') for r in x['list'] if r['reading']['metric'] == 'on-shelf'][0]"
}
is_reading() { [ "$(reading standing)" = "$1" ]; }
decision() { entente show "$1" --node "$2" --json | json "$3"; } # decision D-n NODE EXPRESSION
day() { date -u -d "@$(($(now) + $1 * 86400))" +%F; } # day N: so many days from now
approved() { # approved D-n SEAT: by each partner
  local o
  for o in maker clinics distributor; do good as $o "$2" approve "$1" --yes; done
}

seats="alliance-manager registrar sponsor"
more='thesis:
  objective: A monitor for outpatients
  why-not-build-or-buy: Nobody has all three
  outcomes: {on-shelf: 90 by 2035-12-31}
  contributions: {maker: monitors, clinics: patients, distributor: delivery}
  scope: {in: [outpatients], out: [intensive care], markets: [de]}
  assumptions:
    adhesion: {owner: maker/alliance-manager, test: it sticks for 14 days}
  principles: [one set of numbers]
commitments:
  test-units: {by: maker, quantity: 40, unit: devices, every: month}
metrics:
  defaults: {better: up, due: 8 bd}
  on-shelf: {group: execution, view: process, unit: percent, every: month, from: distributor/alliance-manager, check: maker/alliance-manager}
  speed: {group: value, view: financial, computed: decision-velocity, every: month}
  cust: {group: value, view: customer, computed: decision-velocity, every: month}
  learn: {group: value, view: learning, computed: decision-velocity, every: month}'
rows='  exception: {owner: council, approve: each partner 1 of council, sla: 10 bd, longest: 90 d}
  pivot: {owner: steering, approve: each partner 1 of steering, sla: 30 bd, reaffirms: thesis}'
more=$rows$'\n'$more
first=$(date -u +%Y-%m-01)
next=$(date -u -d "$first +1 month" +%s)
[ $((next - $(now))) -gt 600 ] || until_time $((next + 30)) # the founding is in the month that is reported
found "maker clinics distributor" trustee

echo "== what it rests on: an assumption, a reading, a clause"
next=$(date -u -d "$(date -u -d "@$(now)" +%Y-%m-01) +1 month" +%s)
month=$(date -u -d "@$((next - 86400))" +%Y-%m)
until_time $((next + 30))
wait_for is_reading owed
k=K-$(reading number)
propose=(as maker alliance-manager propose commercial-terms --title "Two shelves a shop" --yes)
answers 2 "$k is owed: it has no value yet" "${propose[@]}" --relies-on "$k"
good as distributor alliance-manager report add on-shelf --value 92 --period "$month" --yes
wait_for is_reading reported
good as maker alliance-manager report countersign "$k" --yes
good as maker alliance-manager assume new --title "It sticks for 14 days" --about adhesion --due "$(day 20)" --yes
answers 2 'that is a decision; expected an assumption \(AS-3\), a reading \(K-7\) or a clause \(thesis.scope\)' "${propose[@]}" --relies-on D-1
answers 2 'that is an item of the type risk; expected an assumption' "${propose[@]}" --relies-on R-1
answers 2 'AS-1 is named twice' "${propose[@]}" --relies-on AS-1,AS-1
answers 2 '--relies-on: clause thesis.reach: ' "${propose[@]}" --relies-on thesis.reach
answers 1 'there is no reading K-99; see: entente report list' "${propose[@]}" --relies-on K-99
answers 1 'relies on AS-9, and there is no such assumption; see: entente assume list' "${propose[@]}" --relies-on AS-9
answers 2 '--until tomorrow: expected a date, the decision.s last day, for instance 2026-06-30' "${propose[@]}" --until tomorrow
answers 0 'D-1 is open' "${propose[@]}" --relies-on "AS-1,$k,thesis.scope"
grep -q "^It rests on this version:" o && grep -q "$k on-shelf of distributor for $month, actual: 92" o || fail "which version it rests on is not said"

echo "== before it is signed, and by who reads it"
ok '^  rests on  AS-1$' entente show D-1 --node clinics
grep -Eq "^  rests on  $k, its version sha256:" o && grep -q '^  rests on  thesis.scope$' o || fail "what it rests on is not in the proposal"
grep -Eq '^  AS-1 stands: open; maker/alliance-manager tests it by ' o || fail "how the assumption stands"
grep -q "^  $k stands: on-shelf of distributor: 92, countersigned; the version that was read is the current one" o || fail "how the reading stands"
grep -q '^  thesis.scope stands: section thesis is as it was, version 1' o || fail "how the clause stands"
answers 0 '^  AS-1 stands: open' as clinics alliance-manager approve D-1 --yes
[ "$(decision D-1 maker "[(r['id'], r['stands']) for r in x['readiness']['relies']]")" = "[('AS-1', True), ('$k', True), ('thesis.scope', True)]" ] || fail "in JSON: $(decision D-1 maker "x['readiness']['relies']")"

echo "== a revision keeps it unless it says otherwise"
answers 0 'Kept from the revision before; to drop it: --relies-on none$' as maker alliance-manager revise D-1 --title "Two shelves a shop, from May" --yes
[ "$(decision D-1 maker "len(x['readiness']['relies'])")" = 3 ] || fail "the revision lost what it rests on"
good as maker alliance-manager revise D-1 --title "Two shelves a shop" --relies-on none --yes
[ "$(decision D-1 maker "x['readiness']['relies']")" = "[]" ] || fail "none dropped nothing"
good as maker alliance-manager revise D-1 --title "Two shelves a shop" --relies-on "AS-1,$k,thesis.scope" --yes
for o in maker clinics distributor; do wait_for same maker $o; good as $o alliance-manager approve D-1 --rev 4 --yes; done
wait_for is_phase D-1 effective maker

echo "== the reading is restated: who moved it is asked"
good as distributor alliance-manager report restate "$k" --value 71 --reason "two chains were missing" --yes
ok "^  IN DOUBT since .*: $k was restated" entente show D-1 --node maker
grep -q "^  $k NO LONGER STANDS: on-shelf of distributor: restated since; the version that was read says 92, it says 71 now, reported" o || fail "what it says now"
grep -q 'A-1 asks maker/alliance-manager to reaffirm, amend or supersede it; until it takes that, it is owned by distributor/alliance-manager: entente action show A-1' o || fail "who is asked"
grep -q "doubted: $k was restated" o || fail "the event"
ok "A-1 action: reaffirm, amend or supersede D-1: $k was restated" entente inbox --as maker/alliance-manager --node maker
ok '^  IN DOUBT since ' entente readiness D-1 --node clinics
[ "$(entente readiness D-1 --node clinics --json | json "[(d['words'], d['open']) for d in x['doubts']]")" = "[('$k was restated', True)]" ] || fail "readiness in JSON"
ok "A-1 .*reaffirm, amend or supersede D-1" entente action list --node clinics
good as maker alliance-manager action take A-1 --yes
good as maker alliance-manager action claim A-1 --text "One shelf will do; D-1 stands" --yes
ok "IN DOUBT since .*: $k was restated" entente show D-1 --node clinics # another partner has yet to look
good as clinics alliance-manager action verify A-1 --yes
ok "^  was in doubt from .*: $k was restated; what was asked: entente action show A-1" entente show D-1 --node clinics

echo "== the clause is amended"
entente charter show --node maker >changed.yaml
sed -i 's/intensive care/intensive care, children/' changed.yaml
good as maker alliance-manager propose charter-policy --title "No children" --amend thesis --file changed.yaml --relies-on thesis.scope --yes
approved D-2 alliance-manager
wait_for is_phase D-2 effective maker
ok 'IN DOUBT since .*: thesis.scope was amended by D-2' entente show D-1 --node distributor
grep -q '^  thesis.scope NO LONGER STANDS: section thesis was amended since, by D-2: version 2' o || fail "which amendment"
ok '^  thesis.scope stands: section thesis is as it was, version 2' entente show D-2 --node distributor

echo "== the assumption is falsified"
good as maker alliance-manager assume claim AS-1 --verdict falsified --text "it comes off after a week" --yes
ok 'AS-1 stands: falsified by maker/alliance-manager, which another partner has yet to verify' entente show D-1 --node maker
good as clinics alliance-manager assume verify AS-1 --verdict falsified --yes
ok 'IN DOUBT since .*: AS-1 was falsified' entente show D-1 --node maker
grep -q '^  AS-1 NO LONGER STANDS: falsified, at ' o || fail "the assumption"
[ "$(decision D-1 maker "[(d['words'], d['open']) for d in x['readiness']['doubts']]")" = "[('$k was restated', False), ('thesis.scope was amended by D-2', True), ('AS-1 was falsified', True)]" ] || fail "in JSON: $(decision D-1 maker "x['readiness']['doubts']")"
answers 3 'relies on AS-1, which was falsified at' "${propose[@]}" --relies-on AS-1

echo "== an exception has a last day, and ends by itself"
except=(as maker alliance-manager propose exception --title "Sold without a label" --yes)
answers 1 'the row lets such a decision last 90 d at the longest: name its last day \(--until\)' "${except[@]}"
answers 3 'proposal.until: the row lets such a decision last until .* at the longest' "${except[@]}" --until "$(day 100)"
answers 1 'proposal.until: that day ended at .*; expected a day to come' "${except[@]}" --until "$(day -2)"
last=$(day 10)
answers 0 'D-3 is open' "${except[@]}" --until "$last"
answers 0 "^  until     $last, then it expires" as clinics alliance-manager approve D-3 --yes
answers 0 'Kept from the revision before; to drop it: --until none$' as maker alliance-manager revise D-3 --title "Sold without a label, in shops" --yes
for o in maker clinics distributor; do wait_for same maker $o; good as $o alliance-manager approve D-3 --rev 2 --yes; done
wait_for is_phase D-3 effective maker
ok '^  expires on ' entente readiness D-3 --node clinics
until_time $(($(date -u -d "$last" +%s) + 86400 + 30))
wait_for is_phase D-3 expired clinics
ok '^D-3 +expired +exception' entente decisions --node clinics
ok 'D-3 exception is expired; asked was' entente show D-3 --node clinics
grep -Eq '^  .* expired, by itself  \(leaf' o || fail "the event of its end"
ok 'D-3 expired' entente status --since "$(date -u -d "@$(($(now) - 7200))" +%FT%TZ)" --node clinics
answers 3 'D-3 (is|was) expired' as maker alliance-manager reject D-3 --reason "too late" --yes
answers 3 'D-3 (is|was) expired' entente can maker/alliance-manager withdraw D-3 --node maker

echo "== a pivot has the thesis reaffirmed"
good as maker sponsor propose pivot --title "Home care first" --yes # D-4
approved D-4 sponsor
wait_for is_phase D-4 effective maker
for o in maker clinics distributor; do
  ok 'reaffirm or amend the thesis: D-4 took effect' entente inbox --as $o/sponsor --node $o
done
ok 'items linked to it' entente show D-4 --node clinics
[ "$(grep -c 'reaffirm or amend the thesis: D-4 took effect' o)" = 3 ] || fail "not each sponsor is asked"

echo "== a commitment is reported like any number"
answers 1 'the charter has no metric or commitment test-unit; see: entente charter show metrics, entente charter show commitments' as maker alliance-manager report add test-unit --value 11 --yes
ok "test-units for $month is owed" entente inbox --as maker/alliance-manager --node maker
answers 3 'test-units is reported by maker/alliance-manager' as clinics alliance-manager report add test-units --period "$month" --value 11 --yes
answers 0 'It counts when the other side has countersigned it' as maker alliance-manager report add test-units --period "$month" --value 11 --yes
units=$(entente report list --node maker --json | json "[r['reading']['number'] for r in x['list'] if r['reading']['metric'] == 'test-units' and 'now' in r['reading']][0]")
ok "K-$units test-units of maker for $month, 11 devices: countersign or dispute it" entente inbox --as clinics/alliance-manager --node clinics
good as clinics alliance-manager report countersign "K-$units" --yes
ok "^K-$units .*test-units" entente report list --node clinics
ok "test-units +40 devices every month, from maker; $month: 11, countersigned; short by 29, since $month" entente promises --node clinics
[ "$(grep -c test-units o)" = 1 ] || { cat o; fail "what is promised is told twice"; }
ok "test-units +" entente scorecard --period "$month" --node clinics
grep -Eq "test-units +$month +11 +countersigned +target 40" o || { cat o; fail "the line of the scorecard"; }
answers 0 '^# commitments are reported too, by their partner.s alliance-manager' entente charter show metrics --node clinics

good entente pack --node maker all.pack
good entente-audit verify all.pack --expect-alliance "$alliance"
for d in D-1 D-3; do
  good entente certify $d -o $d.certificate --node maker
  good entente-audit verify $d.certificate --expect-alliance "$alliance"
done
grep -q expired o || { cat o; fail "the certificate does not say how it ended"; }

echo "== another decision takes its place"
answers 1 'there is no decision D-9 to supersede' "${propose[@]}" --supersedes D-9
answers 2 '--supersedes all: expected the id of a decision in effect, for instance D-12' "${propose[@]}" --supersedes all
answers 3 'D-3 is of the row exception; only a decision of that row supersedes it' "${propose[@]}" --supersedes D-3
answers 3 'D-3 is expired; only what is in effect is superseded' "${except[@]}" --until "$(day 10)" --supersedes D-3
answers 3 'D-2 had an effect of its own \(amend\), so nothing takes its place' \
  as maker alliance-manager propose charter-policy --title "Children too" --supersedes D-2 --yes
answers 0 'D-5 is open' as maker alliance-manager propose commercial-terms --title "One shelf a shop" --supersedes D-1 --yes
ok '^  replaces  D-1$' entente show D-5 --node clinics
answers 0 '^  D-1, effective now, is superseded when this one takes effect: Two shelves a shop' as clinics alliance-manager approve D-5 --yes
good as maker alliance-manager revise D-5 --title "One shelf a shop, from June" --yes
is_phase D-1 effective maker || fail "it ended before the other took effect"
for o in maker clinics distributor; do wait_for same maker $o; good as $o alliance-manager approve D-5 --rev 2 --yes; done
wait_for is_phase D-1 superseded clinics
ok '^D-1 +superseded +commercial-terms' entente decisions --node clinics
ok 'superseded by D-5  \(leaf' entente show D-1 --node clinics
ok 'D-1 superseded' entente status --since "$(date -u -d "@$(($(now) - 7200))" +%FT%TZ)" --node clinics
answers 3 'D-1 (is|was) superseded' as maker alliance-manager withdraw D-1 --yes
wait_for covered clinics
good entente certify D-1 -o D-1.certificate --node clinics
answers 0 'superseded by D-5$' entente-audit verify D-1.certificate
