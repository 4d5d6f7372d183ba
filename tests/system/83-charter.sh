#!/usr/bin/env bash
# Goal: the charter as people handle it: an alliance of four real nodes founded from a template as it stands; refusals name what is
# wrong and what to type.
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
mkdir charter && ln -s ../cards charter/cards && mv two-partners.yaml charter/charter.yaml
launch "north south" "trustee archive"
