#!/usr/bin/env bash
# Goal: when a partner leaves, the tasks of the charter's unwind plan are laid out as actions, each offered to its owner, linked to the decision
# and due from the day on which it passed; once, however often that is asked; and not before it has passed, nor for a decision of another row.
set -euo pipefail
bin=$(realpath "$1") source=$(realpath "$2") name=unwind
. "$source/tests/system/alliance.sh"
more='exit:
  triggers: {term-ends: term over}
  on-trigger: {opens: exit, owner: "*/sponsor"}
  unwind: [{task: return or delete all data, owner: clinics/alliance-manager, within: 30 d}, {task: settle the accounts, owner: maker/sponsor, within: 60 d}]
  survives: [confidentiality]'
found "maker clinics distributor" trustee

echo "== not before it has passed, and for an exit or a removal alone"
good as maker alliance-manager propose commercial-terms --title "Longer terms" --yes
answers 2 'D-1 is of the row commercial-terms; the unwind plan goes with an exit or a removal' entente plan unwind D-1 --node maker
answers 2 'expected the decision by which a partner leaves, such as D-31' entente plan unwind distributor --node maker
good as distributor sponsor propose exit --title "We leave" --confirm exit --yes
answers 1 'D-2 is open; the unwind plan is laid out once it has passed' entente plan unwind D-2 --node maker

echo "== once it has, each task is an action, offered to its owner"
good as distributor sponsor approve D-2 --yes
wait_for is_phase D-2 passed maker
days() { date -u -d "+$1 days" +%F; }
today=$(days 0)
answers 0 '2 items opened. See: entente action list' as maker alliance-manager plan unwind D-2 --yes
if [ "$today" = "$(days 0)" ]; then # or midnight came in between
  grep -Eq "action +$(days 30)  Unwind by D-2: return or delete all data" o && grep -Eq "action +$(days 60)  Unwind by D-2: settle the accounts" o ||
    { cat o; fail "the dates are not 30 and 60 days from now"; }
fi
ok 'A-1 +.*Unwind by D-2: return or delete all data' entente action list --node maker
ok 'A-2 +.*Unwind by D-2: settle the accounts' entente action list --node maker
ok 'linked to D-2' entente action show A-1 --node clinics
ok 'A-1 action: Unwind by D-2: return or delete all data' entente inbox --as clinics/alliance-manager --node clinics
good as clinics alliance-manager action take A-1 --yes

echo "== and asked again it opens none"
answers 0 '0 to open, 2 there already or over' as maker alliance-manager plan unwind D-2 --yes
wait_for entente pack whole.pack --node maker
verified whole.pack
