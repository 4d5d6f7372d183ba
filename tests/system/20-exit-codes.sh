#!/usr/bin/env bash
# Goal: every exit status from 0 to 8 through the installed programs, with standard output and standard error apart; and
# what a refused attempt must leave as it was: root, outbox, mempool.
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
export ENTENTE_NODE=$work/maker

expect() { # expect CODE STDOUT-REGEX STDERR-REGEX COMMAND...; "-" means empty
  local want=$1 o=$2 e=$3 code=0
  shift 3
  "$@" >"$work/o" 2>"$work/e" </dev/null || code=$?
  check() { if [ "$2" = - ]; then [ ! -s "$1" ]; else grep -Eq -- "$2" "$1"; fi; }
  if [ "$code" -ne "$want" ] || ! check "$work/o" "$o" || ! check "$work/e" "$e"; then
    echo "FAILED: $*"; echo "exit $code, expected $want"; echo "stdout (expected '$o'):"; cat "$work/o"; echo "stderr (expected '$e'):"; cat "$work/e"
    exit 1
  fi
}
state() { entente seats >/dev/null; entente node status --json | python3 -c 'import json,sys; s=json.load(sys.stdin); print(*(s[k] for k in ("root", "state_root", "outbox", "mempool")))'; }
unchanged() { # unchanged CODE ...: as expect, and nothing of the ledger changed
  local before; before=$(state)
  expect "$@"
  [ "$before" = "$(state)" ] || { echo "FAILED: it changed something: $*"; exit 1; }
}
key() { echo "$work/keys/$1-$2.key"; }

expect 0 'heart-monitoring, at maker' - entente status
expect 0 '^entente ' - entente --version
unchanged 1 - 'there is no decision D-99' entente show D-99
expect 2 - 'there is no `aprove`. Did you mean `entente approve`' entente aprove D-1
expect 2 - 'a rejection needs a reason: --reason TEXT' entente reject D-2 --key "$(key maker quality)"
expect 2 - 'a veto is final.*--confirm D-2' entente veto D-2 --reason x --clause exit --key "$(key maker quality)"
unchanged 3 - 'Refused: the charter does not permit' entente propose commercial-terms --title x --key "$(key maker finance)" --as maker/finance
unchanged 3 - 'Refused: the key does not hold the seat' entente comment --text x --key "$(key maker finance)" --as clinics/finance
expect 4 - 'a key is needed to sign: --key FILE' entente approve D-2 --yes
printf 'right' >"$work/right"; printf 'wrong' >"$work/wrong"
expect 0 '^ssh-ed25519 ' 'Made .*sealed with your passphrase' entente key new "$work/sealed.key" --passphrase-file "$work/right"
unchanged 4 - '(wrong|passphrase)' entente comment --text x --key "$work/sealed.key" --passphrase-file "$work/wrong" --as maker/finance
expect 1 - 'exists already' entente key new "$work/sealed.key" --passphrase-file "$work/right"

# Content that changed since it was read is never signed silently.
expect 0 'D-[0-9]+ is open' - entente propose clinical-claim --title "First words" --key "$(key clinics quality)" --as clinics/quality --node "$work/clinics"
id=$(grep -o 'D-[0-9]*' "$work/o" | head -1)
expect 0 'First words' - entente show "$id"
expect 0 'is open' - entente revise "$id" --title "Second words" --key "$(key clinics quality)" --as clinics/quality --node "$work/clinics"
rm -f "$work"/state/entente/seen-*
mkdir -p "$work/state/entente"
alliance=$(entente node status | awk '/^alliance/ {print substr($3, 1, 16)}')
echo 1 >"$work/state/entente/seen-$alliance-$id"
unchanged 5 - "was revised \(2\) after you read it \(1\)" entente approve "$id" --yes --key "$(key maker quality)" --as maker/quality
expect 5 - 'stands at revision 2, not 1' entente approve "$id" --rev 1 --yes --key "$(key maker quality)" --as maker/quality
expect 0 'Signed, final' - entente approve "$id" --rev 2 --yes --key "$(key maker quality)" --as maker/quality

head -c 20000 "$work/alliance.pack" >"$work/cut.pack"
expect 6 - 'region  frame' entente-audit verify "$work/cut.pack"
expect 6 - 'region  genesis.*|GEN-3' entente-audit verify "$work/alliance.pack" --expect-alliance "$(printf '%064d' 0)"
expect 1 - 'cannot open' entente-audit verify "$work/no.pack"
expect 2 - 'verify needs one FILE' entente-audit verify
expect 7 - 'no node answers at .*Start it with: ententd run DIR' entente status --node "$work/nowhere"
expect 8 '^[0-9a-f]{64}$' 'not final yet. Look later: entente wait' entente comment --text "no wait" --no-wait --key "$(key maker quality)" --as maker/quality
expect 0 'Signed, final' - entente wait "$(cat "$work/o")"

# Two of four nodes gone: no quorum. What is signed is kept, and becomes final when they return.
set -- $pids
kill -9 "$3" "$4" # the distributor's and the trustee's
for i in $(seq 100); do entente status >/dev/null 2>&1 || break; sleep 0.2; done
expect 7 'No quorum: 2 of 4 nodes' - entente status
expect 7 - 'there is no decision D-99.*|not in sync with its partners' entente show D-99
expect 8 - 'Not final after 3 s; it is kept' entente comment --text "kept" --timeout 3 --key "$(key maker quality)" --as maker/quality
expect 7 '(Absent|within reach)' - entente node why
expect 0 '^  trustee +signed [0-9]+ of [0-9]+ \([0-9]+ %\)' - entente node availability
expect 2 - 'since yesterday: expected a time' entente node availability --since yesterday
expect 7 '(Absent|within reach)' - entente node why
grep -q 'distributor' "$work/o" || { cat "$work/o"; exit 1; }
ententd run "$work/distributor" >>"$work/distributor.log" 2>&1 &
pids="$pids $!"
for i in $(seq 150); do [ "$(entente node status --json | sed -n 's/.*"mempool": *\([0-9]*\).*/\1/p')" = 0 ] && break; sleep 0.2; done
expect 0 'kept' - entente log --limit 10
expect 1 - 'in use by|holds this|another process|is running|locked' ententd run "$work/maker"
expect 2 - 'run needs the' ententd run
expect 2 - 'no such command' ententd frobnicate
expect 1 - 'is no node.s directory: it has no node.yaml' ententd run "$work/nowhere"
cp -r "$work/trustee" "$work/copy" && rm -f "$work/copy/node.sock"
sed -i 's/^listen:.*/lisen: none/' "$work/copy/node.yaml"
expect 1 - 'node.yaml:[0-9]+:1: lisen: no such setting; known are partner' ententd run "$work/copy"
echo ok
