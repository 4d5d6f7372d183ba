#!/usr/bin/env bash
# Goal: whatever arrives wrong, from a user, a file, the disk or a stranger, gets an answer that says what was wrong, where
# and what to do, and changes nothing: roots, outbox and mempool, or the files of the directory, are as before.
# Out of reach here, for want of a clock to turn: a basis that is over 30 days old (tests/unit/ledger, ENT-5).
set -euo pipefail
bin=$1 source=$2
export PATH=$bin:$PATH NO_COLOR=1
log=$(mktemp)
DEMO_BIN=$bin "$source/scripts/demo" --act 1 --keep >"$log" 2>&1 || { cat "$log"; exit 1; }
pids=$(sed -n 's/^Stop it: kill \([0-9 ]*\);.*/\1/p' "$log")
work=$(sed -n 's/^Stop it: .* rm -r \(.*\)$/\1/p' "$log")
export XDG_STATE_HOME=$work/state ENTENTE_NODE=$work/maker
mounted=
finish() {
  code=$?
  kill $pids 2>/dev/null || true
  wait 2>/dev/null || true
  [ -z "$mounted" ] || umount "$mounted" || true
  [ $code -ne 0 ] || rm -rf "$work" "$log"
}
trap finish EXIT
cd "$work"

expect() { # expect CODE STDOUT-REGEX STDERR-REGEX COMMAND...; "-" means empty
  local want=$1 o=$2 e=$3 code=0
  shift 3
  "$@" >o 2>e </dev/null || code=$?
  check() { if [ "$2" = - ]; then [ ! -s "$1" ]; else grep -Eq -- "$2" "$1"; fi; }
  if [ "$code" -ne "$want" ] || ! check o "$o" || ! check e "$e"; then
    echo "FAILED: $*"; echo "exit $code, expected $want"; echo "stdout (expected '$o'):"; cat o; echo "stderr (expected '$e'):"; cat e
    exit 1
  fi
}
fail() { echo "FAILED: $*"; exit 1; }
state() { { entente node status --json --node "${1:-$work/maker}" || [ $? -eq 7 ]; } | grep -oE '"(root|state_root|outbox|mempool)":[^,}]*'; }
root() { state "$1" 2>/dev/null | grep '"root"'; }
unchanged() { # unchanged CODE ...: as expect, and nothing of the ledger changed
  local before; before=$(state)
  expect "$@"
  [ "$before" = "$(state)" ] || fail "it changed something: $*"
}
files() { # a hash of the directory: names, modes, bytes; but for locks
  (cd "$1" && find . ! -name lock.mdb ! -name store.lock ! -type d -printf '%p %m %y\n' -type f -exec sha256sum {} + | sort | sha256sum)
}
kept() { # kept DIR CODE ...: as expect, and nothing in the directory changed
  local dir=$1 before; before=$(files "$1")
  shift
  expect "$@"
  [ "$before" = "$(files "$dir")" ] || fail "it changed a file of $dir: $*"
}
key() { echo "$work/keys/$1-$2.key"; }
as() { # as ORG SEAT VERB...: at the maker's node
  local org=$1 seat=$2
  shift 2
  entente "$@" --key "$(key "$org" "$seat")" --as "$org/$seat"
}
bad() { python3 -B "$source/tests/system/bad_input.py" "$@"; }
refused() { # refused CODE VERDICT REGEX FILE: by way of entente, and by the node itself; nothing of the ledger changed
  local before; before=$(state)
  expect "$1" - "$3" entente submit "$4"
  expect 0 "^(verdict|status) $2: .*" - bad submit "$work/maker/node.sock" "$4"
  if [ "$2" -gt 0 ]; then grep -Eq -- "$3" o || { cat o; fail "the node does not say $3"; }; fi
  [ "$before" = "$(state)" ] || fail "it changed something: submit $4"
}
wait_for() { # wait_for WHAT COMMAND...
  local what=$1 tries
  shift
  for tries in $(seq 100); do
    if "$@" >/dev/null 2>&1; then return 0; fi
    sleep 0.1
  done
  tail -n 5 ./*.log
  fail "gave up waiting for $what"
}
answers() { entente seats --node "$1" >/dev/null 2>&1; } # `node status` is 7 where a node does not vote
same_root() { [ "$(root "$1")" = "$(root "$work/maker")" ]; }
silent() { ! answers "$1"; }

copy() { rm -rf copy; cp -a trustee copy; sed -i 's/^listen:.*/listen: none/' copy/node.yaml; } # of the stopped trustee
setting() { sed -i "s|^$1:.*|$2|" copy/node.yaml; }
no_start() { local code=$1 regex=$2; kept copy "$code" - "$regex" timeout 20 ententd run copy; }
# A directory that may have signed elsewhere follows, does not vote, and says why.
start() { # start DIR
  : >copy.log
  ententd run "$1" >copy.log 2>&1 &
  copied=$!
  pids="$pids $copied"
  wait_for "$1 to answer" answers "$work/$1"
}
stop() { kill "$copied"; wait "$copied" 2>/dev/null || true; }
follows() { # follows REGEX: the copy is at the tip, and votes on nothing
  start copy
  grep -Eq "this node does not vote: .*$1" copy.log || { cat copy.log; fail "it does not say $1"; }
  expect 7 'does not vote' - entente node why --node copy
  wait_for "the copy to follow" same_root "$work/copy"
}
part() { printf '%3d s  %s\n' "$SECONDS" "$*"; }

part "entries that cannot be"
as maker finance comment --text base --save base.entry >/dev/null 2>&1
alliance=$(entente node status | awk '/^alliance/ {print $3}')
size=$(entente node status | awk '/^tree/ {print $2}')
change() { bad change base.entry "$1" --key "$(key maker finance)" "${@:2}"; }
zeros=$(printf '%064d' 7)
change x.entry "alliance=$zeros"; refused 1 2 "made for alliance 0000000000000000\.\.\., this is ${alliance:0:16}" x.entry
change x.entry seat=maker/nobody; refused 3 6 'the charter has no seat maker/nobody' x.entry
change x.entry seat=nobody/finance; refused 3 6 'the charter has no seat nobody/finance' x.entry
change x.entry seat=clinics/finance; refused 3 7 'the key does not hold clinics/finance; clinics/registrar sets who does' x.entry
change x.entry size=999999; refused 5 11 "its basis is tree size 999999, this node is at $size; hand it in again when the node has caught up" x.entry
change x.entry size=3; refused 5 11 'its basis \(tree size 3\) is not a block boundary .*sign it again' x.entry
change x.entry "root=$zeros"; refused 5 11 "another history: at tree size $size root 0000000000000000\.\.\., here [0-9a-f]{16}" x.entry
change x.entry expires=1700000000000; refused 5 12 'it expired at 2023-11-14T22:13:20.000Z; ledger time is 20' x.entry
change x.entry expires=+90; refused 1 13 'more than 30 days after ledger time' x.entry
change x.entry kind=99; refused 1 -18 'x.entry:? .*entry.kind: 99 is no record kind' x.entry
change x.entry sig=broken; refused 6 -9 'the signature over entry [0-9a-f]{64} does not verify \(SIG-4\)' x.entry
for what in long-integer twice after cut nil huge-array inner; do # bytes that are not canonical: the file, the field, the byte
  at=$(bad bytes base.entry x.entry $what)
  [ $what != cut ] || at='[0-9]+'
  refused 1 -6 "x.entry:? .*(submission|entry)[.a-z]*: at byte $at: " x.entry
  grep -Eq "at byte $at: " o || { cat o; fail "the node names another byte for $what"; }
done
bad bytes base.entry x.entry oversized >/dev/null; refused 1 -8 'x.entry:? .*submission.entry: at byte 4: 655[0-9]+ bytes, at most 65535' x.entry
bad bytes base.entry x.entry huge-file >/dev/null; refused 1 -8 'x.entry: larger than the limit of 1048576 bytes' x.entry
unchanged 1 - 'none.entry: cannot open: No such file' entente submit none.entry

part "twice is once"
expect 0 "Signed, final, . of 4 nodes \(leaf $((size + 1)), " - entente submit base.entry
unchanged 0 "\(leaf $((size + 1)), " - entente submit base.entry
wait_for "the distributor" same_root "$work/distributor"
unchanged 0 "\(leaf $((size + 1)), " - entente submit base.entry --node "$work/distributor"

part "closed, changed and revoked"
expect 0 'is open' - as clinics quality propose clinical-claim --title "To be withdrawn"
id=$(grep -o 'D-[0-9]*' o | head -1)
as maker quality approve "$id" --yes --save late.entry >/dev/null 2>&1
expect 0 'withdrawn' - as clinics quality withdraw "$id"
refused 5 15 'the decision' late.entry
unchanged 3 . "Refused: the decision is closed: $id is withdrawn since 20[0-9-]+T[0-9:.]+Z" as maker quality approve "$id" --yes
unchanged 3 - "$id is withdrawn since 20" as clinics quality withdraw "$id"
as distributor finance comment --text "signed before the revocation" --save before.entry >/dev/null 2>&1
print=$(entente key show "$(key distributor finance)" 2>&1 >/dev/null | sed 's/^Fingerprint //')
unchanged 2 - "repeat its fingerprint with --confirm ${print//+/\\+}" as distributor registrar key revoke "$(key distributor finance)"
expect 0 'Signed, final' 'nobody holds distributor/finance' as distributor registrar key revoke "$(key distributor finance)" --confirm "$print"
refused 3 8 'revoked' before.entry
unchanged 3 - 'revoked' as distributor finance comment --text "signed after it"
unchanged 3 - 'revoked at 20' as distributor registrar seat set distributor/finance "$(key distributor finance)"

part "key files"
printf right >right; printf wrong >wrong
entente key new sealed.key --passphrase-file right >/dev/null 2>&1
unchanged 4 - 'sealed.key: wrong passphrase' entente comment --text x --key sealed.key --passphrase-file wrong --as maker/finance
unchanged 4 - 'sealed.key is sealed, and there is no terminal to ask at; give --passphrase-file' entente comment --text x --key sealed.key --as maker/finance
cp "$(key maker finance)" open.key; chmod 644 open.key
unchanged 4 - 'open.key: mode 0644 lets others at the key; make it yours alone with: chmod 600 open.key' entente comment --text x --key open.key --as maker/finance
sed 's/^seed x/seed y/; t; s/^seed ./seed x/' "$(key maker finance)" >hurt.key; chmod 600 hurt.key
unchanged 6 - 'hurt.key: damaged: its check line does not match; restore it' entente comment --text x --key hurt.key --as maker/finance
unchanged 4 - 'none.key: .*No such file' entente comment --text x --key none.key --as maker/finance

part "charter files"
sed 's/sla: 12 s/slaa: 12 s/' charter/charter.yaml >charter/bad.yaml
line=$(grep -n 'slaa: 12 s' charter/bad.yaml | cut -d: -f1) column=$(grep 'slaa: 12 s' charter/bad.yaml | grep -bo slaa | cut -d: -f1)
kept charter 1 - "^entente: charter/bad.yaml:$line:$((column + 1)): clinical-claim: unknown key 'slaa'; did you mean 'sla'" entente charter check charter/bad.yaml
kept charter 1 - "^entente: charter/bad.yaml:$line:" entente alliance draft charter/bad.yaml -o draft.genesis
[ ! -e draft.genesis ] || fail "a draft was made of a bad charter"
sed 's/sla: 12 s/sla: 12 sx/' charter/charter.yaml >charter/bad.yaml
kept charter 1 - "bad.yaml:$line:[0-9]+: sla: '12 sx' is not a span of time; expected a number and one of bd, d, h" entente charter check charter/bad.yaml
printf 'alliance: [\n' >charter/bad.yaml
kept charter 1 - '^entente: charter/bad.yaml:2:1: error: flow sequence without a closing bracket' entente charter check charter/bad.yaml
printf 'a: "\xff"\n' >charter/bad.yaml
kept charter 1 - '^entente: charter/bad.yaml:1:5: not UTF-8 text: byte 0xff; save the file as UTF-8$' entente charter check charter/bad.yaml
printf 'a: b\na: c\n' >charter/bad.yaml
kept charter 1 - "bad.yaml:2:1: the key 'a' is there already, at line 1" entente charter check charter/bad.yaml
: >charter/bad.yaml
kept charter 1 - 'bad.yaml:1:1: the file is empty' entente charter check charter/bad.yaml

part "founding files"
ententd init fresh --partner trustee --listen none >/dev/null
seat=$(bad unsign alliance.genesis unsigned.genesis)
kept fresh 1 - "unsigned.genesis: genesis: 1 founding signature is missing \(GEN-4\): $seat\. Each signs with: entente alliance sign" entente alliance found unsigned.genesis --node fresh
flipped() { python3 -c 'import sys; d=bytearray(open("alliance.genesis","rb").read()); d[int(sys.argv[1])]^=1; open("bad.genesis","wb").write(d)' "$1"; }
bytes=$(stat -c %s alliance.genesis)
for at in 60 $((bytes / 2)) $((bytes - 10)); do
  flipped "$at"
  kept fresh 6 - 'bad.genesis: genesis: the signature for [a-z/-]+ does not verify \(GEN-4\): .*get it again' entente alliance found bad.genesis --node fresh
done
head -c 5000 alliance.genesis >bad.genesis
kept fresh 1 - 'bad.genesis: genesis.sections\[[0-9]+\]: at byte 5000: the input ends' entente alliance found bad.genesis --node fresh
cp alliance.genesis fresh/ # not made with this node's keys
expect 1 - 'fresh/keys/vote.key is not of the node that made .*card of trustee: the card names [0-9a-f]{64}, here is [0-9a-f]{64}' ententd run fresh
flipped 60; cp bad.genesis fresh/alliance.genesis
expect 6 - 'fresh/alliance.genesis: genesis: the signature for .* does not verify' ententd run fresh

part "directories of nodes"
set -- $pids
trustee=$4
kill "$trustee"
wait_for "the trustee to stop" silent "$work/trustee"
while kill -0 "$trustee" 2>/dev/null; do sleep 0.05; done
copy; setting low-water 'low-watre: 5'; no_start 1 "^ententd: copy/node.yaml:[0-9]+:1: low-watre: no such setting; known are partner, listen"
copy; setting map-size 'map-size: many'; no_start 1 "^ententd: copy/node.yaml:[0-9]+:11: 'many' is not what was expected: a whole number of GiB"
copy; echo 'peers: [' >>copy/node.yaml; no_start 1 '^ententd: copy/node.yaml:[0-9]+:1: error: flow sequence'
copy; setting partner 'partner: maker'; no_start 1 'copy/tls.crt: .*maker'
copy; setting listen "$(grep ^listen: maker/node.yaml)"; no_start 1 'cannot listen on 127.0.0.1:[0-9]+: the address is in use. Stop the program'
copy; setting socket 'socket: node.yaml'; no_start 1 'copy/node.yaml: is there already and is no socket; it was left as it is'
copy; setting socket "socket: $work/maker/node.sock"; no_start 1 'maker/node.sock: another process answers there already'
copy; chmod 644 copy/keys/vote.key; no_start 4 'copy/keys/vote.key: mode 0644 lets others at the key; .*chmod 600'
copy; rm copy/keys/log.key; no_start 1 'copy/keys/log.key: no such key file'
copy; cp fresh/keys/node.key copy/keys/; no_start 1 'copy/keys/node.key is not of the node .* the card names [0-9a-f]{64}, here is [0-9a-f]{64}'
copy; cp maker/tls.crt maker/tls.key copy/; no_start 1 'copy/tls.crt: .*not|copy/tls.crt: the TLS certificate differs'
copy; cp maker/tls.key copy/; no_start 1 'copy/tls.key: not the key of the certificate tls.crt beside it'
copy; cp fresh/tls.crt fresh/tls.key copy/; no_start 1 'copy/tls.crt is not of the node .* the card names SHA256:[^ ]{43}, here is SHA256:[^ ]{43}'
kept maker 1 - 'maker/store: in use by another process \(pid [0-9]+\); stop that one' timeout 20 ententd run maker

part "damaged stores"
whole='damaged: its checksum does not match .*Stop this node and check the disk'
copy; bad flip copy/store/data.mdb trustee/registrar >/dev/null; no_start 1 "copy/store: record NODE/[0-9a-z]+ is $whole"
copy; bad flip copy/store/data.mdb genesis >/dev/null; no_start 1 'copy/store has lost its record of the founding: it is damaged. Check the disk; then move store/ aside'
copy; bad flip copy/store/data.mdb tip >/dev/null; no_start 1 'copy/store has lost its record of the newest block: it is damaged. Check the disk'
copy; truncate -s 50000 copy/store/data.mdb; expect 1 - 'copy/store: .*(MDB_|damaged).*check the disk' timeout 20 ententd run copy # (LMDB makes it whole with zeros)
cmp copy/votes.journal trustee/votes.journal
copy; for at in 0 4096; do printf '%064d' 0 | dd of=copy/store/data.mdb bs=1 seek=$at conv=notrunc 2>/dev/null; done; no_start 1 'copy/store: .*data.mdb is damaged, or not a store'

copy; follows 'made on another machine, disk or file. This directory was copied or restored'
expect 0 'Signed, final, 3 of 4' - as maker finance comment --text "the copy adds no vote"
wait_for "the copy to follow" same_root "$work/copy"
part "a copy beside its original"
ententd run trustee >>trustee.log 2>&1 &
trustee=$!
pids="$pids $trustee"
wait_for "the trustee" answers "$work/trustee"
expect 0 'Signed, final' - as maker finance comment --text "a copy beside its original stops nobody" --timeout 20
stop
kill "$trustee"; wait "$trustee" 2>/dev/null || true
copy; rm copy/votes.journal; follows 'copy/votes.journal: the vote journal is missing, so it cannot be known what this node has signed'; stop
[ ! -e copy/votes.journal ] || fail "a missing journal was made anew"
copy; bad flip copy/store/data.mdb incarnation >/dev/null; before=$(sha256sum <copy/votes.journal)
follows 'copy/store has lost its record of the vote journal'; stop
[ "$before" = "$(sha256sum <copy/votes.journal)" ] || fail "a used journal was written over"

part "the original's journal and store, damaged in place"
cp -a trustee/votes.journal journal.whole
python3 - trustee/votes.journal <<'PY'
import sys
f = open(sys.argv[1], "r+b")
d = bytearray(f.read())
for at in (100, 4196):
    d[at] ^= 1
f.seek(0)
f.write(d)
PY
hurt=$(sha256sum <trustee/votes.journal)
start trustee
grep -Eq 'does not vote: vote journal: both copies of its header are damaged' copy.log || { cat copy.log; fail "damaged journal"; }
stop
[ "$hurt" = "$(sha256sum <trustee/votes.journal)" ] || fail "a damaged journal was written over"
cat journal.whole >trustee/votes.journal
mv trustee/store trustee/store.aside # what the message of a damaged store says to do
before=$(sha256sum <trustee/votes.journal)
start trustee
wait_for "the trustee to fetch the ledger again" same_root "$work/trustee"
grep -Eq 'does not vote: .*votes.journal: the store beside it does not know this vote journal' copy.log || { cat copy.log; fail "fetched anew"; }
stop
[ "$before" = "$(sha256sum <trustee/votes.journal)" ] || fail "a used journal was thrown away"
rm -r trustee/store; mv trustee/store.aside trustee/store
copy; bad flip copy/store/data.mdb "Sensor price" >/dev/null # one text, found when it is read
start copy
kept copy/keys 6 - 'copy/store: record PROSE/[0-9a-f]+ is damaged: its checksum does not match' entente show D-1 --node copy
expect 0 'D-2' - entente show D-2 --node copy
stop

part "another certificate than the card's at an address"
copy
printf 'peers:\n  clinics: %s\n' "$(sed -n 's/^listen: //p' distributor/node.yaml)" >>copy/node.yaml
start copy
mismatch() { entente node peers --node copy | grep -Eq "TLS with 'clinics' at 127.0.0.1:[0-9]+ failed .*Expected its certificate SHA256:[^ ]{43}; ours is SHA256:[^ ]{43}\."; }
wait_for "the mismatch to be named" mismatch
expect 0 'clinics +DOWN' - entente node peers --node copy
stop

part "strangers"
before=$(state)
expect 0 . - bad strange_socket "$work/maker/node.sock"
expect 0 - - bad strange_port "$(sed -n 's/^listen: .*://p' maker/node.yaml)"
expect 0 - - bad strange_port "$(sed -n 's/^listen: .*://p' maker/node.yaml)" trustee/tls.crt trustee/tls.key
[ "$before" = "$(state)" ] || fail "strangers changed something"
expect 0 'Signed, final' - as maker finance comment --text "still serving"

part "no node at the socket, but something else"
bad answer_nonsense "$work/nonsense.sock" &
pids="$pids $!"
wait_for "the socket" test -S nonsense.sock
for regex in 'sent 4294967295 bytes; at most 6291456 are expected' 'at byte 0: nil is not allowed' 'at byte 0: 268435456 members'; do
  expect 1 - "nonsense.sock.*$regex|$regex" timeout 30 entente seats --node "$work/nonsense.sock"
done

part "a full disk"
mkdir disk
if mount -t tmpfs -o size=6m tmpfs disk 2>e; then
  mounted=$work/disk
  copy; setting low-water 'low-water: 1'; rm -rf disk/copy; mv copy disk/copy
  start disk/copy
  wait_for "the copy to follow" same_root "$work/disk/copy"
  dd if=/dev/zero of=disk/filler bs=4096 2>/dev/null || true
  nearly() { { entente node status --json --node disk/copy || true; } | grep -q 'disk nearly full'; }
  wait_for "the node to notice" nearly
  before=$(state "$work/disk/copy")
  expect 7 - 'disk nearly full: [0-9]+ bytes free, 1048576 are kept in reserve. Nothing was lost; free space' \
    entente comment --text x --node disk/copy --key "$(key maker finance)" --as maker/finance
  [ "$before" = "$(state "$work/disk/copy")" ] || fail "a full disk changed something"
  expect 0 'Signed, final' - as maker finance comment --text "the others go on"
  stop
  rm disk/filler
  start disk/copy
  wait_for "the copy to follow again" same_root "$work/disk/copy"
  stop
else
  echo "  skipped: no file system may be mounted here ($(cat e))"
fi
part ok
