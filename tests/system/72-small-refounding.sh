#!/usr/bin/env bash
# Goal: in an alliance of two or three partners, where every node's signature is needed, one node is lost for good. The others
# stand still and say why; the ceremony begins a new epoch; what was open is carried over, and the alliance goes on deciding.
# Of three partners the lost one is left out, of two it comes back on a new machine. The old epoch ends by a certificate, or by
# a POL alone: every survivor had precommitted a block that nobody saw decided (REF-1), so that the block must stay.
#
# usage: 72-small-refounding.sh BIN SOURCE [PARTNERS pol|certificate]; without these all four, one after the other.
set -euo pipefail
if [ $# -lt 4 ]; then
  for n in 3 2; do for end in pol certificate; do bash "$0" "$1" "$2" $n $end; done; done
  exit 0
fi
bin=$(realpath "$1") source=$(realpath "$2") n=$3 end=$4 name=refound$n
. "$source/tests/system/alliance.sh"
clock="{precision: 500 ms, late-after: 2 h, propose-timeout: 800 ms, vote-timeout: 400 ms, timeout-step: 200 ms}"
[ "$n" = 3 ] && all="maker clinics distributor" || all="maker clinics"
lost=clinics survivors=${all/clinics/}

echo "== $n partners, an end by $end"
found "$all"
good as maker alliance-manager propose commercial-terms --title "Open when the node is lost" --yes
good as clinics alliance-manager approve D-1 --yes

# People write all the time, so that at any moment something is being agreed upon.
work_on() { for i in $(seq 100000); do as maker alliance-manager comment --text "entry $i" --no-wait >/dev/null 2>&1 || true; done; }
why() { entente node why --json --node "$1" | json "x['$2']"; }
held() { # with one node stopped: has every other precommitted, and none decided?
  local o height=
  for o in $survivors; do
    [ "$(why "$o" precommits)" = $((n - 1)) ] || return 1
    [ "${height:=$(why "$o" height)}" = "$(why "$o" height)" ] || return 1
  done
}
if [ $end = pol ]; then
  work_on & writer=$!
  tries=0
  while :; do
    tries=$((tries + 1))
    [ $tries -lt 2000 ] || fail "in $tries attempts the node was never stopped between its two votes"
    sleep "0.$((RANDOM % 10))$((RANDOM % 10))"
    kill -STOP "${pid[$lost]}"
    sleep 0.3
    held && break
    kill -CONT "${pid[$lost]}"
    good as maker alliance-manager comment --text "all are well again"
  done
  kill $writer
  wait $writer 2>/dev/null || true
  echo "stopped between its prevote and its precommit, after $tries attempts"
fi
lose $lost
mv $lost gone # nobody has it any more

exits 8 as maker sponsor comment --text "waits for the new epoch" --timeout 1
says "$n of $n nodes must sign; only $((n - 1)) (is|are) within reach. Absent: $lost" entente node why --node maker
exits 8 as maker alliance-manager comment --text "waits too" --timeout 2
for o in $survivors; do
  good entente refound survivor -o "$o.survivor" --confirm "$o" --node "$o"
  grep -q 'newest block with a certificate' o || fail "what $o reports"
  code=0; grep -q 'It precommitted block' o || code=$?
  [ $end = certificate ] || [ $code -eq 0 ] || { cat o; fail "$o does not report what it precommitted"; }
  exits 7 entente node status --node "$o" # it signs nothing more (REF-1)
done
for o in $survivors; do stop "$o"; done

# The draft: of three two go on; of two the lost one has a new machine.
if [ "$n" = 3 ]; then
  new="$survivors" how=(--suspend $lost)
else
  ententd init $lost --partner $lost --listen "127.0.0.1:$(free_port)" >/dev/null
  ententd card $lost -o fresh.card >/dev/null
  good entente alliance join a.genesis --node $lost
  new=$all how=(--card fresh.card)
fi
start maker
wait_for entente node peers --node maker
files=(); for o in $survivors; do files+=("$o.survivor"); done
good entente refound draft "${files[@]}" "${how[@]}" -o e1.refounding --node maker
if [ $end = pol ]; then
  grep -q "which has no certificate: $n prevotes of round" o || { cat o; fail "the end is not by the POL"; }
else
  grep -q 'which has its certificate' o || { cat o; fail "the end is not by the certificate"; }
fi
last=$(sed -n 's/^  begins after block \([0-9]*\) .*/\1/p' o)
[ -n "$last" ] || { cat o; fail "after which block?"; }
stop maker
for o in $all; do for s in registrar sponsor; do
  good entente refound sign e1.refounding --as "$o/$s" --key "keys/$o-$s.key" --yes
done; done
for o in $new; do good entente refound install e1.refounding --node "$o"; start "$o"; done
for o in $new; do wait_for has_field "$o" epoch 1; done
wait_for has_field maker mempool 0
for o in $new; do wait_for same "$o" maker; done

# The block of the POL is on the record, as the last of the old epoch; all that waited is there, once.
good entente log --limit 1000 --json --node maker
json "[l['height'] for l in x]" <o >heights
grep -q "\b$last\b" heights || { cat heights; fail "block $last is not on the record"; }
for text in "waits for the new epoch" "waits too"; do
  [ "$(entente log --limit 1000 --node maker | grep -c "$text")" = 1 ] || fail "'$text' is not there once"
done

# It goes on deciding: what was open, and something new.
says 'commercial-terms is open' entente readiness D-1 --node maker
for o in ${all/clinics/}; do good entente approve D-1 --yes --node maker --key "keys/$o-alliance-manager.key" --as "$o/alliance-manager"; done
wait_for is_phase D-1 effective maker
good as maker alliance-manager propose commercial-terms --title "Of the new epoch" --yes
for o in $all; do good entente approve D-2 --yes --node maker --key "keys/$o-alliance-manager.key" --as "$o/alliance-manager"; done
wait_for is_phase D-2 effective maker

packed() { rm -f two.pack; entente pack two.pack --node maker; }
wait_for packed
verified two.pack 'epochs +1 begun by refounding'
[ $end = certificate ] || says 'the last block of an epoch has no certificate' entente-audit verify two.pack
echo ok
