#!/usr/bin/env bash
# Goal: who holds power changes as the rules say, through the command line, on real nodes whose clocks are moved: a recovery that
# two seats cancel, one that is carried out after its 7 days, a registrar that the other partners replace after 5 business days
# (GOV-41) or come too late to replace, an upgrade that is refused or waits, and a partner that leaves by its own decision: it
# keeps a copy that verifies up to its exit, and its node gets nothing after.
set -euo pipefail
bin=$(realpath "$1") source=$(realpath "$2") name=takeover
. "$source/tests/system/alliance.sh"
moved_clock
as() { # as ORG SEAT VERB...: at the maker's node, so that what was final is seen at once
  local org=$1 seat=$2
  shift 2
  entente "$@" --node maker --key "keys/$org-$seat.key" --as "$org/$seat" </dev/null
}
inbox() { entente inbox --node maker --as "$1/sponsor"; }
seconds() { local t; t=$(date -d "$1" +%s) || fail "'$1' is no time"; echo "$t"; }
until_time() { # until_time TIME [SECONDS]: it is two seconds after that, or that many
  local then
  then=$(seconds "$1")
  shift_to $((then + ${2:-2} - $(date +%s)))
}
none_announced() { entente recovery list --node "$1" | grep -q 'No recovery is announced'; }
holds() { entente seats --json --node maker | json "[s['keys'] for s in x['list'] if s['seat'] == '$1'][0]"; }
fingerprint() { "$bin/entente" key show "$1" --json | json "x['key']"; }
effective() { entente decisions --json --node maker | json "[d['effective_ms'] for d in x['list'] if d['number'] == ${1#D-}][0]"; }
new_key() { good "$bin/entente" key new "keys/$1.key" --unsealed; }

found "maker clinics distributor" trustee
good as maker alliance-manager comment --text "four nodes"

echo "== a recovery that two seats cancel"
new_key wrong
good entente recovery sign maker keys/wrong.key --key keys/maker-recovery.key --alliance "$alliance" -o wrong.recovery
good as clinics sponsor recovery submit wrong.recovery --yes
says 'recovery of maker was announced' inbox maker
leaf=$(entente recovery list --json --node maker | json "x['list'][0]['leaf']")
due=$(entente recovery list --json --node maker | json "x['list'][0]['recovery']['due_ms']")
good as maker sponsor registrar cancel "$leaf"
says 'recovery of maker was announced' inbox maker # one seat is not two
good as maker alliance-manager registrar cancel "$leaf"
none_announced maker || fail "it is announced still"
before=$(holds maker/registrar)
until_time "$due"
good as maker alliance-manager comment --text "a week later"
[ "$(holds maker/registrar)" = "$before" ] || fail "it was carried out all the same"
exits 6 as clinics sponsor recovery submit wrong.recovery --yes # a statement that was cancelled serves no more
grep -q 'after 1 recoveries' o || { cat o; fail "the words"; }

echo "== a recovery that is carried out after seven days"
new_key recovered
good entente recovery sign maker keys/recovered.key --key keys/maker-recovery.key --node maker -o maker.recovery
good as distributor sponsor recovery submit maker.recovery --yes
due=$(entente recovery list --json --node maker | json "x['list'][0]['recovery']['due_ms']")
until_time "$due" -3600
good as maker alliance-manager comment --text "an hour before"
[ "$(holds maker/registrar)" = "$before" ] || fail "it was carried out too early"
until_time "$due"
wait_for none_announced maker # by itself: nobody does anything
holds maker/registrar | grep -q "$(fingerprint keys/recovered.key)" || { holds maker/registrar; fail "the new key does not hold the seat"; }
new_key manager
exits 3 as maker registrar seat set maker/alliance-manager keys/manager.key
grep -Eq 'revoked' o || { cat o; fail "the old key's words"; }
good entente seat set maker/alliance-manager keys/manager.key --node maker --key keys/recovered.key --as maker/registrar
good entente comment --text "set by the recovered registrar" --node maker --key keys/manager.key --as maker/alliance-manager
cp keys/manager.key keys/maker-alliance-manager.key
cp keys/recovered.key keys/maker-registrar.key

echo "== the others replace a registrar (GOV-41)"
new_key helped
says 'asked +all others: distributor, maker' as maker sponsor propose admission --partner clinics --keys keys/helped.key
exits 2 as maker sponsor propose admission --keys keys/helped.key
grep -q -- '--keys needs the partner' o || { cat o; fail "the words"; }
exits 2 as maker sponsor propose removal --partner clinics --keys keys/helped.key
exits 3 as maker sponsor propose admission --partner clinics --keys keys/maker-sponsor.key --yes
grep -q 'belongs to maker' o || { cat o; fail "the words"; }
good as maker sponsor propose admission --partner clinics --keys keys/helped.key --yes
says "the partner's registrar seat goes from SHA256" entente show D-1 --node maker
says 'ATTENTION +D-1, which is open, lets the other partners replace the registrar of clinics' inbox clinics
exits 3 as clinics sponsor reject D-1 --reason "we are here" --yes
good as maker sponsor approve D-1 --yes
is_phase D-1 open maker || fail "one other is not all others"
good as distributor sponsor approve D-1 --yes
is_phase D-1 passed maker || fail "it has not passed"
says 'ATTENTION +D-1, which is passed' inbox clinics
end=$(effective D-1)
[ $(($(seconds "$end") - $(date +%s) - moved)) -gt $((4 * 86400)) ] || fail "the notice is shorter than five business days"
until_time "$end" -3600
good as maker alliance-manager comment --text "an hour before"
is_phase D-1 passed maker || fail "it took effect too early"
until_time "$end"
wait_for is_phase D-1 effective maker
holds clinics/registrar | grep -q "$(fingerprint keys/helped.key)" || fail "the seat has another holder"
exits 3 as clinics registrar seat set clinics/sponsor keys/manager.key
grep -q 'revoked' o || { cat o; fail "the old key's words"; }
cp keys/helped.key keys/clinics-registrar.key
new_key again
good as clinics registrar seat set clinics/sponsor keys/again.key keys/clinics-sponsor.key

echo "== and come too late: two seats of the partner were first"
new_key late
good as maker sponsor propose admission --partner distributor --keys keys/late.key --yes
good as maker sponsor approve D-2 --yes
good as clinics sponsor approve D-2 --yes
new_key own
good as distributor sponsor registrar replace keys/own.key --yes
good as distributor alliance-manager registrar replace keys/own.key --yes
until_time "$(effective D-2)"
wait_for is_phase D-2 stale maker
holds distributor/registrar | grep -q "$(fingerprint keys/own.key)" || fail "the partner's own answer was undone"
cp keys/own.key keys/distributor-registrar.key

echo "== an upgrade: refused, or decided and waiting for nodes that have it"
exits 1 as maker sponsor propose upgrade --rules 3 --yes
grep -q 'an upgrade leads to rules version 2, the next one, not to 3' o || { cat o; fail "the words"; }
says 'warning +the node asked here has versions up to 1: without a newer program it stops before that block' as maker sponsor propose upgrade --rules 2
good as maker sponsor propose upgrade --rules 2 --yes
for o in maker clinics distributor; do good as $o sponsor approve D-3 --yes; done
says 'decided +version 2, in force once 3 of 4 nodes have it' entente rules --node maker
good as maker alliance-manager comment --text "still under the first rules"
exits 1 as maker sponsor propose upgrade --rules 2 --yes # it is decided already
good as maker alliance-manager comment --text "and nobody has stopped"

echo "== a partner leaves by its own decision"
exits 2 as distributor sponsor propose exit --yes
good as distributor sponsor propose exit --confirm exit --yes
good as distributor sponsor approve D-4 --yes
is_phase D-4 passed maker || fail "its own approval is enough"
end=$(effective D-4)
stop distributor # it is away when it leaves, and gets its copy later
until_time "$end"
left() { entente partner list --node maker | grep -q '^distributor .*left'; }
wait_for left
is_phase D-4 effective maker || fail "the exit is not effective"
height=$(entente log --limit 1000 --json --node maker | json "max(l['height'] for l in x)")
has_field maker validators 3 || fail "it votes still"
for i in 1 2 3; do good as maker alliance-manager comment --text "after it left, $i"; done
start distributor
gone() { has_field distributor height "$height"; }
wait_for gone
says 'has left the alliance' entente node status --node distributor
good as maker alliance-manager comment --text "nothing of this"
closed() { entente node peers --json --node maker | json "1 / (not any(p['org'] == 'distributor' and p['connected'] for p in x['list']))"; }
wait_for closed
stop distributor; start distributor # and again nothing
wait_for entente node peers --node distributor
good as maker alliance-manager comment --text "nor of this"
sleep 2
gone || fail "it got more than its copy"
exits 3 entente comment --text "we are back" --node maker --key keys/distributor-sponsor.key --as distributor/sponsor
packed() { rm -f all.pack; entente pack all.pack --node maker; }
wait_for packed
good entente pack copy.pack --node distributor
verified copy.pack "newest block $height "
says 'distributor: left' entente-audit verify copy.pack
says '^halt 1 \((83 d 23 h|84 d)\) · recovery 4 · registrar replaced 3 · key revoked 2$' entente-audit exceptions copy.pack
for line in 'recovery .* maker +maker/alliance-manager +recovery of leaf [0-9]+ cancelled by two of its seats' \
  'recovery .* maker +recovery of leaf [0-9]+ carried out' \
  'registrar replaced .* maker +not by its own seats: recovery of leaf [0-9]+ carried out' \
  'registrar replaced .* clinics +not by its own seats: D-1 took effect' \
  'registrar replaced .* distributor +distributor/alliance-manager +by two of its own seats' \
  "key revoked .* clinics +person key SHA256:[^ ]+ revoked: D-1 took effect"; do
  says "^$line\$" entente-audit exceptions copy.pack
done
verified all.pack
echo ok
