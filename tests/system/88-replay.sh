#!/usr/bin/env bash
# Goal: what time does by itself is told to who looks (status); and a changed matrix is replayed over the record before anybody
# votes on it, on real nodes whose clocks are moved: the charter
# in force gives the record itself; other rows escalate, refuse, need more or less, each for its reason; a pack gives the same.
set -euo pipefail
bin=$(realpath "$1") source=$(realpath "$2") name=replay
. "$source/tests/system/alliance.sh"
moved_clock
later() { # later SECONDS
  shift_to $((moved + $1))
}
as() { # as ORG SEAT VERB...: at the maker's node, so that what was final is seen at once
  local org=$1 seat=$2
  shift 2
  entente "$@" --node maker --key "keys/$org-$seat.key" --as "$org/$seat" </dev/null
}
ok() { answers 0 "$@"; }
with() { # with FILE SED: the charter in force, changed
  entente charter show --node maker --no-pager >"$1"
  sed -i "$2" "$1"
}
replay() { entente charter replay "$1" --node maker; }

clock="{precision: 500 ms, late-after: 7 d}"
found "maker clinics distributor" trustee

# D-1: all approve within four hours. D-2: nobody but its mover, who withdraws it after it escalated by itself. D-3: one approves; open.
good as maker alliance-manager propose commercial-terms --title "one" --yes
later 7200
good as maker alliance-manager approve D-1 --yes
good as clinics alliance-manager approve D-1 --yes
later 7200
good as distributor alliance-manager approve D-1 --yes
is_phase D-1 effective maker || fail "D-1 is $(phase D-1 maker)"
good as clinics alliance-manager propose commercial-terms --title "two" --yes
person() { # person COMMAND...: at a terminal, through a pager
  env PAGER=cat "${in_time[@]}" python3 -c 'import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)' "$bin/$@"
}
person entente status --node maker >o
! grep -q 'Since' o || { cat o; fail "it knows of a look before the first"; }
later $((9 * 86400))
ok '^This week +[A-Z][a-z]+ .*  D-2 escalates by itself to steering$' entente status --node maker
good as maker alliance-manager comment --text "a block within the silence of D-2" # else a minute late would be late (GOV-T2)
later $((7 * 86400))
wait_for is 'escalated to steering, by itself' entente show D-2 --node maker
ok '^Since Thu 1 Jan 2026 00:00:00 UTC, by itself: D-2 escalated to steering$' entente status --since 2026-01-01T00:00:00Z --node maker
answers 2 '^entente: --since yesterday: expected a time' entente status --since yesterday --node maker
person entente status --node maker >o
grep -q '^Since .*, by itself: D-2 escalated to steering' o || { cat o; fail "what time did since the last look"; }
person entente status --node maker >o
! grep -q 'Since' o || { cat o; fail "it was told before"; }
good as clinics alliance-manager withdraw D-2 --yes
good as maker alliance-manager propose commercial-terms --title "three" --yes
good as maker alliance-manager approve D-3 --yes

echo "== the charter in force: the record itself"
with now.yaml ''
ok '^Of 3 decisions 3 would be the same, 0 would have escalated, 0 would not have, 0 would have ended otherwise, 0 would have been refused\.$' replay now.yaml
grep -q '^Its rows and ladders are those in force\.$' o || { cat o; fail "it does not say that nothing differs"; }
grep 'commercial-terms' now.yaml

echo "== an hour to decide: D-1 climbs; D-2 climbs so early that its ladder ends before it was withdrawn; D-3 is too young"
with hour.yaml '/commercial-terms/s/sla: 10 bd/sla: 1 h/'
ok '^D-1 +commercial-terms +escalates +passed on [-0-9]+; would have escalated to steering on [-0-9]+$' replay hour.yaml
ok '^D-2 +commercial-terms +ends otherwise +withdrawn on [-0-9]+; would have been: default applied on [-0-9]+$' replay hour.yaml
ok '^Of 3 decisions 1 would be the same, 1 would have escalated, 0 would not have, 1 would have ended otherwise' replay hour.yaml

echo "== forty days: D-2 does not climb"
with slow.yaml '/commercial-terms/s/sla: 10 bd/sla: 40 d/'
ok '^D-2 +commercial-terms +does not escalate +withdrawn on [-0-9]+, after it escalated to steering; would not have: withdrawn on [-0-9]+$' replay slow.yaml
ok '^Of 3 decisions 2 would be the same, 0 would have escalated, 1 would not have' replay slow.yaml

echo "== other seats decide"
with high.yaml '/commercial-terms/s/each partner 1 of council/each partner 1 of steering/'
ok '^D-1 +commercial-terms +ends otherwise +passed on [-0-9]+; would still have needed more: needs 1 seat of clinics' replay high.yaml

echo "== one partner is enough: D-3 passes too"
with light.yaml '/commercial-terms/s/each partner 1 of council/own partner 1 of council/'
ok '^D-3 +commercial-terms +ends otherwise +undecided; would have been: passed on [-0-9]+$' replay light.yaml
ok '^D-1 +commercial-terms +same' entente charter replay light.yaml --all --node maker

echo "== others may propose"
with owner.yaml '/commercial-terms/s/owner: .council./owner: [steering]/'
ok '^D-1 +commercial-terms +is refused +it would have been refused: ' replay owner.yaml
ok '^Of 3 decisions 0 would be the same, 0 would have escalated, 0 would not have, 0 would have ended otherwise, 3 would have been refused\.$' replay owner.yaml

echo "== what is not looked at is said; errors say where"
with bodies.yaml 's/quorum: each partner 1/quorum: each partner 2/'
ok '^Not looked at, though it differs from the charter in force: section bodies$' replay bodies.yaml
answers 2 'charter replay needs a charter file, as `entente charter show` prints it, changed' entente charter replay --node maker
with wrong.yaml '/commercial-terms/s/sla: 10 bd/sla: soon/'
answers 1 'wrong.yaml:[0-9]+:[0-9]+: ' entente charter replay wrong.yaml --node maker

echo "== from a pack, and as JSON"
good entente pack --node maker all.pack
entente charter replay hour.yaml --node maker --json >a.json
env -u ENTENTE_NODE "$bin/entente" charter replay hour.yaml --pack all.pack --json --node nowhere >b.json
cmp a.json b.json || fail "pack and node differ"
[ "$(json "([(l['decision'], l['became']) for l in x['list']], x['same'])" <a.json)" = "([(1, 'escalates'), (2, 'ends otherwise'), (3, 'same')], 1)" ] || { cat a.json; fail "JSON"; }
head -c 3000 all.pack >short.pack
answers 6 'the record does not verify: ' entente charter replay hour.yaml --pack short.pack
verified all.pack
