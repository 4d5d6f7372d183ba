#!/usr/bin/env bash
# Goal: a person asks what stood at an earlier time, on three real nodes whose clocks are moved: each answer is that of the block
# then, whatever came later, and says so; deadlines count from that time; two nodes say the same; what is not a question, and a
# time that never was, are refused; the node goes on agreeing meanwhile, and answers after a restart.
set -euo pipefail
bin=$(realpath "$1") source=$(realpath "$2") name=at
. "$source/tests/system/alliance.sh"
moved_clock
day=86400
clock_now() { # in ms
  local ms=$(($(date +%s%3N) + moved * 1000))
  date -u -d "@$((ms / 1000)).$(printf %03d $((ms % 1000)))" +%FT%T.%3NZ
}
days() { shift_to $(($1 * day)); } # days N: since the start of the test
declare -A at=()
mark() { sleep 0.3; at[$1]=$(clock_now); sleep 0.3; } # mark NAME: a moment between blocks

mark before
found "maker clinics" trustee
mark founded
echo "== a year, with marks in it"
days 1
good as maker alliance-manager propose commercial-terms --title "Sensor price EUR 41.50" --yes
good as maker alliance-manager issue new --title "One filling line"
mark proposed
days 3
good as maker alliance-manager approve D-1 --yes
mark half
days 4
good as clinics alliance-manager approve D-1 --yes
good as clinics alliance-manager propose commercial-terms --title "Second price" --yes
entente charter show >charter/now.yaml --node clinics
sed '/^  commercial-terms:/s/sla: 10 bd/sla: 7 bd/' charter/now.yaml >charter/new.yaml
grep -q 'sla: 7 bd' charter/new.yaml || fail "the charter has no such row"
good as clinics alliance-manager propose charter-policy --title "Faster" --amend decisions --file charter/new.yaml --yes
mark second
days 6
for o in maker clinics; do good as $o alliance-manager approve D-3 --yes; done
entente key new keys/new.key --unsealed >/dev/null 2>&1
entente key show keys/new.key | head -n 1 >new.pub
good as clinics registrar seat set clinics/alliance-manager new.pub
mark amended
deadline=$(entente decisions --json --node maker | json "[d['deadline_ms'] for d in x['list'] if d['number'] == 2][0]")
shift_to $(($(date -d "$deadline" +%s) + 5 - $(date +%s)))
wait_for is 'escalated to steering, by itself' entente show D-2 --node maker
wait_for same maker clinics

echo "== decisions, as they stood"
ask() { entente "${@:2}" --at "${at[$1]}" --node maker; } # ask MARK VERB...
answers 0 'As of .* UTC: the record up to block [0-9]+ of .* UTC, [0-9]+ leaves' ask proposed decisions
[ "$(head -n 1 o | cut -c1-6)" = "As of " ] || fail "the first line"
says 'D-1 +open' ask proposed decisions
[ "$(ask proposed decisions | wc -l)" = 2 ] || fail "decisions of later"
[ "$(ask founded decisions | wc -l)" = 1 ] || fail "decisions before there was one"
[ "$(ask second decisions --json | json "[d['phase'] for d in x['list']]")" = "['effective', 'open', 'open']" ] || { ask second decisions --json; fail "phases"; }
says 'D-1 .*open' ask half readiness D-1
says 'maker +approves' ask half readiness D-1
says 'clinics +owes' ask half readiness D-1
says 'maker +owes' ask proposed readiness D-1
says 'Sensor price EUR 41.50' ask proposed show D-1
ask half show D-1 >o
! grep -q 'clinics/alliance-manager' <(sed -n '/what happened/,$p' o) || { cat o; fail "what happened later"; }
answers 1 'there is no decision D-2' ask proposed show D-2
says 'silence: escalates by itself to steering' ask second readiness D-2
! ask second show D-2 | grep -q 'escalated to steering' || fail "an escalation before it came"
[ "$(ask half show D-1 --json | json "sorted(x['as_of'])")" = "['at_ms', 'height', 'size', 'time_ms']" ] || fail "as_of"
[ "$(ask half decisions --json | json "x['as_of']['at_ms']")" = "${at[half]}" ] || fail "the moment in JSON"

echo "== what depends on now"
says 'D-1 commercial-terms: Sensor' ask half inbox --as clinics/alliance-manager
says "until .* \(in (8|9|1[0-9]) d\)" ask half inbox --as clinics/alliance-manager
! ask half inbox --as maker/alliance-manager | grep -q D-1 || fail "asked again of who has approved"
says 'Nothing is asked of maker/alliance-manager' ask founded inbox --as maker/alliance-manager
answers 0 'They owe +clinics: vote on D-1 in [0-9]+ d' ask half status
grep -q '^We owe     do I-1' o || { cat o; fail "what we owe"; }
! grep -q 'within reach' o || fail "how the node is was not on the record"
[ "$(ask half status --json | json "x['as_of']['height'] > 0 and [len(o['inbox']['list']) for o in x['owed'] if o['org'] == 'clinics'][0]")" = 1 ] || fail "status as JSON"
says 'D-1' ask half waiting D-1
says 'yes' ask half can clinics/alliance-manager approve D-1
says 'no' ask second can clinics/alliance-manager approve D-1

echo "== the rest of what can be asked"
says 'sla: 10 bd' ask second charter show decisions
says 'sla: 7 bd' ask amended charter show decisions
[ "$(ask second charter show --json | json "len(x['list']) > 3 and x['as_of']['size'] > 0")" = True ] || fail "charter as JSON"
says '10 bd -> 7 bd' ask amended charter diff D-3
[ "$(ask amended charter diff D-3 --json | json "len(x['list'])")" -ge 1 ] || fail "charter diff as JSON"
holder() { ask "$1" seats | grep '^clinics/alliance-manager'; }
[ "$(holder second)" != "$(holder amended)" ] || fail "the seat's key"
says 'I-1' ask proposed issue list
answers 0 'One filling line' ask half show I-1
! ask founded issue list | grep -q I-1 || fail "an item before it was opened"
[ "$(ask proposed log --json --limit 1000 | json "len(x['list']) == x['as_of']['size']")" = True ] || fail "the log"
[ "$(ask proposed log --limit 1000 | wc -l)" = "$(($(ask proposed log --json --limit 1000 | json "x['as_of']['size']") + 1))" ] || fail "the log for people"
for q in budgets "report list" scorecard pace health account promises "meet list" meet "share map" "share list" share "partner list" "partner show clinics" "recovery list" faults rules; do
  # shellcheck disable=SC2086
  exits 0 ask half $q
  head -n 1 o | grep -q '^As of ' || { cat o; fail "no first line: $q"; }
  # shellcheck disable=SC2086
  case $q in *list* | meet* | share*) ;; *) [ "$(ask half $q --json | json "x['as_of']['height'] > 0")" = True ] || fail "no as_of: $q" ;; esac
done
says '3 nodes vote, 3 must sign' ask half partner list

echo "== the same at another node, and in another order"
for m in amended proposed second half; do
  [ "$(ask $m decisions)" = "$(entente decisions --at "${at[$m]}" --node clinics)" ] || fail "maker and clinics differ at $m"
done
entente pack all.pack --node maker >/dev/null 2>&1
[ "$(entente-audit replay all.pack --at "${at[half]}" | sed -n 's/^as of .*: after block \([0-9]*\) .*/\1/p')" = "$(ask half decisions --json | json "x['as_of']['height']")" ] || fail "the auditor has another block"

echo "== what is refused"
answers 2 "entente: --at .*: .* is before the founding: this alliance was founded at .*, and nothing can be asked about an earlier time" ask before decisions
answers 2 "entente: --at 2999-01-01: 2999-01-01T00:00:00.* is to come: it is .* by this node's clock\. Without --at you get what stands now" entente decisions --at 2999-01-01 --node maker
answers 2 'entente: --at yesterday: expected a time in UTC, 2026-03-31T12:00:00Z, or a day, 2026-03-31, which is its beginning' entente decisions --at yesterday --node maker
answers 2 'entente approve acts now; --at TIME is for questions alone' as maker alliance-manager approve D-2 --at "${at[half]}" --yes
answers 2 'entente issue new acts now; --at TIME is for questions alone: entente issue list, entente issue show' as maker alliance-manager issue new --title "Late" --at "${at[half]}"
answers 2 'entente node status is not answered from the record as it stood at a time: it takes no --at' entente node status --at "${at[half]}" --node maker
answers 2 '--at goes with a name: entente report regular NAME --at .*; what was sent is not on the record' ask half report regular
answers 2 '--ics and --at: a calendar is of what is asked now' ask half inbox --ics
[ "$(entente decisions --json --node maker | json "len(x['list'])")" = 3 ] || fail "something was entered"

echo "== agreement goes on, and it is asked again after a restart"
for i in 1 2 3; do ask founded decisions >/dev/null & ask amended decisions >/dev/null & done
good as maker alliance-manager propose commercial-terms --title "Third price" --yes
wait_for is_phase D-4 open clinics
stop maker
start maker
wait_for healthy maker
says 'D-1 +open' ask half decisions
[ "$(ask half decisions | wc -l)" = 2 ] || fail "after the restart"
