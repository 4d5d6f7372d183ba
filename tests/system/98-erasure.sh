#!/usr/bin/env bash
# Goal: what somebody wrote is erased by decision, everywhere, and the record still verifies. Who decides sees what goes; after it no node
# shows it, gives it away or takes it again, nor one that fetches the record anew; packs say by which decision; both verifiers agree, also
# on a pack that has the text all the same.
set -euo pipefail
bin=$(realpath "$1") source=$(realpath "$2") name=erasure
. "$source/tests/system/alliance.sh"
export PYTHONDONTWRITEBYTECODE=1
secret="Call Jo at the clinic about her leave"
more="  erasure: {owner: council, approve: each partner 1 of council, sla: 10 bd}"
found "maker clinics distributor" trustee
nodes="maker clinics distributor trustee"

echo "== a comment that should not have been written, and one that may stay"
good as maker alliance-manager propose commercial-terms --title "Longer terms" --yes
good as clinics alliance-manager comment D-1 --text "$secret" --yes
good as distributor alliance-manager comment D-1 --text "We need ten days" --yes
leaf=$(entente log --grep "CALL jo" --node maker | awk '{print $1}')
[ -n "$leaf" ] || fail "the comment is not in the log"
[ "$(entente log --limit 100 --node maker | awk -v s="$secret" 'index($0, s) {print $1}')" = "$leaf" ] || fail "--grep found another leaf"
[ "$(entente log --grep note --json --node maker | json "[l['index'] for l in x]")" = "[$leaf, $((leaf + 2))]" ] || fail "--grep of a kind, as JSON"
[ "$(entente log --grep clinics/ --limit 1 --node maker | wc -l)" = 1 ] || fail "--grep of a seat, at most one"
block=$(entente log --limit 100 --node maker | awk '/block record/ {n = $1} END {print n}')
ok "$secret" entente show D-1 --node trustee
good entente pack before.pack --node maker

echo "== what is proposed is checked where it is typed, and by the record"
answers 2 '^entente: --erase x: expected a whole number' as maker alliance-manager propose erasure --title "It" --erase x --yes
answers 2 "leaf $block is no entry: it is a block record, or of the founding; it has no texts" \
  as maker alliance-manager propose erasure --title "It" --erase "$block" --yes
answers 1 'there is no leaf|the tree here has' as maker alliance-manager propose erasure --title "It" --erase 100000 --yes
answers 1 'this row erases texts: give the entries whose texts go' as maker alliance-manager propose erasure --title "It" --yes
answers 1 'commercial-terms decisions have no effect of the kind erase' \
  as maker alliance-manager propose commercial-terms --title "It" --erase "$leaf" --yes

echo "== who decides sees what goes"
good as maker alliance-manager propose erasure --title "A comment about a person" --erase "$leaf,$leaf" --yes
ok "erases +leaf $leaf, note by clinics/alliance-manager, 1 text: Call Jo at the clinic" entente show D-2 --node clinics
ok 'at every node, for good; that they were there, by whom and when, stays on the record' entente show D-2 --node clinics
for o in maker clinics distributor; do good as $o alliance-manager approve D-2 --yes; done
wait_for is_phase D-2 effective maker

echo "== no node shows it, and nothing else is gone"
for o in $nodes; do
  ok '\(erased by D-2\)' entente show D-1 --node $o
  ok 'We need ten days' entente show D-1 --node $o
  ok "^ *$leaf .*\(erased by D-2\)" entente log --limit 100 --node $o
  ! entente log --limit 100 --json --node $o | grep -q "Call Jo" || fail "$o still gives the text"
  [ -z "$(entente log --grep "Call Jo" --node $o)" ] || fail "$o still finds the text"
  ok '\(erased by D-2\)' entente show D-2 --node $o
done
answers 2 "the texts of leaf $leaf are erased already, by D-2" as maker alliance-manager propose erasure --title "Again" --erase "$leaf" --yes
leaf_of() { entente log --limit 100 --json --node maker | json "[l['erased'] for l in x if l['index'] == $leaf][0]"; }
[ "$(leaf_of)" = 2 ] || fail "the log's JSON does not say which decision erased it"
stop maker
good ententd doctor maker
start maker
wait_for healthy maker

echo "== nor one that fetches the record anew"
stop trustee
mv trustee/store trustee/store.old
start trustee
wait_for is '\(erased by D-2\)' entente show D-1 --node trustee
ok 'We need ten days' entente show D-1 --node trustee

echo "== ERA-4: a pack says by which decision; a certificate has it no more"
good entente pack after.pack --node maker
! grep -aq "Call Jo" after.pack || fail "the pack has the text"
grep -aq "Call Jo" before.pack || fail "the older pack lacks it: it proves nothing"
verified before.pack
verified after.pack '^VERIFIED'
answers 0 'texts erased 1' entente-audit verify after.pack
answers 0 "texts erased +$leaf .*D-2 +clinics/alliance-manager +1 of 1 texts of this note, by D-2" entente-audit exceptions after.pack
! entente-audit exceptions after.pack --all 2>/dev/null | grep -q 'text absent' || fail "an erased text is said to be absent for no reason"
counts() { "$@" --json | json "(x['texts_absent'], x['texts_erased'], x['texts_left'])"; }
second() { python3 "$source/docs/independent-verifier/entente_verify.py" verify "$@"; }
[ "$(counts entente-audit verify after.pack)" = "(1, 1, 0)" ] || fail "entente-audit counts $(counts entente-audit verify after.pack)"
[ "$(counts second after.pack)" = "(1, 1, 0)" ] || fail "the independent verifier counts $(counts second after.pack)"
good as maker alliance-manager comment --text "A block more" --yes # a tree that all cosign while they are connected (CKP-6)
wait_for covered maker
good entente certify D-1 -o D-1.certificate --node maker
! grep -aq "Call Jo" D-1.certificate || fail "the certificate has the text"
good entente-audit verify D-1.certificate

echo "== a pack of somebody who kept it verifies, and both say so"
python3 - "$source" before.pack after.pack kept.pack <<'P'
import pathlib, struct, sys
sys.path.insert(0, sys.argv[1] + "/docs/independent-verifier")
import canonical
def frames(name):
    data, at, out = pathlib.Path(name).read_bytes(), 15, []
    while at < len(data):
        n = struct.unpack(">I", data[at:at + 4])[0]
        out.append(canonical.value(data[at + 4:at + 4 + n]))
        at += 4 + n
    return data[:15], out
head, old = frames(sys.argv[2])
_, new = frames(sys.argv[3])
with_text = next(f for f in old if b"Call Jo" in canonical.encode(f))
height = old.index(with_text)
new[height] = with_text
with open(sys.argv[4], "wb") as f:
    f.write(head)
    for frame in new:
        data = canonical.encode(frame)
        f.write(struct.pack(">I", len(data)) + data)
P
verified kept.pack
answers 0 'erased text in the pack 1' entente-audit verify kept.pack
answers 0 '1 of 1 texts of this note still there, though D-2 erased them' entente-audit exceptions kept.pack
[ "$(counts entente-audit verify kept.pack)" = "(0, 0, 1)" ] || fail "entente-audit counts $(counts entente-audit verify kept.pack)"
[ "$(counts second kept.pack)" = "(0, 0, 1)" ] || fail "the independent verifier counts $(counts second kept.pack)"
