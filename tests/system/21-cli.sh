#!/usr/bin/env bash
# Goal: what people type, against four real nodes: nothing typed is ignored, nothing is signed unread or unproven, an
# amendment is shown in full, seats and keys change hands, and --json is JSON.
set -euo pipefail
bin=$1 source=$2
export PATH=$bin:$PATH NO_COLOR=1
log=$(mktemp)
DEMO_BIN=$bin "$source/scripts/demo" --act 1 --keep >"$log" 2>&1 || { cat "$log"; exit 1; }
pids=$(sed -n 's/^Stop it: kill \([0-9 ]*\);.*/\1/p' "$log")
work=$(sed -n 's/^Stop it: .* rm -r \(.*\)$/\1/p' "$log")
export XDG_STATE_HOME=$work/state XDG_CONFIG_HOME=$work/config
liars=
finish() { code=$?; kill $pids $liars 2>/dev/null || true; wait 2>/dev/null || true; [ $code -ne 0 ] || rm -rf "$work" "$log"; }
trap finish EXIT
export ENTENTE_NODE=$work/maker

expect() { # expect CODE STDOUT-REGEX STDERR-REGEX COMMAND...; "-" means empty
  local want=$1 o=$2 e=$3 code=0
  shift 3
  setsid -w "$@" >"$work/o" 2>"$work/e" </dev/null || code=$?
  check() { if [ "$2" = - ]; then [ ! -s "$1" ]; else grep -Eq -- "$2" "$1"; fi; }
  if [ "$code" -ne "$want" ] || ! check "$work/o" "$o" || ! check "$work/e" "$e"; then
    echo "FAILED: $*"; echo "exit $code, expected $want"; echo "stdout (expected '$o'):"; cat "$work/o"; echo "stderr (expected '$e'):"; cat "$work/e"
    exit 1
  fi
}
state() { entente seats >/dev/null; entente node status --json | python3 -c 'import json,sys; s=json.load(sys.stdin); print(*(s[k] for k in ("root", "state_root", "outbox", "mempool")))'; }
unchanged() {
  local before; before=$(state)
  expect "$@"
  [ "$before" = "$(state)" ] || { echo "FAILED: it changed something: $*"; exit 1; }
}
key() { echo "$work/keys/$1-$2.key"; }
by() { echo "--key $(key "$1" "$2") --as $1/$2 --node $work/$1"; }

# Nothing typed is ignored.
unchanged 2 - 'entente approve takes no option --title' entente approve D-1 --title x
unchanged 2 - 'entente approve takes no option --reasn. Did you mean --reason' entente approve D-1 --reasn x
unchanged 2 - 'rev 0x2: expected a whole number' entente approve D-1 --rev 0x2
expect 2 - 'limit many: expected a whole number' entente log --limit many
expect 0 'Example: entente approve D-12' - entente help approve
expect 0 'entente approve \[ID\]' - entente approve --help
diff <(sed '1,/^## Verbs$/d' "$source/docs/cli.md") <(entente help --reference) || { echo "docs/cli.md is not what entente help --reference prints"; exit 1; }

# Settings.
mkdir -p "$work/config/entente"
printf 'nod: x\n' >"$work/config/entente/config"
expect 1 - 'config:1:1: nod: unknown key; expected node, seat, key or alliance' entente status
printf 'alliance: %064d\n' 0 >"$work/config/entente/config"
unchanged_state=$(XDG_CONFIG_HOME=/nonexistent state)
expect 6 - 'this node keeps alliance [0-9a-f]{64}; the settings expect 0{64}' entente comment --text x $(by maker quality)
[ "$unchanged_state" = "$(XDG_CONFIG_HOME=/nonexistent state)" ]
printf 'node: %s\nseat: maker/quality\nkey: %s\n' "$work/maker" "$(key maker quality)" >"$work/config/entente/config"
expect 0 'Signed, final' - env -u ENTENTE_NODE entente comment --text "by the settings"
rm "$work/config/entente/config"

# An amendment is shown in full, by those who propose and by those who approve; what changed since is shown too.
entente charter show >"$work/charter.yaml"
grep -q '^glossary:' "$work/charter.yaml"
sed '/^glossary:/,/^[a-z]/{s/^glossary:.*/glossary:\n  patient-day: one patient monitored for one day/;t;/^  /d}' "$work/charter.yaml" >"$work/changed.yaml"
expect 0 'D-[0-9]+ is open' - entente propose charter-policy --title "Count patient days" --amend glossary --file "$work/changed.yaml" $(by maker alliance-manager)
id=$(grep -o 'D-[0-9]*' "$work/o" | head -1)
expect 0 'patient-day: one patient monitored for one day' - entente show "$id"
grep -Eq 'effect +replaces version 1 of the charter section glossary by' "$work/o"
unchanged 2 'patient-day: one patient monitored' 'not signed: nobody can be asked here. To answer beforehand: --yes' entente approve "$id" $(by clinics alliance-manager)
sed -i 's/one patient monitored for one day/one patient monitored for 24 hours/' "$work/changed.yaml"
expect 0 'is open' - entente revise "$id" --title "Count patient days" --amend glossary --file "$work/changed.yaml" $(by maker alliance-manager)
rm -rf "$work/state"
mkdir -p "$work/state/entente"
echo 1 >"$work/state/entente/seen-$(entente node status | awk '/^alliance/ {print substr($3, 1, 16)}')-$id"
unchanged 5 - '^\+ +patient-day: one patient monitored for 24 hours' entente approve "$id" --yes $(by clinics alliance-manager)
grep -Eq '^- +patient-day: one patient monitored for one day' "$work/e"
expect 0 'one day' - entente show "$id" --rev 1
expect 0 'Signed, final, [34] of 4 nodes' - entente approve "$id" --rev 2 --yes $(by clinics alliance-manager)
expect 2 - 'repeat its name with --confirm exit' entente propose exit --title "Leave" $(by maker sponsor)

# A node that lies is found out, before anything is signed.
lie() { # lie KIND: sets $socket
  socket=$work/lying-$1.sock
  python3 "$source/tests/system/lying_node.py" "$work/maker/node.sock" "$socket" "$1" >"$work/lying-$1.out" &
  liars="$liars $!"
  for i in $(seq 50); do [ -s "$work/lying-$1.out" ] && break; sleep 0.1; done
}
lie entry
unchanged 6 - 'the bytes of its revision have digest [0-9a-f]{64}; the node says [0-9a-f]{64}. Nothing was signed' \
  entente approve "$id" --yes --node "$socket" --key "$(key maker alliance-manager)" --as maker/alliance-manager
lie proof
unchanged 6 - 'is not in the tree that the node shows. Nothing was signed' \
  entente approve "$id" --yes --node "$socket" --key "$(key maker alliance-manager)" --as maker/alliance-manager

# Saved, then handed in twice at other nodes: one entry (SUB-1).
expect 0 'Count patient days' 'Signed as maker/alliance-manager and saved' entente approve "$id" --yes --save "$work/a.entry" $(by maker alliance-manager)
expect 1 'Count patient days' 'exists already' entente approve "$id" --yes --save "$work/a.entry" $(by maker alliance-manager)
expect 0 'signature verifies' - entente entry show "$work/a.entry"
expect 0 'Signed, final' - entente submit "$work/a.entry" --node "$work/clinics"
leaves=$(entente seats >/dev/null; entente node status --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["size"])')
expect 0 'Signed, final' - entente submit "$work/a.entry" --node "$work/distributor"
[ "$leaves" = "$(entente seats >/dev/null; entente node status --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["size"])')" ]
head -c 200 "$work/a.entry" >"$work/cut.entry"
unchanged 1 - 'at byte' entente submit "$work/cut.entry"
expect 8 'Missing: needs 1 seat' - entente wait "$id" --timeout 1

# What was seen at one node is waited for at another; a node that stays behind says so, once.
seen=$work/state/entente/seen-$(entente node status | awk '/^alliance/ {print substr($3, 1, 16)}')-block
[ "$(cat "$seen")" -gt 1 ]
echo $(($(cat "$seen") + 1)) >"$seen"
(sleep 0.5; XDG_STATE_HOME=$work/elsewhere entente comment --text "the next block" $(by maker quality)) >/dev/null &
expect 0 'the next block' - entente log --limit 1 --node "$work/clinics"
wait $!
echo 999999 >"$seen"
expect 0 "$id" 'This node is at block [0-9]+; you have seen block 999999 at another. What came since is not in this answer: entente node status' \
  entente decisions --node "$work/clinics"
expect 0 "$id" - entente decisions --node "$work/clinics"

# Without an id, approve walks the inbox; it asks on a terminal only.
unchanged 2 - 'with --yes, --save or --json it needs an id' entente approve --yes $(by distributor alliance-manager)
if command -v script >/dev/null; then
  printf 'y\n' | script -qec "entente approve $(by distributor alliance-manager)" "$work/typescript" >/dev/null || { cat "$work/typescript"; exit 1; }
  grep -q "$id" "$work/typescript" && grep -q 'Signed, final' "$work/typescript" || { cat "$work/typescript"; exit 1; }
  expect 0 "$id is passed" - entente wait "$id"
fi

# Seats and keys.
expect 0 '^ssh-ed25519' 'not sealed' entente key new "$work/new.key" --unsealed
expect 3 - 'Refused: .*only maker/registrar does this' entente seat set maker/finance "$work/new.key" $(by maker finance)
expect 0 'Signed, final' - entente seat set maker/finance "$work/new.key" $(by maker registrar)
expect 3 - 'the key does not hold the seat' entente comment --text "old key" $(by maker finance)
expect 0 'Signed, final' - entente comment --text "new key" --key "$work/new.key" --as maker/finance
fp=$(entente key show "$work/new.key" 2>&1 >/dev/null | sed 's/^Fingerprint //')
entente key show "$work/new.key" >"$work/new.pub" 2>/dev/null
expect 0 '^ssh-ed25519 [^ ]+ *$' '^Fingerprint SHA256:' entente key show "$work/new.pub"
[ "$(wc -l <"$work/new.pub")" = 1 ] || { cat "$work/new.pub"; exit 1; }
unchanged 2 - 'repeat its fingerprint with --confirm SHA256:' entente key revoke "$work/new.key" $(by maker registrar)
grep -qF -- "--confirm $fp" "$work/e"
unchanged 2 - 'since yesterday: expected a time' entente key revoke "$work/new.key" --since yesterday --confirm "$fp" $(by maker registrar)
expect 0 'Signed, final' 'nobody holds maker/finance' entente key revoke "$work/new.key" --since 2026-01-01 --confirm "$fp" $(by maker registrar)
expect 3 - 'Refused: the key was revoked|does not hold the seat' entente comment --text "revoked" --key "$work/new.key" --as maker/finance
expect 0 'maker/finance +empty' - entente seats

# A founding signature by the wrong key changes nothing.
cp "$work/alliance.genesis" "$work/b.genesis"
expect 4 - 'the card of maker gives maker/sponsor to the key SHA256:.*, not to SHA256:' entente alliance sign "$work/b.genesis" --as maker/sponsor --key "$(key maker finance)" --yes
expect 1 - 'no card of this alliance has a seat maker/chef' entente alliance sign "$work/b.genesis" --as maker/chef --key "$(key maker finance)" --yes
expect 2 - 'nobody can be asked here' entente alliance sign "$work/b.genesis" --as maker/sponsor --key "$(key maker sponsor)"
cmp "$work/alliance.genesis" "$work/b.genesis"
expect 0 'All founding signatures are there' - entente alliance show "$work/b.genesis"
expect 0 'is there|Start the node' - entente alliance found "$work/b.genesis" --node "$work/maker"

expect 2 - 'entry export needs -o DIR' entente entry export "$work/a.entry"
# What it exports, ssh-keygen accepts by the command that it prints (SUB-2).
expect 0 'ssh-keygen -Y verify' - entente entry export "$work/a.entry" -o "$work/shown"
verify=$(cat "$work/o")
expect 0 'Good "entry@entente" signature for maker/alliance-manager' - bash -c "$verify"
echo x >>"$work/shown/entry"
expect 255 'Could not verify signature' 'incorrect signature' bash -c "$verify"

# --json is one JSON document.
for words in status inbox decisions "show $id" "readiness $id" log seats "charter show" "charter show glossary" "charter template" "charter diff" "node status" "node peers" "node why" \
  "proof 3" checkpoint "pack $work/j.pack" "entry export $work/a.entry -o $work/exported" "charter check $source/docs/examples/heart-monitoring.charter.yaml" \
  "alliance merge $work/b.genesis $work/alliance.genesis -o $work/m.genesis" "key new $work/j.key --unsealed" "alliance show $work/b.genesis" "entry show $work/a.entry" "submit $work/a.entry" "wait $id" "key show $work/new.key" \
  "comment --text json $(by maker quality)"; do
  entente $words --json >"$work/o" 2>"$work/e" || { echo "FAILED: $words --json"; cat "$work/e"; exit 1; }
  python3 -c 'import json,sys; json.load(sys.stdin)' <"$work/o" || { echo "FAILED: not JSON: $words"; head -c 400 "$work/o"; exit 1; }
done
COLUMNS=60 entente decisions | awk 'length($0) > 62 {print "FAILED: too wide: " $0; bad = 1} END {exit bad}'
echo ok
