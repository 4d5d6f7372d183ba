#!/usr/bin/env bash
# Goal: numbers that both sides stand behind, on four real nodes. An alliance founded 40 days ago finds its readings owed and
# late; they are reported, countersigned, disputed, restated; a sealed pulse is committed, opened when all have, and revealed;
# the scorecard tells computed, countersigned and merely reported apart, an exit trigger and a consequence ask, an incentive is computed; the inbox says
# who owes what; and the whole verifies for an auditor.
set -euo pipefail
bin=$1 source=$2
name=readings
. "$(dirname "$0")/alliance.sh"
answer() { # answer PYTHON-EXPRESSION COMMAND...: of its JSON as j
  local expression=$1
  shift
  "$@" --json | python3 -c "import json,sys; j=json.load(sys.stdin); print($expression)"
}
reading() { # reading METRIC ORG STANDING: the first of these
  answer "next(('K-%d' % x['reading']['number'] for x in j['list'] if x['reading']['metric']=='$1' and x['reading']['org']=='$2' and x['reading']['standing']=='$3'), '')" entente report list --node maker
}
figure() { answer "next(m['figure'] for m in j['metrics'] if m['name']=='$1')" entente scorecard --node maker; }

command -v faketime >/dev/null || fail "this test needs the program faketime (package faketime)"
seats="alliance-manager finance registrar sponsor"
draft_as=(faketime '40 days ago')
members "maker clinics distributor" trustee
cat >charter/charter.yaml <<'Y'
entente: 1
alliance: readings-test
origin: test.example/ledger
core: [term, partner-seats, parties]
clock: {precision: 500 ms, late-after: 2 h}
term: {from: 2026-01-01, to: 2035-12-31, renewal-opens: 180 d before}
partner-seats: [alliance-manager, finance, registrar, sponsor]
parties:
  maker:       {name: Maker, role: partner, card: maker.card}
  clinics:     {name: Clinics, role: partner, card: clinics.card}
  distributor: {name: Distributor, role: partner, card: distributor.card}
  trustee:     {name: Trustee, role: witness, card: trustee.card, seats: [registrar]}
calendars:
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
  admission: {owner: steering, approve: each partner 1 of steering, sla: 30 bd, abstain: blocks}
  removal: {owner: steering, approve: each other partner 1 of steering, sla: 30 bd, abstain: blocks}
  renewal: {owner: steering, approve: each partner 1 of steering, sla: 60 bd, abstain: blocks}
  exit: {owner: steering, approve: own partner 1 of steering, sla: 20 bd, notice: 60 bd}
metrics:
  defaults: {better: up, due: 1 d}
  revenue: {group: value, view: financial, unit: USD, every: 20 d, from: distributor/finance, check: maker/finance, base: 40.0, target: 55.0}
  uptime: {group: execution, view: customer, unit: percent, every: 20 d, due: 60 d, from: "*/finance", check: maker/finance}
  trust: {group: relationship, view: learning, unit: 1-5, every: 20 d, due: 60 d, sealed: true, from: each partner, least-voices: 3}
  velocity: {group: execution, view: process, unit: days, better: down, computed: decision-velocity, every: 20 d}
budgets:
  bonus: {amount: USD 1000.00, from: 2026-01-01, to: 2035-12-31, borne: {distributor: 100}, beyond: steering}
incentives:
  thrift: {when: revenue < 35.0, pays: 2 percent of revenue, to: {maker: 40, clinics: 60}, from: bonus}
consequences:
  - {when: revenue < 35.0, opens: action, owner: distributor/finance}
exit:
  triggers: {value-lost: revenue < 35.0, term-ends: term over}
  on-trigger: {opens: exit, owner: "*/sponsor"}
  unwind: []
  survives: [confidentiality]
risks:
  categories: [strategic]
  sharing: {maker: 50, distributor: 50}
  escalate: {score 10: council}
  review: {score 1: every quarter}
  indicators: {no-revenue: revenue < 1.0}
Y
launch "maker clinics distributor" trustee
as maker alliance-manager comment --text "we are here" >/dev/null 2>&1

echo "== what is owed, and what is late"
owed() { [ -n "$(reading revenue distributor owed)" ] && [ -n "$(reading uptime clinics owed)" ]; }
wait_for owed
[ "$(answer "sum('late_ms' in x['reading'] for x in j['list'] if x['reading']['metric']=='revenue')" entente report list --node maker)" -ge 1 ] || fail "no reading of revenue is late"
ok 'revenue for .* is owed \(late\)' entente inbox --node distributor
ok 'report revenue(, [0-9]+ times,)? late' entente status --node distributor
ok 'no-revenue +HOLDS' entente scorecard --node maker # a missing reading is a breach for an early warning
ok 'value-lost +no' entente scorecard --node maker    # and passed over for an exit

echo "== reported, countersigned, disputed, restated"
answers 2 'expected a number with at most 9 digits' as distributor finance report add revenue --value 43,5
answers 1 'the charter has no metric or commitment revenu; see: entente charter show metrics, entente charter show commitments' as distributor finance report add revenu --value 43.5
answers 3 'revenue is reported by distributor/finance, not by clinics/finance' as clinics finance report add revenue --value 1 --period "$(answer "next(x['period'] for x in j['list'] if x['reading']['metric']=='revenue')" entente report list --node maker)"
answers 3 'velocity is computed from the record' as maker finance report add velocity --value 1 --period "$(date -u -d '25 days ago' +%F)"
# every period that is over is reported; the newest one is kept low
while k=$(reading revenue distributor owed) && [ -n "$k" ]; do
  ok 'actual of revenue for .* is 43.5. It counts when the other side has countersigned it' as distributor finance report add revenue --value 43.5 --text "as invoiced"
  last=$k
done
[ "$(figure revenue)" = reported ] || fail "revenue is $(figure revenue), not reported"
ok "revenue +[^ ]+ +\(43.5\) +reported" entente scorecard --node clinics
ok "$last revenue of distributor for .*, 43.5 USD: countersign or dispute it" entente inbox --node maker
answers 2 'nobody can be asked|answer beforehand' as maker finance report countersign "$last"
answers 3 'is checked by maker/finance, not by clinics/finance' as clinics finance report countersign "$last" --yes
answers 2 'needs a reason' as maker finance report dispute "$last" --yes
ok "$last is disputed" as maker finance report dispute "$last" --yes --reason "returns are counted twice"
ok 'restate revenue' entente status --node distributor
ok "disputed" entente scorecard --node maker
ok "$last is restated" as distributor finance report restate "$last" --value 30.25 --reason "without returns"
ok "$last revenue of distributor for .*, version 2|restated by distributor/finance" as maker finance report countersign "$last" --yes
[ "$(figure revenue)" = countersigned ] || fail "revenue is $(figure revenue), not countersigned"
answers 3 'is countersigned already' as maker finance report countersign "$last" --yes
ok 'version 1 +43.5' entente report show "$last" --node clinics
ok 'disputed by maker/finance' entente report show "$last" --node clinics
ok 'version 2 +30.25' entente report show "$last" --node clinics
ok 'without returns' entente report show "$last" --node clinics
ok 'revenue +[^ ]+ +30.25 +countersigned' entente scorecard --node clinics

echo "== an exit trigger asks each partner by an action, once, and decides nothing"
asks='exit trigger value-lost holds: propose exit, or say why not'
ok "A-[0-9]+ action: $asks" entente inbox --node clinics --as clinics/sponsor
[ "$(grep -c 'exit trigger value-lost' o)" = 1 ] || { cat o; fail "the inbox asks twice"; }
exits 0 entente action list --node maker
[ "$(grep -c "$asks" o)" = 3 ] || { cat o; fail "not each sponsor is asked"; }
first=$(grep -o '^A-[0-9]*.*exit trigger' o | grep -o '^A-[0-9]*' | head -n 1)
ok "value-lost +HOLDS .* $first asks for it: exit" entente scorecard --node maker
ok 'linked to exit.triggers.value-lost' entente show "$first" --node clinics
ok "$first opened: $asks" entente status --since "$(date -u -d '1 hour ago' +%FT%TZ)" --node clinics
ok 'is open' as maker sponsor propose exit --title "we leave" --confirm exit
ok 'value-lost +HOLDS .*answered by D-1' entente scorecard --node maker
ok '  answered by D-1  \(leaf' entente show "$first" --node clinics # whoever was asked
is 'exit trigger value-lost' entente inbox --node clinics && fail "it is asked still"
as maker sponsor withdraw D-1 --reason "we stay" >/dev/null 2>&1

echo "== a consequence asks until it is answered; what an incentive pays is computed"
ok 'A-[0-9]+ action: consequence 1 holds: act on it' entente inbox --node distributor --as distributor/finance
[ "$(grep -c 'consequence' o)" = 1 ] || { cat o; fail "the inbox asks twice"; }
acts=$(grep -o 'A-[0-9]* action: consequence 1' o | grep -o 'A-[0-9]*')
ok "consequence +revenue +HOLDS .* see $acts" entente scorecard --node clinics
ok 'thrift +HOLDS .*pays USD 0.61 from bonus \(clinics USD 0.37, maker USD 0.24\); a payout is a decision' entente scorecard --node maker

echo "== forecasts stand beside"
ok 'forecast of revenue' as distributor finance report add revenue --forecast --value 50 --period "$(date -u -d '60 days' +%F)"
answers 3 'is over; a forecast is of a period that is not' as distributor finance report add revenue --forecast --value 50 --period "$(date -u -d '30 days ago' +%F)"

echo "== each partner reports its own, and none checks itself"
ok 'is 93' as maker finance report add uptime --value 93
k=$(reading uptime maker reported)
answers 3 'checked by clinics/finance or distributor/finance' as maker finance report countersign "$k" --yes
ok "$k is countersigned" as clinics finance report countersign "$k" --yes

echo "== a sealed pulse"
printf '4\n5\n3\n4\n' >answers.maker
printf '2\n2\n' >answers.clinics
answers 2 'is a pulse' as maker alliance-manager report commit trust --value 4 -o wrong.sealed
answers 2 'is not sealed; report it' as distributor finance report commit revenue --value 4 -o wrong.sealed
ok 'is committed. Keep maker.sealed' as maker alliance-manager report commit trust --answers answers.maker -o maker.sealed
answers 3 'is not open yet' as maker alliance-manager report reveal maker.sealed
ok 'too few to show' as clinics alliance-manager report commit trust --answers answers.clinics -o clinics.sealed
ok 'is committed' as distributor alliance-manager report commit trust --voices 0,0,1,1,3 -o distributor.sealed
ok 'reveal what was committed' entente inbox --node maker --as maker/alliance-manager
cp maker.sealed other.sealed
printf '\x01' | dd of=other.sealed bs=1 seek=10 conv=notrunc 2>/dev/null
answers 6 'not what was committed' as maker alliance-manager report reveal other.sealed
for o in maker clinics distributor; do ok 'is revealed' as $o alliance-manager report reveal $o.sealed; done
opened=$(reading trust maker revealed)
ok '4 voices: 0 said 1, 0 said 2, 1 said 3, 2 said 4, 1 said 5' entente report show "$opened" --node trustee
ok '2 voices$' entente report show "$(reading trust clinics revealed)" --node trustee

echo "== computed from the record"
ok 'D-2 is open' as maker alliance-manager propose commercial-terms --title "price list"
ok '' as maker alliance-manager approve D-2 --yes
ok '' as clinics alliance-manager approve D-2 --yes
ok 'is effective' as distributor alliance-manager approve D-2 --yes
ok 'commercial-terms +1 +1 +0 ' entente pace --node clinics
ok 'distributor .* [1-9][0-9]* +[0-9]+$' entente pace --node clinics # late readings
[ "$(answer "j['all']['opened']" entente pace --node maker)" = 2 ] || fail "two decisions were opened"

echo "== the same at every node, and for an auditor"
entente scorecard --node maker >maker.card.txt
for o in clinics distributor trustee; do entente scorecard --node $o | diff maker.card.txt - || fail "the scorecard of $o differs"; done
entente pack all.pack --node trustee >/dev/null
ok 'VERIFIED' entente-audit verify all.pack
[ -z "${KEEP_PACK-}" ] || cp all.pack "$KEEP_PACK"
ok '^VERIFIED' python3 -B "$source/docs/independent-verifier/entente_verify.py" verify all.pack
ok '^late 2$' entente-audit exceptions all.pack
ok '^late .* K-1 +reading of revenue by distributor: not reported, committed or revealed when it was due$' entente-audit exceptions all.pack
echo "readings: ok"
