#!/usr/bin/env bash
# Goal: what a charter says of structure is what the nodes go by. Three layers (S8): a working team, an operational council, an
# executive steering body each decide their own rows, meet in sessions of their own kind, and a decision climbs from one to the
# next. The operating annex (S13): procedures with the digest of their file, glossary and norms are shown, rested on, trained on,
# and changed by decision. Balanced views (S22): the scorecard by view, with how many numbers are at their targets.
set -euo pipefail
bin=$(realpath "$1") source=$(realpath "$2") name=layers
. "$source/tests/system/alliance.sh"
seats="alliance-manager finance registrar sponsor"
members "maker clinics distributor" trustee
mkdir charter/sop
echo "Call the clinic, then the depot." >charter/sop/recall.txt
cat >charter/charter.yaml <<'Y'
entente: 1
alliance: layers
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
  launch-team: {layer: working, seats: ["*/finance"], chair: clinics/finance, quorum: each partner 1}
ladders:
  upward: [{to: council, within: 3 bd}, {to: steering, within: 5 bd}]
decisions:
  defaults: {calendar: joint, min-read: 0 bd, notice: 0 bd, silence: escalate, ladder: upward, else: status quo}
  shelf-plan: {owner: launch-team, approve: each partner 1 of launch-team, sla: 2 bd}
  roadmap-change: {owner: council, approve: each partner 1 of council, sla: 5 bd}
  new-market: {owner: steering, approve: each partner 1 of steering, sla: 10 bd}
  norway-listing: {owner: council, approve: each partner 1 of council, sla: 10 bd, scope: norway}
  charter-policy: {owner: council, approve: each partner 1 of council, sla: 15 bd}
  charter-core: {owner: steering, approve: each partner 1 of steering, sla: 30 bd, abstain: blocks}
  admission: {owner: steering, approve: each partner 1 of steering, sla: 30 bd, abstain: blocks}
  removal: {owner: steering, approve: each other partner 1 of steering, sla: 30 bd, abstain: blocks}
  renewal: {owner: steering, approve: each partner 1 of steering, sla: 60 bd, abstain: blocks}
  exit: {owner: steering, approve: own partner 1 of steering, sla: 20 bd, notice: 60 bd}
metrics:
  defaults: {better: up, due: 8 bd}
  revenue: {group: value, view: financial, unit: EUR, every: d, from: distributor/finance, check: maker/finance, target: 100}
  margin: {group: value, view: financial, unit: percent, every: d, from: maker/finance, check: clinics/finance, target: 30}
  patients: {group: value, view: customer, unit: patients, every: d, from: clinics/finance, check: maker/finance, target: 50}
  speed: {group: execution, view: process, computed: decision-velocity, every: month}
procedures: {recall: {file: sop/recall.txt, train: ["*/finance"], again: 180 d}}
glossary: {case: 24 bottles}
norms: [bad news within one business day]
Y

echo "== a charter without one of the four views is told so"
answers 0 'no metric has the view learning; a balanced scorecard has one in each' entente charter check charter/charter.yaml
draft_as=(faketime '3 days ago') # so that days are over, of which numbers are owed
command -v faketime >/dev/null || fail "this test needs the program faketime (package faketime)"
launch "maker clinics distributor" trustee
export ENTENTE_NODE=$work/maker

echo "== S8: three layers, each with its rows"
ok '^  launch-team: \{layer: working, seats: \["\*/finance"\]' entente charter show bodies
good as maker finance propose shelf-plan --title "Two shelves a shop" # D-1
answers 3 'maker/finance is no owner of roadmap-change' as maker finance propose roadmap-change --title "A smaller bottle" --yes
answers 3 'maker/alliance-manager is no owner of new-market' as maker alliance-manager propose new-market --title "Norway" --yes
good as maker alliance-manager propose roadmap-change --title "A smaller bottle" # D-2
good as maker sponsor propose new-market --title "Norway" # D-3
ok '^D-1 shelf-plan is open; asked: launch-team; has 0 of 3 partners' entente readiness D-1
answers 3 'by decisions.shelf-plan.approve \(launch-team\)' entente can clinics/sponsor approve D-1
answers 0 'clinics/finance' entente can clinics/finance approve D-1
answers 3 'clinics/finance' entente can clinics/finance approve D-3
for o in maker clinics distributor; do wait_for same $o maker; good as $o finance approve D-1 --yes; good as $o sponsor approve D-3 --yes; done
wait_for is_phase D-1 effective maker
wait_for is_phase D-3 effective maker

echo "== a row that is limited to a market is proposed for that market (S32)"
answers 3 'norway-listing is limited to the scope norway' as maker alliance-manager propose norway-listing --title "Two chains" --scope sweden --yes
good as maker alliance-manager propose norway-listing --title "Two chains in Oslo" # D-4: nobody need repeat what the row says
ok '^ *scope +norway$' entente show D-4 --node maker
good as maker alliance-manager revise D-4 --title "Three chains in Oslo" --reason "one more asks" --yes
ok '^ *scope +norway$' entente show D-4 --node maker
good as maker alliance-manager propose roadmap-change --title "A label in Norwegian" --scope norway # D-5: of a row that is for all
ok '^ *scope +norway$' entente show D-5 --node maker
good as maker alliance-manager withdraw D-5 --yes
for o in maker clinics distributor; do wait_for same $o maker; good as $o alliance-manager approve D-4 --yes; done
wait_for is_phase D-4 effective maker

echo "== a decision climbs from layer to layer"
good as clinics finance propose shelf-plan --title "Three shelves a shop" # D-6
wait_for same clinics maker
good as clinics finance escalate D-6 --reason "we cannot agree" --yes
ok 'D-6 shelf-plan is open; asked: council' entente readiness D-6
ok 'D-6' entente inbox --as distributor/alliance-manager --node distributor
answers 3 'maker/finance' entente can maker/finance approve D-6
good as maker alliance-manager escalate D-6 --reason "nor can we" --yes
ok 'D-6 shelf-plan is open; asked: steering' entente readiness D-6
for o in maker clinics distributor; do wait_for same $o maker; good as $o sponsor approve D-6 --yes; done
wait_for is_phase D-6 effective maker

echo "== each layer meets in its own kind of session"
answers 1 'stand-up' as maker alliance-manager meet call stand-up --body council --on "$(date -u +%F)"
good as maker finance meet call stand-up --body launch-team --on "$(date -u +%F)"
ok 'S-1 +open +stand-up +launch-team' entente meet
good as maker alliance-manager meet call operational-review --body council --on "$(date -u +%F)"
good as maker sponsor meet call steering-review --body steering --on "$(date -u +%F)"
ok 'S-3 +open +steering-review +steering' entente meet

echo "== S13: the annex is what the founding had, and is changed by decision"
sum=$(sha256sum <charter/sop/recall.txt | cut -d' ' -f1)
ok "recall: .*sop/recall.txt" entente charter show procedures
grep -q "$sum" o || { cat o; fail "the digest of the procedure's file"; }
ok 'case: 24 bottles' entente charter show glossary
ok 'bad news within one business day' entente charter show norms
good as clinics finance training new --title "Recall, first course" --about recall --due "$(date -u -d '30 days' +%F)" --yes
answers 1 'section procedures has no no-such; see: entente charter show procedures' as clinics finance training new --title "Another" --about no-such --due "$(date -u -d '30 days' +%F)" --yes
echo "Call the depot, then the clinic." >charter/sop/recall.txt
entente charter show >charter/changed.yaml
sed -i 's/case: 24 bottles/case: 12 bottles/' charter/changed.yaml
new=$(sha256sum <charter/sop/recall.txt | cut -d' ' -f1)
answers 6 "recall.txt has SHA-256 $new; the charter says $sum" as maker alliance-manager propose charter-policy --title "The depot first" --amend procedures \
  --file charter/changed.yaml --yes # nobody changes a procedure by its file alone
sed -i "s/$sum/$new/" charter/changed.yaml
good as maker alliance-manager propose charter-policy --title "The depot first" --amend procedures --file charter/changed.yaml --relies-on glossary.case --yes # D-7
for o in maker clinics distributor; do wait_for same $o maker; good as $o alliance-manager approve D-7 --yes; done
wait_for is_phase D-7 effective maker
ok "$new" entente charter show procedures
entente charter show procedures | grep -q "$sum" && fail "the old file is in force still"
good as maker alliance-manager propose charter-policy --title "Half cases" --amend glossary --file charter/changed.yaml --yes # D-8
for o in maker clinics distributor; do wait_for same $o maker; good as $o alliance-manager approve D-8 --yes; done
wait_for is_phase D-8 effective maker
ok 'case: 12 bottles' entente charter show glossary
ok 'IN DOUBT since .*: glossary.case was amended by D-8' entente show D-7

echo "== S22: the scorecard by view"
yesterday=$(date -u -d yesterday +%F)
good as distributor finance report add revenue --value 120 --period "$yesterday" --yes
good as maker finance report add margin --value 21 --period "$yesterday" --yes
good as clinics finance report add patients --value 64 --period "$yesterday" --yes
for o in distributor clinics; do wait_for same $o maker; done
ok '^financial: 1 of 2 at target$' entente scorecard --views --period "$yesterday"
grep -q '^customer: 1 of 1 at target$' o || { cat o; fail "the customers' view"; }
[ "$(grep -Ev '^ |^watched|^12 ' o | sed 's/:.*//' | tr '\n' ' ')" = "financial customer process learning " ] || { cat o; fail "the views, in their order"; }
grep -q '^learning: no metric has this view$' o || { cat o; fail "the view that is missing"; }
[ "$(sed -n '/^financial/,/^customer/p' o | grep -Ec '^  (revenue|margin) ')" = 2 ] || { cat o; fail "what the view has"; }
[ "$(entente scorecard --period "$yesterday" --json | json "sorted((m['name'], m['view']) for m in x['metrics'])")" = \
  "[('margin', 'financial'), ('patients', 'customer'), ('revenue', 'financial'), ('speed', 'process')]" ] || fail "the views in JSON"
ok '^value$' entente scorecard --period "$yesterday"

echo "== the same for an auditor"
good entente pack all.pack
verified all.pack
echo "layers: ok"
