#!/usr/bin/env bash
# Goal: more nodes are lost than the quorum allows, and the partners begin a new epoch by the ceremony: one lost node is
# replaced by a fresh one, another is left out. What waited becomes final, all come to one root, the old nodes are heard no
# more, and the pack verifies across the epochs.
set -euo pipefail
bin=$1 source=$2
export PATH=$bin:$PATH NO_COLOR=1
log=$(mktemp)
DEMO_BIN=$bin "$source/scripts/demo" --act 1 --keep >"$log" 2>&1 || { cat "$log"; exit 1; }
pids=$(sed -n 's/^Stop it: kill \([0-9 ]*\);.*/\1/p' "$log")
work=$(sed -n 's/^Stop it: .* rm -r \(.*\)$/\1/p' "$log")
export XDG_STATE_HOME=$work/state
finish() { code=$?; kill $pids 2>/dev/null || true; wait 2>/dev/null || true; [ $code -ne 0 ] || rm -rf "$work" "$log"; }
trap finish EXIT
set -- $pids # maker clinics distributor trustee
expect() { # expect CODE REGEX COMMAND...: of both outputs
  local want=$1 re=$2 code=0
  shift 2
  "$@" >"$work/o" 2>&1 </dev/null || code=$?
  if [ "$code" -ne "$want" ] || ! grep -Eq -- "$re" "$work/o"; then
    echo "FAILED (exit $code, expected $want, '$re'): $*"; cat "$work/o"; tail -n 5 "$work"/*.log; exit 1
  fi
}
field() { entente node status --json --node "$1" 2>/dev/null | python3 -c "import json,sys; print(json.load(sys.stdin).get('$2',''))" 2>/dev/null || true; }
wait_for() { local what=$1 end=$((SECONDS + 60)); shift; until "$@"; do [ $SECONDS -lt $end ] || { echo "gave up: $what"; tail -n 5 "$work"/*.log; exit 1; }; sleep 0.3; done; }
port() { python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])'; }
key() { echo "$work/keys/$1.key"; }
[ -f "$work/keys/maker-business-lead.key.pub" ]

# Two of four are lost; the others cannot decide.
kill -9 "$2" "$4"
sleep 1
expect 8 'Not final after 3 s; it is kept' entente comment --text "waits for the new epoch" --timeout 3 --key "$(key maker-quality)" --as maker/quality --node "$work/maker"
expect 7 'clinics|trustee' entente node why --node "$work/maker"

# What the survivors hold; the clinics' new node; the draft.
expect 0 'newest block with a certificate' entente refound survivor -o "$work/maker.survivor" --confirm maker --node "$work/maker"
expect 0 'newest block with a certificate' entente refound survivor -o "$work/distributor.survivor" --confirm distributor --node "$work/distributor"
expect 7 'signs nothing more in epoch 0 \(REF-1\)' entente status --node "$work/distributor"
expect 7 'refound abandon' entente node status --node "$work/maker"
kill "$1" "$3"
wait "$1" "$3" 2>/dev/null || true
while kill -0 "$1" 2>/dev/null || kill -0 "$3" 2>/dev/null; do sleep 0.2; done
ententd init "$work/clinics2" --partner clinics --listen "127.0.0.1:$(port)" >/dev/null
ententd card "$work/clinics2" -o "$work/clinics2.card" >/dev/null
expect 0 'node.yaml|founding signatures are there' entente alliance join "$work/alliance.genesis" --node "$work/clinics2"
ententd run "$work/maker" >>"$work/maker.log" 2>&1 & m=$!
pids=$m
wait_for "the maker's node" entente node peers --node "$work/maker" >/dev/null
expect 0 '(clinics .*\(new\)).*|epoch' entente refound draft "$work/maker.survivor" "$work/distributor.survivor" --card "$work/clinics2.card" \
  --suspend trustee -o "$work/e1.refounding" --node "$work/maker"
grep -q '2 of the 4 nodes that vote report.* at most 0 of them' "$work/o" || { cat "$work/o"; exit 1; }
expect 1 'they may have decided a block that nobody here can see.*--confirm unknown' entente refound draft "$work/maker.survivor" --suspend trustee -o "$work/x.refounding" --node "$work/maker"
expect 0 '.' entente refound draft "$work/maker.survivor" "$work/distributor.survivor" --card "$work/clinics2.card" --suspend trustee -o "$work/e1.refounding" --node "$work/maker"
grep -Eq 'clinics +decides, vote key .*\(new\)' "$work/o" && grep -q 'trustee  *does not decide' "$work/o" && grep -q '3 nodes, 3 must sign' "$work/o" || { cat "$work/o"; exit 1; }
kill $m; wait $m 2>/dev/null || true

# Too few signatures: the node refuses to start with it, and says who is missing.
cp "$work/e1.refounding" "$work/few.refounding"
for o in maker clinics; do for s in registrar sponsor; do
  expect 0 'signatures so far' entente refound sign "$work/e1.refounding" --as $o/$s --key "$(key $o-$s)" --yes
done; done
cp "$work/e1.refounding" "$work/few.refounding"
expect 0 'signatures so far' entente refound sign "$work/e1.refounding" --as distributor/registrar --key "$(key distributor-registrar)" --yes
expect 0 'signatures so far' entente refound sign "$work/few.refounding" --as distributor/sponsor --key "$(key distributor-sponsor)" --yes
expect 0 'Start the node again' entente refound install "$work/few.refounding" --node "$work/maker"
expect 1 'REF-3: distributor/registrar has not signed' ententd run "$work/maker"
expect 0 '6 signatures' entente refound merge "$work/e1.refounding" "$work/few.refounding" -o "$work/all.refounding"
expect 0 'signed as distributor/sponsor' entente refound show "$work/all.refounding"

pids=
for o in maker distributor clinics2; do
  expect 0 'Start the node again' entente refound install "$work/all.refounding" --node "$work/$o"
  ententd run "$work/$o" >>"$work/$o.log" 2>&1 & pids="$pids $!"
done
begun() { [ "$(field "$work/$1" epoch)" = 1 ]; }
for o in maker distributor clinics2; do wait_for "epoch 1 at $o" begun $o; done
empty() { [ "$(field "$work/maker" mempool)" = 0 ]; }
wait_for "what waited" empty
expect 0 'waits for the new epoch' entente log --limit 10 --node "$work/distributor"
expect 0 'Signed, final, 3 of 3 nodes' entente comment --text "decided in epoch 1" --key "$(key clinics-quality)" --as clinics/quality --node "$work/clinics2"
same() { [ -n "$(field "$work/$1" root)" ] && [ "$(field "$work/$1" root)" = "$(field "$work/maker" root)" ]; }
for o in distributor clinics2; do wait_for "one root at $o" same $o; done

# Another refounding for the same epoch is refused; the old node of the clinics is heard no more.
expect 0 'decides' entente refound draft "$work/maker.survivor" "$work/distributor.survivor" --suspend trustee,clinics -o "$work/other.refounding" --node "$work/maker"
expect 0 'Start the node again' entente refound install "$work/other.refounding" --node "$work/clinics"
ententd run "$work/clinics" >>"$work/old.log" 2>&1 & old=$!
sleep 4
kill -9 $old 2>/dev/null || true
expect 0 'clinics' entente node peers --node "$work/maker"
[ "$(field "$work/maker" connected)" = 3 ]
set -- $pids
kill "$1"; wait "$1" 2>/dev/null || true
cp "$work/other.refounding" "$work/maker/next.refounding"
expect 1 'took another refounding for epoch 1 \(REF-7\)' ententd run "$work/maker"
cp "$work/all.refounding" "$work/maker/next.refounding"
ententd run "$work/maker" >>"$work/maker.log" 2>&1 & pids="$pids $!"
begin_again() { entente node status --node "$work/maker" >/dev/null 2>&1; }
wait_for "the maker again" begin_again

# A store that spans two epochs is examined and rebuilt like any other.
set -- $pids
kill "$2"; wait "$2" 2>/dev/null || true
while [ -e "$work/distributor/node.sock" ]; do sleep 0.1; done
size=$(field "$work/maker" height)
expect 0 'Everything is whole' ententd doctor "$work/distributor"
entente log --limit 1 --node "$work/maker" --json | python3 -c '
import hashlib, json, sys
line = json.load(sys.stdin)[-1]
pattern = hashlib.sha256(b"\0" + bytes.fromhex(line["leaf"])).digest()
path = sys.argv[1]
data = bytearray(open(path, "rb").read())
at, n = data.find(pattern), 0
while at >= 0: # in the tiles
    data[at] ^= 1
    at, n = data.find(pattern, at + 1), n + 1
assert n > 0
open(path, "r+b").write(data)' "$work/distributor/store/data.mdb"
expect 6 'DAMAGED +(TILE|tree)' ententd doctor "$work/distributor"
expect 0 "rebuilt to block $size " ententd doctor "$work/distributor" --repair
grep -q 'It may vote' "$work/o" || { cat "$work/o"; exit 1; }
ententd run "$work/distributor" >>"$work/distributor.log" 2>&1 & pids="$pids $!"
wait_for "the distributor again" same distributor
expect 0 'Signed, final, 3 of 3 nodes' entente comment --text "after a repair" --key "$(key maker-quality)" --as maker/quality --node "$work/maker"

expect 0 'blocks' entente pack "$work/two.pack" --node "$work/distributor"
expect 0 'epochs +1 begun by refounding' entente-audit verify "$work/two.pack"
expect 0 'epoch 1 begins after block [0-9]+; nodes replaced: clinics; do not vote: trustee; signed by clinics/registrar, ' entente-audit verify "$work/two.pack"
expect 0 'escalated 1 · re-founding 1 · node replaced 1 · node suspended 1$' entente-audit exceptions "$work/two.pack"
expect 0 '^node suspended .* trustee .*left out by the re-founding: its node does not vote until it is replaced$' entente-audit exceptions "$work/two.pack"
expect 0 '^ +distributor +signed [0-9]+ of [0-9]+ ' entente node availability --node "$work/distributor" # across the epochs, too
expect 0 'VERIFIED' python3 "$source/docs/independent-verifier/entente_verify.py" verify "$work/two.pack"
echo ok
