#!/usr/bin/env bash
# Goal: what people wrote is there for programs and for who must act on it: JSON has the texts beside their digests; evidence shows
# where it is owed a look; a charter's check, diff and log say what they know; a certificate and a saved entry say what they do.
set -euo pipefail
bin=$1 source=$2 name=json
. "$source/tests/system/alliance.sh"
more='budgets:
  launch: {amount: EUR 100000.00, from: 2026-01-01, to: 2035-12-31, borne: {maker: 100}, beyond: steering}'
found "maker clinics distributor" "trustee"
export ENTENTE_NODE=$work/maker

# Texts beside their digests: what is quoted, of several lines, and outside ASCII stays what it was.
title='Price "EUR 41.50" \ from April — für alle'
good as maker alliance-manager propose commercial-terms --title "$title" --amount "EUR 1200.00" --text $'one\ntwo\tthree'
good as clinics alliance-manager reject D-1 --reason "too dear" --yes
wait_for is 'too dear' entente show D-1
[ "$(entente decisions --json | json "x['list'][0]['title_text']")" = "$title" ] || fail "decisions"
[ "$(entente decisions --json | json "len(x['list'][0]['title'])")" = 64 ] || { cat o; fail "line 18"; }
[ "$(entente show D-1 --json | json "x['revisions'][0]['proposal']['title_text']")" = "$title" ] || fail "show"
[ "$(entente show D-1 --json | json "x['revisions'][0]['proposal']['text_text']")" = $'one\ntwo\tthree' ] || { cat o; fail "line 20"; }
[ "$(entente show D-1 --json | json "[e['reason_text'] for e in x['events'] if 'reason' in e]")" = "['too dear']" ] || { cat o; fail "line 21"; }
good as maker alliance-manager propose commercial-terms --title "asked of all"
wait_for is 'asked of all' entente inbox --node clinics
entente inbox --node clinics --json | json "[t['title_text'] for t in x['list'] if t['decision'] == 2]" | grep -q "asked of all" || fail "inbox"

# Evidence: named by the entry that claims, shown to who verifies it.
echo evidence >ev.txt
digest=$(sha256sum ev.txt | cut -d' ' -f1)
good as maker alliance-manager issue new --title "Leaking valve"
good as maker alliance-manager issue claim I-1 --text "Replaced" --attach ev.txt
[ "$(entente issue list --all --json | json "x['list'][0]['title_text']")" = "Leaking valve" ] || { cat o; fail "line 31"; }
answers 0 "^    document sha256:$digest  \(here, 9 bytes\)" entente show I-1
grep -q "entente document get $digest --to FILE" o || { cat o; fail "line 33"; }
[ "$(entente show I-1 --json | json "[e['documents'] for e in x['events'] if e['type'] == 'claimed']")" = "[['$digest']]" ] || fail "documents"
[ "$(entente show I-1 --json | json "[e['text_text'] for e in x['events'] if e['type'] == 'claimed']")" = "['Replaced']" ] || { cat o; fail "line 35"; }
[ "$(entente show I-1 --json | json "x['item']['item']['title_text']")" = "Leaking valve" ] || { cat o; fail "line 36"; }

# The check of a charter: its findings as JSON; a printed charter is checked as it is; drafting stays strict.
sed 's/owner: council, approve: each partner 1 of council, sla: 10 bd/owner: counsil, approve: each partner 1 of council, sla: 10 bd/' charter/charter.yaml >charter/wrong.yaml
exits 1 entente charter check charter/wrong.yaml --json
line=$(grep -n counsil charter/wrong.yaml | cut -d: -f1)
sed -n '/^{/p' o | json "(x['refusals'], [(f['finding'], f['file'], f['line']) for f in x['findings'] if 'counsil' in f['text']][0])" | grep -q "('refused', 'charter/wrong.yaml', $line)" || { cat o; fail "findings"; }
entente charter show >now.yaml
answers 0 '^now.yaml: a founded charter, [0-9]+ sections, 0 refusals' entente charter check now.yaml
answers 1 'nonce: is drawn when the alliance is drafted' entente alliance draft now.yaml -o no.genesis

# What the founding adds is no difference; a charter that cannot be is named before it is compared or replayed.
answers 0 '^The two say the same.$' entente charter diff charter/charter.yaml
answers 0 '^The two say the same.$' entente charter diff charter/charter.yaml now.yaml
answers 0 "^charter/wrong.yaml:$line:[0-9]+: refused: .*counsil" entente charter diff charter/wrong.yaml
grep -q 'charter/wrong.yaml does not pass the charter check (above): 1 refusal' o || { cat o; fail "line 51"; }
grep -q 'commercial-terms.owner: \[council\] -> \[counsil\]' o || { cat o; fail "line 52"; }
exits 0 entente charter replay charter/wrong.yaml
grep -q "^charter/wrong.yaml:$line:" o || { cat o; fail "line 54"; }
grep -q 'does not pass the charter check' o || { cat o; fail "line 55"; }

# The log says what an entry is about, and that nothing was found; a saved entry and a certificate say what they do.
answers 0 'ballot +clinics/alliance-manager  reject D-1  sha256:' entente log --limit 100
grep -q 'item-move maker/alliance-manager  claim I-1  sha256:' o || { cat o; fail "log: claim"; }
grep -q 'propose   maker/alliance-manager  propose commercial-terms  sha256:' o || { cat o; fail "log: propose"; }
[ "$(entente log --json --limit 100 | json "[(l['what'], l['about']) for l in x if l.get('about') == 'D-1']")" = "[('reject', 'D-1')]" ] || fail "log --json"
answers 0 'reject D-1' entente log --grep D-1
answers 0 '^Nothing from leaf 9999 on: the record ends with leaf [0-9]+\.$' entente log --from 9999
answers 0 '^Nothing on the record matches "no such words"' entente log --grep "no such words"
good as clinics alliance-manager approve D-2 --save a.entry --yes
answers 0 '^does      approve D-2$' entente entry show a.entry
grep -Eq '^revision  sha256:[0-9a-f]{64}$' o || { cat o; fail "entry show: revision"; }
good as maker alliance-manager propose commercial-terms --title "$title" --amount "EUR 500.00" --save p.entry
answers 0 '^does      propose commercial-terms$' entente entry show p.entry
grep -q '^amount    EUR 500.00$' o || { cat o; fail "entry show: amount"; }
good entente certify D-1 -o d1.certificate
answers 0 '^decided      Price "EUR 41.50"' entente-audit verify d1.certificate --expect-alliance "$alliance"
grep -q '^amount       EUR 1200.00$' o || { cat o; fail "certificate: amount"; }
grep -q '^effect       none$' o || { cat o; fail "certificate: effect"; }
grep -q '^text         one two three$' o || { cat o; fail "certificate: text"; }
grep -q '  each partner, 1 of council:' o || { cat o; fail "certificate: asks"; }
[ "$(entente-audit verify d1.certificate --json | json "x['title_text']")" = "$title" ] || fail "certificate --json"
[ "$(entente-audit verify d1.certificate --json | json "x['amount'], x['effect']")" = "EUR 1200.00 none" ] || fail "certificate --json: amount"
good entente pack all.pack
[ "$(entente-audit exceptions all.pack --json 2>/dev/null | json "type(x).__name__")" = list ] || fail "exceptions --json"
[ "$(entente-audit log all.pack --kind ballot --json 2>/dev/null | json "[l['about'] for l in x]")" = "['D-1']" ] || fail "entente-audit log --json"
exits 2 entente-audit exceptions all.pack --json --jsonl
