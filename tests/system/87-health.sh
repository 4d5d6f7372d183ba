#!/usr/bin/env bash
# Goal: what the record teaches, asked of real nodes: lessons are found by text and tag, with where they were adopted; and the
# six ways in which alliances fail are answered from the record, before and after something happens, the same at every node.
set -euo pipefail
bin=$(realpath "$1") source=$(realpath "$2") name=health
. "$source/tests/system/alliance.sh"
ok() { answers 0 "$@"; } # ok TEXT COMMAND...: exit 0, and its output has the text
says_not() { ! grep -Eq -- "$1" o || { cat o; fail "'$1' is there"; }; }
answer() { entente health --json --node "$2" | json "[a['answer'] for a in x['answers'] if a['question'] == '$1'][0]"; }

found "maker clinics distributor"

echo "== lessons"
good as maker alliance-manager lesson new --title "Order labels first" --tags launch,supply --text "The printer needs six weeks; nobody had asked." --yes
good as maker alliance-manager lesson new --title "One list of prices" --tags launch --yes
good as maker alliance-manager lesson claim L-2 --text "Two lists were used for a month, and LABELS were wrong." --yes
good as clinics alliance-manager propose commercial-terms --title "Labels are ordered by the maker" --yes
good as maker alliance-manager lesson link L-1 D-1 --yes
ok '^L-1 +open .*Order labels first #launch #supply -> adopted in D-1$' entente lesson list --node maker
says_not L-2 # it is closed
ok '^L-1 ' entente lesson list --grep "SIX weeks" --node maker # in its text
says_not L-2
ok '^L-2 +closed .*One list of prices #launch$' entente lesson list --grep labels --node maker # at a step of a closed one
grep -q '^L-1 ' o || fail "the title was not looked through"
ok '^L-1 ' entente lesson list --tag supply --node maker
says_not L-2
ok '^L-2 ' entente lesson list --tag launch --grep "two lists" --node maker
says_not L-1
ok '^No lesson has this\.$' entente lesson list --grep "seven weeks" --node maker
ok '^No lesson has this\.$' entente lesson list --tag sup --node maker
ok '^No action that is open has this; closed ones: --all\.$' entente action list --tag supply --node maker
[ "$(entente lesson list --tag launch --json --node maker | json "[(l['id'], l['tags'], [k.get('decision') for k in l['links']]) for l in x['list']]")" = \
  "[('L-1', ['launch', 'supply'], [1]), ('L-2', ['launch'], [])]" ] || fail "as JSON"
answers 2 "--tag Two Words: expected the name of a tag: letters a-z, digits and -" entente lesson list --tag "Two Words" --node maker
answers 2 "--grep is empty: expected the text to look for" entente lesson list --grep "" --node maker
answers 2 "--grep and --tag go with: entente lesson list" entente lesson claim L-1 --tag supply --node maker

echo "== health"
ok '^value +no +No thesis is signed$' entente health --node maker
grep -q '^  - the charter has no thesis$' o || { cat o; fail "what stands against it"; }
grep -q '^    entente charter template$' o || { cat o; fail "where to look further"; }
grep -Eq '^governance +yes +Of 1 decision opened 0 passed, 0 escalated; 0 deadlines passed' o || { cat o; fail "governance"; }
grep -Eq '^incentives +unknown +The charter has no incentives$' o || { cat o; fail "incentives"; }
grep -Eq '^cadence +unknown +No regular session was due$' o || { cat o; fail "cadence"; }
grep -Eq '^friction +yes +0 partners late with something; 0 conflicts open$' o || { cat o; fail "friction"; }
says_not 'waited for'
ok 'clinics: waited for .* business d; 0 deadlines passed with its ballot owed' entente health --all --node maker
good as clinics alliance-manager escalate D-1 --reason "no answer" --yes
ok '^governance +yes +Of 1 decision opened 0 passed, 1 escalated' entente health --node clinics
for q in value governance incentives cadence friction measurement; do
  [ "$(answer $q maker)" = "$(answer $q clinics)" ] || fail "two nodes answer $q differently"
done
ok '^governance +unknown +No decision was opened$' entente health --until 2026-01-02T00:00:00Z --since 2026-01-01T00:00:00Z --node maker
answers 2 'entente health takes no words; .now. is one too many' entente health now --node maker
answers 2 'since yesterday: expected a time' entente health --since yesterday --node maker

entente pack --node maker all.pack >/dev/null
verified all.pack
