#!/usr/bin/env bash
# Goal: a partner joins an alliance whose nodes have all replaced their keys since the founding. By the founding alone its node
# knows nobody, and says what helps: a pack, from anybody. Each block of it is checked and executed; then the node is let in,
# fetches the rest, and votes. A pack that is cut off, changed, or of another alliance gives what is whole, or nothing.
set -euo pipefail
bin=$1 source=$2
name=import
. "$(dirname "$0")/alliance.sh"
ok() { answers 0 "$@"; }
found "maker clinics" trustee
taken() { [ ! -e "$1/keys.next" ] && healthy "$1"; }
for org in maker clinics trustee; do
  good ententd rekey "$org" --all -o "$org.fresh"
  good as "$org" registrar node replace "$org.fresh" --yes
  wait_for taken "$org"
done
make labs $seats
good as maker sponsor propose admission --card charter/labs.card --name Labs --yes
for o in maker clinics; do wait_for is 'open' entente show D-1 --node "$o"; good as "$o" sponsor approve D-1 --yes; done
wait_for is '^labs .*joining' entente partner list --node maker

echo "== the founding alone leads nowhere"
good entente alliance join a.genesis --node labs
start labs
wait_for test -S labs/node.sock
why_labs() { entente node why --node labs || [ $? -eq 7 ]; } # it is out of reach
wait_for is 'ententd import labs PACK' why_labs
[ "$(field labs height)" = 0 ] || fail "it has got somewhere"
stop labs

echo "== a pack that is none, is cut off, is changed, or is another's"
good entente pack whole.pack --node clinics
answers 1 '^ententd: nowhere.pack: cannot be read' ententd import labs nowhere.pack
echo "no pack" >none.pack
answers 1 '^ententd: none.pack: .*this is no pack' ententd import labs none.pack
good ententd init stranger --partner labs --listen none
answers 1 'alliance.genesis is not there: first entente alliance join' ententd import stranger whole.pack
head -c $(($(stat -c %s whole.pack) * 7 / 8)) whole.pack >cut.pack
answers 6 '^ententd: cut.pack: it ends at block [0-9]+: its frame in the pack .*What comes before was taken' ententd import labs cut.pack
python3 - "$alliance" <<'P'
import sys
whole = bytearray(open("whole.pack", "rb").read())
whole[whole.rindex(b"maker/registrar")] ^= 1 # who signed an entry
open("changed.pack", "wb").write(whole)
whole[whole.index(bytes.fromhex(sys.argv[1]))] ^= 1 # of which alliance it is
open("other.pack", "wb").write(whole)
P
good entente alliance join a.genesis --node stranger
answers 1 '^ententd: other.pack: it is of alliance [0-9a-f]{64}, and the node is of ' ententd import stranger other.pack
answers 6 '^ententd: changed.pack: it ends at block 1: ' ententd import stranger changed.pack

echo "== the whole one"
ok '^labs has block [0-9]+ of .*Each block of the pack was checked and executed' ententd import labs whole.pack
ok '^The pack has no block that labs lacks' ententd import labs whole.pack
start labs
wait_for test -S labs/node.sock
answers 1 'in use by another process' ententd import labs whole.pack
wait_for healthy labs
wait_for same labs maker
[ "$(field labs validators)" = 4 ] || fail "it does not vote"
stop clinics # three of four: nothing is final without it
good as maker alliance-manager comment --text "with the newcomer's vote"
start clinics
wait_for same labs clinics
stop labs
good ententd doctor labs
good entente pack last.pack --node maker
verified last.pack
