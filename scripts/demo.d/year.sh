# Act 2: a year of an alliance, from launch to renewal. The charter is docs/examples/ready-to-drink.charter.yaml as it stands; what
# the alliance wants otherwise, it decides on the way: how often people meet, rows of the matrix, and the term.
. scripts/demo.d/year_library.sh

step "Alliance or not, and with whom: the brand owner's dossier, which its sponsor signs (S1, S3, S4)"
stepped=$(date -u -d '2026-01-05 08:00' +%s)
clock_to "$stepped"
members >/dev/null 2>&1
cards >/dev/null 2>&1
cp docs/examples/ready-to-drink.dossier.yaml "$work/dossier.yaml"
look 'missing' entente dossier check "$work/dossier.yaml"
look '^ +verdict|^  (- yes|  no |  yes) |^ +distributor +co-p|^  (Total|Red flags|Standing)' entente dossier show "$work/dossier.yaml"
look 'Signed' entente dossier sign "$work/dossier.yaml" --as brand/sponsor --key "$work/keys/brand-sponsor.key" --yes

step "The alliance is founded, on Monday 5 January 2026, with the dossier's digest in its charter; four nodes agree, and the observer's follows"
cp -r docs/examples/agreements docs/examples/sop "$work/charter/"
cp docs/examples/ready-to-drink.charter.yaml "$work/charter/charter.yaml"
look 'refusals' entente charter check "$work/charter/charter.yaml"
look 'dossier' entente alliance draft "$work/charter/charter.yaml" --dossier "$work/dossier.yaml" --annex file -o "$work/alliance.genesis"
entente alliance sign "$work/alliance.genesis" --as brand/sponsor --key "$work/keys/brand-sponsor.key" --yes >/dev/null 2>&1
signatures
nodes >/dev/null
look 'nodes|alliance' entente node status
alliance=$(entente node status | awk '/^alliance/ {print $3}')

. scripts/demo.d/year_launch.sh
. scripts/demo.d/year_spring.sh
. scripts/demo.d/year_autumn.sh
. scripts/demo.d/year_renewal.sh
