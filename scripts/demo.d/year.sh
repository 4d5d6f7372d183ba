# Act 2: a year of an alliance, from launch to renewal. The charter is docs/examples/heart-monitoring.charter.yaml; its term is
# another, so that renewal opens (270 days before its end) when the first year is over, and delivery slots are reported by the month.
. scripts/demo.d/year_library.sh

step "The alliance is founded, on Monday 5 January 2026; four nodes run"
stepped=$(date -u -d '2026-01-05 08:00' +%s)
clock_to "$stepped"
members >/dev/null 2>&1
cards >/dev/null 2>&1
cp -r docs/examples/agreements docs/examples/procedures "$work/charter/"
sed 's/^term: .*/term: {from: 2026-01-01, to: 2027-09-30, renewal-opens: 270 d before}/; /^  delivery-slots:/s/, every: week//' docs/examples/heart-monitoring.charter.yaml >"$work/charter/charter.yaml"
look 'refusals' entente charter check "$work/charter/charter.yaml"
entente alliance draft "$work/charter/charter.yaml" -o "$work/alliance.genesis" >/dev/null 2>&1
entente alliance sign "$work/alliance.genesis" --as maker/sponsor --key "$work/keys/maker-sponsor.key" --yes >/dev/null 2>&1
signatures
nodes >/dev/null
look 'nodes|alliance' entente node status
alliance=$(entente node status | awk '/^alliance/ {print $3}')

. scripts/demo.d/year_launch.sh
. scripts/demo.d/year_spring.sh
. scripts/demo.d/year_autumn.sh
. scripts/demo.d/year_renewal.sh
