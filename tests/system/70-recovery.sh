#!/usr/bin/env bash
# Goal: a node is backed up while it runs, lost, restored, and catches up; it never votes with its old vote key, whoever puts
# the key file back. Damage of the store is found and named, repaired from the blocks that are whole, and the node goes on. One
# directory runs once.
set -euo pipefail
bin=$1 source=$2
export PATH=$bin:$PATH NO_COLOR=1
work=$(mktemp -d /tmp/entente-recovery.XXXXXX)
export XDG_STATE_HOME=$work/state XDG_CONFIG_HOME=$work/config
orgs=(maker clinics distributor trustee)
declare -A pid
finish() {
  code=$?
  kill "${pid[@]}" 2>/dev/null || true
  wait 2>/dev/null || true
  [ $code -ne 0 ] || { rm -rf "$work"; return; }
  echo "logs in $work"; tail -n 4 "$work"/*.log
}
trap finish EXIT
cd "$work"

part() { echo "== $*"; }
fail() { echo "FAILED: $*"; exit 1; }
expect() { # expect CODE STDOUT-REGEX STDERR-REGEX COMMAND...; "-" means empty, "" anything
  local want=$1 o=$2 e=$3 code=0
  shift 3
  "$@" >o 2>e </dev/null || code=$?
  check() { if [ "$2" = - ]; then [ ! -s "$1" ]; elif [ -n "$2" ]; then tr '\n' ' ' <"$1" | grep -Eq -- "$2"; fi; }
  if [ "$code" -ne "$want" ] || ! check o "$o" || ! check e "$e"; then
    echo "FAILED: $*"; echo "exit $code, expected $want"; echo "stdout (expected '$o'):"; cat o; echo "stderr (expected '$e'):"; cat e
    exit 1
  fi
}
wait_for() { # wait_for TEXT COMMAND...
  local what=$1 end=$((SECONDS + 40))
  shift
  until "$@" >/dev/null 2>&1; do [ $SECONDS -lt $end ] || fail "gave up waiting for $what"; sleep 0.1; done
}
field() { { entente node status --json --node "$1" 2>/dev/null || true; } | python3 -c "import json,sys; print(json.load(sys.stdin).get('$2',''))" 2>/dev/null || true; }
same_root() { [ -n "$(field "$1" root)" ] && [ "$(field "$1" root)" = "$(field maker root)" ]; }
answers() { [ -n "$(field "$1" height)" ]; }
start() { ententd run "$1" >>"$1.log" 2>&1 & pid[$1]=$!; wait_for "$1 to answer" answers "$1"; }
stop() { kill "${pid[$1]}"; wait "${pid[$1]}" 2>/dev/null || true; unset "pid[$1]"; }
say() { expect 0 "Signed, final, $1 of 4" - entente comment --text "$2" --node maker --key keys/maker-finance.key --as maker/finance; }
flip() { # flip FILE HEX: one bit in the middle of each place where these bytes stand (some are in pages that are free)
  python3 - "$1" "$2" <<'PY'
import sys
path, pattern = sys.argv[1], bytes.fromhex(sys.argv[2])
data = bytearray(open(path, "rb").read())
at, n = data.find(pattern), 0
while at >= 0:
    data[at + len(pattern) // 2] ^= 4
    at, n = data.find(pattern, at + 1), n + 1
assert n > 0, "the bytes are not in the file"
with open(path, "r+b") as f:
    f.write(data)
PY
}
leaf_of() { # leaf_of HEIGHT: hex of the last leaf of that block
  entente log --limit 100 --node maker --json | python3 -c "
import json, sys
print([l for l in json.load(sys.stdin) if l['height'] == $1][-1]['leaf'])"
}

part "founding"
mkdir -p keys charter/cards
seats_of() {
  case $1 in
    trustee) echo "mediator registrar" ;;
    clinics) echo "sponsor alliance-manager business-lead delivery-lead finance quality security-legal registrar medical-lead" ;;
    *) echo "sponsor alliance-manager business-lead delivery-lead finance quality security-legal registrar" ;;
  esac
}
base=$((20000 + RANDOM % 12000)) i=0
for o in "${orgs[@]}"; do
  ententd init "$o" --partner "$o" --listen "127.0.0.1:$((base + i))" >/dev/null
  i=$((i + 1)) args=()
  for s in $(seats_of "$o"); do
    entente key new "keys/$o-$s.key" --unsealed >/dev/null 2>&1
    args+=(--seat "$s=keys/$o-$s.key")
  done
  ententd card "$o" "${args[@]}" -o "charter/cards/$o.card" >/dev/null
done
cp -r "$source/docs/examples/agreements" "$source/docs/examples/procedures" charter/
cp "$source/docs/examples/heart-monitoring.charter.yaml" charter/charter.yaml
entente alliance draft charter/charter.yaml -o alliance.genesis >/dev/null 2>&1
for o in "${orgs[@]}"; do
  for s in $(seats_of "$o"); do
    [ "$o/$s" = trustee/mediator ] || entente alliance sign alliance.genesis --as "$o/$s" --key "keys/$o-$s.key" --yes >/dev/null 2>&1
  done
done
for o in "${orgs[@]}"; do entente alliance found alliance.genesis --node "$o" >/dev/null; start "$o"; done
for o in "${orgs[@]}"; do wait_for "all links of $o" test 4 = "$(field "$o" connected)" || true; done
say '[34]' "before the backup"

part "a backup of a running node"
expect 0 'clinics.bk: block [0-9]+ of .* root [0-9a-f]{64} Verified: [0-9]+ records, every header and certificate, the tree, the state.* It holds secret keys.*To use it: ententd restore' \
  - entente node backup "$work/clinics.bk" --node clinics --with-keys
height=$(field clinics height)
grep -q "^height: $height$" clinics.bk/backup.yaml && grep -q "^root: $(field clinics root)$" clinics.bk/backup.yaml || fail "what the backup says"
[ "$(stat -c %a clinics.bk)" = 700 ] && [ -f clinics.bk/keys/node.key ] || fail "the backup's files"
[ -z "$(find clinics.bk -name 'vote*')" ] || fail "a vote key or journal is in the backup"
expect 0 '"height":' - entente node backup maker.bk --node maker --json
[ ! -e maker.bk/keys ] && [ -z "$(find maker.bk -name '*.key')" ] || fail "keys are in a backup without keys"
expect 1 - 'clinics.bk: is there already; a backup goes into a directory that it makes itself' entente node backup clinics.bk --node clinics
expect 2 - 'node backup needs the directory to make' entente node backup --node clinics
expect 1 - 'cannot create the directory' entente node backup "$work/no/such/place" --node clinics
expect 1 - 'the node runs; ask it: entente node backup OUT --node clinics.*in use by another process' ententd backup clinics other.bk
[ ! -e other.bk ] || fail "a refused backup left something"
expect 1 - 'clinics.bk is a backup, not a node.s directory. Make one of it with: ententd restore' ententd run clinics.bk
expect 1 - 'the node must be stopped first: .*in use by another process' ententd doctor clinics
expect 0 'Everything is whole' - ententd doctor maker.bk
expect 2 - 'maker.bk is a backup, and a backup is not repaired: take another' ententd doctor maker.bk --repair
mkdir disk
if mount -t tmpfs -o size=200k tmpfs disk 2>/dev/null; then
  expect 1 - 'disk/full.bk/store/data.mdb: the store cannot be copied there: No space left' entente node backup "$work/disk/full.bk" --node clinics
  [ ! -e disk/full.bk ] || fail "a backup that did not fit left something"
  umount disk
else
  echo "  no file system may be mounted here: a backup to a full disk is not tried"
fi
say '[34]' "after the backup"
say '[34]' "and more"

part "lost and restored"
kill -9 "${pid[clinics]}"; wait "${pid[clinics]}" 2>/dev/null || true; unset "pid[clinics]"
cp clinics/keys/vote.key old-vote.key
rm -rf clinics
cp -a clinics.bk hurt.bk; flip hurt.bk/store/data.mdb "$(printf 'incarnation' | od -An -tx1 | tr -d ' \n')"
expect 1 - 'hurt.bk/store/data.mdb is not the file that was verified when the backup was made .*Nothing was restored' ententd restore hurt.bk clinics
[ ! -e clinics ] || fail "a refused restore left something"
expect 1 - 'maker: is no backup: it has no backup.yaml' ententd restore maker clinics
expect 1 - 'trustee: exists and is not an empty directory' ententd restore clinics.bk trustee
expect 0 "Restored clinics: alliance [0-9a-f]{64}, block $height of .*Its vote key is dead.*follows the ledger and does not vote.*To vote again: ententd rekey clinics -o FILE.card, then your registrar, at a partner.s node: entente node replace FILE.card" \
  - ententd restore clinics.bk clinics
[ ! -e clinics/votes.journal ] || fail "a restored directory has a vote journal"
start clinics
wait_for "the restored node to catch up" same_root clinics
unfresh='restored or rebuilt at block [0-9]+ on .*, and vote key [0-9a-f]{16}... was not made for it since.*follows and does not vote.*ententd rekey DIR -o FILE.card'
expect 7 "$unfresh" "" entente status --node clinics
say 3 "the restored node adds no vote"
wait_for "the restored node to follow" same_root clinics
stop clinics
cp old-vote.key clinics/keys/vote.key # somebody means well
start clinics
dead='vote key [0-9a-f]{16}... is dead: this directory was restored from a backup at block [0-9]+ on .*follows and does not vote.*ententd rekey DIR -o FILE.card'
expect 7 "$dead" "" entente status --node clinics
say 3 "nor does the old key"
wait_for "the restored node to follow" same_root clinics
[ ! -e clinics/votes.journal ] || fail "the old key got a new vote journal"
stop clinics
expect 0 "votes +no: $dead.*Everything is whole" - ententd doctor clinics
expect 0 'votes_' - sed 's/.*"votes":"no".*/votes_/' <(ententd doctor clinics --json)
start clinics

part "a fresh key votes again"
expect 0 "" "" ententd rekey clinics -o fresh.card
expect 0 'Signed, final' "" entente node replace fresh.card --node maker --key keys/clinics-registrar.key --as clinics/registrar --yes
votes() { entente status --node clinics; }
wait_for "the fresh key to be taken over" votes
wait_for "the restored node to catch up" same_root clinics
stop trustee
say 3 "the fresh key votes: without it there is no quorum"
start trustee
wait_for "the trustee" same_root trustee
stop clinics
expect 0 'votes +yes; its vote journal is whole' - ententd doctor clinics
cp clinics/keys/vote.key fresh-vote.key; cp old-vote.key clinics/keys/vote.key
expect 0 "votes +no: $dead" - ententd doctor clinics # the old one is as dead as before

part "a second start"
expect 1 - 'trustee/store: in use by another process \(pid [0-9]+\); stop that one, or give this node a directory of its own. Two nodes must never share one directory' \
  timeout 20 ententd run trustee
wait_for "the trustee" same_root trustee
stop trustee
cp -a trustee twin
sed -i 's/^listen:.*/listen: none/' twin/node.yaml
start trustee
start twin
expect 7 'made on another machine, disk or file. This directory was copied or restored: its vote key is dead' "" entente status --node twin
say 3 "a copy beside the original adds no vote and stops nobody"
stop twin
wait_for "the trustee" same_root trustee
stop trustee

part "damage of a tile: found, repaired in full, and the node votes on"
expect 0 'blocks +[0-9]+ whole.*votes +yes; its vote journal is whole, at block [0-9]+ Everything is whole' - ententd doctor trustee
expect 0 'There is nothing in the store to repair' - ententd doctor trustee --repair
root=$(field maker root) height=$(field maker height)
flip trustee/store/data.mdb "$(leaf_of 1 | python3 -c 'import hashlib,sys; print(hashlib.sha256(b"\0" + bytes.fromhex(sys.stdin.read())).hexdigest())')"
expect 6 'DAMAGED +TILE: record TILE/[0-9a-f]+ is damaged.*DAMAGED +tree: tile 0/0 of the tree is missing, short or damaged.*every partner has it. Check the disk.*ententd doctor trustee --repair' - ententd doctor trustee
expect 0 "Repaired. The store was rebuilt to block $height .*root $root.*It may vote: its vote journal is whole and not ahead of the store.*kept in trustee/store.damaged-1.*Next: ententd run trustee" \
  - ententd doctor trustee --repair
expect 0 'votes +yes.*Everything is whole' - ententd doctor trustee
start trustee
say 3 "the repaired node votes"
wait_for "the trustee" same_root trustee
stop trustee

part "damage of a leaf: rebuilt up to it, then it follows"
flip trustee/store/data.mdb "$(leaf_of 2 | cut -c 201-280)"
expect 6 'DAMAGED +LEAF: record LEAF/[0-9a-f]+ is damaged: its checksum does not match.*DAMAGED +tree: leaf [0-9]+ \(block 2\) is damaged' - ententd doctor trustee
ententd doctor trustee --json >json || true
python3 -c '
import json
j = json.load(open("json"))
assert j["whole"] is False and j["damages"] >= 2 and j["findings"][0]["part"] == "LEAF", j'
expect 0 'Repaired. The store was rebuilt to block 1 .*It ends there: block 2: one of its leaves is damaged.*fetches the rest from its partners.*follows and does not vote: vote key .* is dead: this directory was rebuilt to below its vote journal, at block 1.*kept in trustee/store.damaged-2' \
  - ententd doctor trustee --repair
start trustee
wait_for "the repaired node to catch up" same_root trustee
expect 7 'is dead: this directory was rebuilt to below its vote journal' "" entente status --node trustee
stop trustee

part "pages that end a process that reads them"
python3 - trustee/store/data.mdb <<'PY'
import struct, sys
data = bytearray(open(sys.argv[1], "rb").read())
roots = {struct.unpack_from("<Q", data, meta + 128)[0] for meta in (0, 4096)}  # of the list of tables
for page in range(2, len(data) // 4096):
    if data[page * 4096 + 10] == 2 and page not in roots:  # a leaf page of LMDB now says that it is a branch
        data[page * 4096 + 10] = 1
with open(sys.argv[1], "r+b") as f:
    f.write(data)
PY
expect 6 'DAMAGED +[A-Za-z_]+: the store.s file is damaged(: opening it, or reading its first table,| at or near .*: reading it) ends the process' "" ententd doctor trustee
expect 0 'Repaired. The store was rebuilt to block [0-9]+ .*follows and does not vote.*kept in trustee/store.damaged-3' "" ententd doctor trustee --repair
start trustee
wait_for "the repaired node to catch up" same_root trustee
stop trustee

part "no store, and a store beyond opening"
expect 1 - 'nowhere is no node.s directory: it has neither node.yaml nor store/' ententd doctor nowhere
for at in 0 4096; do dd if=/dev/zero of=trustee/store/data.mdb bs=64 count=1 seek=$((at / 64)) conv=notrunc 2>/dev/null; done
expect 6 'DAMAGED +store: .*data.mdb is damaged, or not a store' - ententd doctor trustee
expect 0 'rebuilt to block 0 .*the old store cannot be opened.*follows and does not vote' - ententd doctor trustee --repair
start trustee
wait_for "the repaired node to catch up from nothing" same_root trustee
stop trustee
rm -r trustee/store
expect 6 'DAMAGED +store: the store is missing' - ententd doctor trustee
chmod 644 trustee/keys/log.key
expect 6 'DAMAGED +keys: .*log.key: mode 0644 lets others at the key.*ententd rekey DIR' - ententd doctor trustee
part ok
