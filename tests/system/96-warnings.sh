#!/usr/bin/env bash
# Goal: the early warning of a risk acts by itself, on real nodes whose clocks are moved. A month that both sides call bad, one
# whose number is disputed and one that nobody reports make three in a row: the risk is flagged, its owner is told, and it climbs
# to the council and on to steering, though nobody signed anything and a node was lost on the way. A good month ends it. Both
# verifiers come to the same record, and the auditor's exceptions name it.
set -euo pipefail
bin=$(realpath "$1") source=$(realpath "$2") name=warnings
. "$source/tests/system/alliance.sh"
moved_clock
next_month() { date -u -d "$(date -u -d "@$(now)" +%Y-%m-01) +1 month" +%s; } # when this month is over
month() { date -u -d "@$(($1 - 86400))" +%Y-%m; } # month SECONDS: the one that is over then
reading() { # reading MONTH FIELD: of that month's reading of on-shelf
  entente report list --node maker --json | json "[r['reading'].get('$2', '') for r in x['list'] if r['reading']['metric'] == 'on-shelf' and r['period'] == '$1'][0]"
}
is_reading() { [ "$(reading "$1" standing)" = "$2" ]; }
item() { entente risk show R-1 --node "$1" --json | json "$2"; } # item NODE EXPRESSION
is_item() { [ "$(item "$1" "$2")" = "$3" ]; }
told() { # told PYTHON-CONDITION: of some reminder r
  python3 -c "import json,sys; sys.exit(not any($1 for r in map(json.loads, open('maker/told'))))"
}
month_over() { # the month ends; its reading is owed
  end=$(next_month)
  m=$(month "$end")
  until_time $((end + 30))
  wait_for is_reading "$m" owed
}

more='conflicts: {first: council, within: 2 bd, ladder: standard, else: status quo}
risks:
  categories: [operational]
  sharing: {maker: 100}
  escalate: {}
  review: {score 1: every year}
  indicators: {empty-shelves: on-shelf < 80.0 for 3, late-or-slow: on-shelf < 80.0 or score 9}
metrics:
  defaults: {better: up, due: 8 bd}
  on-shelf: {group: execution, view: process, unit: percent, every: month, from: distributor/alliance-manager, check: maker/alliance-manager}
  speed: {group: value, view: financial, computed: decision-velocity, every: month}
  cust: {group: value, view: customer, computed: decision-velocity, every: month}
  learn: {group: value, view: learning, computed: decision-velocity, every: month}'
[ $(($(next_month) - $(now))) -gt 600 ] || until_time $(($(next_month) + 30)) # the founding is in the first month that counts
found "maker clinics distributor" trustee
setting 'cat >>told'
new=(as maker alliance-manager risk new --title "Shelves run empty" --category operational --likelihood 3 --impact 4 --yes --warns)

echo "== what cannot warn is refused, and it says what can"
answers 2 'the charter.s section risks has no such early warning; expected one of its names, or a condition' "${new[@]}" full-shelves
answers 2 'expected a condition on a metric, for instance "on-shelf < 80 for 2"' "${new[@]}" 'on-shelf is low'
answers 2 'late-or-slow: a risk is warned of by conditions on one metric each' "${new[@]}" late-or-slow
answers 1 'the charter has no metric footfall' "${new[@]}" 'footfall < 9'
ok 'R-1 is open' "${new[@]}" empty-shelves
ok 'early warning on-shelf < 80 for 3$' entente risk show R-1 --node clinics

echo "== a bad month that both sides stand behind"
month_over
good as distributor alliance-manager report add on-shelf --value 79.5 --period "$m" --yes
wait_for is_reading "$m" reported
good as maker alliance-manager report countersign "K-$(reading "$m" number)" --yes
echo "== a month whose number is disputed"
month_over
good as distributor alliance-manager report add on-shelf --value 95 --period "$m" --yes
wait_for is_reading "$m" reported
good as maker alliance-manager report dispute "K-$(reading "$m" number)" --reason "two chains are missing" --yes
echo "== a month that nobody reports: nothing yet while it is not due"
month_over
missing=$m number=$(reading "$m" number)
wait_for same maker clinics
[ "$(item clinics "'warned_ms' in x['item']")" = False ] || fail "it warned before the third month was due"
due=$(date -u -d "$(reading "$missing" due_ms)" +%s)
lose clinics
until_time $((due + 30))
wait_for is_item maker "x['item']['rung']" 1
[ "$(item maker "'seat' in [e for e in x['events'] if e['type'] == 'warned'][0]")" = False ] || fail "a seat did it"
[ "$(item maker "[(e['reading'], e['indicator']['metric'], e['indicator']['periods']) for e in x['events'] if e['type'] == 'warned']")" = "[($number, 'on-shelf', 3)]" ] || fail "by which reading and indicator: $(item maker "x['events']")"
start clinics
wait_for healthy clinics
ok "R-1 .* WARNS on-shelf < 80 for 3" entente risk list --node clinics
ok "early warning on-shelf < 80 for 3: ON since .*, by K-$number of $missing" entente risk show R-1 --node clinics
ok "climbed to council" entente show R-1 --node clinics
ok 'an early warning is on: on-shelf < 80 for 3' entente inbox --node maker
ok 'it has come to council by an early warning, on-shelf < 80 for 3: its owner is maker/alliance-manager' entente inbox --node clinics
ok 'act on the warning of R-1' entente status --node maker
ok "R-1 warned: on-shelf < 80 for 3, by K-$number" entente status --since "$(date -u -d "@$((due - 3600))" +%FT%TZ)" --node clinics
wait_for told "r['id'] == 'R-1' and r['task'] == 'heed' and r['seats'] == ['maker/alliance-manager'] and 'on-shelf < 80 for 3' in r['words']"

echo "== nobody heeds it: it climbs"
until_time $(($(date -u -d "$(item maker "x['item']['rung_ms']")" +%s) + 30))
ok 'climbed to steering' entente show R-1 --node clinics
ok 'it has come to steering by an early warning' entente inbox --as distributor/sponsor --node distributor

echo "== a good month ends it, and the flag stays"
month_over
good as distributor alliance-manager report add on-shelf --value 92 --period "$m" --yes
wait_for is_reading "$m" reported
good as maker alliance-manager report countersign "K-$(reading "$m" number)" --yes
wait_for is_item clinics "(x['item']['rung'], 'warned_ms' in x['item'], len([e for e in x['events'] if e['type'] == 'warning over']))" "(0, True, 1)"
exits 0 entente risk list --node clinics
grep -q WARNS o && fail "it warns still"

echo "== the owner looks at it, and warns by another number from now on"
ok 'R-1 is open' as maker alliance-manager risk review R-1 --likelihood 2 --impact 4 --warns 'on-shelf < 75 for 2, on-shelf < 50' --yes
ok 'early warning on-shelf < 50$' entente risk show R-1 --node clinics

entente pack --node maker all.pack >/dev/null
verified all.pack
answers 0 "early warning .* R-1 .*risk: on-shelf < 80 for 3, by K-$number" entente-audit exceptions all.pack
