#!/usr/bin/env bash
# Goal: what a forgotten word, or a word too many, would do for good is asked first, says what it does, and changes nothing unless it is repeated.
set -euo pipefail
bin=$1 source=$2 name=careful
. "$source/tests/system/alliance.sh"
seats="alliance-manager finance registrar sponsor"
keys_of() { entente seats --json --node "$1" | json "[len(s['keys']) for s in x['list'] if s['seat'] == '$2'][0]"; }
has_keys() { [ "$(keys_of "$1" "$2")" = "$3" ]; }

found "maker clinics distributor" trustee

echo "== a seat is left empty only when its name is repeated"
answers 2 'nobody holds maker/finance.*until a registrar gives it a key' as maker registrar seat set maker/finance
answers 2 'repeat its name with --confirm maker/finance' as maker registrar seat set maker/finance --yes
answers 2 'repeat its name' as maker registrar seat set maker/finance --confirm maker/sponsor
answers 2 'goes with no public key' as maker registrar seat set maker/finance keys/maker-finance.key --confirm maker/finance
has_keys maker maker/finance 1 || fail "maker/finance is empty"
good as maker registrar seat set maker/finance --confirm maker/finance
has_keys maker maker/finance 0 || fail "maker/finance is not empty"
good as maker registrar seat set maker/finance keys/maker-finance.key

echo "== a revocation says which seats it leaves empty"
answers 2 'nobody holds maker/finance' as maker registrar key revoke keys/maker-finance.key
has_keys maker maker/finance 1 || fail "the key of maker/finance is gone"

echo "== a node stops signing for a new epoch only when that is repeated, and its report can be written"
answers 2 'signs nothing more in epoch 0, also after a restart' entente refound survivor -o x.survivor --node clinics --yes </dev/null
grep -q 'WARNING: 4 of 4 nodes are within reach, and 3 suffice: there is a quorum' o || { cat o; fail "no warning"; }
grep -q 'repeat whose node stops signing with --confirm clinics' o || { cat o; fail "how to go on"; }
exits 2 entente refound survivor -o x.survivor --node clinics --confirm maker
answers 1 'The node was not asked' entente refound survivor -o nowhere/x.survivor --node clinics --confirm clinics
answers 1 'The node was not asked' entente refound survivor -o charter --node clinics --confirm clinics
[ ! -e x.survivor ] && [ ! -e charter.part ] || fail "what was left"
good healthy clinics
good entente refound survivor -o x.survivor --node clinics --confirm clinics
[ -s x.survivor ] && [ ! -e x.survivor.part ] || fail "the report"
exits 7 healthy clinics
good entente refound survivor -o again.survivor --node clinics --confirm clinics
cmp x.survivor again.survivor || fail "the report again"
good entente refound abandon --node clinics --yes
stop clinics; start clinics; wait_for healthy clinics

echo "== why nothing becomes final, also when nothing waits here"
answers 0 'The ledger is idle' entente node why --node maker
lose clinics; lose trustee
reach() { has_field maker connected 2; }
wait_for reach
answers 7 'No quorum: 2 of 4 nodes are within reach, 3 must sign' entente node why --node maker
grep -Eq '^  clinics +absent since .* UTC$' o && grep -Eq '^  trustee +absent since .* UTC$' o || { cat o; fail "who is away"; }
grep -q 'no deadline fires' o && ! grep -q idle o || { cat o; fail "what it means"; }
start clinics; start trustee; wait_for healthy maker
answers 0 'The ledger is idle' entente node why --node maker

echo "== a restored node that its partners do not let in comes back through one of them"
good entente node backup "$work/backup" --node clinics
stop clinics
mv clinics gone
good ententd restore backup clinics
start clinics
good ententd rekey clinics -o new.card
out_of_reach() { has_field clinics connected 1; }
wait_for out_of_reach
answers 0 'out of its partners. reach.*--save FILE.entry' as clinics registrar node replace new.card --yes --save replace.entry
good entente submit replace.entry --node maker
wait_for healthy clinics
wait_for same clinics maker

echo "== a group of verbs says which there are"
for g in charter report node key document plan alliance; do
  answers 2 "^  entente $g [a-z]+ +[A-Z]" entente "$g"
  ! grep -q 'Did you mean' o || { cat o; fail "a suggestion for $g"; }
  answers 2 "there is no .$g nonsense" entente "$g" nonsense
  answers 0 "^  entente $g [a-z]+ +[A-Z]" entente help "$g"
done
answers 0 'Exit status:' entente -h
answers 0 'Example: entente inbox' entente inbox -h

echo "== a word too many is refused"
for v in log status inbox decisions budgets seats pace meet 'share list' 'partner list' 'node why' 'document list' checkpoint; do
  answers 2 "entente $v takes no words; .x. is one too many" entente $v x --node maker
done
