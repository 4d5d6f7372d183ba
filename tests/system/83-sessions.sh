#!/usr/bin/env bash
# Goal: bodies meet, on four real nodes. An alliance founded 40 days ago finds sessions opened by the ledger's clock, and one
# missed; the agenda builds itself from what is open; minutes are recorded, contested, recorded anew, confirmed by another
# partner; a stand-up without a partner is not quorate; a session is called; inbox and status say who owes what; every node
# says the same, and the whole verifies for an auditor.
set -euo pipefail
bin=$1 source=$2
name=sessions
. "$(dirname "$0")/alliance.sh"
session() { # session CADENCE STANDING: the first of these
  entente meet list --json --node maker | json "next(('S-%d' % s['session']['number'] for s in x['list'] if s['session'].get('cadence')=='$1' and s['session']['standing']=='$2'), '')"
}
stands() { [ "$(entente meet list --json --node "$3" | json "[s['session']['standing'] for s in x['list'] if s['session']['number']==${1#S-}][0]")" = "$2" ]; }

command -v faketime >/dev/null || fail "this test needs the program faketime (package faketime)"
seats="alliance-manager finance registrar sponsor"
draft_as=(faketime '40 days ago')
members "maker clinics distributor" trustee
# A calendar on which it is another day than in UTC: what is said of days is said of the charter's.
if [ "$(date -u +%H)" -lt 12 ]; then offset=-12:00 zone=UTC+12; else offset=+12:00 zone=UTC-12; fi
cat >charter/charter.yaml <<Y
entente: 1
alliance: sessions-test
origin: test.example/ledger
core: [term, partner-seats, parties]
clock: {precision: 500 ms, late-after: 2 h}
term: {from: 2026-01-01, to: 2035-12-31, renewal-opens: 180 d before}
partner-seats: [alliance-manager, finance, registrar, sponsor]
parties:
  maker:       {name: Maker, role: partner, card: maker.card}
  clinics:     {name: Clinics, role: partner, card: clinics.card}
  distributor: {name: Distributor, role: partner, card: distributor.card}
  trustee:     {name: Trustee, role: witness, card: trustee.card, seats: [registrar]}
calendars:
  joint: {utc: "$offset", weekend: [sat, sun], holidays: [], listed-to: 2035-12-31}
bodies:
  steering: {layer: executive, seats: ["*/sponsor"], chair: maker/sponsor, quorum: each partner 1}
  council: {layer: operational, seats: ["*/alliance-manager"], chair: maker/alliance-manager, quorum: each partner 1}
  team: {layer: working, seats: ["*/finance"], chair: maker/finance, quorum: each partner 1}
ladders:
  standard: [{to: steering, within: 10 bd}]
decisions:
  defaults: {calendar: joint, min-read: 0 bd, notice: 0 bd, silence: escalate, ladder: standard, else: status quo}
  commercial-terms: {owner: council, approve: each partner 1 of council, sla: 10 bd}
  charter-policy: {owner: council, approve: each partner 1 of council, sla: 15 bd}
  charter-core: {owner: steering, approve: each partner 1 of steering, sla: 30 bd, abstain: blocks}
  admission: {owner: steering, approve: each partner 1 of steering, sla: 30 bd, abstain: blocks}
  removal: {owner: steering, approve: each other partner 1 of steering, sla: 30 bd, abstain: blocks}
  renewal: {owner: steering, approve: each partner 1 of steering, sla: 60 bd, abstain: blocks}
  exit: {owner: steering, approve: own partner 1 of steering, sla: 20 bd, notice: 60 bd}
sessions:
  review: {body: council, every: 20 d, record: minutes, agenda: [roadmap, risks]}
  stand-up: {body: team, every: 20 d, record: held}
metrics:
  defaults: {better: up, due: 1 d}
  cadence: {group: relationship, view: process, unit: percent, computed: cadence-kept, every: 20 d}
  a: {group: value, view: financial, computed: decision-velocity, every: 20 d}
  b: {group: value, view: customer, computed: decision-velocity, every: 20 d}
  c: {group: value, view: learning, computed: decision-velocity, every: 20 d}
Y
launch "maker clinics distributor" trustee
as maker alliance-manager comment --text "we are here" >/dev/null 2>&1

echo "== sessions opened by the ledger's clock"
opened() { [ -n "$(session review open)" ] && [ -n "$(session review missed)" ]; }
wait_for opened
review=$(session review open) standup=$(session stand-up open) missed=$(session review missed)
ok "$missed +missed +operational-review +council" entente meet --node clinics
ok "$review .*is due|$review operational-review of council for .* is due: meet, then record it" entente inbox --node clinics
ok "hold $review in" entente status --node maker
ok 'cadence +[^ ]+ 0 .*computed' entente scorecard --node maker

echo "== the agenda builds itself"
good as maker alliance-manager propose commercial-terms --title "Price list" # D-1
ok 'standing +roadmap' entente meet agenda "$review" --node clinics
ok 'decision +D-1 +Price list: commercial-terms, open: this body decides, until' entente meet agenda "$review" --node clinics
ok "$standup +open" entente meet agenda "$standup" --node clinics
ok 'Nothing is before team' entente meet agenda "$standup" --node clinics
answers 1 'there is no session S-99' entente meet agenda S-99 --node maker

echo "== minutes are recorded, contested, recorded anew, confirmed"
echo "We met." >minutes.txt
all=maker/alliance-manager,clinics/alliance-manager,distributor/alliance-manager
answers 2 'needs a session.s id and who was there' as maker alliance-manager meet record "$review" --minutes minutes.txt
answers 1 'leaves minutes; their SHA-256 is missing' as maker alliance-manager meet record "$review" --present $all
answers 3 'is recorded by a seat of council; maker/finance is none' as maker finance meet record "$review" --minutes minutes.txt --present $all
answers 1 'there is no decision D-9' as maker alliance-manager meet record "$review" --minutes minutes.txt --present $all --decision D-9
answers 2 'nothing is recorded of it' as clinics alliance-manager meet confirm "$review" --yes
ok "$review is recorded, quorate. It stands when a seat of another partner confirms it, or uncontested on" \
  as maker alliance-manager meet record "$review" --minutes minutes.txt --present $all --decision D-1 --text "in Basel"
ok "held on $(TZ=$zone date +%F), recorded by maker/alliance-manager" entente meet agenda "$review" --node maker
ok "minutes sha256:$(sha256sum minutes.txt | cut -d' ' -f1)" entente meet agenda "$review" --node maker
ok "recorded by maker/alliance-manager: confirm or contest it; with silence it stands" entente inbox --node clinics
answers 3 'a seat of another partner says whether it is right' as maker finance meet confirm "$review" --yes
wait_for stands "$review" recorded clinics
answers 2 'to contest needs a reason' as clinics alliance-manager meet contest "$review" --yes
python3 "$source/tests/system/lying_node.py" "$work/clinics/node.sock" "$work/liar.sock" decided >liar.out &
pid[liar]=$!
for i in $(seq 50); do [ -s liar.out ] && break; sleep 0.1; done
answers 6 "$review: the entry on record does not say what the node says. Nothing was signed" \
  entente meet confirm "$review" --yes --node "$work/liar.sock" --key keys/clinics-alliance-manager.key --as clinics/alliance-manager
kill "${pid[liar]}"
ok "$review is contested" as clinics alliance-manager meet contest "$review" --yes --reason "we left early"
ok "clinics/alliance-manager contests its record; record it anew" entente inbox --node maker
ok "$review is recorded, not quorate" as maker alliance-manager meet record "$review" --minutes minutes.txt \
  --present maker/alliance-manager,distributor/alliance-manager --decision D-1
wait_for stands "$review" recorded clinics
ok "$review is confirmed: its record stands" as clinics alliance-manager meet confirm "$review" --yes
answers 3 'is confirmed; there is nothing to contest' as distributor finance meet contest "$review" --yes --reason no

echo "== a forum is an agenda, never a gate: D-1 is as open as before"
[ "$(phase D-1 maker)" = open ] || fail "D-1 is $(phase D-1 maker)"

echo "== a stand-up leaves that it was held; a missed session may be recorded later"
ok "$standup is recorded, quorate" as clinics finance meet record "$standup" --present maker/finance,clinics/finance,distributor/finance
ok "$missed is recorded" as maker alliance-manager meet record "$missed" --minutes minutes.txt --present $all \
  --held "$(entente meet list --json --node maker | json "__import__('datetime').date.fromordinal(719163+[s['session']['from'] for s in x['list'] if s['session']['number']==${missed#S-}][0])")"
ok 'recorded late' entente meet --node maker

echo "== called"
answers 2 'party is no type of session; expected one of: stand-up' as maker finance meet call party --body council --on 2035-01-01
answers 1 'a steering-review is of a body of the executive layer' as maker finance meet call steering-review --body council --on "$(date -u +%F)"
answers 1 'is over; a session is called for today or later' as maker finance meet call refresh --body steering --on 2026-01-01
ok 'after-action-review of council is called for' as maker finance meet call after-action-review --body council --on "$(date -u -d tomorrow +%F)" --title "Batch 7"
ok 'after-action-review +council' entente meet list --node distributor

echo "== the same at every node, and for an auditor"
for o in clinics distributor trustee; do wait_for same $o maker; done
entente meet list --json --node maker >maker.json
for o in clinics distributor trustee; do entente meet list --json --node $o | cmp - maker.json || fail "the sessions of $o differ"; done
good entente pack all.pack --node trustee
ok 'VERIFIED' entente-audit verify all.pack
echo "sessions: ok"
