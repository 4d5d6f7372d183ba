#!/usr/bin/env bash
# Goal: from a partner's dossier to an alliance on four real nodes: what is missing and what contradicts is told with its place;
# it is signed, and stock ssh-keygen verifies it; its thesis and commitments go into the founding in clear, the file by its
# digest, and only from a key of the partner's card; then assumptions and findings become items without being typed again.
set -euo pipefail
bin=$(realpath "$1") source=$(realpath "$2") name=dossier
. "$source/tests/system/alliance.sh"
command -v faketime >/dev/null || fail "this test needs the program faketime (package faketime)"
seats="sponsor deputy-sponsor alliance-manager business-lead delivery-lead finance controller quality security legal registrar"

entente charter template two-partners >whole.yaml

echo "== the form"
answers 0 '^blank +Every question, to be answered$' entente dossier template
answers 2 'there is no template full; expected one of: blank, example' entente dossier template full
good entente dossier template blank -o blank.yaml
[ "$(stat -c %a blank.yaml)" = 600 ] || fail "others can read a new dossier"
answers 1 'blank.yaml' entente dossier template blank -o blank.yaml # never over a file that is there
answers 1 '^blank.yaml: 20 missing, 0 refused, 0 warnings$' entente dossier check blank.yaml
grep -q '^blank.yaml:13:19: missing: test.buy.answer: Could it be bought' o || { cat o; fail "an open question"; }
good entente dossier template example -o dossier.yaml
answers 0 '^dossier.yaml: 0 missing, 0 refused, 0 warnings$' entente dossier check dossier.yaml
sed 's/build:         {answer: no/build:         {answer: yes/; s/, because: Has the technicians and the parts//; s/, mitigation: Certificate[^}]*//' \
  dossier.yaml >bad.yaml
answers 1 '^bad.yaml: 1 missing, 2 refused, 0 warnings$' entente dossier check bad.yaml
grep -q "^bad.yaml:19:3: refused: test.verdict: 'alliance', but the answers say build: build" o || { cat o; fail "verdict"; }
grep -q '^bad.yaml:33:7: missing: shortlist.south.fit.capability.because: a score without a reason; say why$' o || { cat o; fail "reason"; }
grep -q '^bad.yaml:37:84: refused: shortlist.south.fit.compliance: a red flag without a mitigation' o || { cat o; fail "red flag"; }
[ "$(entente dossier check bad.yaml --json 2>/dev/null | json "x['verdict']['answers-say'], [f['line'] for f in x['findings']]")" = "build [19, 33, 37]" ] || fail "as JSON"
printf 'dossier: 1\nverdict: yes\n' >other.yaml
answers 1 "other.yaml:2:1: dossier: unknown key 'verdict'; expected one of: dossier, partners" entente dossier check other.yaml
answers 1 'whole.yaml:.*: this is no dossier: it does not begin with .dossier: 1.; see: entente dossier template' entente dossier show whole.yaml

echo "== read"
answers 0 '^  verdict: alliance; the answers say: alliance$' entente dossier show dossier.yaml
grep -Eq '^  Total +29 of 35 +24 of 35 +20 of 35' o || { cat o; fail "side by side"; }
grep -Eq '^  Compliance and security +3 red flag +5 +4' o || { cat o; fail "red flags"; }
answers 0 'Not ready to be signed: entente dossier check bad.yaml' entente dossier show bad.yaml

echo "== signed"
mkdir keys charter
for o in north south; do make $o $seats; done
make trustee mediator registrar
make archive registrar
mv charter cards
answers 1 'bad.yaml:19:3: test.verdict: .*the first of 3; all: entente dossier check bad.yaml' entente dossier sign bad.yaml --as north/sponsor --key keys/north-sponsor.key --yes
answers 2 '--as south/sponsor: south is not among the partners of dossier.yaml' entente dossier sign dossier.yaml --as south/sponsor --key keys/south-sponsor.key --yes
answers 1 'north has not signed dossier.yaml: there is no dossier.yaml.north.sig; sign it with' entente dossier verify dossier.yaml
answers 2 'nobody can be asked here' entente dossier sign dossier.yaml --as north/sponsor --key keys/north-sponsor.key </dev/null
answers 0 '^Signed as north/sponsor: dossier.yaml.north.sig$' entente dossier sign dossier.yaml --as north/sponsor --key keys/north-sponsor.key --yes
echo "north/sponsor $(entente key show keys/north-sponsor.key | head -n 1)" >allowed_signers
ssh-keygen -Y verify -f allowed_signers -I north/sponsor -n dossier@entente -s dossier.yaml.north.sig <dossier.yaml >o 2>&1 || { cat o; fail "ssh-keygen does not verify it"; }
! ssh-keygen -Y verify -f allowed_signers -I north/sponsor -n entry@entente -s dossier.yaml.north.sig <dossier.yaml >/dev/null 2>&1 || fail "in another namespace"
answers 0 '^north signed it with SHA256:.*, which its card gives to sponsor$' entente dossier verify dossier.yaml --card cards/north.card
answers 1 'is a dossier of north, whose card is not there' entente dossier verify dossier.yaml --card cards/south.card
cp dossier.yaml.north.sig changed.yaml.north.sig && sed 's/ten/tem/' dossier.yaml >changed.yaml
answers 6 'changed.yaml.north.sig does not sign changed.yaml as it is' entente dossier verify changed.yaml

sed 's/^partners: .*/partners: [north, south]/' dossier.yaml >joint.yaml # of two, and signed by both
good entente dossier sign joint.yaml --as north/legal --key keys/north-legal.key --yes
answers 1 'south has not signed joint.yaml: there is no joint.yaml.south.sig' entente dossier verify joint.yaml
good entente dossier sign joint.yaml --as south/legal --key keys/south-legal.key --yes
[ "$(entente dossier verify joint.yaml --card cards/north.card,cards/south.card --json | json "[(s['org'], s['seat']) for s in x]")" = \
  "[('north', 'legal'), ('south', 'legal')]" ] || fail "two signatures"

echo "== annexed"
python3 - <<'P' >charter.yaml
import re
print(re.sub(r"^(thesis|commitments):.*?\n(?=\S)", "", open("whole.yaml").read(), flags=re.M | re.S), end="")
P
mkdir charter && mv charter.yaml charter/ && ln -s ../cards charter/cards
sed -i '/^  charter-policy:/s/, notice: 5 bd//' charter/charter.yaml
answers 2 '--annex goes with --dossier FILE' entente alliance draft charter/charter.yaml --annex thesis -o x.genesis
answers 2 '--annex budget: expected thesis, commitments or file' entente alliance draft charter/charter.yaml --dossier dossier.yaml --annex budget -o x.genesis
cp whole.yaml charter/whole.yaml
answers 2 '--annex thesis: there is a section thesis already; take it out of the charter' entente alliance draft charter/whole.yaml --dossier dossier.yaml --annex thesis -o x.genesis
answers 6 'changed.yaml.north.sig does not sign changed.yaml' entente alliance draft charter/charter.yaml --dossier changed.yaml -o x.genesis
entente key new keys/stranger.key --unsealed >/dev/null 2>&1
cp dossier.yaml strange.yaml
good entente dossier sign strange.yaml --as north/sponsor --key keys/stranger.key --yes
answers 4 'strange.yaml is signed for north with SHA256:.*, which holds no seat on the card of north' entente alliance draft charter/charter.yaml --dossier strange.yaml -o x.genesis
sed 's/^  verdict: alliance/  verdict: build/; s/build:         {answer: no/build:         {answer: yes/' dossier.yaml >alone.yaml
good entente dossier sign alone.yaml --as north/sponsor --key keys/north-sponsor.key --yes
answers 1 "alone.yaml: its verdict is 'build'; an alliance is founded on one that says alliance" entente alliance draft charter/charter.yaml --dossier alone.yaml -o x.genesis
answers 1 'dossier.yaml: the glossary has dossier-north already' entente alliance draft charter/charter.yaml --dossier dossier.yaml,./dossier.yaml --annex file -o x.genesis
sed '/^  pipeline: {/d; s/weak-pipeline: [^,]*, //' charter/charter.yaml >charter/less.yaml
answers 1 'thesis.outcomes.pipeline: ' entente alliance draft charter/less.yaml --dossier dossier.yaml -o x.genesis
[ ! -e x.genesis ] || fail "a draft was written all the same"
answers 0 'joint.yaml: its section thesis is left out: there is one already' entente alliance draft charter/whole.yaml --dossier joint.yaml -o x.genesis
grep -q '^joint.yaml: annexed by its SHA-256, as dossier-north-south of the glossary$' o || { cat o; fail "of two partners"; }
draft() { entente alliance draft --dossier dossier.yaml "${@:4}"; } # before the words: entente alliance draft
draft_as=(draft)
launch "north south" "trustee archive"
export ENTENTE_NODE=$work/north
answers 0 'the file dossier.yaml with SHA-256 '"$(sha256sum <dossier.yaml | cut -d' ' -f1)" entente charter show glossary
grep -q '^  dossier-north: ' o || { cat o; fail "its name in the glossary"; }
entente charter show thesis | sed 1d >thesis.now
entente dossier show dossier.yaml | sed -n '/^thesis:/,/^commitments:/p' | sed '$d' >thesis.then
diff thesis.then thesis.now || fail "the thesis in force is not that of the dossier"
answers 0 '^  technicians: \{by: south, unit: fte, quantity: 24' entente charter show commitments

echo "== items"
answers 2 'nobody can be asked here' as north alliance-manager plan launch
due=$(TZ=UTC-1 date -d '90 days' +%F) # on the template's calendar, an hour ahead of UTC
grep -Eq "^  new +assumption +$due  capacity: 90 percent of 200 trial visits" o || { cat o; fail "an assumption in the plan"; }
answers 0 '^value +no ' entente health
answers 2 ' new +assumption +in 90 days  capacity: ' faketime '+100 days' entente plan launch --node north --key keys/north-sponsor.key --as north/sponsor </dev/null # its day is over
good as north alliance-manager plan launch --yes
answers 0 '^AS-1 .*capacity: 90 percent' entente assume list
answers 0 'AS-1|south/delivery-lead' entente show AS-1
grep -q 'south/delivery-lead' o || { cat o; fail "it is offered to the owner of the thesis"; }
answers 0 '^value +yes +The thesis is signed; of 2 assumptions' entente health # each has an item
answers 0 '^0 to open, ' as south alliance-manager plan launch --yes
grep -Eq '^  AS-2 +assumption .*demand: 20 of 60' o || { cat o; fail "what is there"; }
good as south delivery-lead assume take AS-1 --yes
answers 0 '^5 items opened. See: entente finding list$' as north legal plan diligence dossier.yaml --yes
answers 0 '^F-3 .*south, compliance and security: No certificate for information security$' entente finding list
answers 0 'Met by: An audit is booked for March 2027' entente show F-3
answers 0 '^0 to open, 5 there already or over' as north legal plan diligence dossier.yaml --yes
answers 1 'blank.yaml has no findings of due diligence' as north legal plan diligence blank.yaml --yes
entente pack all.pack >/dev/null
verified all.pack
