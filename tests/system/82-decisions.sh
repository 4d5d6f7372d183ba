#!/usr/bin/env bash
# Goal: what happens to a decision while somebody is away, silent, in conflict or short of money, typed by people against four
# real nodes: an alternate ballots, a recused seat's sponsor is asked, a pause stops the clock, a mediator's text is accepted,
# silence counts as approval once the silent partner's node has shown receipt, and an amount beyond its envelope goes higher.
set -euo pipefail
bin=$1 source=$2
name=decisions
. "$(dirname "$0")/alliance.sh"
seats="alliance-manager finance registrar sponsor" witness_seats="mediator registrar"
members "maker clinics distributor" trustee
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
launch "maker clinics distributor" trustee

echo "== an alternate ballots for a seat"
good as maker finance propose terms --title "Display fee" # D-1
answers 3 'clinics/alliance-manager is no alternate of clinics/finance' as clinics alliance-manager approve D-1 --for clinics/finance --yes
good as clinics registrar seat alternate clinics/finance --by clinics/alliance-manager --since 2026-01-01T00:00:00Z --until 2034-01-01T00:00:00Z --types terms
says 'for clinics/finance its alternate clinics/alliance-manager' entente readiness D-1 --node maker
answers 3 'no  clinics/alliance-manager approve D-1: by decisions.terms.approve' entente can clinics/alliance-manager approve D-1 --node clinics
says 'yes  clinics/alliance-manager approve D-1 for clinics/finance' entente can clinics/alliance-manager approve D-1 --for clinics/finance --node clinics
good as clinics alliance-manager approve D-1 --yes # the one seat it may speak for
says 'ballot: approve by clinics/alliance-manager for clinics/finance' entente show D-1 --node maker
good as clinics finance abstain D-1 --yes # the principal replaces it
answers 3 'clinics/finance has cast its own ballot' as clinics alliance-manager approve D-1 --for clinics/finance --yes

echo "== a recused seat's sponsor is asked"
good as distributor finance recuse D-1 --reason "we own the supplier" --yes
says 'distributor/finance recused itself: in its stead distributor/sponsor' entente readiness D-1 --node clinics
says 'a ballot is owed by distributor/sponsor' entente inbox --as distributor/sponsor --node distributor
answers 3 'that holds to its end' as distributor finance approve D-1 --yes
good as distributor sponsor approve D-1 --yes
good as maker finance approve D-1 --yes
wait_for is_phase D-1 effective maker

echo "== a pause"
good as maker finance propose terms --title "Pallets" # D-2
answers 2 'to pause needs a reason' as maker finance pause D-2
good as maker finance pause D-2 --reason "until the audit is in"
[ "$(phase D-2 maker)" = open ] || fail "one partner cannot pause"
good as clinics finance pause D-2 --reason "agreed"
wait_for is_phase D-2 paused maker
answers 3 'D-2 is paused until' as maker finance approve D-2 --yes
good as distributor finance resume D-2 --reason "the audit is in"
says 'paused  *0 d' entente waiting D-2 --node maker
for o in maker clinics distributor; do good as $o finance approve D-2 --yes; done
wait_for is_phase D-2 effective maker

echo "== a mediator's text is accepted"
good as maker finance propose dispute --title "Returns at 5 percent" # D-3, 3 s
wait_for is_phase D-3 mediation maker
says 'to recommend a text' entente inbox --as trustee/mediator --node trustee
answers 1 'no mediator recommends a text on it now' as maker finance accept D-3 --yes
good as trustee mediator mediate D-3 --title "Returns at 4 percent" --reason "halfway"
says 'Returns at 4 percent' as maker finance accept D-3 --yes
answers 2 'to decline needs a reason' as clinics finance decline D-3 --yes
good as clinics finance decline D-3 --reason "too much" --yes
good as clinics finance accept D-3 --yes
good as distributor finance accept D-3 --yes
wait_for is_phase D-3 effective maker
says 'Returns at 4 percent' entente show D-3 --node distributor
says 'revision 2' entente show D-3 --node distributor

echo "== silence counts as approval of who has shown receipt"
good as maker finance propose pooled --title "Shared samples" # D-4, 45 s
good as maker finance approve D-4 --yes
wait_for is 'receipt by clinics/node' entente show D-4 --node maker
wait_for is 'receipt by distributor/node' entente show D-4 --node maker
says 'silence: counts as approval of clinics, distributor: it passes' entente readiness D-4 --node clinics
wait_for is_phase D-4 effective maker
says 'deemed consent clinics' entente show D-4 --node trustee

echo "== beyond its envelope"
answers 1 'the row asks for the budget' as maker finance propose spend --title "Samples" --amount "USD 60.00"
answers 1 'give the charge in USD' as maker finance propose spend --title "Samples" --amount "EUR 60.00" --budget launch
for n in 5 6; do
  good as maker finance propose spend --title "Samples" --amount "USD 60.00" --budget launch
  for o in maker clinics distributor; do good as $o finance approve D-$n --yes; done
done
wait_for is_phase D-5 effective maker
for o in maker clinics; do wait_for is 'beyond its budget to steering' entente show D-6 --node $o; done
[ "$(phase D-6 maker)" = open ] || fail "D-6 is $(phase D-6 maker)"
says 'spent USD 60.00, reserved USD 0.00, left USD 40.00' entente budgets --node clinics
answers 3 'clinics/finance is not asked on D-6' as clinics finance approve D-6 --yes
for o in maker clinics distributor; do good as $o sponsor approve D-6 --yes; done
wait_for is_phase D-6 effective maker
says 'left (-USD 20.00|USD -20.00)' entente budgets --node clinics

echo "== acting first"
good as clinics finance propose recall --title "Batch 7" # D-7
says 'acted first by clinics/finance' entente show D-7 --node maker
good as clinics finance withdraw D-7 --reason "a false alarm"
says 'not ratified' entente show D-7 --node maker
answers 3 'no  maker/sponsor propose recall: by decisions.recall.owner' entente can maker/sponsor propose recall --node maker

echo "== all nodes agree, and a pack verifies"
for o in clinics distributor trustee; do wait_for same $o maker; done
good entente pack all.pack --node maker
good entente-audit verify all.pack

echo "== a certificate of each decision, from a node and from a pack, checked by both verifiers (CER-1)"
verifier=$source/docs/independent-verifier/entente_verify.py
id=$(entente-audit verify all.pack --json | json "x['alliance']")
for n in 1 2 3 4 5 6 7; do
  good entente certify D-$n -o D-$n.certificate --node clinics
  good entente certify D-$n -o from-pack.certificate --pack all.pack
  for f in D-$n.certificate from-pack.certificate; do
    answers 0 "VERIFIED D-$n of .*: $(phase D-$n maker), as of block" entente-audit verify $f --expect-alliance "$id"
    answers 0 "VERIFIED D-$n: $(phase D-$n maker), as of block" env PYTHONDONTWRITEBYTECODE=1 python3 "$verifier" verify $f --expect-alliance "$id"
  done
done
answers 0 'ballot: approve by clinics/alliance-manager for clinics/finance, key' entente-audit verify D-1.certificate
answers 0 'nobody said which was expected' entente-audit verify D-1.certificate
answers 0 'deemed consent clinics$' entente-audit verify D-4.certificate
answers 0 '^ *"phase": "effective"' entente-audit verify D-3.certificate --json
answers 6 'GEN-3: this is alliance' entente-audit verify D-1.certificate --expect-alliance "${id//[0-9]/0}"
head -c -30 D-1.certificate >cut.certificate
answers 6 'CER-1: the file ends without its last frame|PAK-1: the file ends' entente-audit verify cut.certificate
exits 6 env PYTHONDONTWRITEBYTECODE=1 python3 "$verifier" verify cut.certificate
answers 2 'certify needs a decision' entente certify --node maker
answers 1 'there is no D-99 in the record of' entente certify D-99 --node maker
answers 2 'html is for packs' entente-audit verify D-1.certificate --html -
