#!/usr/bin/env bash
# Goal: what is computed from the record for people who steer an alliance, on real nodes whose clocks are moved. The charter's
# regular reports are handed to the operator's command when their period is over: once per seat and period, also over
# kill -9 and weeks of sleep, as text and as JSON, and on demand. A refresh falls due again by the charter's interval. The account
# of a seat, and the gap between promised and reported, are those worked out by hand.
set -euo pipefail
bin=$(realpath "$1") source=$(realpath "$2") name=reports
. "$source/tests/system/alliance.sh"
moved_clock
monday() { date -u -d "$(date -u -d "@$(now)" +%F) +$(((8 - $(date -u -d "@$(now)" +%u)) % 7 + 7 * ($(date -u -d "@$(now)" +%u) == 1))) days" +%s; } # the next one
week_before() { date -u -d "@$(($1 - 86400))" +%G-W%V; } # week_before SECONDS: the week that is over then
told() { # told PYTHON-EXPRESSION: over the reports that were told so far, a list x
  python3 -c "import json; x=[r for r in map(json.loads, open('maker/told')) if r['occasion'] == 'report']; print($1)"
}
is_told() { [ -f maker/told ] && [ "$(told "' '.join(r['id'] + '=' + r['report']['period'] for r in x if r['id'] == '$1')")" = "${*:2}" ]; }
settled() { # settled PERIOD...: both reports of these were told, and after some looks of the node no more
  wait_for is_told weekly "${@/#/weekly=}"
  wait_for is_told all "${@/#/all=}"
  sleep 2
  is_told weekly "${@/#/weekly=}" && is_told all "${@/#/all=}" || fail "told: $(told "[r['id'] + '=' + r['report']['period'] for r in x]")"
}

more='reports:
  weekly: {every: week, to: [council]}
  all: {every: week, to: [readers]}
refresh: {every: 28 d, body: steering, asks: []}
commitments:
  uptime: {by: maker, unit: percent, quantity: 95, every: week}
  drivers: {by: clinics, unit: fte, quantity: 2.5}
metrics:
  defaults: {better: up, due: 8 bd}
  uptime: {group: execution, view: process, unit: percent, every: week, from: maker/alliance-manager, check: clinics/alliance-manager, target: 97}
  speed: {group: value, view: financial, computed: decision-velocity, every: month}
  cust: {group: value, view: customer, computed: decision-velocity, every: month}
  learn: {group: value, view: learning, computed: decision-velocity, every: month}'
[ -z "${DAYS_ON-}" ] || until_time $(($(now) + DAYS_ON * 86400)) # as if it ran so many days later
month=$(date -u -d "@$(monday)" +%Y-%m-01)
[ "$month" = "$(date -u -d "@$(now)" +%Y-%m-01)" ] || until_time $(($(date -u -d "$month" +%s) + 3600)) # no month is over with the first week
found "maker clinics distributor" trustee
founded=$(now)
first=$(monday)

echo "== before a period is over"
ok 'weekly: none sent, 20[0-9-]+W[0-9]+ due' entente report regular --node maker
ok 'no notify: in node.yaml, so it sends none' entente report regular --node maker
answers 1 "report weekly has no period yet that is over; the first one, $(week_before "$first"), ends " entente report regular weekly --node maker
answers 1 'the charter has no report monthly; it has: all, weekly' entente report regular monthly --node maker
answers 2 '--period soon: expected a year' entente report regular weekly --period soon --node maker
answers 2 'period goes with a name: entente report regular NAME --period 2026' entente report regular --period 2026 --node maker
good as clinics alliance-manager propose commercial-terms --title "Sensor price EUR 41.50" --yes
for o in clinics maker distributor; do good as $o alliance-manager approve D-1 --yes; done
wait_for is_phase D-1 effective maker
good as clinics alliance-manager propose commercial-terms --title "Freight by the clinics" --yes
for o in clinics maker; do good as $o alliance-manager approve D-2 --yes; done
wait_for same clinics maker
early=$(entente node status --node maker --json | json "x['time_ms']")

echo "== the week is over: each seat of its audience is told once"
setting 'cat >>told'
until_time $((first + 30))
w1=$(week_before "$first")
settled "$w1"
good python3 - "$w1" "$alliance" <<'P'
import json, sys
week, alliance = sys.argv[1:]
reports = {r["id"]: r for r in map(json.loads, open("maker/told")) if r["occasion"] == "report"}
r = reports["weekly"]
report, text = r.pop("report"), r.pop("text")
assert r == {"occasion": "report", "alliance": "reports", "alliance_id": alliance, "org": "maker", "seats": ["maker/alliance-manager"], "id": "weekly",
             "type": "regular report", "task": "read", "title": "weekly, " + week, "words": "the report weekly for %s, by the charter" % week,
             "next": "entente report regular weekly --period " + week}, r
assert reports["all"]["seats"] == ["maker/alliance-manager", "maker/registrar", "maker/sponsor"], reports["all"]["seats"]
assert report["to"] == ["council"] and report["period"] == week
assert [(d["number"], d["text"], d["phase"]) for d in report["decided"]] == [(1, "Sensor price EUR 41.50", "effective")], report["decided"]
assert [(d["number"], d["text"]) for d in report["open"]] == [(2, "Freight by the clinics")], report["open"]
assert report["record"]["all"]["opened"] == 2 and report["record"]["all"]["passed"] == 1
assert text.startswith("reports: report weekly, %s\nFor council. From " % week), text
for want in ("\nScorecard", "\nDecided in the period\n  D-1 commercial-terms, effective, ", ": Sensor price EUR 41.50\n", "\nOpen\n  D-2 commercial-terms, open, until ",
             "\nLate\n  none\n", "\nWhat time will do until the next report\n", "uptime its period ends: a reading is owed\n"):
    assert want in text, (want, text)
P
ok "weekly: $w1 sent .*, 20[0-9-]+W[0-9]+ due" entente report regular --node maker
ok "^Reports .*all: $w1 sent" entente status --node maker
ok "no notify:, so it sends none" entente status --node clinics
ok '^reports: report weekly, ' entente report regular weekly --node clinics # without notify it is made on demand, of the same record
entente report regular weekly --period "$w1" --node maker --json | json "x['decided'][0]['text']" | grep -q 'Sensor price' || fail "as JSON"

echo "== not again after kill -9"
lose maker
start maker
wait_for healthy maker
sleep 6
settled "$w1"

echo "== promised and reported: 93 of 95, and of the target 97"
good as maker alliance-manager report add uptime --value 93 --yes
k=K-$(entente report list --node maker --json | json "[r['reading']['number'] for r in x['list'] if r['reading']['standing'] == 'reported'][0]")
good as clinics alliance-manager report countersign "$k" --yes
wait_for same clinics maker
ok "uptime +95 percent every week, from maker; $w1: 93, countersigned; short by 2, since $w1" entente promises --node maker
ok "uptime +97 percent; $w1: 93, countersigned; short by 4, since $w1" entente promises --node maker
[ "$(grep -c drivers o)" = 1 ] || { cat o; fail "what is promised is told twice"; }
ok 'drivers +2.5 fte every .*, from clinics; no period of the metric is over yet' entente promises --node maker
[ "$(entente promises --node maker --json | json "[p['gap'] for p in x['list'] if p['type'] == 'commitment' and 'gap' in p]")" = "['2']" ] || fail "the gap as JSON"

echo "== asleep for two weeks: each week that was missed is told, oldest first, and the refresh"
stop maker
second=$((first + 7 * 86400)) third=$((first + 14 * 86400))
w2=$(week_before "$second") w3=$(week_before "$third")
until_time $((second + 30))
ok "weekly: none sent, $w3 due" entente report regular --node clinics
until_time $(($(date -d "$(entente readiness D-2 --node clinics --json | json "x['deadline_ms']")" +%s) + 30)) # in that week
ok 'escalated to steering' entente show D-2 --node clinics
until_time $((third + 30))
ok "weekly: none sent, $(week_before $((third + 7 * 86400))) due" entente report regular --node clinics
start maker
wait_for healthy maker
settled "$w1" "$w2" "$w3"
# Within the notice, a tenth of the 28 days; and D-2 is with the sponsors still, whatever day of the week this runs on.
until_time $((founded / 86400 * 86400 + 26 * 86400 + 43200))
says_again() { python3 -c "
import json
assert any(r['type'] == 'refresh' and r['task'] == 'review' and r['seats'] == ['maker/sponsor'] for r in map(json.loads, open('maker/told')))"; }
good as clinics alliance-manager comment --text "a word" --yes # so that the ledger has that time
wait_for says_again
ok 'refresh coming: steering is to review the charter: never since the founding' entente inbox --node maker
ok 'refresh steering coming' entente status --node maker
good as maker sponsor meet call refresh --body steering --on "$(date -u -d "@$(now)" +%F)"
ok 'S-1 refresh of steering for .* is due: meet, then record it' entente inbox --node maker
[ "$(grep -c refresh o)" = 1 ] || { cat o; fail "the refresh is asked for twice"; }
echo "All is well." >minutes
good as maker sponsor meet record S-1 --minutes minutes --present maker/sponsor,clinics/sponsor,distributor/sponsor --yes
[ "$(entente inbox --node maker --json | json "len(x['again'])")" = 0 ] || fail "the refresh is asked for still"

echo "== the account of a seat"
# D-1 and D-2 asked each alliance manager; the distributor's left D-2 to its deadline. The sponsors were asked after that.
from=$(date -u -d "@$((founded - 86400))" +%FT%TZ)
entente account --since "$from" --node maker --json >account.json
good python3 - <<'P'
import json
lines = {(l["seat"], l["kind"]): l for l in json.load(open("account.json"))["lines"]}
def is_(seat, kind, **want):
    got = {k: lines[seat, kind][k] for k in want}
    assert got == want, (seat, kind, got)
is_("maker/alliance-manager", "ballot", asked=2, done=2, late=0, waiting=0)
is_("distributor/alliance-manager", "ballot", asked=2, done=1, late=1, waiting=0)
is_("maker/sponsor", "ballot", asked=1, done=0, waiting=1)
is_("maker/sponsor", "session", asked=1, done=1, late=0)
is_("clinics/alliance-manager", "check", asked=1, done=1, late=0)
is_("maker/alliance-manager", "report", done=1)
assert lines["maker/alliance-manager", "report"]["asked"] in (3, 4) # with the day of the week on which this runs
assert lines["distributor/alliance-manager", "ballot"]["longest_id"] == "D-2"
P
ok 'distributor/alliance-manager +ballot +2 +1 +0 +1 ' entente account --seat distributor/alliance-manager --since "$from" --node maker
ok 'maker/sponsor owes now' entente account --seat maker/sponsor --node maker
ok 'D-2 +ballot' entente account --seat maker/sponsor --node maker
export ENTENTE_SEAT=maker/sponsor # the person's own seat, unless all are asked for
ok 'maker/sponsor owes now' entente account --node maker
ok 'distributor/alliance-manager +ballot' entente account --all --since "$from" --node maker
unset ENTENTE_SEAT

echo "== as it stood before the first week was over"
answers 1 "report weekly has no period yet that is over; the first one, $w1, ends " entente report regular weekly --node maker --at "$early"
over=$(date -u -d "@$((first + 20))" +%FT%TZ) # and just after: whoever asks later gets the same
ok 'As of ' entente report regular weekly --node maker --at "$over"
ok "^reports: report weekly, $w1" entente report regular weekly --node maker --at "$over"
ok ': Sensor price EUR 41.50' entente report regular weekly --node maker --at "$over"
[ "$(entente report regular weekly --node maker --at "$over" --json | json "(x['period'], [d['number'] for d in x['open']], x['as_of']['height'] > 0)")" = "('$w1', [2], True)" ] || fail "the report as JSON"
ok 'uptime +95 percent every week, from maker' entente promises --node maker --at "$early"
! entente promises --node maker --at "$early" | grep -q 93 || fail "a reading before it was made"
[ "$(entente account --all --since "$from" --node maker --at "$early" --json | json "[(l['asked'], l['done'], l['waiting'], l['late']) for l in x['lines'] if (l['seat'], l['kind']) == ('distributor/alliance-manager', 'ballot')]")" = '[(2, 1, 1, 0)]' ] || fail "the account then"
ok 'distributor/alliance-manager owes then' entente account --seat distributor/alliance-manager --node maker --at "$early"
ok 'D-2 +ballot +until' entente account --seat distributor/alliance-manager --node maker --at "$early"

answers 1 'the charter has no seat maker/chef; see: entente seats' entente account --seat maker/chef --node maker
answers 2 '--seat maker: expected ORG/SEAT' entente account --seat maker --node maker

echo "== as mail, by the example"
cat >fake-sendmail <<'P'
#!/bin/sh
cat >>mail
P
chmod +x fake-sendmail
echo 'maker/* office@maker.example' >maker/people.txt
fourth=$((first + 28 * 86400))
stop maker
until_time $((fourth + 30))
setting "SENDMAIL=$work/fake-sendmail python3 -B $source/docs/examples/notify-sendmail people.txt"
wait_for grep -q "^Subject: reports: report weekly, $(week_before "$fourth")" maker/mail
good python3 - "$(week_before "$fourth")" <<'P'
import email, email.policy, sys
parts = open("maker/mail", "rb").read().split(b"To: ")[1:]
mails = [email.message_from_bytes(b"To: " + p, policy=email.policy.default) for p in parts]
m = next(m for m in mails if m["Subject"] == "reports: report weekly, " + sys.argv[1])
assert m["To"] == "office@maker.example" and m["Auto-Submitted"] == "auto-generated"
assert m.get_content().startswith("reports: report weekly, %s\nFor council. From " % sys.argv[1])
P

echo "== a refresh opens by itself; what was promised is reported as any number"
entente meet --node maker >o # it fell due after one was recorded, which waits for another partner's word
grep -Eq '^S-1 +(recorded|uncontested)' o && ! grep -q '^S-2' o || { cat o; fail "a new one beside the one that was recorded"; }
! grep -Eq '^S-1 +recorded' o || good as clinics sponsor meet confirm S-1 --yes
until_time $((founded + 63 * 86400)) # more than 28 days after the one that was held, and no month is open for longer
good as clinics alliance-manager comment --text "where we stand" --yes
ok 'S-2 +open +refresh +steering' entente meet --node maker
ok 'opened by itself: the charter fell due for review' entente show S-2 --node maker
month=$(entente report list --node clinics --json | json "[r['reading']['period'] for r in x['list'] if r['reading']['metric'] == 'drivers' and r['reading']['standing'] == 'owed'][0]")
[ -n "$month" ] || fail "nothing is owed of what the clinics promised"
answers 3 'drivers is reported by clinics/alliance-manager, not by clinics/sponsor' as clinics sponsor report add drivers --value 2 --yes
good as clinics alliance-manager report add drivers --value 2 --yes
k=K-$(entente report list --node maker --json | json "[r['reading']['number'] for r in x['list'] if r['reading']['metric'] == 'drivers' and r['reading']['standing'] == 'reported'][0]")
answers 3 'not by clinics/alliance-manager' as clinics alliance-manager report countersign "$k" --yes
good as distributor alliance-manager report countersign "$k" --yes
wait_for same clinics maker
ok 'drivers +2.5 fte every month, from clinics; 20[0-9-]+: 2, countersigned; short by 0.5' entente promises --node maker
ok 'drivers ' entente scorecard --node maker

entente pack --node maker all.pack >/dev/null
verified all.pack
