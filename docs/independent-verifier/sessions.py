"""Section 19: sessions of the charter's bodies. Methods of Governance."""
from canonical import Rec
from items import LAST_MS
from rights import need, org_of, u64

DAY = 86_400_000
MOST_RECORDS, TO_CONTEST, VALUE_BYTES = 7, 5, 65535
REFRESH_DAYS = 30
# by layer of a body: the type of its sessions; and which types need minutes when they are called
BY_LAYER = {"LAYER_WORKING": "SESSION_STAND_UP", "LAYER_OPERATIONAL": "SESSION_OPERATIONAL",
            "LAYER_EXECUTIVE": "SESSION_STEERING"}
LIVE = ("OPEN", "RECORDED", "CONTESTED")


class Sessions:
    # -- rows --------------------------------------------------------------------------------------------------------

    def cadence_lines(self):
        return self.section(16).list if 16 in self.sections else []

    def cadence_row(self, c, period=None, gone=False, **fields):
        """SES-2. period: the first day of the period that opens next."""
        kind = bytes([self.enums["timer_kind"]["TIMER_CADENCE"]])
        if c.get("opens_ms") is not None:
            self.put("TIMER", u64(c["opens_ms"], c["number"]) + kind, None, None)
        c.update(fields, opens_ms=None)
        if not gone:
            c["period"] = period
            if self.period_of(c["every"], period):
                c["opens_ms"] = period * DAY - self.offset()
                self.put("TIMER", u64(c["opens_ms"], c["number"]) + kind, "", b"")
        self.put("CADENCE", u64(c["number"]), "state_cadence", c)

    def session_is(self, s, *names):
        return s["standing"] in [self.enums["session_standing"]["SESSION_" + n] for n in names]

    def session_timer(self, s):
        """SES-3."""
        if s.get("due_ms") is None:
            return None
        kind = "TIMER_SESSION" if self.session_is(s, "OPEN") else "TIMER_MINUTES"
        return u64(s["due_ms"], s["number"]) + bytes([self.enums["timer_kind"][kind]])

    def session_row(self, s, standing=None, **fields):
        new = s["number"] not in self.sessions
        before, live = (None, False) if new else (self.session_timer(s), self.session_is(s, *LIVE))
        self.sessions[s["number"]] = s
        s.update(fields)
        if standing:
            s["standing"] = self.enums["session_standing"]["SESSION_" + standing]
        after, lives = self.session_timer(s), self.session_is(s, *LIVE)
        if before != after:
            if before:
                self.put("TIMER", before, None, None)
            if after:
                self.put("TIMER", after, "", b"")
        if live != lives:
            self.put("SESSION_LIVE", u64(s["number"]), "" if lives else None, b"" if lives else None)
        self.put("SESSION", u64(s["number"]), "state_session", s)

    def new_session(self, **fields):
        self.session_row({"number": self.count("session"), "opened_ms": self.now, "opened_leaf": self.leaf(), "was": [],
                          **fields}, "OPEN")

    # -- time --------------------------------------------------------------------------------------------------------

    def follow_cadence(self):
        """SES-2."""
        has = {x.name for x in self.cadence_lines()}
        for _, c in sorted(self.cadences.items()):
            if c["name"] not in has and c["opens_ms"] is not None:
                self.cadence_row(c, gone=True)
                for n in sorted(self.sessions):
                    s = self.sessions[n]
                    if s.get("cadence") == c["name"] and self.session_is(s, "OPEN"):
                        self.session_row(s, "DROPPED", due_ms=None)
        for line in self.cadence_lines():
            day = (self.now + self.offset()) // DAY
            number = self.last.get("cadence/" + line.name)
            found = self.period_of(line.every, day)
            if number is None:
                number = self.count("cadence")
                self.number_row("cadence/" + line.name, number)
                self.cadences[number] = {"number": number, "name": line.name, "opens_ms": None}
            else:
                c = self.cadences[number]
                if c["opens_ms"] is not None and (c["every"].n, c["every"].unit) == (line.every.n, line.every.unit):
                    continue
            self.cadence_row(self.cadences[number], found[1] if found else day, every=line.every)

    def session_timers(self, number, kind):
        """SES-4, SES-9."""
        kinds = self.enums["timer_kind"]
        if kind == kinds["TIMER_CADENCE"]:
            self.session_opens(self.cadences[number])
        elif kind == kinds["TIMER_SESSION"]:
            s = self.sessions[number]
            self.session_row(s, "MISSED", due_ms=None, missed_ms=s.get("missed_ms") or self.now)
        else:
            self.session_row(self.sessions[number], "UNCONTESTED", due_ms=None)
            self.refresh_stands(self.sessions[number])

    def session_opens(self, c):
        line = next(x for x in self.cadence_lines() if x.name == c["name"])
        first, after = self.period_of(c["every"], c["period"])
        self.new_session(type=self.type_of(line.body), body=line.body,
                         minutes=line.record == self.enums["session_record"]["RECORD_MINUTES"], **{"from": first},
                         until=after, cadence=line.name, due_ms=after * DAY - self.offset(), changed_leaf=0)
        self.cadence_row(c, after)

    def body_of(self, name):
        return next((b for b in (self.section(12).list if 12 in self.sections else []) if b.name == name), None)

    def type_of(self, body):
        layer = next(n for n, v in self.enums["layer"].items() if v == self.body_of(body).layer)
        return self.enums["session_type"][BY_LAYER[layer]]

    # -- entries -----------------------------------------------------------------------------------------------------

    def do_session(self, e, b):
        """SES-5."""
        types = self.enums["session_type"]
        need(self.partner_seat(e.seat), "no seat of a partner", "NOT_PERMITTED")
        need(self.body_of(b.body), "no such body", "NO_SUCH_OBJECT")
        layered = [types[t] for t in BY_LAYER.values()]
        need(b.type not in layered or b.type == self.type_of(b.body), "the body has another layer", "MALFORMED")
        end = self.day_end(b.on)
        need(end > self.now, "that day is over", "MALFORMED")
        due = self.item_end(self.days(TO_CONTEST, "UNIT_BD"), end - 1)
        need(due <= LAST_MS, "past the year 9999", "MALFORMED")
        self.new_session(type=b.type, body=b.body, minutes=b.type != types["SESSION_STAND_UP"], **{"from": b.on},
                         until=b.on + 1, called_by=e.seat, id=e.id, title=b.title, due_ms=due, changed_leaf=e.leaf)

    def do_minutes(self, e, b):
        """SES-6."""
        s, acts = self.sessions.get(b.session), self.enums["session_act"]
        need(s, "no such session", "NO_SUCH_OBJECT")
        self.fresh(s["changed_leaf"])
        need(not self.session_is(s, "DROPPED"), "it is dropped", "NOT_NOW")
        need(b.version == (s["now"]["digest"] if s.get("now") else None), "another record", "WRONG_REVISION")
        if b.act == acts["SESSION_ACT_RECORD"]:
            self.record_session(e, b, s)
        else:
            self.mark_session(e, b, s, b.act == acts["SESSION_ACT_CONFIRM"])

    def sits_on(self, body, given):
        """Seats of a body by the charter in force; given: those alone that it gives an organisation that has not left."""
        of = Rec("charter_selector", {"body": body, "org": None, "seat": None})
        return [s for s in self.charter().selected(of) if s in given]

    def charter_seats(self):
        return {"%s/%s" % (p.org, s) for p in self.section(7).list if not self.has_left(p.org) for s in self.given_seats(p)}

    def record_session(self, e, b, s):
        """SES-7."""
        need(self.session_is(s, "OPEN", "MISSED", "CONTESTED"), "it is recorded", "NOT_NOW")
        body, given = self.body_of(s["body"]), self.charter_seats()
        need(body, "the body is no more", "NOT_NOW")
        sits = self.sits_on(body.name, given)
        need(e.seat in sits, "the seat does not sit on it", "NOT_PERMITTED")
        need(b.held is not None and b.present is not None and (b.document or not s["minutes"]), "it lacks something",
             "INCOMPLETE")
        need(b.held >= s["from"] and (not s.get("cadence") or b.held < s["until"]), "held outside its period", "MALFORMED")
        need(b.held <= (self.now + self.offset()) // DAY, "held after today", "NOT_NOW")
        need(all(x in given for x in b.present), "no such seat", "NO_SUCH_OBJECT")
        need(all(n in self.decisions for n in b.decisions or []), "no such decision", "NO_SUCH_OBJECT")
        need(len(s["was"]) < MOST_RECORDS, "too many records", "TOO_MANY")
        quorate = True
        for org in self.partners():
            mine = [x for x in sits if org_of(x) == org]
            there = [x for x in mine if x in b.present]
            quorate = quorate and (not mine or len(there) >= min(body.quorum.count, len(mine)))
        now = {"digest": e.id, "seat": e.seat, "key": self.key_of(e), "leaf": e.leaf, "at_ms": self.now, "held": b.held,
               "present": b.present, "document": b.document, "decisions": b.decisions, "text": b.text, "quorate": quorate}
        fields = {"was": s["was"] + ([s["now"]] if s.get("now") else []), "now": now,
                  "due_ms": self.item_end(self.days(TO_CONTEST, "UNIT_BD")), "changed_leaf": e.leaf}
        need(len(self.codec.encode("state_session", {**s, **fields})) <= VALUE_BYTES, "too large", "TOO_MANY")
        self.session_row(s, "RECORDED", **fields)

    def mark_session(self, e, b, s, agrees):
        """SES-8."""
        need(b.held is None and b.present is None and b.document is None and b.decisions is None, "what only a record has",
             "MALFORMED")
        need(self.session_is(s, "RECORDED") or (agrees and self.session_is(s, "CONTESTED")), "not at this stage", "NOT_NOW")
        need(self.partner_seat(e.seat) and org_of(e.seat) != org_of(s["now"]["seat"]), "not another partner's seat",
             "NOT_PERMITTED")
        need(agrees or b.text, "a reason is required", "REASON_NEEDED")
        mark = {"act": b.act, "seat": e.seat, "key": self.key_of(e), "leaf": e.leaf, "at_ms": self.now, "text": b.text}
        self.session_row(s, "CONFIRMED" if agrees else "CONTESTED", now={**s["now"], "mark": mark}, due_ms=None,
                         changed_leaf=e.leaf)
        if agrees:
            self.refresh_stands(s)
        elif self.is_refresh(s):
            self.follow_refresh()

    # -- refresh -----------------------------------------------------------------------------------------------------

    def refresh_timer(self, at):
        return u64(at, 0) + bytes([self.enums["timer_kind"]["TIMER_REFRESH"]])

    def refreshed(self):
        """SES-10: the instant from which the next refresh counts."""
        at = self.last.get("refreshed")
        return self.section(1).founded_ms if at is None else at

    def refresh_counted(self):
        """SES-10: D."""
        return self.every_end(self.section(29).every, self.refreshed()) if 29 in self.sections else None

    def follow_refresh(self):
        """SES-10."""
        self.refresh_at(self.refresh_counted())

    def refresh_at(self, at):
        if self.last.get("refresh") is not None:
            self.put("TIMER", self.refresh_timer(self.last["refresh"]), None, None)
        self.number_row("refresh", at)
        if at is not None:
            self.put("TIMER", self.refresh_timer(at), "", b"")

    def refresh_type(self):
        return self.enums["session_type"]["SESSION_REFRESH"]

    def refresh_due(self):
        """SES-11, when the timer fires."""
        waits = [s["due_ms"] for s in self.sessions.values()
                 if self.is_refresh(s) and self.session_is(s, "RECORDED") and self.would_count(s)]
        last = self.put_off_until()
        if waits and last is not None and self.now < last:
            return self.refresh_at(min(max(waits) + 1, last))
        self.number_row("refreshed", self.now)
        self.follow_refresh()
        body, first = self.section(29).body, (self.now + self.offset()) // DAY
        if any(self.is_refresh(s) and self.session_is(s, "OPEN") and s["from"] <= first + REFRESH_DAYS
               for s in self.sessions.values()):
            return
        until = first + REFRESH_DAYS
        self.new_session(type=self.refresh_type(), body=body, minutes=True, **{"from": first}, until=until,
                         due_ms=self.day_end(until - 1), changed_leaf=0)

    def refresh_stands(self, s):
        """SES-11, when a session is confirmed or uncontested."""
        if self.is_refresh(s) and self.would_count(s):
            self.number_row("refreshed", self.day_end(s["now"]["held"]) - 1)
            self.follow_refresh()

    def is_refresh(self, s):
        """A session of type refresh of the section's body."""
        return s["type"] == self.refresh_type() and 29 in self.sections and s["body"] == self.section(29).body

    def would_count(self, s):
        return s["now"]["quorate"] and self.day_end(s["now"]["held"]) - 1 > self.refreshed()

    def put_off_until(self):
        """The end of 30 d counted from D as it is now, or None."""
        due = self.refresh_counted()
        return due and self.every_end({"n": REFRESH_DAYS, "unit": self.enums["period_unit"]["PERIOD_DAY"]}, due)
