#!/usr/bin/env bash
# Goal: a person reminds who is asked, on three real nodes: the other node shows it in inbox and status and hands it to its
# operator's command; it waits while that node is down, and over a restart of either; nobody can remind in another's name, more than
# once a day, or of what is not asked; it ends with the matter, and the record never has it.
set -euo pipefail
bin=$(realpath "$1") source=$(realpath "$2") name=nudge
. "$source/tests/system/alliance.sh"
moved_clock
found "maker clinics" trustee
by() { as maker alliance-manager "$@"; }
inbox() { entente inbox --node "$1" "${@:2}"; }
told() { grep -c nudged "$1/told" 2>/dev/null || true; }
is_told() { [ "$(told "$1")" = "$2" ]; }

echo "== what is asked, and of whom"
good by propose commercial-terms --title "Sensor price EUR 41.50" --yes
good by approve D-1 --yes
wait_for is 'D-1' inbox clinics
answers 2 'nudge needs what is asked, and may name of whom' by nudge
answers 1 'D-7 asks nothing of anybody else now, so nobody is reminded' by nudge D-7
answers 1 'D-1 asks nothing of maker now' by nudge D-1 maker
answers 1 'D-1 asks nothing of clinics/sponsor now' by nudge D-1 clinics/sponsor
answers 1 'chemist is not on the record' by nudge D-1 chemist
answers 2 'takes no option --at|takes no --at' by nudge D-1 --at 2026-01-01
ok 'No nudge of what is still asked has gone out from this node' entente nudge list --node maker

echo "== delivered and shown, with the operator's command failing first"
stop clinics
printf 'notify: %s\n' "'[ -e let ] && cat >>told'" >>clinics/node.yaml
start clinics
wait_for healthy clinics
size=$(field maker size)
answers 0 '^D-1: delivered, for clinics\.$' by nudge d-1
asks='^clinics/alliance-manager is asked by maker/alliance-manager to look at D-1, since '
answers 0 "$asks" inbox clinics
answers 0 "$asks" inbox clinics --as clinics/alliance-manager
! inbox clinics --as clinics/sponsor | grep -q 'is asked by' || fail "shown to another seat"
answers 0 "$asks" entente status --node clinics
! entente status --node maker | grep -q 'is asked by' || fail "shown at another node"
! inbox trustee | grep -q 'is asked by' || fail "shown at the witness's"
[ "$(inbox clinics --json | json "[(n['id'], n['by'], n['seats']) for n in x['nudges']]")" = "[('D-1', 'maker/alliance-manager', ['clinics/alliance-manager'])]" ] || fail "as JSON"
ok 'maker/alliance-manager  D-1: delivered, for clinics\.$' entente nudge list --node maker
[ "$(field maker size)" = "$size" ] || fail "a nudge is on the record"
wait_for grep -q 'no reminder of D-1 ballot (nudged)\|no reminder of D-1 ballot (owed)' clinics.log
touch clinics/let
wait_for is_told clinics 1
[ "$(grep nudged clinics/told | json "(x['occasion'], x['by'], x['id'], x['seats'])")" = "('nudged', 'maker/alliance-manager', 'D-1', ['clinics/alliance-manager'])" ] || fail "the command got something else"

echo "== once a day"
answers 1 'clinics was reminded of D-1 by maker/alliance-manager at .* already; the next may go from .* on' by nudge D-1
answers 1 'already; the next may go from' by nudge D-1 clinics/alliance-manager
stop maker && start maker && wait_for healthy maker
answers 1 'already; the next may go from' by nudge D-1
answers 0 'delivered, for clinics/alliance-manager' as maker sponsor nudge D-1 clinics/alliance-manager
wait_for is_told clinics 2

echo "== nobody in another's name"
entente key new keys/stranger.key --unsealed >/dev/null 2>&1
answers 1 'the key that signed does not hold the seat maker/registrar' entente nudge D-1 --node maker --key keys/stranger.key --as maker/registrar
answers 1 'this is the node of maker: clinics/sponsor nudges from its own partner.s node' entente nudge D-1 clinics --node maker --key keys/clinics-sponsor.key --as clinics/sponsor

echo "== a node that is down; a restart of both"
lose clinics
shift_to $((25 * 3600))
answers 8 '^D-1: waits here, for clinics, whose node does not answer\. It goes on by itself, until ' by nudge D-1
lose maker && start maker
wait_for is 'D-1: waits here' entente nudge list --node maker
start clinics
wait_for healthy clinics
wait_for is 'alliance-manager  D-1: delivered, for clinics\.$' entente nudge list --node maker
[ "$(inbox clinics --json | json "sorted(n['by'] for n in x['nudges'])")" = "['maker/alliance-manager', 'maker/sponsor']" ] || { inbox clinics; fail "one of each"; }
stop clinics && start clinics && wait_for healthy clinics
[ "$(inbox clinics | grep -c 'is asked by')" = 2 ] || fail "lost by a restart"
wait_for is_told clinics 3

echo "== a file that is damaged; to the own partner"
stop maker
echo no >maker/nudges
start maker && wait_for healthy maker
grep -q 'maker/nudges: it cannot be read: .\+\. It is begun anew: reminders from persons are lost, and nothing else' maker.log || fail "not said"
answers 1 'not delivered, for clinics: clinics was reminded of D-1 by maker/alliance-manager at' by nudge D-1 # the other node remembers
good as clinics alliance-manager propose commercial-terms --title "Second price" --yes
wait_for is 'D-2' inbox maker
answers 0 'D-2: delivered, for maker\.$' as maker sponsor nudge D-2 maker
answers 0 'maker/alliance-manager is asked by maker/sponsor to look at D-2' inbox maker

echo "== a member whose node forges them"
stop clinics
PYTHONPATH=$source/tests/system python3 -B "$source/tests/system/94-forger.py" "$alliance" "$(($(date +%s%3N) + moved * 1000))" | sed -E 's/^(too early|too late|another within a day): refused .*/\1: refused/' >forged || { cat forged; fail "the forger"; }
diff - forged <<'F' || fail "what is forged"
another's key: later the key that signed does not hold the seat clinics/registrar
a seat of another's: no answer
a signature that does not verify: no answer
for another organisation: no answer
of another alliance: no answer
of what is not asked: later D-9 asks nothing of maker now
too early: refused
too late: refused
no nudge: no answer
honest: taken 
the same: taken 
another within a day: refused
F
[ "$(inbox maker --json | json "sorted(n['by'] for n in x['nudges'])")" = "['clinics/registrar', 'maker/sponsor']" ] || { inbox maker; fail "what the forger achieved"; }
grep -q 'nudges: clinics sent what no honest node sends (2 so far, of all): a nudge whose signature does not verify' maker.log || fail "not in the log"
start clinics && wait_for healthy clinics

echo "== it ends with the matter"
good as clinics alliance-manager approve D-1 --yes
gone() { ! inbox clinics | grep -q 'is asked by'; }
wait_for gone
listed() { entente nudge list --node maker | grep -q 'D-1'; }
wait_for eval '! listed'
dropped() { [ "$(stat -c %s clinics/nudges)" -lt 10 ]; }
wait_for dropped
[ "$(told clinics)" = 3 ] || { cat clinics/told; fail "told once more"; }
entente pack --node clinics all.pack >/dev/null 2>&1
verified all.pack
