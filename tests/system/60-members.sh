#!/usr/bin/env bash
# Goal: members come and go through a running alliance. Three partners and a witness admit a fourth partner, whose node catches
# up from the founding on, says that it is ready, and votes; a node's keys, TLS and vote, are renewed while the others go on,
# also of one that was down meanwhile; a partner is removed: it keeps a copy that verifies up to its exit, and gets nothing after.
set -euo pipefail
bin=$1 source=$2
name=members
. "$(dirname "$0")/alliance.sh"
admission="{owner: steering, approve: each partner 1 of steering, sla: 30 bd, abstain: blocks, needs: [diligence]}"
wait_out() { wait_for test -S "$1/node.sock"; sleep 0.3; entente node status --node "$1"; }
found "maker clinics distributor" trustee
as maker alliance-manager comment --text "four nodes" >/dev/null

echo "== admission"
make labs $seats
says 'then 5 nodes vote, 4 must sign: 1 may be down' as maker sponsor propose admission --card charter/labs.card --name Labs
code=0; as maker sponsor propose admission --card charter/labs.card --name Labs >o 2>&1 || code=$?
[ $code -eq 2 ] || fail "a proposal that nobody could be asked about: exit $code"
as maker sponsor propose admission --card charter/labs.card --name Labs --yes >o 2>&1 || { cat o; fail "propose admission"; }
grep -q 'D-1 is open' o || { cat o; fail "not open"; }
for o in maker clinics distributor; do as $o sponsor approve D-1 --yes >o 2>&1 || { cat o; fail "approve by $o"; }; done
says 'open' entente readiness D-1 --node maker # the due diligence is still to come
as maker sponsor input D-1 --need diligence --text "accounts and references were seen" >o 2>&1 || { cat o; fail "input"; }
wait_for is '^labs .*joining' entente partner list --node maker
[ "$(field maker validators)" = 4 ] || fail "it votes before it is ready"
entente alliance join a.genesis --node labs >/dev/null
start labs
wait_for healthy labs
[ "$(field labs validators)" = 5 ] || fail "five nodes were expected"
[ "$(field labs quorum)" = 4 ] || fail "a quorum of four was expected"
says 'ready *labs/node' entente log --node labs # by itself: REP-5
wait_for same labs maker
as labs alliance-manager comment --text "we are here" >/dev/null

echo "== an observer: it follows, and votes on nothing"
make auditor registrar
says 'then 5 nodes vote' as maker sponsor propose admission --card charter/auditor.card --role observer
as maker sponsor propose admission --card charter/auditor.card --role observer --yes >o 2>&1 || { cat o; fail "propose an observer"; }
for o in maker clinics distributor labs; do as $o sponsor approve D-2 --yes >o 2>&1 || { cat o; fail "approve by $o"; }; done
as maker sponsor input D-2 --need diligence --text "an audit firm" >o 2>&1 || { cat o; fail "input"; }
entente alliance join a.genesis --node auditor >/dev/null
start auditor
wait_for same auditor maker
healthy auditor >/dev/null || fail "the observer is not well"
[ "$(field auditor validators)" = 5 ] || fail "an observer votes"

echo "== fresh keys for a node that runs"
old=$(entente partner show clinics --node maker | sed -n 's/^vote key *//p')
ententd rekey clinics --all -o fresh.card >/dev/null
[ -d clinics/keys.next ] || fail "no fresh keys"
as clinics registrar node replace fresh.card --yes >o 2>&1 || { cat o; fail "node replace"; }
as maker alliance-manager comment --text "the others go on" >/dev/null
taken() { [ ! -e clinics/keys.next ] && healthy clinics; }
wait_for taken
[ "$old" != "$(entente partner show clinics --node maker | sed -n 's/^vote key *//p')" ] || fail "the vote key is the same"
stop distributor # with one away, nothing is final without the node that has fresh keys
as maker alliance-manager comment --text "signed by fresh keys" >o || fail "not final: $(cat o)"
start distributor
wait_for healthy distributor

echo "== fresh keys for a node that was down meanwhile"
stop clinics
ententd rekey clinics --tls -o tls.card >/dev/null
entente node replace tls.card --node maker --key keys/clinics-registrar.key --as clinics/registrar --yes >o 2>&1 || { cat o; fail "node replace"; }
as maker alliance-manager comment --text "while it is away" >/dev/null
start clinics
wait_for taken
wait_for same clinics maker

echo "== fresh keys for a node that is killed while it takes them over"
for i in 1 2; do
  ententd rekey clinics --all -o "again$i.card" >/dev/null
  entente node replace "again$i.card" --node maker --key keys/clinics-registrar.key --as clinics/registrar --yes >o 2>&1 || { cat o; fail "node replace"; }
  sleep "0.$((RANDOM % 4))"
  kill -9 "${pid[clinics]}" && wait "${pid[clinics]}" 2>/dev/null || true
  start clinics
  wait_for taken
done

as maker alliance-manager comment --text "one block more" >/dev/null
gone() { [ ! -e clinics/keys.prev ]; }
wait_for gone

echo "== keys of a node whose block the others have not got: it calls as the node that it was"
# As a take-over leaves it, but that the block which names the fresh ones is nowhere.
stop clinics
mkdir clinics/keys.prev
cp clinics/keys/node.key clinics/tls.key clinics/tls.crt clinics/keys.prev/
echo 999999 >clinics/keys.prev/height
ententd init other --partner clinics --listen none >/dev/null
cp other/keys/node.key clinics/keys/
cp other/tls.key other/tls.crt clinics/
as maker alliance-manager comment --text "meanwhile" >/dev/null
start clinics
wait_for same clinics maker
grep -q 'too few nodes answer to agree on anything; this one calls by the keys that it had before now' clinics.log || fail "by which keys?"
stop clinics
cp clinics/keys.prev/node.key clinics/keys/
cp clinics/keys.prev/tls.key clinics/keys.prev/tls.crt clinics/
echo 1 >clinics/keys.prev/height
start clinics
wait_for healthy clinics
wait_for gone

echo "== a vote journal that is lost: the key is dead, and a fresh one votes"
stop clinics
rm clinics/votes.journal
start clinics
says 'the vote journal is missing' wait_out clinics
as maker alliance-manager comment --text "without its vote" >/dev/null
ententd rekey clinics --vote -o vote.card >/dev/null
entente node replace vote.card --node maker --key keys/clinics-registrar.key --as clinics/registrar --yes >o 2>&1 || { cat o; fail "node replace"; }
wait_for taken

echo "== a vote key that is revoked"
says 'then 4 nodes vote, 3 must sign' as distributor registrar key revoke node:vote
name=$({ as distributor registrar key revoke node:vote 2>&1 || true; } | sed -n 's/.*--confirm //p')
as distributor registrar key revoke node:vote --confirm "$name" >o 2>&1 || { cat o; fail "key revoke"; }
says 'a key of this node was revoked' entente node status --node distributor
[ "$(field maker validators)" = 4 ] || fail "a node without a key votes"
ententd rekey distributor --vote -o revoked.card >/dev/null
as distributor registrar node replace revoked.card --yes >o 2>&1 || { cat o; fail "node replace"; }
wait_for healthy distributor
[ "$(field maker validators)" = 5 ] || fail "the node that was replaced does not vote"

echo "== recovery: announced, seen, cancelled by two seats"
entente key new keys/new-registrar.key --unsealed >/dev/null 2>&1
entente recovery sign maker keys/new-registrar.key --key keys/maker-recovery.key --alliance "$alliance" -o maker.recovery >/dev/null
as clinics registrar recovery submit maker.recovery --yes >o 2>&1 || { cat o; fail "recovery submit"; }
leaf=$(entente recovery list --json --node clinics | python3 -c 'import json,sys; print(json.load(sys.stdin)["list"][0]["leaf"])')
as maker sponsor registrar cancel "$leaf" >/dev/null 2>&1 || fail "the first seat"
as maker alliance-manager registrar cancel "$leaf" >/dev/null 2>&1 || fail "the second seat"
says 'No recovery is announced' entente recovery list --node maker

echo "== removal"
says 'then 4 nodes vote, 3 must sign: 1 may be down' entente partner show labs --node trustee
as maker sponsor propose removal --partner labs --yes >o 2>&1 || { cat o; fail "propose removal"; }
grep -q 'leaves    labs' o || { cat o; fail "no preview"; }
as maker sponsor approve D-3 --yes >/dev/null
as clinics sponsor approve D-3 --yes >/dev/null
stop labs # it is down when it is removed, and gets its copy later
as distributor sponsor approve D-3 --yes >o 2>&1 || { cat o; fail "approve removal"; }
wait_for is '^labs .*left' entente partner list --node maker
exit_height=$(field maker height)
exit_size=$(field maker size)
[ "$(field maker validators)" = 4 ] || fail "four nodes were expected"
for i in 1 2 3; do as maker alliance-manager comment --text "after it left, $i" >/dev/null; done
start labs
gone() { [ "$(field labs height)" = "$exit_height" ]; }
wait_for gone
says 'has left the alliance' entente node status --node labs
as maker alliance-manager comment --text "nothing of this" >/dev/null
closed() { ! entente node peers --json --node maker | python3 -c 'import json,sys; sys.exit(not any(p["org"]=="labs" and p["connected"] for p in json.load(sys.stdin)["list"]))'; }
wait_for closed
later() { [ "$(entente checkpoint --node maker | sed -n 2p)" -gt "$exit_size" ]; }
wait_for later # cosigned by those who stay: four nodes, of whom more signed before
entente pack labs.pack --node labs >/dev/null
entente-audit verify labs.pack --expect-alliance "$alliance" >o || { cat o; fail "its copy does not verify"; }
grep -q "labs: joined" o && grep -q "labs: left" o && grep -q "clinics: node keys changed" o || { cat o; fail "the report"; }
grep -q "newest block $exit_height " o || { cat o; fail "its copy ends elsewhere than at its exit"; }
stop labs; start labs # and again nothing
wait_for gone
sleep 2
gone || fail "it got more than its copy"
entente pack all.pack --node maker >/dev/null
entente-audit verify all.pack --expect-alliance "$alliance" >o || { cat o; fail "the whole record does not verify"; }
grep -q 'auditor: joined' o || { cat o; fail "the observer's admission"; }
grep -Eq '^ +[0-9]+ .* labs/sponsor +no longer held by SHA256:' o || { cat o; fail "holders that left"; }
says ' · recovery 2 · node replaced [0-9]+ · key revoked 1 · node suspended 1$' entente-audit exceptions all.pack
says '^recovery .* maker +clinics/registrar +recovery announced, due ' entente-audit exceptions all.pack
says '^recovery .* maker +maker/[a-z-]+ +recovery of leaf [0-9]+ cancelled by two of its seats$' entente-audit exceptions all.pack
says '^node replaced .* clinics +clinics/registrar +node keys replaced by its registrar$' entente-audit exceptions all.pack
says '^labs/sponsor +SHA256:[^ ]+ +20[^ ]+Z +[0-9]+ +20[^ ]+Z +[0-9]+ +D-[0-9]+ took effect .*D-[0-9]+ took effect' entente-audit access all.pack
says 'No node was shown' entente faults --node maker
for f in labs all; do # a second implementation, from the specification alone
  python3 -B "$source/docs/independent-verifier/entente_verify.py" verify $f.pack >o 2>&1 || { cat o; fail "the independent verifier refuses $f.pack"; }
  grep -q '^VERIFIED' o || { cat o; fail "$f.pack"; }
done

echo "== an upgrade is decided; nobody has it yet, and all go on"
says 'has versions up to 1' as maker sponsor propose upgrade --rules 2
as maker sponsor propose upgrade --rules 2 --yes >/dev/null 2>&1
for o in maker clinics distributor; do as $o sponsor approve D-4 --yes >o 2>&1 || { cat o; fail "approve by $o"; }; done
says 'decided     version 2, in force once 3 of 4 nodes have it' entente rules --node maker
as maker alliance-manager comment --text "under the first rules" >/dev/null
echo "== used wrongly"
for line in 'propose admission --title x' 'propose removal --title x' 'propose upgrade --title x' 'propose exit --title x' \
  'propose commercial-terms --title x --rules 2' 'propose commercial-terms --title x --card charter/labs.card' \
  'propose admission --card charter/labs.card --role king' 'input D-1' 'input D-1 --need impact' 'input D-1 --need nonsense --text x' \
  'node replace' 'node replace charter/maker.card' 'registrar replace' 'registrar cancel' 'registrar cancel x' 'recovery sign maker' \
  'recovery submit' 'partner show' 'key revoke node:tls --confirm x'; do
  # shellcheck disable=SC2086
  exits 2 as maker sponsor $line
done
exits 1 as maker sponsor partner show nobody
exits 1 as maker sponsor recovery submit a.genesis --yes
exits 3 as maker sponsor propose admission --card charter/labs.card --yes # it was a member: its name and keys never come back
exits 3 as maker sponsor node replace tls.card --yes # not the registrar
exits 1 as maker sponsor registrar cancel 1
for verb in 'partner list' 'partner show maker' 'recovery list' faults rules; do
  # shellcheck disable=SC2086
  entente $verb --json --node maker | python3 -m json.tool >/dev/null || fail "$verb --json"
done
echo ok
