# Act 2: a year of an alliance, from launch to renewal. The charter is docs/examples/heart-monitoring.charter.yaml; its term is
# another, so that renewal opens (270 days before its end) when the first year is over, and delivery slots are reported by the month.
. scripts/demo.d/year_library.sh

step "Alliance or not, and with whom: the maker's dossier, which its sponsor signs (S1, S3, S4)"
stepped=$(date -u -d '2026-01-05 08:00' +%s)
clock_to "$stepped"
members >/dev/null 2>&1
cards >/dev/null 2>&1
cp docs/examples/heart-monitoring.dossier.yaml "$work/dossier.yaml"
look 'missing' entente dossier check "$work/dossier.yaml"
look '^ +verdict|^  (- yes|  no |  yes) |^ +clinics +dist|^  (Total|Red flags|Standing)' entente dossier show "$work/dossier.yaml"
look 'Signed' entente dossier sign "$work/dossier.yaml" --as maker/sponsor --key "$work/keys/maker-sponsor.key" --yes

step "The alliance is founded, on Monday 5 January 2026, with the dossier's digest in its charter; four nodes run"
cp -r docs/examples/agreements docs/examples/procedures "$work/charter/"
sed 's/^term: .*/term: {from: 2026-01-01, to: 2027-09-30, renewal-opens: 270 d before}/; /^  delivery-slots:/s/, every: week//' docs/examples/heart-monitoring.charter.yaml >"$work/charter/charter.yaml"
look 'refusals' entente charter check "$work/charter/charter.yaml"
look 'dossier' entente alliance draft "$work/charter/charter.yaml" --dossier "$work/dossier.yaml" --annex file -o "$work/alliance.genesis"
entente alliance sign "$work/alliance.genesis" --as maker/sponsor --key "$work/keys/maker-sponsor.key" --yes >/dev/null 2>&1
signatures
nodes >/dev/null
look 'nodes|alliance' entente node status
alliance=$(entente node status | awk '/^alliance/ {print $3}')

. scripts/demo.d/year_launch.sh
. scripts/demo.d/year_spring.sh
. scripts/demo.d/year_autumn.sh
. scripts/demo.d/year_renewal.sh
