#!/usr/bin/env bash
# Goal: who watches the record sees what becomes final and what time does by itself, once each, in the order of time: everything, one
# decision alone, what has a text; from now on or from a leaf on; as lines of JSON; until so many lines, or for so long. On real
# nodes whose clocks are moved.
set -euo pipefail
bin=$(realpath "$1") source=$(realpath "$2") name=watch
. "$source/tests/system/alliance.sh"
moved_clock
seats="alliance-manager registrar sponsor"
found "maker clinics distributor" trustee
watched=()
watch() { # watch FILE OPTION...: in the background, at the node of maker
  "${in_time[@]}" entente watch --node maker "${@:2}" >"$1" 2>"$1.err" &
  watched+=($!)
  wait_for test -s "$1.err"
}
ended() { ! kill -0 "$1" 2>/dev/null; }

echo "== from now on"
watch all
watch two --limit 2 D-1
watch texts --grep FREIGHT
"${in_time[@]}" entente watch --node maker --json --limit 3 >lines &
watched+=($!)
sleep 1 # that one says nothing before the first line
good as clinics alliance-manager propose commercial-terms --title "Freight by the clinics" --yes
for o in clinics maker; do wait_for same $o maker; good as $o alliance-manager approve D-1 --yes; done
wait_for grep -q 'ballot *maker/alliance-manager .*D-1' all
wait_for ended "${watched[1]}" # two lines, and it ends
[ "$(wc -l <two)" = 2 ] && grep -q 'ballot *clinics/alliance-manager' two && grep -q 'ballot *maker/alliance-manager' two || { cat two; fail "one decision, two lines"; }
grep -q '^From leaf [0-9]* on, about D-1: what is final, and what time does. Ctrl-C ends it.$' two.err || { cat two.err; fail "what it watches"; }
wait_for ended "${watched[3]}"
[ "$(python3 -c "import json; print([json.loads(l)['what'] for l in open('lines')])")" = "['propose commercial-terms', 'approve', 'approve']" ] || { cat lines; fail "lines of JSON"; }

echo "== what time does by itself"
good as clinics alliance-manager propose commercial-terms --title "Pallets" --yes # D-2
until_time $(($(date -d "$(entente readiness D-1 --node clinics --json | json "x['deadline_ms']")" +%s) + 30))
wait_for grep -q 'by itself *D-1 escalated to steering' all
wait_for grep -q 'by itself *D-2 escalated to steering' all
kill "${watched[0]}" "${watched[2]}"
[ "$(grep -c 'D-1 escalated' all)" = 1 ] || { cat all; fail "told once"; }
[ "$(cut -c1-6 all | grep -E '[0-9]' | tr -d ' ' | sort -n | uniq -d | wc -l)" = 0 ] || { cat all; fail "an entry was told twice"; }
[ "$(wc -l <texts)" = 1 ] && grep -q 'Freight by the clinics' texts || { cat texts; fail "--grep"; }

echo "== what was, from a leaf on"
leaf=$(entente log --grep Freight --node maker | awk '{print $1}')
entente watch --once --from "$leaf" --node clinics >then
awk '{$1 = $1} 1' all >a
awk '{$1 = $1} 1' then >b
diff a b || fail "who looks later is told something else"
entente watch --once --from "$leaf" D-2 --node clinics >then
[ "$(wc -l <then)" = 1 ] && grep -q 'D-2 escalated to steering' then || { cat then; fail "one decision from a leaf on"; }
[ -z "$(entente watch --once --node maker)" ] || fail "something new, and nothing happened"
[ -z "$(entente watch --timeout 1 --node maker 2>e)" ] || fail "something new, and nothing happened"
entente watch --once --from "$leaf" D-1 --json --node clinics >then
[ "$(python3 -c "import json; print([json.loads(l).get('words', 'entry') for l in open('then')])")" = "['entry', 'entry', 'escalated to steering']" ] || { cat then; fail "JSON of both"; }
for i in 3 4 5 6 7 8 9 10; do good as maker alliance-manager propose commercial-terms --title "No. $i" --yes; done
good as maker alliance-manager approve D-10 --yes
wait_for is 'ballot .*D-10' entente watch --once --from "$leaf" D-10 --node maker
entente watch --once --from "$leaf" D-1 --node maker >then
grep -q 'D-1 ' then && ! grep -q 'D-10' then || { cat then; fail "D-10 is not D-1"; }
answers 2 'the record ends with leaf' entente watch --from 100000 --node maker
answers 2 'watch takes one id at most' entente watch D-1 D-2 --node maker
answers 2 'watch takes one id at most, of a decision, item, reading, session or grant' entente watch shelves --node maker
answers 2 'watch' entente watch --at 2026-01-01 --node maker
echo "watch: ok"
