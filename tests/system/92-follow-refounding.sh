#!/usr/bin/env bash
# Goal: an observer of the log comes to a re-founding. Headers cannot tell who may sign one, so it stops there and says what to do; with a
# pack, which it verifies whole, it goes on in the new epoch, and what it saw in the old one must be in it. A pack that is damaged, of
# before the re-founding, or of another alliance takes it nowhere.
set -euo pipefail
bin=$(realpath "$1") source=$(realpath "$2") name=follow-refounding
. "$source/tests/system/alliance.sh"

found "maker clinics distributor"
mine() { entente follow --state seen "$@" --once; }

echo "== the old epoch is followed"
good as maker alliance-manager lesson new --title "Before" --yes
seen_it() { mine --node maker --alliance "$alliance" && [ -s seen ]; }
wait_for seen_it
old=$(sed -n 2p seen)
good entente pack old.pack --node maker

echo "== one node is lost, and a new epoch begins with a new one in its place"
lose clinics
mv clinics gone
for o in maker distributor; do
  good entente refound survivor -o "$o.survivor" --confirm "$o" --node "$o"
  stop "$o"
done
ententd init clinics --partner clinics --listen "127.0.0.1:$(free_port)" >/dev/null
ententd card clinics -o fresh.card >/dev/null
good entente alliance join a.genesis --node clinics
start maker
wait_for entente node peers --node maker
good entente refound draft maker.survivor distributor.survivor --card fresh.card -o e1.refounding --node maker
stop maker
for o in maker clinics distributor; do for s in registrar sponsor; do
  good entente refound sign e1.refounding --as "$o/$s" --key "keys/$o-$s.key" --yes
done; done
for o in maker clinics distributor; do
  good entente refound install e1.refounding --node "$o"
  start "$o"
done
wait_for healthy maker
good as maker alliance-manager lesson new --title "After" --yes
cosigned() { entente checkpoint -o new.checkpoint --node maker && [ "$(sed -n 2p new.checkpoint)" -gt "$old" ]; }
wait_for cosigned

echo "== it stops there, and says how to go on"
answers 1 'epoch 0 ends with block [0-9]+, by a re-founding\. .*get a pack \(entente pack FILE\), and go on once with --pack FILE' mine --node maker
[ "$(sed -n 2p seen)" = "$old" ] || fail "something was taken"
answers 1 'epoch 0 ends with block' entente follow --state anew --once --node maker # from the beginning it comes no further

echo "== what is no proof takes it nowhere"
cp seen.set before.set
good entente pack new.pack --node maker
python3 - <<'P'
data = bytearray(open("new.pack", "rb").read())
data[len(data) * 2 // 3] ^= 1
open("damaged.pack", "wb").write(data)
P
answers 6 '^entente: damaged\.pack does not verify: .*[A-Z]{3}-[0-9]+: .* Nothing was taken from it' mine --node maker --pack damaged.pack
answers 6 'does not verify: .*GEN-3: this is alliance' entente follow --state none --once --node maker --alliance "$(printf '0%.0s' {1..64})" --pack new.pack
answers 1 'epoch 0 ends with block' mine --node maker --pack old.pack # it verifies, and does not lead across
sed "2s/.*/$((old - 1))/" seen >other
cp seen.set other.set
answers 6 'does not verify: .*PAK-7: the checkpoint in other is of' entente follow --state other --once --node maker --pack new.pack
cmp seen.set before.set || [ "$(sed -n 2p seen)" = "$old" ] || fail "something was taken"

echo "== with the whole record it goes on, and once is enough"
answers 0 "^new\.pack verifies: alliance $alliance, [0-9]+ leaves, epoch 1; followed from there" mine --node maker --pack new.pack
grown() { mine --node maker --node distributor && [ "$(sed -n 2p seen)" -gt "$old" ]; }
wait_for grown
good as distributor alliance-manager lesson new --title "And on" --yes
now=$(sed -n 2p seen)
further() { mine --node maker && [ "$(sed -n 2p seen)" -gt "$now" ]; }
wait_for further
answers 0 '^1 of 1 nodes answered: [0-9]+ leaves, .* all that was seen before is in it' mine --node maker
good entente pack last.pack --node maker
answers 0 VERIFIED entente-audit verify last.pack --checkpoint seen
answers 0 VERIFIED entente-audit verify last.pack --checkpoint new.checkpoint
