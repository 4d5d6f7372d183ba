#!/usr/bin/env bash
# Goal: members come and go through a running alliance. Three partners and a witness admit a fourth partner, whose node catches
# up from the founding on, says that it is ready, and votes; a node's keys, TLS and vote, are renewed while the others go on,
# also of one that was down meanwhile; a partner is removed: it keeps a copy that verifies up to its exit, and gets nothing after.
set -euo pipefail
bin=$1 source=$2
export PATH=$bin:$PATH NO_COLOR=1
work=$(mktemp -d "${TMPDIR:-/tmp}/entente-members.XXXXXX")
export XDG_STATE_HOME=$work/state
declare -A pid=() port=()
next=$((20000 + RANDOM % 12000)) # below those that the system gives out by itself
fail() { failed=$*; exit 1; }
finish() {
  code=$?
  for p in "${pid[@]}"; do kill "$p" 2>/dev/null || true; done
  wait 2>/dev/null || true
  if [ $code -eq 0 ]; then rm -rf "$work"; else tail -n 15 "$work"/*.log; echo "left in $work"; echo "FAILED: ${failed:-line $LINENO}"; fi
}
trap finish EXIT
cd "$work"
start() { ententd run "$1" >>"$1.log" 2>&1 & pid[$1]=$!; }
stop() { kill "${pid[$1]}"; wait "${pid[$1]}" 2>/dev/null || true; unset "pid[$1]"; }
wait_for() { # wait_for SECONDS COMMAND...
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || fail "gave up waiting for: $*"
    sleep 0.1
  done
}
as() { # as ORG SEAT VERB...: at that organisation's node
  local org=$1 seat=$2
  shift 2
  entente "$@" --node "$org" --key "keys/$org-$seat.key" --as "$org/$seat" </dev/null
}
field() { { entente node status --json --node "$1" || true; } 2>/dev/null | python3 -c "import json,sys; print(json.load(sys.stdin).get('$2',''))" 2>/dev/null || true; }
healthy() { entente node status --node "$1"; }
same() { [ -n "$(field "$1" root)" ] && [ "$(field "$1" root)" = "$(field "$2" root)" ]; }
says() { # says TEXT COMMAND...: its output has the text, whatever its exit
  local text=$1 out
  shift
  out=$("$@" 2>&1) || true
  grep -q -- "$text" <<<"$out" || { printf '%s\n' "$out"; fail "no '$text' from: $*"; }
}
wait_out() { wait_for 20 test -S "$1/node.sock"; sleep 0.3; entente node status --node "$1"; }
is() { "${@:2}" 2>&1 | grep -q -- "$1"; }
make() { # make ORG SEAT...: node, keys and card
  local org=$1 args=() s
  shift
  port[$org]=$next; next=$((next + 1))
  ententd init "$org" --partner "$org" --listen "127.0.0.1:${port[$org]}" >/dev/null
  for s in "$@"; do
    entente key new "keys/$org-$s.key" --unsealed >/dev/null 2>&1
    args+=(--seat "$s=keys/$org-$s.key")
  done
  entente key new "keys/$org-recovery.key" --unsealed >/dev/null 2>&1
  ententd card "$org" "${args[@]}" --recovery "keys/$org-recovery.key" -o "charter/$org.card" >/dev/null
}

mkdir keys charter
seats="alliance-manager registrar sponsor"
for o in maker clinics distributor; do make $o $seats; done
make trustee registrar
cat >charter/charter.yaml <<'Y'
entente: 1
alliance: members-test
origin: test.example/ledger
core: [term, partner-seats, parties]
clock: {precision: 500 ms, late-after: 2 h}
term: {from: 2026-01-01, to: 2035-12-31, renewal-opens: 180 d before}
partner-seats: [alliance-manager, registrar, sponsor]
parties:
  maker:       {name: Maker, role: partner, card: maker.card}
  clinics:     {name: Clinics, role: partner, card: clinics.card}
  distributor: {name: Distributor, role: partner, card: distributor.card}
  trustee:     {name: Trustee, role: witness, card: trustee.card, seats: [registrar]}
calendars:
  joint: {utc: "+00:00", weekend: [sat, sun], holidays: [], listed-to: 2035-12-31}
bodies:
  steering: {layer: executive, seats: ["*/sponsor"], chair: maker/sponsor, quorum: each partner 1}
  council: {layer: operational, seats: ["*/alliance-manager"], chair: maker/alliance-manager, quorum: each partner 1}
ladders:
  standard: [{to: steering, within: 10 bd}]
decisions:
  defaults: {calendar: joint, min-read: 0 bd, notice: 0 bd, silence: escalate, ladder: standard, else: status quo}
  commercial-terms: {owner: council, approve: each partner 1 of council, sla: 10 bd}
  charter-policy: {owner: council, approve: each partner 1 of council, sla: 15 bd}
  charter-core: {owner: steering, approve: each partner 1 of steering, sla: 30 bd, abstain: blocks}
  admission: {owner: steering, approve: each partner 1 of steering, sla: 30 bd, abstain: blocks, needs: [diligence]}
  removal: {owner: steering, approve: each other partner 1 of steering, sla: 30 bd, abstain: blocks}
  upgrade: {owner: steering, approve: each partner 1 of steering, sla: 30 bd}
  renewal: {owner: steering, approve: each partner 1 of steering, sla: 60 bd, abstain: blocks}
  exit: {owner: steering, approve: own partner 1 of steering, sla: 20 bd, notice: 60 bd}
Y
entente alliance draft charter/charter.yaml -o a.genesis >draft.out 2>&1 || { cat draft.out; fail "the charter is refused"; }
for o in maker clinics distributor; do
  for s in $seats; do entente alliance sign a.genesis --as "$o/$s" --key "keys/$o-$s.key" --yes >/dev/null 2>&1; done
done
entente alliance sign a.genesis --as trustee/registrar --key keys/trustee-registrar.key --yes >/dev/null 2>&1
for o in maker clinics distributor trustee; do entente alliance found a.genesis --node $o >/dev/null; start $o; done
for o in maker clinics distributor trustee; do wait_for 20 healthy $o; done
as maker alliance-manager comment --text "four nodes" >/dev/null

echo "== admission"
make labs $seats
says 'then 5 nodes vote, 4 must sign: 1 may be down' as maker sponsor propose admission --card charter/labs.card --name Labs
code=0; as maker sponsor propose admission --card charter/labs.card --name Labs >o 2>&1 || code=$?
[ $code -eq 2 ] || fail "a proposal that nobody could be asked about: exit $code"
as maker sponsor propose admission --card charter/labs.card --name Labs --yes >o 2>&1 || { cat o; fail "propose admission"; }
grep -q 'D-1 is open' o || { cat o; fail "not open"; }
for o in maker clinics distributor; do as $o sponsor approve D-1 --yes >o 2>&1 || { cat o; fail "approve by $o"; }; done
says 'open' entente readiness D-1 --node maker # the due diligence is still to come
as maker sponsor input D-1 --need diligence --text "accounts and references were seen" >o 2>&1 || { cat o; fail "input"; }
wait_for 10 is '^labs .*joining' entente partner list --node maker
[ "$(field maker validators)" = 4 ] || fail "it votes before it is ready"
entente alliance join a.genesis --node labs >/dev/null
start labs
wait_for 30 healthy labs
[ "$(field labs validators)" = 5 ] || fail "five nodes were expected"
[ "$(field labs quorum)" = 4 ] || fail "a quorum of four was expected"
says 'ready *labs/node' entente log --node labs
wait_for 10 same labs maker
as labs alliance-manager comment --text "we are here" >/dev/null

echo "== an observer: it follows, and votes on nothing"
make auditor registrar
says 'then 5 nodes vote' as maker sponsor propose admission --card charter/auditor.card --role observer
as maker sponsor propose admission --card charter/auditor.card --role observer --yes >o 2>&1 || { cat o; fail "propose an observer"; }
for o in maker clinics distributor labs; do as $o sponsor approve D-2 --yes >o 2>&1 || { cat o; fail "approve by $o"; }; done
as maker sponsor input D-2 --need diligence --text "an audit firm" >o 2>&1 || { cat o; fail "input"; }
entente alliance join a.genesis --node auditor >/dev/null
start auditor
wait_for 30 same auditor maker
healthy auditor >/dev/null || fail "the observer is not well"
[ "$(field auditor validators)" = 5 ] || fail "an observer votes"

echo "== fresh keys for a node that runs"
old=$(entente partner show clinics --node maker | sed -n 's/^vote key *//p')
ententd rekey clinics --all -o fresh.card >/dev/null
[ -d clinics/keys.next ] || fail "no fresh keys"
as clinics registrar node replace fresh.card --yes >o 2>&1 || { cat o; fail "node replace"; }
as maker alliance-manager comment --text "the others go on" >/dev/null
taken() { [ ! -e clinics/keys.next ] && healthy clinics; }
wait_for 30 taken
[ "$old" != "$(entente partner show clinics --node maker | sed -n 's/^vote key *//p')" ] || fail "the vote key is the same"
stop distributor # with one away, nothing is final without the node that has fresh keys
as maker alliance-manager comment --text "signed by fresh keys" >o || fail "not final: $(cat o)"
start distributor
wait_for 20 healthy distributor

echo "== fresh keys for a node that was down meanwhile"
stop clinics
ententd rekey clinics --tls -o tls.card >/dev/null
entente node replace tls.card --node maker --key keys/clinics-registrar.key --as clinics/registrar --yes >o 2>&1 || { cat o; fail "node replace"; }
as maker alliance-manager comment --text "while it is away" >/dev/null
start clinics
wait_for 60 taken
wait_for 10 same clinics maker

echo "== fresh keys for a node that is killed while it takes them over"
for i in 1 2; do
  ententd rekey clinics --all -o "again$i.card" >/dev/null
  entente node replace "again$i.card" --node maker --key keys/clinics-registrar.key --as clinics/registrar --yes >o 2>&1 || { cat o; fail "node replace"; }
  sleep "0.$((RANDOM % 4))"
  kill -9 "${pid[clinics]}" && wait "${pid[clinics]}" 2>/dev/null || true
  start clinics
  wait_for 60 taken
done

echo "== a vote journal that is lost: the key is dead, and a fresh one votes"
stop clinics
rm clinics/votes.journal
start clinics
says 'the vote journal is missing' wait_out clinics
as maker alliance-manager comment --text "without its vote" >/dev/null
ententd rekey clinics --vote -o vote.card >/dev/null
entente node replace vote.card --node maker --key keys/clinics-registrar.key --as clinics/registrar --yes >o 2>&1 || { cat o; fail "node replace"; }
wait_for 60 taken

echo "== a vote key that is revoked"
says 'then 4 nodes vote, 3 must sign' as distributor registrar key revoke node:vote
name=$({ as distributor registrar key revoke node:vote 2>&1 || true; } | sed -n 's/.*--confirm //p')
as distributor registrar key revoke node:vote --confirm "$name" >o 2>&1 || { cat o; fail "key revoke"; }
says 'a key of this node was revoked' entente node status --node distributor
[ "$(field maker validators)" = 4 ] || fail "a node without a key votes"
ententd rekey distributor --vote -o revoked.card >/dev/null
as distributor registrar node replace revoked.card --yes >o 2>&1 || { cat o; fail "node replace"; }
wait_for 60 healthy distributor
[ "$(field maker validators)" = 5 ] || fail "the node that was replaced does not vote"

echo "== recovery: announced, seen, cancelled by two seats"
alliance=$(entente node status --json --node maker >/dev/null; entente alliance show a.genesis | sed -n 's/^id *//p')
entente key new keys/new-registrar.key --unsealed >/dev/null 2>&1
entente recovery sign maker keys/new-registrar.key --key keys/maker-recovery.key --alliance "$alliance" -o maker.recovery >/dev/null
as clinics registrar recovery submit maker.recovery --yes >o 2>&1 || { cat o; fail "recovery submit"; }
leaf=$(entente recovery list --json --node clinics | python3 -c 'import json,sys; print(json.load(sys.stdin)["list"][0]["leaf"])')
as maker sponsor registrar cancel "$leaf" >/dev/null 2>&1 || fail "the first seat"
as maker alliance-manager registrar cancel "$leaf" >/dev/null 2>&1 || fail "the second seat"
says 'No recovery is announced' entente recovery list --node maker

echo "== removal"
says 'then 4 nodes vote, 3 must sign: 1 may be down' entente partner show labs --node trustee
as maker sponsor propose removal --partner labs --yes >o 2>&1 || { cat o; fail "propose removal"; }
grep -q 'leaves    labs' o || { cat o; fail "no preview"; }
as maker sponsor approve D-3 --yes >/dev/null
as clinics sponsor approve D-3 --yes >/dev/null
stop labs # it is down when it is removed, and gets its copy later
as distributor sponsor approve D-3 --yes >o 2>&1 || { cat o; fail "approve removal"; }
wait_for 10 is '^labs .*left' entente partner list --node maker
exit_height=$(field maker height)
[ "$(field maker validators)" = 4 ] || fail "four nodes were expected"
for i in 1 2 3; do as maker alliance-manager comment --text "after it left, $i" >/dev/null; done
start labs
gone() { [ "$(field labs height)" = "$exit_height" ]; }
wait_for 60 gone
says 'has left the alliance' entente node status --node labs
as maker alliance-manager comment --text "nothing of this" >/dev/null
closed() { ! entente node peers --json --node maker | python3 -c 'import json,sys; sys.exit(not any(p["org"]=="labs" and p["connected"] for p in json.load(sys.stdin)["list"]))'; }
wait_for 20 closed
entente pack labs.pack --node labs >/dev/null
entente-audit verify labs.pack --expect-alliance "$alliance" >o || { cat o; fail "its copy does not verify"; }
grep -q "labs: joined" o && grep -q "labs: left" o && grep -q "clinics: node keys changed" o || { cat o; fail "the report"; }
grep -q "newest block $exit_height " o || { cat o; fail "its copy ends elsewhere than at its exit"; }
stop labs; start labs # and again nothing
sleep 2
gone || fail "it got more than its copy"
entente pack all.pack --node maker >/dev/null
entente-audit verify all.pack --expect-alliance "$alliance" >o || { cat o; fail "the whole record does not verify"; }
grep -q 'auditor: joined' o || { cat o; fail "the observer's admission"; }
says 'No node was shown' entente faults --node maker
for f in labs all; do # a second implementation, from the specification alone
  python3 -B "$source/docs/independent-verifier/entente_verify.py" verify $f.pack >o 2>&1 || { cat o; fail "the independent verifier refuses $f.pack"; }
  grep -q '^VERIFIED' o || { cat o; fail "$f.pack"; }
done

echo "== an upgrade is decided; nobody has it yet, and all go on"
says 'has versions up to 1' as maker sponsor propose upgrade --rules 2
as maker sponsor propose upgrade --rules 2 --yes >/dev/null 2>&1
for o in maker clinics distributor; do as $o sponsor approve D-4 --yes >o 2>&1 || { cat o; fail "approve by $o"; }; done
says 'decided     version 2, in force once 3 of 4 nodes have it' entente rules --node maker
as maker alliance-manager comment --text "under the first rules" >/dev/null
echo "== used wrongly"
exits() { # exits CODE VERB...: as the maker's sponsor
  local want=$1 code=0
  shift
  as maker sponsor "$@" >o 2>&1 || code=$?
  [ $code -eq "$want" ] || { cat o; fail "exit $code, expected $want: $*"; }
}
for line in 'propose admission --title x' 'propose removal --title x' 'propose upgrade --title x' 'propose exit --title x' \
  'propose commercial-terms --title x --rules 2' 'propose commercial-terms --title x --card charter/labs.card' \
  'propose admission --card charter/labs.card --role king' 'input D-1' 'input D-1 --need impact' 'input D-1 --need nonsense --text x' \
  'node replace' 'node replace charter/maker.card' 'registrar replace' 'registrar cancel' 'registrar cancel x' 'recovery sign maker' \
  'recovery submit' 'partner show' 'key revoke node:tls --confirm x'; do
  # shellcheck disable=SC2086
  exits 2 $line
done
exits 1 partner show nobody
exits 1 recovery submit a.genesis --yes
exits 3 propose admission --card charter/labs.card --yes # it was a member: its name and keys never come back
exits 3 node replace tls.card --yes # not the registrar
exits 1 registrar cancel 1
for verb in 'partner list' 'partner show maker' 'recovery list' faults rules; do
  # shellcheck disable=SC2086
  entente $verb --json --node maker | python3 -m json.tool >/dev/null || fail "$verb --json"
done
echo ok
