#!/usr/bin/env bash
# Goal: the voices behind a pulse, on three real nodes founded 40 days ago: given at the own node, changed, refused from whom has
# none; closed by the reporter into numbers; two voices alone stay a number; nothing of a voice is on the record or travels, and
# what the node keeps of it is gone when it is closed.
set -euo pipefail
bin=$(realpath "$1") source=$(realpath "$2") name=pulse
. "$source/tests/system/alliance.sh"
command -v faketime >/dev/null || fail "this test needs the program faketime (package faketime)"
seats="alliance-manager finance registrar sponsor"
draft_as=(faketime '40 days ago')
more='metrics:
  defaults: {better: up, due: 60 d}
  uptime: {group: execution, view: customer, unit: percent, every: 20 d, from: "*/finance", check: maker/finance}
  trust: {group: relationship, view: learning, unit: 1-5, every: 20 d, sealed: true, from: each partner, least-voices: 3}
  alignment: {group: relationship, view: learning, unit: 1-5, every: 20 d, sealed: true, from: "*/sponsor"}'
found "maker clinics distributor"
as maker alliance-manager comment --text "we are here" >/dev/null 2>&1
owed() { entente report list --json --node "$1" | json "min(r['period'] for r in x['list'] if r['reading']['metric']=='trust' and r['reading']['org']=='$1' and r['reading']['standing']=='owed')"; }
wait_for owed maker
p=$(owed maker) now=$(date -u +%F)
file() { echo "$work/$1/pulse/trust-$(( $(date -u -d "$p" +%s) / 86400 ))"; }

echo "== voices"
for k in visitor helper stranger; do entente key new keys/$k.key --unsealed >/dev/null 2>&1; done
voice() { entente pulse "${@:3}" --node "$1" --key "keys/$2.key"; } # voice ORG KEY METRIC PERIOD SCORE
answers 2 'pulse needs a metric, a period and a score of 1 \(poor\) to 5 \(good\)' voice maker maker-sponsor trust "$p" 6
answers 1 'the charter has no metric or commitment trusd' voice maker maker-sponsor trusd "$p" 4
answers 1 'uptime is no pulse: its metric has no least-voices' voice maker maker-sponsor uptime "$p" 4
answers 2 "trust has periods such as" voice maker maker-sponsor trust 2026 4
answers 1 'the period .* of trust has not begun yet' voice maker maker-sponsor trust "$(date -u -d '70 days' +%F)" 4
answers 1 'the key SHA256:.* has no voice here: it holds no seat of maker' voice maker stranger trust "$p" 4
answers 1 'the key SHA256:.* has no voice here: it holds no seat of maker' voice maker clinics-sponsor trust "$p" 4
answers 0 'Your voice on trust for .* is kept\. It stays at this node' voice maker maker-sponsor trust "$p" 1
answers 0 'Your voice on trust for .* is changed' voice maker maker-sponsor trust "$p" 4
[ "$(voice maker maker-finance trust "$p" 5 --json | json "x['changed']")" = False ] || fail "as JSON"
{ echo "# without a seat"; entente key show keys/visitor.key | head -n 1; entente key show keys/helper.key | head -n 1; } >maker/voices
good voice maker visitor trust "$p" 4
good voice maker helper trust "$p" 3
good voice maker maker-sponsor trust "$now" 2 # the period that runs: another pulse
answers 1 'has no voice here' voice maker stranger trust "$p" 1
echo "not a key" >>maker/voices
answers 1 'maker/voices:4: ' voice maker stranger trust "$p" 1
sed -i '$d' maker/voices
[ "$(stat -c '%a %a' maker/pulse "$(file maker)" | tr '\n' ' ')" = "700 700 600 600 " ] || fail "others can read the voices"
open=$(stat -c %s "$(file maker)")

echo "== closed by the reporter, once the period is over"
close() { as "$1" "$2" pulse close trust "$3" -o "$4"; }
answers 2 'pulse close needs a metric, a period, and -o FILE' as maker alliance-manager pulse close trust "$p"
answers 1 'does not hold the seat that reports trust for maker' close maker sponsor "$p" x.sealed
answers 1 'trust for .* is not owed yet: it is closed when the period is over' close maker alliance-manager "$now" x.sealed
[ ! -e x.sealed ] || fail "something was sealed"
stop maker && start maker && wait_for healthy maker # voices are on the disk
answers 0 'trust for .* is closed with 4 voices, and committed\. Keep maker.sealed' close maker alliance-manager "$p" maker.sealed
[ "$(stat -c %s "$(file maker)")" -lt "$open" ] || fail "the file still holds the voices"
answers 1 'this pulse of trust is closed; no voice is taken or changed any more' voice maker maker-sponsor trust "$p" 1
answers 0 'closed with 4 voices, and committed' close maker alliance-manager "$p" again.sealed # the same numbers: a second commitment
mv again.sealed maker.sealed

echo "== too few"
good voice clinics clinics-sponsor trust "$p" 1
good voice clinics clinics-finance trust "$p" 2
answers 0 'closed with 2 voices, and committed' close clinics alliance-manager "$p" clinics.sealed
grep -q '^2 voices are too few to show what they said; only their number will be\.$' o || { cat o; fail "too few"; }
answers 0 'closed with 0 voices' close distributor alliance-manager "$p" distributor.sealed
for o in maker clinics distributor; do ok 'is revealed' as $o alliance-manager report reveal $o.sealed; done
answers 1 'trust for .* is revealed already' close maker alliance-manager "$p" late.sealed
reading() { entente report list --json --node distributor | json "['K-%d' % r['reading']['number'] for r in x['list'] if r['reading']['metric']=='trust' and r['reading']['org']=='$1' and r['period']=='$p'][0]"; }
ok '4 voices: 0 said 1, 0 said 2, 1 said 3, 2 said 4, 1 said 5' entente report show "$(reading maker)" --node distributor
ok '2 voices$' entente report show "$(reading clinics)" --node distributor
ok 'trust' entente scorecard --node clinics

echo "== nothing of a voice is on the record"
entente pack --node distributor all.pack >/dev/null
python3 - <<P || fail "a key that only had a voice is on the record"
import base64, subprocess
pack = open("all.pack", "rb").read()
def raw(f): return base64.b64decode(subprocess.run(["entente", "key", "show", f], capture_output=True, text=True, check=True).stdout.split()[1])[-32:]
assert raw("keys/maker-sponsor.key") in pack # that keys would be found
assert raw("keys/visitor.key") not in pack and raw("keys/helper.key") not in pack
P
[ ! -e clinics/voices ] && [ "$(ls clinics/pulse)" = "$(basename "$(file clinics)")" ] || fail "voices travelled"
good entente node backup "$work/copy" --node maker
[ ! -e copy/pulse ] || fail "a backup holds the voices"
verified all.pack
