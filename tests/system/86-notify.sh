#!/usr/bin/env bash
# Goal: people are told by their own node what their seats owe, through a command of the operator's, on real nodes whose clocks
# are moved: when it is new, at half-time and on the last day; once each, also across restarts and kill -9; never a seat that has
# acted, never another partner's; a command that fails is tried again and said in the log, one that hangs stops nothing. And the
# same as a calendar, which a parser of RFC 5545 written here reads.
set -euo pipefail
bin=$(realpath "$1") source=$(realpath "$2") name=notify
. "$source/tests/system/alliance.sh"
moved_clock
told() { # told PYTHON-EXPRESSION: over what was told so far, a list x
  python3 -c "import json,sys; x=[json.loads(l) for l in open('maker/told')]; print($1)"
}
count() { if [ -f maker/told ]; then wc -l <maker/told; else echo 0; fi; }
is_count() { [ "$(count)" = "$1" ]; }
settled() { # settled N: so many were told, and after some looks of the node no more
  wait_for is_count "$1"
  sleep 4
  is_count "$1" || { cat maker/told; fail "$(count) reminders, expected $1"; }
}
last() { # last ID TASK OCCASION SEATS: what was told last
  local got
  got=$(told "' '.join([x[-1]['id'], x[-1]['task'], x[-1]['occasion']] + x[-1]['seats'])")
  [ "$got" = "$*" ] || { tail -n 3 maker/told; fail "told: $got; expected: $*"; }
}
logged() { grep -Eq -- "$1" maker.log; }
known() { is_phase "$1" open maker 2>/dev/null; } # known D-n: at the maker's node
proposed=0
propose() { # propose TITLE: by the clinics
  proposed=$((proposed + 1))
  good as clinics alliance-manager propose commercial-terms --title "$1" --yes
  wait_for known "D-$proposed"
}

found "maker clinics distributor" trustee

echo "== a setting that is wrong"
cp -r maker wrong
printf 'notify: [a, b]\n' >>wrong/node.yaml
answers 1 'wrong/node.yaml:[0-9]+:9: notify: a list; expected a text' ententd run wrong
sed -i '/^notify:/d' wrong/node.yaml
printf 'notify: ""\n' >>wrong/node.yaml
answers 1 'wrong/node.yaml:[0-9]+:10: notify: expected a command for /bin/sh, of 1 to 1000 bytes' ententd run wrong

echo "== something new, told once"
setting 'cat >>told'
propose "Sensor price EUR 41.50; \"fixed\", from April"
settled 1
last D-1 ballot owed maker/alliance-manager
python3 - "$alliance" <<'P' || fail "its fields"
import json, sys
r = json.loads(open("maker/told").readline())
deadline = r.pop("deadline_ms")
assert r == {"occasion": "owed", "alliance": "notify", "alliance_id": sys.argv[1], "org": "maker", "seats": ["maker/alliance-manager"],
             "id": "D-1", "type": "commercial-terms", "task": "ballot", "title": 'Sensor price EUR 41.50; "fixed", from April',
             "words": "a ballot is owed", "next": "entente show D-1"}, r
assert deadline.endswith("T00:00:00.000Z"), deadline
P
deadline=$(date -d "$(told "x[0]['deadline_ms']")" +%s)
logged 'reminded of D-1 ballot \(owed\): 1 seats' || fail "the log does not say so"

echo "== no repeats after a restart, nor after kill -9"
stop maker
start maker
wait_for healthy maker
sleep 7
settled 1
lose maker
start maker
wait_for healthy maker
sleep 7
settled 1

echo "== half-time, with nothing new on the ledger"
until_time $(((deadline + $(now)) / 2 + 60))
settled 2
last D-1 ballot half-time maker/alliance-manager

echo "== who has acted is left in peace; the last day of the other"
propose "Freight by the clinics"
settled 3
last D-2 ballot owed maker/alliance-manager
second=$(date -d "$(told "x[2]['deadline_ms']")" +%s)
good as maker alliance-manager approve D-1 --yes
until_time $((deadline - 72000)) # the last day of D-1, and not yet half-time of D-2
settled 3
for o in clinics distributor; do good as $o alliance-manager approve D-1 --yes; done # it passes, and climbs to nobody
until_time $((second - 86400 - 3600))
settled 4
last D-2 ballot half-time maker/alliance-manager
until_time $((second - 80000))
settled 5
last D-2 ballot "last day" maker/alliance-manager
until_time $((second - 60))
settled 5
for o in maker clinics distributor; do good as $o alliance-manager approve D-2 --yes; done

echo "== a command that fails"
setting 'cat >/dev/null; echo no route to mail.example; exit 3'
propose "Returns within 30 days"
wait_for logged 'no reminder of D-3 ballot \(owed\): the command of notify: in node.yaml failed, it ended with status 3: no route to mail.example . It is tried again'
is_count 5 || fail "it was told all the same"
setting 'cat >>told'
until_time $(($(now) + 60))
settled 6
last D-3 ballot owed maker/alliance-manager

echo "== a command that hangs: the ledger goes on, and it ends with the node at the latest"
setting 'cat >>told; echo $$ >pid; sleep 600'
propose "Labels in two languages"
wait_for is_count 7
for o in maker clinics; do good as $o alliance-manager approve D-4 --yes; done # final, though it hangs
stop maker
logged 'no reminder of D-4 ballot \(owed\): .*it was killed(, because the node stops| after 30000 ms)' || fail "it was not ended"
! kill -0 "$(cat maker/pid)" 2>/dev/null || fail "its command runs still"

echo "== as mail, by the example"
cat >fake-sendmail <<'P'
#!/bin/sh
{ echo "args $*"; cat; } >>mail
P
chmod +x fake-sendmail
printf '# ours alone\nmaker/alliance-manager a.manager@maker.example, # office\nmaker/* office@maker.example\n' | tr -d , >maker/people.txt
setting "SENDMAIL=$work/fake-sendmail python3 -B $source/docs/examples/notify-sendmail people.txt"
propose "Größe der Kartons"
wait_for logged 'reminded of D-5 ballot \(owed\)'
python3 - <<'P' || { cat maker/mail; fail "the mail"; }
import email, email.policy
first, rest = open("maker/mail", "rb").read().split(b"\n", 1)
m = email.message_from_bytes(rest, policy=email.policy.default)
assert first == b"args -i -t", first
assert m["To"] == "a.manager@maker.example", m["To"]
assert m["Subject"] == "D-5 ballot: Größe der Kartons (owed)", m["Subject"]
assert m["Auto-Submitted"] == "auto-generated"
text = m.get_content()
assert "a ballot is owed, by maker/alliance-manager\nuntil 20" in text and "\n    entente show D-5\n" in text, text
P
answers 1 '^people.txt has no address for clinics/sponsor' bash -c "cd maker && echo '{\"seats\": [\"clinics/sponsor\"]}' | python3 -B '$source/docs/examples/notify-sendmail' people.txt"

echo "== to a webhook, by the example"
if command -v curl >/dev/null; then
  port=$(free_port)
  python3 - "$port" <<'P' &
import http.server, sys
class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        open("posted.new", "wb").write(self.headers["Content-Type"].encode() + b"\n" + self.rfile.read(int(self.headers["Content-Length"])))
        import os
        os.rename("posted.new", "posted")
        self.send_response(204 if self.path == "/entente" else 404)
        self.end_headers()
    def log_message(self, *a): pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Hook).serve_forever()
P
  hook=$!
  setting "sh $source/docs/examples/notify-webhook http://127.0.0.1:$port/entente"
  propose "Pallets by rail"
  wait_for logged 'reminded of D-6 ballot \(owed\)'
  kill $hook
  { read -r type; read -r body; } <posted
  [ "$type" = application/json ] || fail "type $type"
  [ "$(json "x['id'] + x['title']" <<<"$body")" = "D-6Pallets by rail" ] || fail "posted: $body"
  propose "Pallets by road" # nobody listens now
  wait_for logged 'no reminder of D-7 ballot \(owed\): the command of notify: in node.yaml failed, it ended with status 7: curl: \(7\)'
fi

echo "== a file that is damaged"
printf 'no such thing' >maker/reminders
setting 'cat >>told'
wait_for logged 'maker/reminders: .*It is made anew: people may be reminded once more'
sleep 7
[ "$(count)" -ge 8 ] || fail "nobody was told anew"
good python3 - <<'P'
import json
x = [json.loads(l) for l in open("maker/told")]
assert all(s.startswith("maker/") for r in x for s in r["seats"]), "another partner's seat was told"
P

echo "== the same as a calendar"
entente inbox --node maker --ics >a.ics 2>a.err
entente inbox --node maker --ics >b.ics
cmp a.ics b.ics || fail "two answers of one record differ"
entente inbox --node maker --json >a.json
cat >ics.py <<'P'
"""Reads an iCalendar object as RFC 5545 says: 3.1 (lines, folding), 3.3.11 (text), 3.6 (components)."""
import json, re, sys
raw = open(sys.argv[1], "rb").read()
inbox = json.load(open(sys.argv[2]))
assert raw.endswith(b"\r\n") and b"\n" not in raw.replace(b"\r\n", b"") and b"\r" not in raw.replace(b"\r\n", b""), "line ends"
assert all(len(l) <= 75 for l in raw.split(b"\r\n")), "a line of over 75 octets"
for l in raw.split(b"\r\n"):
    l.decode()  # never folded within a character
lines = re.sub(rb"\r\n[ \t]", b"", raw).decode().split("\r\n")[:-1]
def text(v):
    out, i = "", 0
    while i < len(v):
        if v[i] == "\\":
            i += 1
            out += {"n": "\n", "N": "\n", "\\": "\\", ";": ";", ",": ","}[v[i]]
        else:
            assert v[i] not in ";,", "a bare %r in %r" % (v[i], v)
            out += v[i]
        i += 1
    return out
stack, events, event = [], [], None
for l in lines:
    name, value = re.fullmatch(r"([A-Z-]+):(.*)", l).groups()
    if name == "BEGIN":
        stack.append(value)
        event = {} if value == "VEVENT" else event
    elif name == "END":
        assert stack.pop() == value
        if value == "VEVENT":
            events.append(event)
    elif stack == ["VCALENDAR", "VEVENT"]:
        assert name not in event, name + " twice"
        event[name] = value if name.startswith("DT") else text(value)
    else:
        assert stack == ["VCALENDAR"], l
        assert name in ("VERSION", "PRODID", "CALSCALE", "METHOD"), l
assert stack == [] and lines[0] == "BEGIN:VCALENDAR" and "VERSION:2.0" in lines
assert len({e["UID"] for e in events}) == len(events), "a UID twice"
for e in events:
    for k in ("DTSTAMP", "DTSTART", "DTEND"):
        assert re.fullmatch(r"\d{8}T\d{6}Z", e[k]), e[k]
    assert e["DTSTART"] < e["DTEND"]
owed = [t for part in ("list", "items", "readings", "sessions", "own") for t in inbox[part] if "deadline_ms" in t]
ends = sorted(re.sub(r"[-:]|\.\d+", "", t["deadline_ms"]) for t in owed)
assert sorted(e["DTEND"] for e in events) == ends and ends, (events, ends)
print([e["SUMMARY"] for e in events])
P
good python3 ics.py a.ics a.json
grep -q 'D-3 ballot: Returns within 30 days' o || { cat o a.ics; fail "its summary"; }
exits 2 entente inbox --node maker --ics --json
grep -q -- '--ics and --json are two forms of the same; give one' o || { cat o; fail "the words"; }
good as maker alliance-manager approve D-3 --yes
entente inbox --node maker --ics >c.ics
! grep -q 'SUMMARY:D-3' c.ics || fail "the calendar shows what was done"

entente pack --node maker all.pack >/dev/null
verified all.pack
