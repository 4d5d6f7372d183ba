#!/usr/bin/env bash
# Goal: the charter as people handle it: drafted from a template as it stands, four real nodes founded from it; what an amendment
# would change, did change, and what two files say differently; refusals name what is wrong and what to type.
set -euo pipefail
bin=$1 source=$2 name=charter
. "$source/tests/system/alliance.sh"
seats="sponsor deputy-sponsor alliance-manager business-lead delivery-lead finance controller quality security legal registrar"

# Templates are listed, written, and never over a file that is there.
answers 0 '^brand-distribution +A brand and a distributor' entente charter template
exits 0 entente alliance draft --template list
answers 2 'there is no template two; expected one of: two-partners, consortium' entente charter template two
for t in two-partners consortium brand-distribution research; do
  good entente charter template $t -o $t.yaml
  answers 0 ': 28 sections, 0 refusals, 0 warnings$' entente charter check $t.yaml
done
answers 1 'two-partners.yaml' entente charter template two-partners -o two-partners.yaml
answers 2 'needs the charter file or --template NAME' entente alliance draft two-partners.yaml --template research -o a.genesis

# Founded from the template as it stands, once the cards are there.
mkdir -p keys charter
exits 1 entente alliance draft --template two-partners -o a.genesis
grep -q 'cards/' o
for o in north south; do make $o $seats; done
make trustee mediator registrar
make archive registrar
mv charter cards
good entente alliance draft --template two-partners -o first.genesis
# One key in most of a partner's seats; a card that is not there; a row that no proposal can be made under yet.
ententd init twin --partner north --listen 127.0.0.1:$(free_port) >/dev/null
args=()
for s in $seats; do args+=(--seat "$s=keys/north-sponsor.key"); done
ententd card twin "${args[@]}" --recovery keys/north-recovery.key -o twin.card >/dev/null
mkdir check check/cards && cp twin.card check/cards/north.card
sed 's/^  exit: {/  exit: {longest: 90 d, /; s/first-visit-fixed < 65.0 for 4/first-visit-fixed < 65.0 for 4 or amount > EUR 5.00/' two-partners.yaml >check/c.yaml
exits 0 entente charter check check/c.yaml
at() { awk -v w="$1" 'index($0, w) {print NR ":" index($0, w); exit}' check/c.yaml; }
grep -Eq "^check/c.yaml:$(at cards/north.card): warning: one key, SHA256:.*, holds 11 of 11 seats of north: .*; give seats keys of their own" o || { cat o; fail "one key"; }
grep -Eq "^check/c.yaml:[0-9]+:[0-9]+: warning: decisions.exit: has longest: on a row with an effect of its own, which is not carried out yet: a proposal under it is refused" o || { cat o; fail "row"; }
grep -q '^check/c.yaml: the cards of 1 partners are not there; their keys were not looked at' o
grep -q ' 0 refusals, 3 warnings$' o
grep -Eq ': warning: consequences: number 2: it looks at amount, which is of one proposal or risk alone: nothing opens by itself; those who look at the scorecard see it$' o || { cat o; fail "what opens nothing"; }

# The same with amendments of policy in effect at once, for what follows.
sed -i '/^  charter-policy:/s/, notice: 5 bd//' two-partners.yaml
answers 0 ', 0 refusals, 0 warnings$' entente charter check two-partners.yaml
mkdir charter && ln -s ../cards charter/cards && mv two-partners.yaml charter/charter.yaml
launch "north south" "trustee archive"
export ENTENTE_NODE=$work/north

# What two charters say differently: files, a file against the record, a proposal against what it was made from, the last change.
good entente charter template two-partners -o other.yaml
answers 0 '^  core +charter-policy.notice: 5 bd -> 0 bd$|^  core +charter-policy.notice goes$' entente charter diff other.yaml charter/charter.yaml
grep -q '^1 difference in 1 section: 1 core, 0 policy$' o
answers 0 '^The two say the same.$' entente charter diff other.yaml other.yaml
answers 0 'The charter is as founded' entente charter diff
entente charter show >changed.yaml
answers 0 '^The two say the same.$' entente charter diff changed.yaml
sed -i 's/bad news within one business day/bad news within one hour/; s/^\(  spend: .*\)sla: 10 bd/\1sla: 8 bd/' changed.yaml
answers 0 '^  policy  spend.sla: 10 bd -> 8 bd$' entente charter diff changed.yaml
grep -q '^          - \[bad news within one business day,' o
grep -q '^2 differences in 2 sections: 0 core, 2 policy$' o
[ "$(entente charter diff changed.yaml --json | json "[(d['section'], d['key'], d['after'], d['core']) for d in x][0]")" = "('decisions', 'spend.sla', '8 bd', False)" ]
good as north alliance-manager propose charter-policy --title "Eight days for money" --amend decisions --file changed.yaml
answers 0 '^D-1 against version 1 of section decisions' entente charter diff D-1
grep -q '^1 difference in 1 section: 0 core, 1 policy$' o
for o in north south; do good as $o alliance-manager approve D-1 --yes; done
wait_for is_phase D-1 effective north
answers 0 '^Version 2 of section decisions, made by D-1$' entente charter diff
grep -q '^  policy  spend.sla: 10 bd -> 8 bd$' o
answers 0 '^  policy  spend.sla: 10 bd -> 8 bd$' entente charter diff D-1
good as north business-lead propose commercial-terms --title "List of 2027"
answers 2 'D-2 amends no section of the charter; see: entente show D-2' entente charter diff D-2
answers 1 'nowhere.yaml' entente charter diff nowhere.yaml
answers 2 'charter diff needs two charter files, one file, D-n, or nothing' entente charter diff a b c

# The launch plan and the assumptions of the thesis: shown, signed, and never laid out twice, whoever does it.
answers 2 'nobody can be asked here' as north alliance-manager plan launch
grep -Eq '^  new   milestone +[0-9-]{10}  Launch, day 30$' o
grep -q '^13 to open, 0 there already or over' o
[ "$(entente milestone list --json | json "len(x['list'])")" = 0 ]
good as north alliance-manager plan launch --yes
grep -q '^13 items opened' o
answers 0 '^M-1 .*Launch, day 30' entente milestone list
grep -q '^M-4 .*gate-second-market: before contracts in the second market' o
answers 0 'M-1' entente show A-1
answers 0 '^0 to open, 13 there already or over' as south alliance-manager plan launch --yes
grep -Eq '^  M-2   milestone +.*Launch, day 60$' o
[ "$(as south alliance-manager plan launch --yes --json 2>/dev/null | json "len(x), x[0]['item'], x[1]['item']")" = "13 M-1 A-1" ]
answers 2 'entente plan launch takes no words' as north alliance-manager plan launch now --yes
good entente pack all.pack
good entente-audit verify all.pack --expect-alliance "$alliance"
