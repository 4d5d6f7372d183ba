"""Section 17: items, what time does to them, and what follows from them. Their steps are in item_steps.py.

Methods of Governance."""
import datetime
import struct

from calendars import Calendars, EPOCH, months_after
from canonical import Rec
from reliance import ASSUMPTION
from rights import need, org_of, u64

DAY = 86_400_000
TIMERS = {"TIMER_ITEM_DUE": "due_ms", "TIMER_ITEM_OFFER": "offer_ms", "TIMER_ITEM_RUNG": "rung_ms",
          "TIMER_ITEM_ACCEPTED": "accepted_until_ms", "TIMER_ITEM_REVIEW": "review_ms"}
PREFIX = {"risk": "R", "issue": "I", "conflict": "C", "milestone": "M", "action": "A", "assumption": "AS", "finding": "F",
          "check": "K", "lesson": "L", "request": "Q", "opportunity": "O", "pilot": "P", "training": "T", "feedback": "FB"}
MUST = {"risk": ("category", "likelihood", "impact"), "conflict": ("against",), "milestone": ("due",), "action": ("due",),
        "check": ("due", "name"), "request": ("owner", "due"), "pilot": ("due",), "training": ("due",)}
MAY = {"risk": ("sharing", "review", "indicators"), "milestone": ("name",), "assumption": ("name",), "training": ("name",)}
COMMON = ("type", "title", "text", "owner", "due", "links", "documents", "scope", "tags")
NAMED = {"assumption": (9, "assumptions"), "check": (24, "list"), "milestone": (25, "gates"), "training": (26, "list")}
COMMUTE = ("LINKED", "OVERDUE", "DEFERRED", "REVIEW_DUE", "ACCEPTED", "LEFT", "WARNED", "WARNING_OVER")
MONTHS = {"PERIOD_MONTH": 1, "PERIOD_QUARTER": 3, "PERIOD_YEAR": 12}
DAYS = {"PERIOD_DAY": 1, "PERIOD_WEEK": 7}
MOST_RUNGS, OFFER_DAYS = 16, 5
LAST_MS = 253_402_300_800_000  # the end of the year 9999, UTC


def no_nones(link):
    return (link.decision, link.item and (link.item.type, link.item.number), link.clause)


class Items:
    # -- rows, timers, events ----------------------------------------------------------------------------------------

    def kind_of(self, it):
        return self.codec.schema.names["item_type", it["item"]["type"]]

    def name_of(self, it):
        return "%s-%d" % (PREFIX[self.kind_of(it)], it["number"])

    def item_key(self, it):
        return bytes([it["item"]["type"]]) + u64(it["number"])

    def item_in(self, it, *names):
        return it["phase"] in [self.enums["item_phase"]["ITEM_" + n] for n in names]

    def item_timers(self, it):
        """ITM-4."""
        due, overdue = it.get("due_ms"), it.get("overdue_ms")
        there = {"TIMER_ITEM_DUE": self.item_in(it, "OPEN") and self.kind_of(it) != "conflict" and due is not None
                 and (overdue is None or overdue < due),
                 "TIMER_ITEM_OFFER": it.get("offered"), "TIMER_ITEM_RUNG": True,
                 "TIMER_ITEM_ACCEPTED": self.item_in(it, "ACCEPTED"),
                 "TIMER_ITEM_REVIEW": self.item_in(it, "OPEN", "ACCEPTED") and it.get("review_due_ms") is None}
        number = (it["item"]["type"] << 56) + it["number"]
        return {u64(it[f], number) + bytes([self.enums["timer_kind"][k]]) for k, f in TIMERS.items()
                if there[k] and it.get(f) is not None}

    def set_item(self, it, phase=None, **fields):
        key = self.item_key(it)
        new = key not in self.items
        before, live = (set(), False) if new else (self.item_timers(it), not self.item_in(it, "CLOSED"))
        watched = set() if new else self.watches(it)
        self.items[key] = it
        it.update(fields)
        if phase:
            it["phase"] = self.enums["item_phase"]["ITEM_" + phase]
        if not it["rung"]:
            it["by_warning"] = None
        self.follow_watches(it, watched)
        after, lives = self.item_timers(it), not self.item_in(it, "CLOSED")
        for t in before - after:
            self.put("TIMER", t, None, None)
        for t in after - before:
            self.put("TIMER", t, "", b"")
        if live != lives:
            self.put("ITEM_LIVE", key, "" if lives else None, b"" if lives else None)
        self.put("ITEM", key, "state_item", it)

    def item_event(self, it, kind, **fields):
        """ITM-3."""
        row = {"type": self.enums["item_event"]["ITEM_EVENT_" + kind], "leaf": self.leaf(), "at_ms": self.now,
               "phase": it["phase"], "rung": it["rung"]}
        if self.cause and not self.nobody:
            row.update(seat=self.cause.seat, id=self.cause.id)
            if self.cause.name in ("item", "item_move"):
                row.update(text=self.cause.body.text)
        row.update(fields)
        changed = {} if kind in COMMUTE or (kind == "ESCALATED" and self.kind_of(it) != "conflict") else {
            "changed_leaf": self.leaf()}
        if row.get("until_ms") is not None:
            self.until_set_ms[self.item_key(it)] = self.now
        self.set_item(it, events=it["events"] + 1, **changed)
        self.put("ITEM_EVENT", self.item_key(it) + struct.pack(">I", it["events"]), "state_item_event", row)

    def close_item(self, it, event, fields=None, **told):
        self.set_item(it, "CLOSED", closed_ms=self.now, indicators=self.all_off(it), rung_ms=None, review_ms=None, offered=None, offer_ms=None,
                      **(fields or {}))
        self.item_event(it, event, **told)

    def unasked(self, f, *args):
        """What time, an effect, a leaving or another item does: by no seat."""
        was, self.nobody = self.nobody, True
        out = f(*args)
        self.nobody = was
        return out

    # -- spans, seats, sections --------------------------------------------------------------------------------------

    def item_end(self, span, since=None):
        """ITM-2."""
        return Calendars(self.section(8), self.enums).end(self.section(14).calendar, self.now if since is None else since,
                                                          span)

    def days(self, n, unit="UNIT_D"):
        return {"n": n, "unit": self.enums["span_unit"][unit]}

    def day_end(self, day):
        return (day + 1) * DAY - self.offset()

    def every_end(self, every, since):
        """ITM-11: the end of a period counted from an instant; None past the year 9999."""
        unit = next(n for n, v in self.enums["period_unit"].items() if v == every["unit"])
        day = (since + self.offset()) // DAY
        try:
            if unit in DAYS:
                day += every["n"] * DAYS[unit]
                EPOCH + datetime.timedelta(days=day)  # fails past the year 9999
            else:
                day = months_after(day, every["n"] * MONTHS[unit])
        except (OverflowError, ValueError):
            return None
        return self.day_end(day)

    def partners(self):
        return sorted(o for o in self.parties if self.is_partner(o) and not self.has_left(o))

    def partner_seat(self, seat):
        return seat in self.seats and org_of(seat) in self.partners()

    def named(self, kind, name):
        """What of the charter in force an item is about, or None."""
        number, field = NAMED[kind]
        return next((x for x in self.section(number)[field] if x.name == name), None) if number in self.sections else None

    # -- opening -----------------------------------------------------------------------------------------------------

    def do_item(self, e, b):
        """ITM-5."""
        kind = self.codec.schema.names["item_type", b.type]
        need(org_of(e.seat) in self.partners() or kind in ("finding", "request"), "no partner", "NOT_PERMITTED")
        must, may = MUST.get(kind, ()), MAY.get(kind, ())
        need(all(b[k] is not None for k in must), "it lacks something", "INCOMPLETE")
        extra = [k for k in b._fields if b[k] is not None and k not in COMMON + must + may]
        need(not extra and (kind != "conflict" or (b.owner is None and b.due is None)), "a key of another type", "MALFORMED")
        for seat in (b.owner, b.against):
            need(seat is None or self.partner_seat(seat), "no seat of a partner", "NO_SUCH_OBJECT")
        need(b.owner != e.seat and b.against != e.seat, "the seat itself", "NOT_PERMITTED")
        other = b.against or (b.owner if kind == "request" else None)
        need(other is None or org_of(other) != org_of(e.seat), "its own organisation", "NOT_PERMITTED")
        need(b.due is None or self.day_end(b.due) > self.now, "the due date is over", "MALFORMED")
        if kind == "risk":
            need(22 not in self.sections or b.category in self.section(22).categories, "no such category",
                 "NO_SUCH_OBJECT")
            need(b.sharing is None or (all(s.org in self.partners() for s in b.sharing)
                                       and sum(s.percent for s in b.sharing) == 100), "shares", "MALFORMED")
            self.indicators_ok(b.indicators or [], [])
        need(b.name is None or self.named(kind, b.name), "the charter has no such thing", "NO_SUCH_OBJECT")
        number = self.last.get(kind, 0) + 1
        for link in b.links or []:
            self.link_ok(link, (b.type, number))
        seen = [no_nones(link) for link in b.links or []]
        need(len(seen) == len(set(seen)), "a link twice", "MALFORMED")
        due = None if b.due is None else self.day_end(b.due)
        if kind == "assumption" and due is None:
            due = self.item_end(self.days(90))
        it = self.new_item(b, e.seat, due, opened_by=e.seat, id=e.id, likelihood=b.likelihood, impact=b.impact,
                           indicators=self.indicators_of(b.indicators or [], []))
        self.opened(it, b.owner)
        self.item_opened(it)

    def link_ok(self, link, own):
        """ITM-6."""
        need(sum(x is not None for x in no_nones(link)) == 1, "not exactly one end", "MALFORMED")
        if link.decision is not None:
            need(link.decision in self.decisions, "no such decision", "NO_SUCH_OBJECT")
        if link.item is not None:
            at = (link.item.type, link.item.number)
            need(at == own or bytes([at[0]]) + u64(at[1]) in self.items, "no such item", "NO_SUCH_OBJECT")
            need(at != own, "a link to itself", "NOT_PERMITTED")

    def new_item(self, item, owner, due_ms, **fields):
        number = self.count(self.codec.schema.names["item_type", item["type"]])
        it = {"number": number, "item": item, "owner": owner, "opened_ms": self.now, "opened_leaf": self.leaf(),
              "rung": 0, "links": list(item["links"] or []), "due_ms": due_ms, "events": 0, "changed_leaf": self.leaf(),
              "phase": self.enums["item_phase"]["ITEM_OPEN"], **fields}
        if self.kind_of(it) == "risk":
            it["review_ms"] = self.review_end(it)
        self.set_item(it)
        for link in it["links"]:
            self.linked(it, link)
        return it

    def opened(self, it, offer):
        self.item_event(it, "OPENED", until_ms=it["due_ms"])
        if offer:
            self.offer(it, offer)
        if self.kind_of(it) == "conflict":
            self.climb_item(it)
        if self.kind_of(it) == "risk":
            self.warn(it)
        return it

    def linked(self, it, link):
        if link["decision"] is not None:
            self.put("ITEM_LINKED", u64(link["decision"]) + self.item_key(it), "", b"")

    def review_end(self, it):
        """ITM-11."""
        every, score = it["item"].review, it["likelihood"] * it["impact"]
        if every is None and 22 in self.sections:
            lines = [r for r in self.section(22).review if r.score <= score]
            every = lines[-1].every if lines else None
        return every and self.every_end(every, self.now)

    def offer(self, it, to):
        """ITM-8."""
        until = self.item_end(self.days(OFFER_DAYS, "UNIT_BD"))
        self.set_item(it, offered=to, offer_ms=until)
        self.item_event(it, "OFFERED", to=to, until_ms=until)

    # -- the ladder --------------------------------------------------------------------------------------------------

    def item_ladder(self, it):
        """ITM-12: what is pinned when it begins to climb."""
        c, rungs = self.charter(), []
        ladders = self.section(13).list if 13 in self.sections else []
        otherwise = Rec("charter_else", {"type": self.enums["last_resort"]["ELSE_STATUS_QUO"], "name": None})
        if 15 in self.sections:
            s = self.section(15)
            of = Rec("charter_selector", {"body": s.first, "org": None, "seat": None})
            rungs.append(c.rung(Rec("charter_rung", {"to": of, "within": s.within, "answer": None})))
            chosen = next((x for x in ladders if x.name == s.ladder), None)
            rungs += [c.rung(r) for r in (chosen.rungs if chosen else []) if r.to.body != s.first]
            otherwise = s.otherwise
        elif ladders:
            rungs += [c.rung(r) for r in ladders[0].rungs]
        if self.kind_of(it) != "conflict":
            rungs = [r for r in rungs if not r["mediator"]]
        return {"rungs": rungs[:MOST_RUNGS], "otherwise": otherwise}

    def ladder_of(self, it):
        return self.ladders[self.item_key(it)] if it["rung"] else self.item_ladder(it)

    def next_item_rung(self, it):
        """(number, rung) or None."""
        for n, r in enumerate(self.ladder_of(it)["rungs"], 1):
            if n > it["rung"] and (r["mediator"] or any(not self.has_left(p["org"]) for p in r["partners"])):
                return n, r
        return None

    def climb_item(self, it):
        """ITM-12, ITM-13."""
        ladder, found = self.ladder_of(it), self.next_item_rung(it)
        conflict = self.kind_of(it) == "conflict"
        if found is None or (conflict and self.item_in(it, "MEDIATION")):
            if conflict:
                self.unasked(self.conflict_default, it, ladder)
            else:
                self.set_item(it, rung_ms=None)
            return
        if not it["rung"]:
            self.ladders[self.item_key(it)] = ladder
            self.put("ITEM_LADDER", self.item_key(it), "state_item_ladder", ladder)
        n, r = found
        until = self.item_end(r["within"])
        if conflict:
            self.set_item(it, "MEDIATION" if r["mediator"] else "OPEN", claimed_by=None, claimed_ms=None, recommended=None,
                          accepts=None)
        self.set_item(it, rung=n, rung_ms=until)
        self.item_event(it, "ESCALATED", to=r["to"], until_ms=until)

    def conflict_default(self, it, ladder):
        """ITM-14."""
        o = ladder["otherwise"]
        self.close_item(it, "DEFAULT", {"outcome": o["type"], "outcome_name": o["name"]}, outcome=o["type"], name=o["name"])

    # -- time --------------------------------------------------------------------------------------------------------

    def item_timer(self, number, kind):
        it = self.items[bytes([number >> 56]) + u64(number & (1 << 56) - 1)]
        kinds = self.enums["timer_kind"]
        if kind == kinds["TIMER_ITEM_DUE"]:
            self.set_item(it, overdue_ms=self.now)
            self.item_event(it, "OVERDUE")
            if not it["rung"]:
                self.climb_item(it)
        elif kind == kinds["TIMER_ITEM_OFFER"]:
            to = it["offered"]
            self.set_item(it, offered=None, offer_ms=None)
            self.item_event(it, "NOT_TAKEN", to=to)
            if not it["rung"] and self.kind_of(it) != "conflict":
                self.climb_item(it)
        elif kind == kinds["TIMER_ITEM_RUNG"]:
            self.climb_item(it)
        elif kind == kinds["TIMER_ITEM_ACCEPTED"]:
            self.set_item(it, "OPEN", accepted_by=None, accepted_until_ms=None)
            self.item_event(it, "RISK_BACK")
            self.climb_by_warning(it)
        else:
            self.set_item(it, review_due_ms=self.now)
            self.item_event(it, "REVIEW_DUE")

    def defer_item(self, number, kind, until):
        """GOV-T2."""
        it = self.items[bytes([number >> 56]) + u64(number & (1 << 56) - 1)]
        offer = kind == self.enums["timer_kind"]["TIMER_ITEM_OFFER"]
        self.set_item(it, **{"offer_ms" if offer else "rung_ms": until})
        self.item_event(it, "DEFERRED", until_ms=until)

    # -- what follows ------------------------------------------------------------------------------------------------

    def by_the_record(self, kind, owner, due_ms, words, links=(), offer=None, **item):
        """ITM-17."""
        links = [Rec("item_link", {"decision": None, "item": None, "clause": None, **x}) for x in links]
        fields = {f.name: None for f in self.codec.schema.records["item"]}
        fields.update(type=self.enums["item_type"]["ITEM_" + kind.upper()], title=bytes(32), links=links or None, **item)
        return self.unasked(lambda: self.opened(self.new_item(Rec("item", fields), owner, due_ms, words=words), offer))

    def to_item(self, it):
        return {"item": Rec("item_ref", {"type": it["item"]["type"], "number": it["number"]})}

    def check_again(self, it):
        """ITM-16."""
        control = self.named("check", it["item"].name)
        due = control and self.every_end(control.every, max(self.now, it["due_ms"] - 1))
        if due is not None:
            self.by_the_record("check", it["owner"], due, "%s is due again" % control.name, [self.to_item(it)],
                               name=control.name)

    def train_again(self, it):
        """ITM-16."""
        procedure = self.named("training", it["item"].name)
        if not procedure or not procedure.again.n:
            return
        due = self.item_end(procedure.again, it["claimed_ms"])
        if due <= LAST_MS:
            self.by_the_record("training", it["owner"], due, "%s is to be trained again" % procedure.name, [self.to_item(it)],
                               name=procedure.name)

    def falsified(self, it):
        """ITM-18."""
        self.unasked(self.item_event, it, "FALSIFIED")
        due = self.item_end(self.days(30))
        for org in self.partners():
            sponsor = org + "/sponsor"
            self.by_the_record("action", it["owner"], due, "review the thesis: %s was falsified" % self.name_of(it),
                               [self.to_item(it)], sponsor if sponsor != it["owner"] else None)
        linked = [link["decision"] for link in it["links"] if link["decision"] is not None]
        for n in linked:
            self.doubted(it, self.decisions[n])
        self.doubt_all(ASSUMPTION, it["number"], "%s was falsified" % self.name_of(it), it["owner"], linked)

    def doubted(self, it, d):
        """ITM-18, for a decision that it is linked to."""
        self.doubt(d, "%s was falsified" % self.name_of(it), it["owner"], [self.to_item(it)])

    def accept_risk_ok(self, effect):
        """ITM-19."""
        need(effect.risk is not None and effect.until is not None and effect.score is not None, "risk, until, score",
             "BAD_EFFECT")
        it = self.items.get(bytes([self.enums["item_type"]["ITEM_RISK"]]) + u64(effect.risk))
        need(it, "no such risk", "NO_SUCH_OBJECT")
        need(self.item_in(it, "OPEN"), "the risk is not open", "NOT_NOW")
        need(effect.score == it["likelihood"] * it["impact"], "another score", "BAD_EFFECT")
        row = next((r for r in self.section(14).rows if r.name == "risk-acceptance"), None)
        until = self.day_end(effect.until)
        need(until > self.now, "it ends before now", "BAD_EFFECT")
        need(not (row and row.longest) or until <= self.item_end(row.longest), "longer than the row allows", "BAD_EFFECT")

    def accept_risk(self, d, effect):
        it, until = self.items[bytes([self.enums["item_type"]["ITEM_RISK"]]) + u64(effect.risk)], self.day_end(effect.until)
        self.set_item(it, "ACCEPTED", accepted_by=d["number"], accepted_until_ms=until, rung=0, rung_ms=None)
        self.unasked(lambda: self.item_event(it, "RISK_ACCEPTED", decision=d["number"], until_ms=until))

    def items_left(self, org):
        """ITM-20. An organisation leaves."""
        for key in sorted(k for k, it in self.items.items() if not self.item_in(it, "CLOSED")):
            self.item_left(self.items[key], org)

    def item_left(self, it, org):
        told = it.get("offered") is not None and org_of(it["offered"]) == org
        if told:
            self.set_item(it, offered=None, offer_ms=None)
        owned, again = org_of(it["owner"]) == org, False
        if self.kind_of(it) == "conflict" and (owned or org_of(it["item"].against) == org):
            if told:
                self.item_event(it, "LEFT", name=org)
            self.close_item(it, "LAPSED")
            return
        if owned and self.item_in(it, "CLAIMED"):
            self.set_item(it, "OPEN", claimed_by=None, claimed_ms=None, finding=None)
            again = True
        if told or owned:
            self.item_event(it, "LEFT", name=org)
        if again:
            self.climb_by_warning(it)
        heir = self.heir() if owned and it.get("offered") is None else None
        if heir:
            self.offer(it, heir)

    def heir(self):
        c = self.charter()
        bodies = [c.bodies[n] for n in ([self.section(15).first] if 15 in self.sections else sorted(c.bodies)[:1])]
        for body in bodies:
            of = Rec("charter_selector", {"body": body.name, "org": None, "seat": None})
            for seat in [body.chair.seat] * bool(body.chair.seat) + c.selected(of):
                if self.partner_seat(seat):
                    return seat
        return None
