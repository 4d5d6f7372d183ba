#!/usr/bin/env bash
# Goal: a part of a record is given on without the rest. A range over a change of nodes is cut out of a running node's record, by height and
# by time, and out of a pack; both verifiers check it, say that nothing was executed again and what was not checked. A range is no pack and
# a pack is no range, for any command, and the words say what to do; what is damaged, or of another history, is refused.
set -euo pipefail
bin=$(realpath "$1") source=$(realpath "$2") name=range
. "$source/tests/system/alliance.sh"
second() { python3 -B "$source/docs/independent-verifier/entente_verify.py" verify "$@"; }

found "maker clinics distributor" trustee
lesson() { good as "$1" alliance-manager lesson new --title "$2" --yes; }
height() { entente pack whole.pack --json --node maker | json "x['blocks'] - 1"; }
cosigned() { entente checkpoint -o "$1" --node maker && [ "$(sed -n 2p "$1")" -ge "$2" ]; }
leaves() { entente pack whole.pack --json --node maker | json "x['leaves']"; }

echo "== a record with a change of nodes in its middle"
lesson maker "Before"
before=$(height)
cosigned_now() { cosigned kept.checkpoint "$(leaves)"; }
ententd rekey clinics --all -o fresh.card >/dev/null
good as clinics registrar node replace fresh.card --yes
taken() { [ ! -e clinics/keys.next ] && healthy clinics; }
wait_for taken
lesson maker "Within"
wait_for cosigned_now
kept=$(sed -n 2p kept.checkpoint)
after=$(height)
[ "$after" -gt "$before" ] || fail "no block in between"
lesson maker "After"
lesson maker "Long after"
grown() { cosigned new.checkpoint $((kept + 1)); }
wait_for grown

echo "== by height: both verify it, and say what they did not"
wait_for entente pack part.range --from "$before" --to "$after" --node maker
answers 0 "^RANGE VERIFIED, not re-executed: blocks $before to $after of " entente-audit verify part.range --expect-alliance "$alliance"
for words in "^alliance +$alliance, as expected" '^checkpoint +block [0-9]+ of .* cosigned by [34] of 4 nodes' '^Not checked:' \
  'that what was accepted had to be accepted' 'what was before the range and after it' 'no second history exists'; do
  grep -Eq -- "$words" o || { cat o; fail "no '$words'"; }
done
answers 0 "^RANGE VERIFIED, not re-executed: blocks $before to $after of alliance $alliance" second part.range --expect-alliance "$alliance"
grep -q 'Not checked: that what was accepted had to be accepted' o || { cat o; fail "what was not checked"; }
told() { # told FIELD: both say the same of it
  local a b
  a=$(entente-audit verify part.range --json | json "x['$1']")
  b=$(second part.range --json | json "x['$1']")
  [ "$a" = "$b" ] || fail "$1: entente-audit says $a, the Python verifier $b"
  echo "$a"
}
[ "$(told re_executed)" = False ] || fail "re_executed"
[ "$(told first) $(told last)" = "$before $after" ] || fail "heights"
for field in alliance entries blocks texts texts_absent links root size anchor rows basis_before; do told $field >/dev/null; done
good entente-audit verify part.range --html page.html
grep -q '<h1>Range verified, not re-executed: ' page.html || fail "the page"

echo "== a checkpoint that was kept is compared where the range has its tree"
answers 0 "^kept +the checkpoint you gave, of $kept leaves, is of this history" entente-audit verify part.range --checkpoint kept.checkpoint
answers 0 'the checkpoint that was kept, of .* leaves, is of this history' second part.range --checkpoint kept.checkpoint
early() { # under a checkpoint of after the one that was kept
  entente pack early.range --from 1 --to 1 --node maker && [ "$(entente-audit verify early.range --json | json "x['size']")" -gt "$kept" ]
}
wait_for early
answers 6 'RNG-7: the checkpoint in kept.checkpoint is of .* leaves, and the range shows no tree of that size' \
  entente-audit verify early.range --checkpoint kept.checkpoint
answers 6 'rule RNG-7' second early.range --checkpoint kept.checkpoint

echo "== by time, and from a pack"
utc() { python3 -c "import datetime; t=$(told "$1"); print(datetime.datetime.fromtimestamp(t // 1000, datetime.timezone.utc).strftime('%Y-%m-%dT%H:%M:%S') + '.%03dZ' % (t % 1000))"; }
from=$(utc first_ms) to=$(utc last_ms)
timed() { entente pack timed.range --from "$from" --to "$to" --node clinics && is "blocks $before to $after of" entente-audit verify timed.range; }
wait_for timed # its node may have the checkpoint a little later
good entente pack whole.pack --node maker
good entente pack cut.range --from "$before" --to "$to" --pack whole.pack
answers 0 "blocks $before to $after of" entente-audit verify cut.range
answers 0 "blocks $before to $after of" second cut.range
good entente pack days.range --from 2020-01-01 --to 2100-01-01 --pack whole.pack
answers 0 "blocks 1 to " entente-audit verify days.range

echo "== what cannot be cut is told"
answers 2 'give the lower height first' entente pack no.range --from "$after" --to "$before" --node maker
answers 2 'begins with block 1 at the lowest' entente pack no.range --from 0 --node maker
answers 2 'is not under a cosigned checkpoint yet: the newest one is of block' entente pack no.range --to 100000 --node maker
answers 1 'no block is of those times' entente pack no.range --from 2100-01-01 --node maker
answers 2 'expected the height of a block, 812, or a time in UTC' entente pack no.range --from yesterday --node maker
[ -z "$(ls no.range* 2>/dev/null)" ] || fail "something was left"

echo "== a range is no pack, and a pack is no range"
for command in log exceptions access "sample --seed 1 --n 1" "replay --at 2100-01-01"; do
  words=($command)
  answers 6 'PAK-1: .* it is a range of a record, which only entente-audit verify reads' entente-audit "${words[0]}" part.range "${words[@]:1}"
done
exits 1 entente certify D-1 --pack part.range
grep -q 'it is a range of a record' o || { cat o; fail "certify"; }
python3 - <<'P'
whole, part = open("whole.pack", "rb").read(), open("part.range", "rb").read()
pack, magic = b"entente pack 1\n", b"record range 1\n"
open("as.range", "wb").write(magic + whole[len(pack):])
open("as.pack", "wb").write(pack + part[len(magic):])
data = bytearray(part)
data[len(data) * 2 // 3] ^= 1
open("damaged.range", "wb").write(data)
P
for file in as.range as.pack; do
  answers 6 'rule +PAK-1' entente-audit verify "$file"
  answers 6 'region frame, frame 1 at byte 15, rule PAK-1' second "$file"
done
answers 6 '^NOT VERIFIED' entente-audit verify damaged.range
grep -Eq '^region +[a-z]+, frame [0-9]+ \(bytes [0-9]+ to [0-9]+ of the file\)' o || { cat o; fail "not located"; }
answers 6 '^NOT VERIFIED: region [a-z]+, frame [0-9]+ at byte [0-9]+, rule [A-Z]+-[0-9]+' second damaged.range
answers 6 'GEN-3: this is alliance' entente-audit verify part.range --expect-alliance "$(printf '0%.0s' {1..64})"
