#!/usr/bin/env bash
# Goal: an observer of the log sees on real nodes that it only grows; against nodes that lie it raises an alarm that says who shows
# what, keeps both checkpoints, and runs a command: for a tree that nobody signed, a shorter one, one without proof, another one of
# the same size. A pack that was cut off goes on where it stopped, and is never taken for whole.
set -euo pipefail
bin=$(realpath "$1") source=$(realpath "$2") name=follow
. "$source/tests/system/alliance.sh"

found "maker clinics distributor" "trustee"
mine() { entente follow --state seen "$@" --once; }
lies() { # lies HOW [FILE]: at the socket lie-HOW
  PYTHONDONTWRITEBYTECODE=1 python3 "$source/tests/system/lying_log.py" "$work/maker/node.sock" "$work/lie-$1" "$@" >"lie-$1.out" 2>lie-$1.log &
  pid[lie-$1]=$!
  wait_for grep -q ready "lie-$1.out"
}
evidence() { ls seen.evidence | sort | tail -n 1; }

echo "== it grows, and all show the same"
answers 0 "^Following alliance $alliance" mine --node maker
wait_for test -s seen.set
agreed() { mine --node maker && [ -s seen ]; }
wait_for agreed
answers 0 '^1 of 1 nodes answered: [0-9]+ leaves, root [0-9a-f]{64}, cosigned by a quorum' mine --node maker
old=$(sed -n 2p seen)
cp seen old.checkpoint
good as maker alliance-manager lesson new --title "One more" --yes
newer() { mine --node maker --node clinics --node trustee && [ "$(sed -n 2p seen)" -gt "$old" ]; }
wait_for newer
answers 0 '^3 of 3 nodes answered' mine --node maker --node clinics --node trustee
mine --json --node maker --node clinics | json "x['alarm'], x['answered'], x['size']" | grep -q "^False 2 $(sed -n 2p seen)$" || fail "its JSON"
good entente pack whole.pack --node maker
answers 0 'VERIFIED' entente-audit verify whole.pack --checkpoint seen # what it keeps is what an auditor takes
answers 6 'of alliance [0-9a-f]{64}; 0000' entente follow --state other --once --alliance "$(printf '0%.0s' {1..64})" --node maker
answers 7 'nobody' entente follow --state other --once --node nobody
answers 2 'needs --state' entente follow --node maker

echo "== lies"
lies unsigned
answers 6 '^ALARM: .*lie-unsigned shows a tree that is not signed as it must be' mine --node lie-unsigned --on-alarm 'cat >alarm.txt'
grep -q '^ALARM: lie-unsigned shows' alarm.txt || fail "the command was not told"
cmp seen "seen.evidence/$(evidence)/seen-before.checkpoint" || fail "the checkpoint seen before is not kept"
[ -s "seen.evidence/$(evidence)/shown.checkpoint" ] || fail "the checkpoint shown is not kept"
exits 6 mine --json --node lie-unsigned
grep -q "^{\"alarm\":true,\"evidence\":\"$(evidence)\"}$" o || fail "its JSON of an alarm"
lies old old.checkpoint
answers 6 "^ALARM: lie-old shows a tree of $old leaves, where [0-9]+ were seen before, and nobody proves" mine --node lie-old
answers 0 "lie-old is behind: $old of [0-9]+ leaves" mine --node lie-old --node clinics # clinics proves that it is only old
cp old.checkpoint early
cp seen.set early.set
lies proof
answers 6 "^ALARM: lie-proof shows a tree of [0-9]+ leaves, and no proof that the $old seen before are its beginning: it was rewritten" \
  entente follow --state early --once --node lie-proof
cmp early old.checkpoint || fail "a checkpoint was taken that does not fit"
answers 0 'answered' entente follow --state early --once --node maker

echo "== another tree of the same size"
cp seen split
cp seen.set split.set
sed -i '3s/^./\x21/; 3s/^!/'"$(sed -n 3p seen | grep -q '^A' && echo B || echo A)/" split
answers 6 '^ALARM: maker shows a tree of [0-9]+ leaves with root [0-9a-f]{64}; the one seen before has root [0-9a-f]{64}: two histories were signed' \
  entente follow --state split --once --node maker

echo "== a pack that was cut off"
size=$(stat -c %s whole.pack)
for cut in 10 $((size / 2)) $((size - 3)); do
  head -c "$cut" whole.pack >again.pack.part
  good entente pack again.pack --node maker
  [ ! -e again.pack.part ] || fail "the part is left"
  answers 0 VERIFIED entente-audit verify again.pack
done
grep -q 'leaves. Check it' o || good entente pack again.pack --node maker
head -c $((size - 3)) whole.pack >again.pack.part
answers 0 '^Going on after block [0-9]+, which again.pack.part has' entente pack again.pack --node maker
python3 - <<'P'
data = bytearray(open("whole.pack", "rb").read())
at = len(data) * 3 // 4
data[at] ^= 1 # what is damaged is not kept
open("again.pack.part", "wb").write(data)
P
good entente pack again.pack --node maker
answers 0 VERIFIED entente-audit verify again.pack
rm -f again.pack
head -c $((size / 2)) whole.pack >again.pack.part
for o in maker clinics distributor trustee; do stop $o; done
answers 7 '' entente pack again.pack --node maker
[ ! -e again.pack ] && [ -s again.pack.part ] || fail "what was there is gone, or looks whole"
