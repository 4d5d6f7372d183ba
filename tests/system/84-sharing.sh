#!/usr/bin/env bash
# Goal: information is shared, on four real nodes. What the charter forbids is refused, and what needs a decision waits for it;
# a partner that received something says so, and a file that is not what was shared is found out; what was derived ends with
# what it was made from; copies are destroyed with proof; an audit is asked for by the charter's right, and no more often; a
# leaver's grants end; a day passes and a grant expires by itself. Every node says the same, and two verifiers agree.
set -euo pipefail
bin=$1 source=$2
name=sharing
. "$(dirname "$0")/alliance.sh"
stands() { entente share list --json --node "$3" | json "x['list'][${1#G-}-1]['grant']['standing']" | grep -qx "$2"; }
library=$(ls /usr/lib/*/faketime/libfaketime.so.1 2>/dev/null | head -n 1)
[ -n "$library" ] || { echo "skipped: libfaketime is not installed (scripts/deps installs it)"; exit 77; }
day() { date -u -d "$1" +%F; }

seats="alliance-manager finance registrar security-legal sponsor"
members "maker clinics distributor" trustee
cat >charter/charter.yaml <<'Y'
entente: 1
alliance: sharing-test
origin: test.example/ledger
core: [term, partner-seats, parties, sharing]
clock: {precision: 500 ms, late-after: 2 h}
term: {from: 2026-01-01, to: 2035-12-31, renewal-opens: 180 d before}
partner-seats: [alliance-manager, finance, registrar, security-legal, sponsor]
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
  data-sharing: {owner: "*/security-legal", approve: each partner 1 of */security-legal, sla: 20 bd}
  charter-policy: {owner: council, approve: each partner 1 of council, sla: 15 bd}
  charter-core: {owner: steering, approve: each partner 1 of steering, sla: 30 bd, abstain: blocks}
  admission: {owner: steering, approve: each partner 1 of steering, sla: 30 bd, abstain: blocks}
  removal: {owner: steering, approve: each other partner 1 of steering, sla: 30 bd, abstain: blocks}
  renewal: {owner: steering, approve: each partner 1 of steering, sla: 60 bd, abstain: blocks}
  exit: {owner: steering, approve: own partner 1 of steering, sla: 20 bd}
sharing:
  patient-records: {maker: cannot, clinics: can, distributor: cannot}
  signal-data: {maker: could, clinics: can, distributor: cannot}
  delivery-data: {maker: can, clinics: can, distributor: can}
  audit-right: {by: each partner, of: each partner, answer: 10 bd, at-most: 1 a year}
Y
launch "maker clinics distributor" trustee
soon=$(day "+20 days") later=$(day "+200 days") today=$(day now)
echo "order;days" >orders.csv
echo "order;days;more" >other.csv
echo "wiped" >proof.txt
share() { as "$1" security-legal share grant --yes --purpose "demand planning" "${@:2}"; }

echo "== what the charter says"
ok 'Nothing was shared yet' entente share --node maker
ok 'patient-records' entente share map --node maker
ok '  maker +could' entente share map --node clinics
ok 'yes  clinics/security-legal share delivery-data with maker: by sharing.delivery-data' entente can clinics/security-legal share delivery-data maker --node maker
answers 3 'it could be shared with maker by a data-sharing decision' entente can clinics/security-legal share signal-data maker --node maker
answers 2 'can ... share needs a class and a partner|needs a seat, an action' entente can clinics/security-legal share signal-data --node maker
answers 2 'needs a class, partners, a title, a purpose and a day' as maker security-legal share grant --class delivery-data
answers 1 'the charter has no class prices of what may be shared; see: entente share map' share maker --class prices --with clinics --title t --until "$soon"
answers 3 'sharing.patient-records: it cannot be shared with maker' share clinics --class patient-records --with maker --title t --until "$soon"
answers 1 'sharing.signal-data: it could be shared with maker by a data-sharing decision' share clinics --class signal-data --with maker --title t --until "$soon"
answers 3 'maker/finance does not share for maker; maker/security-legal does' as maker finance share grant --yes --purpose p --class delivery-data --with clinics --title t --until "$soon"
answers 1 '2026-01-01 is over; a grant is until today or later' share maker --class delivery-data --with clinics --title t --until 2026-01-01
for class in prices patient-records; do # refused before anything is shown, and asked
  says 'has no class prices|it cannot be shared with maker' as clinics security-legal share grant --purpose p --class $class --with maker --title t --until "$soon"
done
answers 2 'not signed: nobody can be asked here' as maker security-legal share grant --purpose p --class delivery-data --with clinics --title t --until "$soon"
ok 'Nothing was shared yet' entente share --node maker

echo "== shared, received, and not mistaken for something else"
ok 'G-1 is in force until' share distributor --class delivery-data --with maker,clinics --title "Orders of October" --content orders.csv --until "$later"
wait_for stands G-1 "in force" maker
ok 'G-1 delivery-data, shared by distributor/security-legal: say that it arrived' entente inbox --node maker
ok 'They owe +maker: G-1 receive' entente status --node trustee
ok "content sha256:$(sha256sum orders.csv | cut -d' ' -f1)|content +sha256:$(sha256sum orders.csv | cut -d' ' -f1)" entente share show G-1 --node maker
answers 6 'it is not what was shared. Nothing was signed' as maker finance share receive G-1 --content other.csv --yes
answers 1 'G-1 has a content: say which arrived, by its SHA-256' as maker finance share receive G-1 --yes
answers 3 'G-1 is not shared with distributor' as distributor finance share receive G-1 --content orders.csv --yes
ok 'G-1 is in force: clinics not acknowledged, maker received' as maker finance share receive G-1 --content orders.csv --yes
answers 3 'maker has said so already: received' as maker finance share receive G-1 --content orders.csv --yes
ok 'clinics received, maker received' as clinics finance share receive G-1 --content orders.csv --text "in the warehouse system" --yes
ok '  clinics +can +has G-1' entente share map --node distributor

echo "== what needs a decision waits for it"
answers 2 'the class, the partners' as clinics security-legal propose data-sharing --title "Signals" --class signal-data
answers 3 'sharing.signal-data: cannot be shared with distributor; the charter must be amended first' as clinics security-legal propose data-sharing \
  --title "Signals" --class signal-data --with distributor --until "$later"
good as clinics security-legal propose data-sharing --title "Signals for the alarm model" --class signal-data --with maker --until "$later" # D-1
ok "signal-data may be shared with maker until $later" entente show D-1 --node maker
answers 3 'D-1 is open; a grant rests on a decision in effect' share clinics --class signal-data --with maker --title "Signals" --until "$soon" --consent D-1
for o in clinics maker distributor; do wait_for is D-1 entente decisions --node $o; good as $o security-legal approve D-1 --yes; done
wait_for is_phase D-1 effective clinics
answers 3 'lets it be shared until' share clinics --class signal-data --with maker --title "Signals" --until "$(day '+300 days')" --consent D-1
ok 'G-2 is in force' share clinics --class signal-data --with maker --title "Signals of the pilot" --until "$soon" --consent D-1
ok 'consent   D-1' entente share show G-2 --node clinics
wait_for stands G-2 "in force" maker
ok 'maker received' as maker finance share receive G-2 --yes

echo "== lineage: what is derived reaches nobody that its source does not, and ends with it"
answers 3 'it is derived from G-2, which distributor does not have' share maker --class delivery-data --with distributor --title "Alarms" --until "$soon" --derived G-2
answers 3 'which ends on .* a later day needs a data-sharing decision' share maker --class delivery-data --with clinics --title "Alarms" --until "$later" --derived G-2
ok 'G-3 is in force' share maker --class delivery-data --with clinics --title "Alarms by hour" --until "$soon" --derived G-2
wait_for stands G-3 "in force" clinics
answers 2 'to revoke needs a reason' as clinics security-legal share revoke G-2 --yes
answers 3 'G-2 is shared by clinics; clinics/security-legal revokes it' as maker security-legal share revoke G-2 --reason no --yes
ok 'G-2 is revoked: maker received' as clinics security-legal share revoke G-2 --reason "the study ended" --yes
ok 'revoked on .* with G-2, which it is derived from' entente share show G-3 --node clinics
ok 'maker \(received, to be returned or destroyed\)' entente share list --node clinics
ok '  maker +could +still holds G-2' entente share map --node clinics
answers 3 'G-2 is revoked; nothing new is derived from it' share maker --class delivery-data --with clinics --title "Alarms" --until "$soon" --derived G-2
ok 'G-2 signal-data, shared by clinics/security-legal, is revoked: return or destroy it' entente inbox --node maker
ok 'maker destroyed' as maker security-legal share return G-2 --destroyed --document proof.txt --text "wiped, and the backups" --yes
ok "document sha256:$(sha256sum proof.txt | cut -d' ' -f1)" entente share show G-2 --node maker
answers 3 'maker has nothing of G-2 any more: destroyed' as maker security-legal share return G-2 --yes

echo "== the right to audit"
good as distributor security-legal request new --title "Show who has seen the orders" --owner maker/finance --due "$(day '+30 days')" # Q-1
good as distributor security-legal request new --title "Show it again" --owner maker/finance --due "$(day '+30 days')"                # Q-2
good as distributor security-legal request new --title "At once" --owner clinics/finance --due "$today"                               # Q-3
answers 2 'needs a grant.s id and a request' as distributor security-legal share audit G-1
answers 3 'G-1 is shared by distributor; nobody else audits it' as maker security-legal share audit G-1 --request Q-1 --yes
answers 3 'Q-3 is due before the time to answer' as distributor security-legal share audit G-1 --request Q-3 --yes
good as distributor security-legal share audit G-1 --request Q-1 --yes
ok 'audited by request Q-1' entente share show G-1 --node distributor
answers 3 'distributor audited maker 1 times in this year already' as distributor security-legal share audit G-1 --request Q-2 --yes

echo "== a partner leaves: what it was given ends, what it gave stands"
ok 'G-4 is in force' share maker --class delivery-data --with distributor --title "Stock by site" --until "$later"
ok 'G-5 is in force' share maker --class delivery-data --with clinics,distributor --title "Plan for the winter" --until "$soon"
good as distributor sponsor propose exit --title "We leave" --confirm exit # D-2
wait_for is D-2 entente decisions --node distributor
good as distributor sponsor approve D-2 --yes
wait_for is_phase D-2 effective maker
wait_for stands G-4 ended maker
ok 'distributor \(left\)' entente share list --node maker
wait_for stands G-5 "in force" clinics
wait_for stands G-1 "in force" clinics

echo "== a day passes, and a grant expires by itself"
ok 'G-6 is in force' share maker --class delivery-data --with clinics --title "For today" --until "$today"
wait_for stands G-6 "in force" clinics
ok 'clinics received' as clinics finance share receive G-6 --yes
for o in maker clinics trustee; do stop $o; done
kill "${pid[distributor]}" 2>/dev/null || true
wait "${pid[distributor]}" 2>/dev/null || true
unset "pid[distributor]"
# Not by the program faketime: it would stay as the parent, and outlive what is told to stop.
run_as=(env LD_PRELOAD="$library" FAKETIME=+2d FAKETIME_DONT_FAKE_MONOTONIC=1 DONT_FAKE_MONOTONIC=1)
for o in maker clinics trustee; do start $o; done
for o in maker clinics trustee; do wait_for healthy $o; done
wait_for stands G-6 expired maker
ok 'clinics \(received, to be returned or destroyed\)' entente share list --node trustee
wait_for stands G-6 expired clinics
ok 'G-6 is expired: clinics returned' as clinics finance share return G-6 --yes

echo "== the same at every node, and for an auditor"
for o in clinics trustee; do wait_for same $o maker; done
entente share list --json --node maker >maker.json
entente share map --json --node maker >map.json
for o in clinics trustee; do
  entente share list --json --node $o | cmp - maker.json || fail "the grants of $o differ"
  entente share map --json --node $o | cmp - map.json || fail "the map of $o differs"
done
good entente pack all.pack --node trustee
verified all.pack
ok 'G-2 +.*Signals of the pilot|G-2.*signal-data to maker' entente-audit log all.pack
ok 'G-2.*revoke' entente-audit log all.pack
ok 'G-5 delivery-data, by maker/security-legal to clinics' entente-audit replay all.pack --at "$(date -u -d '+3 days' +%FT%TZ)"
[ -z "${KEEP_PACK-}" ] || cp all.pack "$KEEP_PACK"
echo "sharing: ok"
