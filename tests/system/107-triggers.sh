#!/usr/bin/env bash
# Goal: what the record asks by itself is read and answered by people, on real nodes whose clocks are moved. A course falls due again.
# A number that is computed is kept when its time is over: then a consequence asks, and a risk is flagged, until a better week.
# The charter falls due for review: a session opens, and is asked for once. Renewal opens: each sponsor is asked, and what one of them
# proposes answers all. The auditor's program comes to the same record.
set -euo pipefail
bin=$(realpath "$1") source=$(realpath "$2") name=triggers
. "$source/tests/system/alliance.sh"
moved_clock
day() { date -u -d "@$(($(now) + $1 * 86400))" +%F; } # day N: so many days from now
session_opened() { entente meet list --node clinics | grep -q '^S-1 '; }
count() { grep -c "$1" o || true; } # count TEXT: lines of the last output that have it

to=$(day 150)
term="{from: 2026-01-01, to: $to, renewal-opens: 60 d before}"
more='refresh: {every: 40 d, body: council, asks: []}
procedures:
  recall: {file: recall.txt, train: [maker/alliance-manager], again: 30 d}
consequences: [{when: hit < 70.0, opens: action, owner: "*/sponsor"}]
metrics:
  defaults: {better: up, due: 2 d}
  hit: {group: execution, view: process, computed: milestones-hit, every: week, target: 90}'
draft_as=(sh -c 'echo "Stop the line." >charter/recall.txt; exec "$@"' draft)
found "maker clinics distributor" trustee

echo "== a course falls due again"
good as maker alliance-manager training new --title "Recall, first course" --about recall --due "$(day 5)" --yes
good as maker alliance-manager training claim T-1 --text "done" --yes
good as clinics alliance-manager training verify T-1 --yes
ok 'T-2 training: recall is to be trained again' entente inbox --as maker/alliance-manager --node maker
[ "$(count recall)" = 1 ] || { cat o; fail "the course is asked for twice"; }
ok 'T-2 training: recall is to be trained again' entente show T-2 --node clinics
grep -q 'linked to T-1' o || fail "the course before"

echo "== a number that is computed acts when it is kept"
kept_on() { echo $((($1 / 86400 + 3) / 7 * 7 * 86400 + 4 * 86400 + 2 * 86400)); } # kept_on SECONDS: two days after the week of that time
milestone() { # milestone TITLE: of the maker, due in two days; the number of its week is kept after `kept`
  good as maker alliance-manager milestone new --title "$1" --due "$(day 2)" --yes
  kept=$(kept_on $(($(now) + 2 * 86400)))
}
good as maker alliance-manager risk new --title "We slip" --category operational --likelihood 3 --impact 4 --warns 'hit < 70' --yes
until_time $(($(kept_on "$(now)") - 86400))
milestone "First line runs" # when the first week is over, and not kept
ok 'hit +20[0-9-]+W[0-9]+ +- .* on the record from ' entente scorecard --node clinics
grep -Eq 'hit: no period counts yet, 20[0-9-]+W[0-9]+ is not on the record yet' o || { cat o; fail "what a condition looks at"; }
until_time $((kept - 86400)) # the week is over, and not kept
ok 'hit +20[0-9-]+W[0-9]+ +0 = .* on the record from ' entente scorecard --node clinics
is 'consequence 1' entente inbox --node clinics && fail "it asks before the number is kept"
until_time $((kept + 30))
for o in maker clinics distributor; do ok 'A-[0-9]+ action: consequence 1 holds: act on it' entente inbox --as $o/sponsor --node $o; done
ok 'hit +20[0-9-]+W[0-9]+ +0 =' entente scorecard --node clinics
grep -q 'on the record from' o && { cat o; fail "it is kept, and may still change"; }
ok 'early warning hit < 70: ON since .*, by 20[0-9-]+W[0-9]+' entente risk show R-1 --node clinics
ok '  warned: hit < 70  \(leaf' entente show R-1 --node clinics
ok 'hit 20[0-9-]+W[0-9]+ is computed: 0' entente status --since "$(date -u -d "@$(($(now) - 86400))" +%FT%TZ)" --node clinics
milestone "Second line runs"
good as maker alliance-manager milestone claim M-2 --text "it runs" --yes
good as clinics alliance-manager milestone verify M-2 --yes
until_time $((kept + 30))
ok '  warning over: hit < 70  \(leaf' entente show R-1 --node distributor
ok 'hit +20[0-9-]+W[0-9]+ +100 =' entente scorecard --node clinics
for n in 1 2 3; do # what it asked stays, for its owners to close
  owner=$(entente show A-$n --node maker --json | json "x['item']['owner']")
  good as "${owner%/*}" "${owner#*/}" action claim A-$n --text "we met" --yes
  other=clinics
  [ "${owner%/*}" != clinics ] || other=maker
  good as $other alliance-manager action verify A-$n --yes
done

echo "== the charter falls due for review"
until_time $(($(now) + 41 * 86400))
wait_for session_opened
ok '^S-1 +open +refresh +council .*opened by itself: the charter fell due for review' entente meet list --node clinics
ok '^S-1 +open +refresh ' entente show S-1 --node clinics
ok 'S-1 refresh of council: the charter has fallen due for review; meet, then record it' entente inbox --as clinics/alliance-manager --node clinics
[ "$(count 'refresh')" = 1 ] || { cat o; fail "the review is asked for twice"; }
[ "$(entente meet list --node clinics --json | json "['cadence' in x['list'][0]['session'], 'called_by' in x['list'][0]['session']]")" = "[False, False]" ] || fail "in JSON"
echo "It holds." >minutes
good as maker alliance-manager meet record S-1 --minutes minutes --present maker/alliance-manager,clinics/alliance-manager,distributor/alliance-manager --yes
good as clinics alliance-manager meet confirm S-1 --yes

echo "== renewal opens"
until_time $(($(date -u -d "$to" +%s) - 59 * 86400))
asks="the term ends on $to: propose renewal, or say why not"
for o in maker clinics distributor; do ok "A-[0-9]+ action: $asks" entente inbox --as $o/sponsor --node $o; done
exits 0 entente action list --node maker
[ "$(count 'the term ends on')" = 3 ] || { cat o; fail "not each sponsor is asked, once"; }
ok 'linked to term' entente show A-4 --node clinics
ok "A-4 opened: $asks" entente status --since "$(date -u -d "@$(($(now) - 7 * 86400))" +%FT%TZ)" --node clinics
good as clinics sponsor propose renewal --title "Three more years" --yes
ok '  answered by D-1  \(leaf' entente show A-4 --node distributor
ok 'No action is open; closed ones: --all' entente action list --node maker

good entente pack --node maker all.pack
good entente-audit verify all.pack --expect-alliance "$alliance"
