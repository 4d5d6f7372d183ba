#!/usr/bin/env bash
# Goal: what happens to a decision while somebody is away, silent, in conflict or short of money, typed by people against four
# real nodes: an alternate ballots, a recused seat's sponsor is asked, a pause stops the clock, a mediator's text is accepted,
# silence counts as approval once the silent partner's node has shown receipt, and an amount beyond its envelope goes higher.
set -euo pipefail
bin=$1 source=$2
name=decisions
. "$(dirname "$0")/alliance.sh"
seats="alliance-manager finance registrar sponsor" witness_seats="mediator registrar"
members "maker clinics distributor" trustee
cat >charter/charter.yaml <<'Y'
entente: 1
alliance: decisions-test
origin: test.example/ledger
core: [term, partner-seats, parties]
clock: {precision: 500 ms, late-after: 2 h}
term: {from: 2026-01-01, to: 2035-12-31, renewal-opens: 180 d before}
partner-seats: [alliance-manager, finance, registrar, sponsor]
parties:
  maker:       {name: Maker, role: partner, card: maker.card}
  clinics:     {name: Clinics, role: partner, card: clinics.card}
  distributor: {name: Distributor, role: partner, card: distributor.card}
  trustee:     {name: Trustee, role: witness, card: trustee.card, seats: [mediator, registrar]}
calendars:
  joint: {utc: "+00:00", weekend: [sat, sun], holidays: [], listed-to: 2035-12-31}
bodies:
  steering: {layer: executive, seats: ["*/sponsor"], chair: maker/sponsor, quorum: each partner 1}
  council: {layer: operational, seats: ["*/alliance-manager", "*/finance"], chair: maker/alliance-manager, quorum: each partner 1}
ladders:
  standard: [{to: steering, within: 10 bd}]
  quickly: [{to: trustee/mediator, within: 10 d, answer: 5 d}]
decisions:
  defaults: {calendar: joint, min-read: 0 bd, notice: 0 bd, silence: escalate, ladder: standard, else: status quo}
  terms: {owner: council, approve: each partner 1 of */finance, sla: 10 bd}
  pooled: {owner: council, approve: each partner 1 of */finance, sla: 45 s, silence: deemed consent}
  dispute: {owner: council, approve: each partner 1 of */finance, sla: 3 s, ladder: quickly}
  spend: {owner: council, approve: each partner 1 of */finance, sla: 10 bd, budget: required}
  recall: {owner: council, act-first: true, approve: each partner 1 of */finance, sla: 10 bd}
  charter-policy: {owner: council, approve: each partner 1 of council, sla: 15 bd}
  charter-core: {owner: steering, approve: each partner 1 of steering, sla: 30 bd, abstain: blocks}
  admission: {owner: steering, approve: each partner 1 of steering, sla: 30 bd, abstain: blocks}
  removal: {owner: steering, approve: each other partner 1 of steering, sla: 30 bd, abstain: blocks}
  renewal: {owner: steering, approve: each partner 1 of steering, sla: 60 bd, abstain: blocks}
  exit: {owner: steering, approve: own partner 1 of steering, sla: 20 bd, notice: 60 bd}
budgets:
  launch: {amount: USD 100.00, from: 2026-01-01, to: 2035-12-31, borne: {maker: 100}, beyond: steering}
Y
launch "maker clinics distributor" trustee

echo "== an alternate ballots for a seat"
good as maker finance propose terms --title "Display fee" # D-1
answers 3 'clinics/alliance-manager is no alternate of clinics/finance' as clinics alliance-manager approve D-1 --for clinics/finance --yes
good as clinics registrar seat alternate clinics/finance --by clinics/alliance-manager --since 2026-01-01T00:00:00Z --until 2034-01-01T00:00:00Z --types terms
says 'for clinics/finance its alternate clinics/alliance-manager' entente readiness D-1 --node maker
answers 3 'no  clinics/alliance-manager approve D-1: by decisions.terms.approve' entente can clinics/alliance-manager approve D-1 --node clinics
says 'yes  clinics/alliance-manager approve D-1 for clinics/finance' entente can clinics/alliance-manager approve D-1 --for clinics/finance --node clinics
good as clinics alliance-manager approve D-1 --yes # the one seat it may speak for
says 'ballot: approve by clinics/alliance-manager for clinics/finance' entente show D-1 --node maker
good as clinics finance abstain D-1 --yes # the principal replaces it
answers 3 'clinics/finance has cast its own ballot' as clinics alliance-manager approve D-1 --for clinics/finance --yes

echo "== a recused seat's sponsor is asked"
good as distributor finance recuse D-1 --reason "we own the supplier" --yes
says 'distributor/finance recused itself: in its stead distributor/sponsor' entente readiness D-1 --node clinics
says 'a ballot is owed by distributor/sponsor' entente inbox --as distributor/sponsor --node distributor
answers 3 'that holds to its end' as distributor finance approve D-1 --yes
good as distributor sponsor approve D-1 --yes
good as maker finance approve D-1 --yes
wait_for is_phase D-1 effective maker

echo "== a pause"
good as maker finance propose terms --title "Pallets" # D-2
answers 2 'to pause needs a reason' as maker finance pause D-2
good as maker finance pause D-2 --reason "until the audit is in"
[ "$(phase D-2 maker)" = open ] || fail "one partner cannot pause"
good as clinics finance pause D-2 --reason "agreed"
wait_for is_phase D-2 paused maker
answers 3 'D-2 is paused until' as maker finance approve D-2 --yes
good as distributor finance resume D-2 --reason "the audit is in"
says 'paused  *0 d' entente waiting D-2 --node maker
for o in maker clinics distributor; do good as $o finance approve D-2 --yes; done
wait_for is_phase D-2 effective maker
if [ -n "${KEEP_AUDIT-}" ]; then # the folder tests/verifier/packs/audit: a checkpoint that was kept from early on
  wait_for covered maker
  good entente checkpoint -o "$KEEP_AUDIT/last-year.checkpoint" --node maker
fi

echo "== a mediator's text is accepted"
good as maker finance propose dispute --title "Returns at 5 percent" # D-3, 3 s
wait_for is_phase D-3 mediation maker
says 'to recommend a text' entente inbox --as trustee/mediator --node trustee
answers 1 'no mediator recommends a text on it now' as maker finance accept D-3 --yes
good as trustee mediator mediate D-3 --title "Returns at 4 percent" --reason "halfway" --relies-on decisions.dispute --until 2034-12-31
wait_for same maker trustee
says 'Returns at 4 percent' as maker finance accept D-3 --yes
answers 2 'to decline needs a reason' as clinics finance decline D-3 --yes
good as clinics finance decline D-3 --reason "too much" --yes
good as clinics finance accept D-3 --yes
says '^  decisions.dispute stands: section decisions is as it was, version 1' entente readiness D-3 --node clinics
answers 0 '^  decisions.dispute stands: ' as distributor finance accept D-3 --yes
wait_for is_phase D-3 effective maker
says 'Returns at 4 percent' entente show D-3 --node distributor
says 'revision 2' entente show D-3 --node distributor
says '^  rests on  decisions.dispute$' entente show D-3 --node distributor
says '^  until     2034-12-31, then it expires$' entente show D-3 --node distributor

echo "== silence counts as approval of who has shown receipt"
good as maker finance propose pooled --title "Shared samples" # D-4, 45 s
good as maker finance approve D-4 --yes
wait_for is 'receipt by clinics/node' entente show D-4 --node maker
wait_for is 'receipt by distributor/node' entente show D-4 --node maker
says 'silence: counts as approval of clinics, distributor: it passes' entente readiness D-4 --node clinics
wait_for is_phase D-4 effective maker
says 'deemed consent clinics' entente show D-4 --node trustee

echo "== beyond its envelope"
answers 1 'the row asks for the budget' as maker finance propose spend --title "Samples" --amount "USD 60.00"
answers 1 'give the charge in USD' as maker finance propose spend --title "Samples" --amount "EUR 60.00" --budget launch
for n in 5 6; do
  good as maker finance propose spend --title "Samples" --amount "USD 60.00" --budget launch
  for o in maker clinics distributor; do good as $o finance approve D-$n --yes; done
done
wait_for is_phase D-5 effective maker
for o in maker clinics; do wait_for is 'beyond its budget to steering' entente show D-6 --node $o; done
[ "$(phase D-6 maker)" = open ] || fail "D-6 is $(phase D-6 maker)"
says 'spent USD 60.00, reserved USD 0.00, left USD 40.00' entente budgets --node clinics
answers 3 'clinics/finance is not asked on D-6' as clinics finance approve D-6 --yes
for o in maker clinics distributor; do good as $o sponsor approve D-6 --yes; done
wait_for is_phase D-6 effective maker
says 'left (-USD 20.00|USD -20.00)' entente budgets --node clinics

echo "== acting first"
good as clinics finance propose recall --title "Batch 7" # D-7
says 'acted first by clinics/finance' entente show D-7 --node maker
good as clinics finance withdraw D-7 --reason "a false alarm"
says 'not ratified' entente show D-7 --node maker
answers 3 'no  maker/sponsor propose recall: by decisions.recall.owner' entente can maker/sponsor propose recall --node maker

echo "== a key changes hands, and the new one ballots at once"
good entente key new keys/second.key --unsealed
good as clinics registrar seat set clinics/finance keys/second.key
cp keys/clinics-finance.key keys/first.key
print=$(entente key show keys/first.key 2>&1 | grep -o 'SHA256:[A-Za-z0-9+/]*')
cp keys/second.key keys/clinics-finance.key
sleep 1.1 # allowed_signers counts whole seconds, and the old key is asked about a later one
good as maker finance propose terms --title "Pallets again" # D-8
good as clinics finance approve D-8 --yes
good as clinics registrar key revoke keys/first.key --confirm "$print"

echo "== all nodes agree, and a pack verifies"
for o in clinics distributor trustee; do wait_for same $o maker; done
wait_for covered maker
good entente pack all.pack --node maker
good entente-audit verify all.pack
[ -z "${KEEP_PACK-}" ] || cp all.pack "$KEEP_PACK"
if [ -n "${KEEP_AUDIT-}" ]; then
  cp all.pack "$KEEP_AUDIT/alliance.pack"
  good entente checkpoint -o "$KEEP_AUDIT/tree.checkpoint" --node clinics
  good entente pack "$KEEP_AUDIT/part.range" --from 15 --to 25 --pack all.pack
fi
good python3 -B "$source/docs/independent-verifier/entente_verify.py" verify all.pack
grep -q '^VERIFIED' o || { cat o; fail "the independent verifier refuses all.pack"; }

echo "== an auditor asks that pack, with no node and no home directory"
audit() { env -i HOME=/nonexistent PATH="$PATH" entente-audit "$@"; } # env -i: nothing of this shell either
lines() { # lines FILE LINE...: the file has each of them as an extended regular expression for a whole line, and no line more
  local file=$1 want
  shift
  [ "$(wc -l <"$file")" -eq $# ] || { cat "$file"; fail "$(wc -l <"$file") lines, expected $#"; }
  for want in "$@"; do grep -Exq -- "$want" "$file" || { cat "$file"; fail "no line '$want'"; }; done
}
T='20[0-9-]+T[0-9:.]+Z' K='SHA256:[A-Za-z0-9+/]{43}' P=${print//+/\\+} # as regular expressions
audit exceptions all.pack >o 2>e || fail "exceptions: $(cat e)"
grep -Eq '^VERIFIED [0-9]+ entries, [0-9]+ blocks, 8 decisions re-executed; ' e || { cat e; fail "it does not say that it verified"; }
lines o \
  'deemed 2 · escalated 2 · act-first 1 \(0 ratified\) · alternate acted 1 · acted for a recused seat 1 · key changed < 5 bd before a ballot 2 · key revoked 1' \
  'exception +leaf +time +id +seat +what' \
  "deemed +[0-9]+ +$T +D-4 +pooled: the silence of clinics counted as approval" \
  "deemed +[0-9]+ +$T +D-4 +pooled: the silence of distributor counted as approval" \
  "escalated +[0-9]+ +$T +D-3 +dispute: to trustee/mediator, by itself" \
  "escalated +[0-9]+ +$T +D-6 +distributor/finance +spend: beyond its budget, to steering" \
  "act-first +[0-9]+ +$T +D-7 +clinics/finance +recall: not ratified" \
  "alternate acted +[0-9]+ +$T +D-1 +clinics/alliance-manager +terms: approve for clinics/finance" \
  "acted for a recused seat +[0-9]+ +$T +D-1 +distributor/sponsor +terms: approve for distributor/finance, which recused itself" \
  "key changed < 5 bd before a ballot +[0-9]+ +$T +D-1 +clinics/alliance-manager +terms: approve for clinics/finance, whose alternate it became by leaf [0-9]+ at $T" \
  "key changed < 5 bd before a ballot +[0-9]+ +$T +D-8 +clinics/finance +terms: approve, by $K, set by leaf [0-9]+ at $T \(holder by clinics/registrar\)" \
  "key revoked +[0-9]+ +$T +clinics +clinics/registrar +person key $P revoked"
audit access all.pack --csv 2>/dev/null | grep '^clinics/finance,' >o
lines o "clinics/finance,$P,$T,[0-9]+,$T,[0-9]+,founding,holder by clinics/registrar," \
  "clinics/finance,alternate clinics/alliance-manager,$T,[0-9]+,,,holder by clinics/registrar,,2026-01-01T00:00:00.000Z to 2034-01-01T00:00:00.000Z; terms" \
  "clinics/finance,$K,$T,[0-9]+,,,holder by clinics/registrar,,"
audit log all.pack --late 2>/dev/null >o
lines o 'leaf +decision +type +opened +phase +closed +mover +amount +marks +title' \
  " *[0-9]+ +D-3 +dispute +$T +effective +$T +maker/finance +late +Returns at 4 percent" \
  " *[0-9]+ +D-4 +pooled +$T +effective +$T +maker/finance +deemed late +Shared samples"
audit log all.pack --amount-over "USD 59.99" --partner distributor --jsonl 2>/dev/null | json "x['decision']" >/dev/null 2>&1 && fail "two lines are one JSON value"
[ "$(audit log all.pack --amount-over 'USD 59.99' --jsonl 2>/dev/null | python3 -c 'import json,sys; print(*(json.loads(l)["decision"] for l in sys.stdin))')" = "D-5 D-6" ] ||
  fail "the decisions over USD 59.99"
audit log all.pack --amount-over "USD 60.00" 2>/dev/null >o
lines o
answers 2 '^entente-audit: --type spent: no decision of this record has that type; there are: terms, dispute, pooled, spend, recall$' \
  audit log all.pack --type spent

audit sample all.pack --type terms --n 2 --seed 7 --proofs >o 2>/dev/null
grep -q '^population 3 decisions, drawn 2, seed 7$' o || { cat o; fail "the population"; }
grep -Eq "^filter     type terms; from $T \(founding\), to $T \(newest block\)$" o || { cat o; fail "filter and range"; }
# The same draw by another program; and its proofs.
drawn=$(awk '$2 ~ /^D-/ {print $1}' o)
[ "$drawn" = "$(audit log all.pack --type terms --csv 2>/dev/null | python3 -c '
import csv, hashlib, sys
leaves = [r["leaf"] for r in csv.DictReader(sys.stdin)]
print(*sorted(leaves, key=lambda l: hashlib.sha256(f"7:{l}".encode()).digest())[:2], sep="\n")')" ] || { cat o; fail "another draw"; }
[ "$(grep -c '^entente-audit inclusion ' o)" -eq 2 ] || { cat o; fail "no proofs"; }
grep '^entente-audit inclusion ' o >proofs.sh
good bash -e proofs.sh

at=$(audit log all.pack --kind holder --jsonl 2>/dev/null | head -1 | json "x['time']") # the alternate
audit replay all.pack --at "$at" >o 2>/dev/null
grep -Eq "^D-1 terms, open, rung 0, revision 1, by maker/finance: Display fee$" o || { cat o; fail "D-1 was open then"; }
grep -Eq "^clinics/finance +$P \(leaf [0-9]+\)$" o || { cat o; fail "the holder then"; }
grep -Eq "^ +alternate clinics/alliance-manager, 2026-01-01T" o || { cat o; fail "the alternate then"; }
grep -Fq '  recall: {owner: [council], joint: yes, approve: [each partner 1 of */finance], sla: 10 bd,' o || { cat o; fail "the matrix"; }
! grep -q '^D-2' o || { cat o; fail "D-2 was not open yet"; }
answers 2 'the alliance was founded only at' audit replay all.pack --at 2026-01-01

echo "== ssh-keygen checks the people, with what the record says of their keys"
export_leaf() { audit export all.pack --allowed-signers signers --revoked revoked --leaf "$1" --entry entry --signature entry.sig >cmd 2>/dev/null || fail "export $1"; }
ballots=$(audit log all.pack --seat clinics/finance --kind ballot --csv 2>/dev/null | awk -F, 'NR > 1 {print $1}')
old=$(head -1 <<<"$ballots") new=$(tail -1 <<<"$ballots")
export_leaf "$old"
good bash cmd
grep -q 'Good "entry@entente" signature for clinics/finance' o || { cat o; fail "the old key's ballot"; }
verify_at() { ssh-keygen -Y verify -f signers -I clinics/finance -n entry@entente -O verify-time="$1" "${@:2}" -s entry.sig <entry; }
sed -n '/82-decisions.sh runs the next block/,/^```$/p' "$source/docs/audit.md" | sed '/^<!--/d; /^```/d' >by-openssl.sh
grep -q pkeyutl by-openssl.sh || fail "docs/audit.md has no such block"
answers 0 'Signature Verified Successfully' bash -e by-openssl.sh
then=$(sed 's/.*verify-time=\([0-9Z]*\).*/\1/' cmd)
answers 255 'Could not verify signature' verify_at "$then" -r revoked # the key is on the list of those revoked
answers 255 'key has expired' verify_at 20330101000000Z   # and did not hold the seat any more
answers 255 'key is not yet valid' verify_at 20200101000000Z
printf x >>entry
answers 1 'Signature Verification Failure' bash -e by-openssl.sh
answers 255 'Could not verify signature' verify_at "$then"
export_leaf "$new"
good bash cmd
now=$(sed 's/.*verify-time=\([0-9Z]*\).*/\1/' cmd)
good verify_at "$now" -r revoked
answers 255 'key is not yet valid' verify_at "$then" # before it was set
answers 2 'goes with --entry and --signature' audit export all.pack --leaf "$new"
answers 1 'leaf 0 is no entry of this record' audit export all.pack --leaf 0 --entry entry --signature entry.sig

echo "== another partner's checkpoint, and the log in the formats of others"
good entente checkpoint -o tree.checkpoint --node clinics
answers 0 '^kept +the checkpoint you gave, of [0-9]+ leaves, is of this history$' audit verify all.pack --checkpoint tree.checkpoint
answers 0 'the checkpoint that was kept, of [0-9]+ leaves, is of this history' python3 -B "$source/docs/independent-verifier/entente_verify.py" \
  verify all.pack --checkpoint tree.checkpoint
sed '2s/.*/3/' tree.checkpoint >other.checkpoint
answers 6 '^why     PAK-7: the checkpoint in other.checkpoint is of 3 leaves, and no block of this record ends there' \
  audit verify all.pack --checkpoint other.checkpoint
good audit export all.pack --tlog-tiles log.tar --tlog-policy policy --leaf "$new" --tlog-proof entry.tlog-proof --leaf-bytes leaf
mkdir site
good tar -xf log.tar -C site
PYTHONPATH="$source/tests/verifier" python3 -B - "$new" <<'P' || fail "the log as tiles"
import pathlib, sys
import test_tlog as client
policy = client.Policy(open("policy").read())
entries = client.Log(pathlib.Path("site").resolve().as_uri()).whole(policy)
assert entries[int(sys.argv[1])] == open("leaf", "rb").read()
assert client.check_proof(open("entry.tlog-proof", "rb").read(), open("leaf", "rb").read(), policy) == int(sys.argv[1])
P

echo "== a page; and nothing is told of a pack that fails"
good audit verify all.pack --html page.html
python3 - <<'P'
import html.parser
class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__(); self.open, self.text = [], []
    def handle_starttag(self, tag, attrs):
        assert tag != "script" and not any(n in ("src", "href") or n.startswith("on") for n, _ in attrs), (tag, attrs)
        if tag != "meta": self.open.append(tag)
    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag
    def handle_data(self, data): self.text.append(data)
page = Page()
page.feed(open("page.html").read()); page.close()
assert not page.open, page.open
for want in ("Verified: decisions-test", "pooled: the silence of clinics counted as approval", "no longer held by SHA256:", "Not checked"):
    assert any(want in t for t in page.text), want
P
head -c -100 all.pack >cut.pack
for c in verify exceptions access log "sample --n 1 --seed 1" "replay --at 2030-01-01" "export --allowed-signers kept"; do
  printf 'kept\n' >kept
  set -- $c
  audit "$1" cut.pack "${@:2}" >o 2>e && fail "$c: a cut pack was passed" || [ $? -eq 6 ] || fail "$c: exit $?"
  [ ! -s o ] || { cat o; fail "$c tells of a pack that fails"; }
  grep -q '^NOT VERIFIED$' e && [ "$(cat kept)" = kept ] || { cat e; fail "$c"; }
done

echo "== a certificate of each decision, from a node and from a pack, checked by both verifiers (CER-1)"
verifier=$source/docs/independent-verifier/entente_verify.py
id=$(entente-audit verify all.pack --json | json "x['alliance']")
for n in 1 2 3 4 5 6 7; do
  good entente certify D-$n -o D-$n.certificate --node clinics
  good entente certify D-$n -o from-pack.certificate --pack all.pack
  for f in D-$n.certificate from-pack.certificate; do
    answers 0 "VERIFIED D-$n of .*: $(phase D-$n maker), as of block" entente-audit verify $f --expect-alliance "$id"
    answers 0 "VERIFIED D-$n: $(phase D-$n maker), as of block" env PYTHONDONTWRITEBYTECODE=1 python3 "$verifier" verify $f --expect-alliance "$id"
  done
done
answers 0 'ballot: approve by clinics/alliance-manager for clinics/finance, key' entente-audit verify D-1.certificate
answers 0 'nobody said which was expected' entente-audit verify D-1.certificate
grep -q '^VERIFIED D-1 of .*, as of block [0-9]* of 20' o || fail "as of which block (CER-13)"
for w in 'that the nodes counted the ballots by the rules' 'anything after the block named above' 'that no second history exists'; do
  sed '1,/^Not proven by this file:/d' o | grep -q "$w" || fail "CER-13: not said to be unproven: $w"
done
answers 0 'deemed consent clinics$' entente-audit verify D-4.certificate
answers 0 '^ *"phase": "effective"' entente-audit verify D-3.certificate --json
answers 6 'GEN-3: this is alliance' entente-audit verify D-1.certificate --expect-alliance "${id//[0-9]/0}"
head -c -30 D-1.certificate >cut.certificate
answers 6 'CER-1: the file ends without its last frame|PAK-1: the file ends' entente-audit verify cut.certificate
exits 6 env PYTHONDONTWRITEBYTECODE=1 python3 "$verifier" verify cut.certificate
answers 2 'certify needs a decision' entente certify --node maker
answers 1 'there is no D-99 in the record of' entente certify D-99 --node maker
answers 2 'html is for packs' entente-audit verify D-1.certificate --html -
