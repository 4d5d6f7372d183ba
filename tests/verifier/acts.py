"""Random entries of section 16 for the stories of differential.py: alternates, recusal, pauses, recommendations,
receipts, budgets, acting first. A part of Story."""
import forge
from forge import HOUR, sha256
import rights

DAY = 24 * HOUR
SILENT = ("clinical-claim", "delivery-tradeoff", "commercial-terms", "spend")


WEEK, DAYS_, HOURS = 2, 2, 3  # units of periods, and of spans
# what is computed: measure, every how many weeks, and how many days after
COMPUTED = (("milestones-hit", 1, 4), ("issue-cycle-time", 1, 3), ("resourcing-gap", 1, 6), ("conflict-count-and-time", 1, 3),
            ("items tagged", 1, 3), ("decision-velocity", 1, 6), ("waiting-time", 1, 4), ("sla-breaches", 1, 4),
            ("escalation-rate", 2, 6), ("veto-rate", 1, 3), ("default-rate", 1, 6), ("cadence-kept", 1, 3),
            ("overdue-readings", 1, 1), ("trust-gap", 1, 6))
MEASURES = {forge.CODEC.schema.names["measure", n]: n for n in forge.CODEC.schema.enums["measure"].values()}


def computed(measure, weeks=1, days=1):
    """A metric that the record computes, as a line of section 17."""
    fields = {f.name: None for f in forge.CODEC.schema.records["charter_metric"]}
    tag = "innovation" if measure == "items tagged" else None
    fields.update(name="c-" + measure.replace(" ", "-"), group=2, view=3, better=2, every={"n": weeks, "unit": WEEK},
                  due={"n": days, "unit": DAYS_}, computed={"measure": MEASURES[measure], "tag": tag}, sealed=False)
    return fields


def weekly(charter):
    """What is computed each week or two, and what it is computed of: pulses, promises, sessions, a short ladder."""
    week, pulses = {"n": 1, "unit": WEEK}, {"every": {"n": 1, "unit": WEEK}, "due": {"n": 2, "unit": DAYS_}}
    lines = [{**m._fields, **(pulses if m.name == "trust" else {})} for m in charter["charter_metrics"].list]
    lines += [computed(*x) for x in COMPUTED]
    return {"charter_metrics": {"list": sorted(lines, key=lambda m: m["name"])},
            "charter_commitments": {"list": [{**c._fields, "every": week} for c in charter["charter_commitments"].list]},
            "charter_sessions": {"list": [{**x._fields, **({"every": week} if x.name == "safety-review" else {})}
                                          for x in charter["charter_sessions"].list]},
            "charter_ladders": {"list": [{**x, "rungs": [{**r, "within": {"n": 5, "unit": HOURS}} for r in x["rungs"]]}
                                         if x["name"] == "urgent" else x for x in charter["charter_ladders"]["list"]]}}


def values(gov):
    """The measure and the value of each row of COMPUTED."""
    table = forge.CODEC.schema.tables["COMPUTED"][0]
    for (t, key), data in gov.rows.items():
        if t == table:
            m = gov.metric_rows[int.from_bytes(key[:8], "big")]
            measure = m["computed"] and forge.CODEC.schema.names["measure", m["computed"]["measure"]]
            yield measure, forge.CODEC.decode("state_computed", data).value


def charter():
    """The charter of forge, with silence that counts as consent on some rows, and short times."""
    out = dict(forge.large_charter())
    out.update(weekly(out))
    more = {n: {"silence": 2} for n in SILENT}
    for n in ("spend", "capital"):
        more.setdefault(n, {}).update(notice={"n": 1, "unit": 1}, veto=["clinics/finance", "maker/sponsor"])
    more["safety-notice"] = {"sla": {"n": 30, "unit": 3}}
    more["data-sharing"] = {"sla": {"n": 3, "unit": 2}, "act_first": True}
    can, could, cannot = 1, 2, 3
    classes = {"delivery-data": {"clinics": can, "distributor": can, "maker": can},
               "patient-records": {"clinics": can, "distributor": cannot},
               "signal-data": {"clinics": can, "distributor": could, "maker": could}}
    out["charter_sharing"] = {
        "audit_right": {"by": {}, "of": {}, "answer": {"n": 3, "unit": 1}, "at_most": {"n": 2, "per": 3}},
        "classes": [{"name": n, "with": [{"org": o, "may": m} for o, m in sorted(c.items())]} for n, c in classes.items()]}
    more["exception"] = {"sla": {"n": 5, "unit": 2}, "longest": {"n": 20, "unit": 2}, "notice": {"n": 2, "unit": 2}}
    more["pivot"] = {"sla": {"n": 5, "unit": 2}, "needs": None}
    rows = [{**r, **more.get(r["name"], {})} for r in out["charter_decisions"]["rows"]]
    out["charter_decisions"] = {**out["charter_decisions"], "rows": rows}
    out.update(triggers(out))
    return out


def metric(name, op, n, periods=None):
    return {"type": 1, "name": name, "op": op, "number": (n, 0), "periods": periods}


def computed_term(measure, op, n, periods=None):
    return metric("c-" + measure, op, n, periods)


def count(name, n, days):
    return {"type": 4, "name": name, "op": 4, "number": (n, 0), "within": {"n": days, "unit": 2}}


def when(*terms, join=None):
    return {"terms": list(terms), "join": join}


def triggers(charter):
    """Sections whose conditions come about within weeks."""
    plain = {n: dict(charter["charter_" + n]._fields) for n in ("term", "refresh", "procedures", "exit", "risks")}
    first = plain["term"]["from"]
    plain["term"].update(to=first + 500, renewal_opens={"n": 500 - forge.FOUNDED // DAY + first - 30, "unit": 2})
    plain["refresh"]["every"] = {"n": 20, "unit": 1}
    plain["procedures"]["list"] = [{**p._fields, "again": {"n": n, "unit": 2}} for n, p in
                                   zip((10, 0, 5), plain["procedures"]["list"])]
    plain["exit"]["triggers"] = [
        {"name": "mixed", "when": when(count("issue", 2, 5), metric("patients", 1, 3), join=2)},
        {"name": "safety", "when": when(count("safety-notice", 2, 10))},
        {"name": "stuck", "when": when(computed_term("escalation-rate", 4, 20), computed_term("sla-breaches", 5, 0), join=2)},
        {"name": "term-ends", "when": when({"type": 6})},
        {"name": "value-lost", "when": when(metric("revenue", 1, 50, 2), count("commercial-terms", 1, 30), join=1)}]
    plain["risks"]["indicators"] = [{"name": "alarm-fatigue", "when": when(metric("false-alarms", 5, 5, 2))},
                                    {"name": "line-trouble", "when": when(metric("late-deliveries", 1, 10))},
                                    {"name": "mistrust", "when": when(computed_term("trust-gap", 5, 0))},
                                    {"name": "overdue", "when": when(computed_term("overdue-readings", 5, 0, 2))},
                                    {"name": "vetoes", "when": when(computed_term("veto-rate", 5, 0),
                                                                    metric("patients", 1, 9), join=2)}]
    out = {"charter_" + n: p for n, p in plain.items()}
    seat = {"org": "maker", "seat": "delivery-lead"}
    out["charter_consequences"] = {"list": [
        {"when": when(metric("late-deliveries", 1, 8, 2)), "opens": "action", "owner": seat},
        {"when": when(computed_term("milestones-hit", 1, 70)), "opens": "consequence"},
        {"when": when(computed_term("waiting-time", 4, 1, 2), computed_term("conflict-count-and-time", 4, 1), join=1),
         "opens": "action", "owner": seat},
        {"when": when(count("clinical-claim", 2, 5)), "opens": "consequence"},
        {"when": when(metric("delivery-slots", 1, 8)), "opens": "issue", "owner": {"body": "council"}}]}
    return out


class Absence:
    def askable(self, d):
        return [s for t in self.gov.terms(d) for p in t["partners"] for s in p["seats"]]

    def in_phase(self, *phases):
        return self.pick([d for d in self.gov.decisions.values() if self.gov.is_phase(d, *phases)])

    def in_its_stead(self):
        """A ballot for another seat."""
        d = self.decision()
        recused = self.gov.recused.get(d["number"], {})
        seats = [s for s in self.askable(d) if self.gov.seats.get(s, {}).get("alternates") or s in recused]
        principal = self.pick(seats or self.askable(d), "maker/quality")
        row = recused.get(principal)
        among = row["asked"] if row else [a.seat for a in self.gov.seats.get(principal, {}).get("alternates") or []]
        return self.seat(*(among or [principal.split("/")[0] + "/sponsor"])), "ballot", {
            "decision": self.named(d), "rung": d["rung"], "choice": self.pick((1, 1, 1, 4, 2, 5)), "reason": sha256(b"why"),
            "principal": principal}

    def named(self, d):
        """What a ballot names: the recommendation in force, else the revision."""
        put = self.gov.recommended(d) if self.gov.is_phase(d, "PHASE_MEDIATION") else None
        return {"number": d["number"], "digest": put["id"]} if put and self.chance(0.9) else self.ref(d)

    def recuse(self):
        d = self.decision()
        recused = self.gov.recused.get(d["number"], {})
        stand_ins = [s for r in recused.values() for s in r["asked"]]
        return self.seat(*(stand_ins if stand_ins and self.chance(0.5) else self.askable(d))), "ballot", {
            "decision": self.named(d), "rung": d["rung"], "choice": 5, "clause": "a.1" if self.chance(0.2) else None}

    def answer(self):
        """A ballot on a recommendation."""
        d = self.in_phase("PHASE_MEDIATION") or self.decision()
        choice = self.pick((1, 1, 1, 1, 1, 2, 4))
        return self.seat(*[s for s in self.askable(d) if self.gov.filled(s)]), "ballot", {
            "decision": self.named(d), "rung": d["rung"], "choice": choice, "reason": bytes(32)}

    def stand_in(self):
        """Alternates of a seat."""
        seat = self.pick([s for s in sorted(self.gov.seats) if not s.endswith("/registrar")])
        org = seat.split("/")[0]
        own = [s for s in sorted(self.gov.seats) if s.split("/")[0] == org and s != seat and
               (not s.endswith("/registrar") or self.chance(0.03))]
        given = [{"seat": s, "from_ms": self.a.now - self.pick((0, DAY, -HOUR)), "until_ms": self.a.now + self.pick(
            (HOUR, 40 * DAY, 90 * DAY)), "types": self.pick((None, None, ["clinical-claim", "commercial-terms", "spend"])),
            "most": self.pick((None, None, {"minor": 2500000, "currency": "EUR"}, {"minor": 1, "currency": "USD"}))}
                 for s in sorted(self.rng.sample(own, min(len(own), self.rng.randint(0, 3))))]
        keys = [{"alg": k.alg, "key": k.key} for k in self.gov.seats[seat]["keys"]]
        return self.seat(org + "/registrar"), "holder", {"seat": seat, "keys": keys, "alternates": given}

    def pause(self):
        asked = [d for d in self.gov.decisions.values() if d.get("pause_asked")]
        d = self.pick(asked) if asked and self.chance(0.7) else self.in_phase("PHASE_OPEN") or self.decision()
        return self.seat(*self.askable(d), *self.gov.pinned[d["number"]]["owners"]), "move_decision", {
            "decision": self.ref(d), "rung": d["rung"], "move": 2, "reason": bytes(32)}

    def resume(self):
        d = self.in_phase("PHASE_PAUSED") or self.decision()
        return self.seat(*self.askable(d), *self.gov.pinned[d["number"]]["owners"]), "move_decision", {
            "decision": self.ref(d), "rung": d["rung"], "move": 3, "reason": bytes(32)}

    def recommend(self):
        d = self.in_phase("PHASE_MEDIATION") or self.decision()
        was = self.gov.proposal(d)
        settled = {**self.again(d), "budget": was.budget, "amount": was.amount, "charge": was.charge,
                   "rate": was.rate}
        return self.seat(self.gov.mediator(d) or "trustee/mediator"), "decision_input", {
            "decision": self.ref(d), "settled": settled, "text": bytes(32) if self.chance(0.5) else None}

    def receipt(self):
        d = self.decision()
        return self.seat(self.org() + "/node"), "receipt", {"decision": self.ref(d)}

    def money(self, type_, p):
        """Amounts and budgets of a proposal."""
        if type_ not in ("spend", "capital", "payout") and self.chance(0.97):
            return
        p["budget"] = self.pick(("launch-2026", "launch-2026", "launch-2026", "studies", "launch-2027", None))
        p["amount"] = {"minor": self.pick((100, 9000000, 30000000, 130000000, 200000000, 0)),
                       "currency": "EUR" if self.chance(0.85) else "USD"}
        if p["amount"]["currency"] == "USD":
            p["charge"] = {"minor": self.pick((100, 9000000, 200000000)), "currency": self.pick(("EUR", "EUR", "EUR", "USD"))}
            p["rate"] = self.pick(("1.1 by the bank", "1.1 by the bank", None))
        if self.chance(0.02):
            p["amount"]["minor"] = self.pick((10 ** 15 + 1, -10 ** 15 - 1, -5))

    MORE_ACTIONS = (("in_its_stead", 6), ("recuse", 5), ("answer", 5), ("stand_in", 5), ("pause", 7), ("resume", 4),
                    ("recommend", 4), ("receipt", 4))
    ABOUT_DECISIONS = ("in_its_stead", "recuse", "answer", "pause", "resume", "recommend", "receipt")


class Measured:
    """Section 18: readings handed in, marked, committed and revealed. A part of Story."""
    sealed = {}  # digest -> (salt, sealed value)

    def lines(self, sealed):
        found = [m for m in self.gov.metrics() if m["from"] and bool(m.sealed) == sealed]
        return found if found and self.chance(0.97) else self.gov.metrics()

    def owed(self, *standings):
        return [r for r in self.gov.readings.values() if self.gov.stands(r, *standings)]

    def reporter(self, line, org=None):
        if not line["from"]:
            return self.seat()
        orgs = self.gov.reporters(line)
        return self.seat("%s/%s" % (org or self.pick(orgs, "maker"), line["from"].seat or "alliance-manager"))

    def line_of(self, r):
        return self.gov.metric(r["metric"]) or self.gov.metrics()[0]

    def period_near(self, line):
        number = self.gov.last.get("metric/" + line.name)
        now = self.a.now // DAY
        day = now - self.pick((0, 0, 7, 7, 14, 31, 31, 62, -7))
        found = number and self.gov.period_of(self.gov.metric_rows[number]["every"], day)
        return (found[0] if found else day) + (self.chance(0.05))

    def report(self):
        purpose = self.pick((1, 1, 1, 2, 3, 3))
        owed = [r for r in self.owed("READING_OWED") if not self.line_of(r).sealed]
        if owed and self.chance(0.6):
            r = self.pick(owed)
            line, period, seat = self.line_of(r), r["period"], self.reporter(self.line_of(r), r["org"])
            purpose = 1
        else:
            line = self.pick(self.lines(False))
            period, seat = self.period_near(line), self.reporter(line)
        return seat, "reading", {"metric": line.name, "purpose": purpose, "period": period,
                                 "value": (self.pick((0, 7, 101, -3)), 0), "text": self.pick((None, bytes(32)))}

    def countersigner(self, r):
        return self.seat(*self.gov.countersigners(self.line_of(r), r["org"]) or ["maker/finance"])

    def mark(self):
        r = self.pick([r for r in self.gov.readings.values() if r.get("now")])
        if not r:
            return self.report()
        act = self.pick((1, 1, 1, 2, 2, 3, 3))
        seat = self.reporter(self.line_of(r), r["org"]) if act == 3 else self.countersigner(r)
        return seat, "mark_reading", {
            "reading": {"number": r["number"], "digest": r["now"]["digest"] if self.chance(0.96) else bytes(32)}, "act": act,
            "value": (self.rng.randint(1, 9), 0) if (act == 3) == self.chance(0.95) else None,
            "reason": bytes(32) if act > 1 and self.chance(0.93) or self.chance(0.2) else None}

    def seal(self, line, org, period):
        s = {"org": org, "metric": line.name, "period": period}
        if line.least_voices and self.chance(0.95):
            counts = [self.rng.randint(0, 3) for _ in range(5)]
            s["voices"] = sum(counts)
            if s["voices"] >= max(3, line.least_voices) or self.chance(0.1):
                s["histogram"] = counts if self.chance(0.95) else counts[:4] + [counts[4] + 1]
        else:
            s["value"] = (self.rng.randint(1, 9), 0)
        salt = sha256(repr((s, self.n)).encode())
        digest = sha256(salt + forge.CODEC.encode("sealed_value", s))
        self.n += 1
        self.sealed[digest] = (salt, s)
        return digest

    def commit(self):
        r = self.pick([r for r in self.owed("READING_OWED", "READING_COMMITTED") if self.line_of(r).sealed])
        line = self.line_of(r) if r else self.pick(self.lines(True))
        org = r["org"] if r else self.org()
        period = r["period"] if r and self.chance(0.96) else self.period_near(line)
        return self.reporter(line, org), "commit_reading", {"metric": line.name, "period": period,
                                                            "digest": self.seal(line, org, period)}

    def reveal(self):
        r = self.pick([r for r in self.gov.readings.values() if r.get("seal") and not r.get("now")] if self.chance(0.9)
                      else [r for r in self.gov.readings.values() if r.get("seal")])
        if not r:
            return self.commit()
        salt, s = self.sealed[r["seal"]["digest"]] if self.chance(0.93) else self.pick(list(self.sealed.values()))
        return self.reporter(self.line_of(r), r["org"]), "reveal_reading", {
            "salt": salt if self.chance(0.96) else bytes(32), "sealed": s}

    METRIC_ACTIONS = (("report", 9), ("mark", 12), ("commit", 14), ("reveal", 10), ("wait", 6))


class Owned:
    """Section 17: items and their steps. A part of Story."""
    TYPES = ("risk", "issue", "conflict", "milestone", "action", "assumption", "finding", "check", "lesson", "request",
             "opportunity", "pilot", "training", "feedback")

    def link(self):
        found = [{"decision": n} for n in self.gov.decisions] + [
            {"item": {"type": k[0], "number": it["number"]}} for k, it in self.gov.items.items()] + [{"clause": "a.1"}]
        return self.pick(found) if self.chance(0.95) else self.pick(({"decision": 99}, {}, {"decision": 1, "clause": "a"}))

    def due(self):
        return self.a.now // DAY + self.pick((0, 1, 3, 10, 40, -1))

    def partner_seat(self, *not_of):
        return self.pick([s for s in sorted(self.gov.seats) if s.split("/")[0] not in not_of
                          and (s.split("/")[0] in self.gov.partners() or self.chance(0.02))])

    def item(self):
        kind = self.pick(self.TYPES + ("conflict", "assumption", "risk", "check", "conflict"))
        seat = self.partner_seat()
        org = seat.split("/")[0]
        b = {"type": self.TYPES.index(kind) + 1, "title": bytes(32), "text": self.pick((None, bytes(32)))}
        if kind == "risk":
            b.update(category=self.pick(self.gov.section(22).categories) if self.chance(0.97) else "zoo",
                     likelihood=self.rng.randint(1, 5), impact=self.rng.randint(1, 5),
                     review=self.pick((None, None, {"n": 2, "unit": self.rng.randint(1, 5)}, {"n": 9000, "unit": 5})))
        if kind == "conflict":
            b["against"] = self.partner_seat(*([org] if self.chance(0.95) else []))
        if kind in ("milestone", "action", "check", "request", "pilot", "training") or (kind != "conflict" and
                                                                                        self.chance(0.4)):
            b["due"] = self.due()
        if kind == "request" or (kind != "conflict" and self.chance(0.3)):
            b["owner"] = self.partner_seat(*([org] if kind == "request" else []))
        names = {"assumption": (9, "assumptions"), "check": (24, "list"), "milestone": (25, "gates"), "training": (26, "list")}
        if kind == "check" or (kind in names and self.chance(0.7)):
            number, field = names[kind]
            b["name"] = self.pick([x.name for x in self.gov.section(number)[field]] or ["zoo"]) if self.chance(0.97) else "zoo"
        if self.chance(0.3):
            b["tags"] = self.pick((["innovation"], ["innovation", "zoo"], ["zoo"]))
        if self.chance(0.5):
            b["links"] = [self.link() for _ in range(self.rng.randint(1, 2))]
        if self.chance(0.04):
            b[self.pick(("likelihood", "owner", "against", "name", "due"))] = None
        return (seat if self.chance(0.97) else self.seat()), "item", b

    STEPS = {"OPEN": ("give", "claim", "claim", "claim", "link", "rebase", "review", "escalate"),
             "CLAIMED": ("verify", "verify", "verify", "reopen", "escalate"), "CLOSED": ("reopen", "link"),
             "ACCEPTED": ("review", "give", "link"), "MEDIATION": ("recommend", "accept", "accept", "accept", "decline", "link")}
    WORDS = ("take", "give", "claim", "verify", "reopen", "link", "rebase", "review", "escalate", "recommend", "accept",
             "decline")

    def step_of(self):
        live = [it for it in self.gov.items.values() if not self.gov.item_in(it, "CLOSED")]
        it = self.pick(live if self.chance(0.9) else self.gov.items.values())
        if not it:
            return self.item()
        phase = next(p for p in self.STEPS if self.gov.item_in(it, p))
        step = self.pick(self.STEPS[phase]) if self.chance(0.95) else self.pick(self.WORDS)
        if it.get("offered") and self.chance(0.5):
            step = "take"
        kind, owner = self.gov.kind_of(it), it["owner"]
        sides = self.gov.sides(it)
        b = {"item": {"type": it["item"]["type"], "number": it["number"]}, "step": self.WORDS.index(step) + 1}
        seat = self.seat(owner, *sides)
        if step in ("reopen", "rebase", "escalate", "recommend") or self.chance(0.3) or (step == "claim" and sides):
            b["text"] = bytes(32)
        if step == "take":
            seat = self.seat(it.get("offered") or owner)
        if step == "give":
            b["to"] = self.partner_seat() if kind != "conflict" else self.seat()
        if step in ("claim", "verify"):
            if kind == "assumption":
                b["finding"] = it.get("finding") if it.get("finding") and self.chance(0.75) else self.pick((1, 2, 2, 3))
            if step == "claim" and self.chance(0.7):
                b["documents"] = [bytes(32)]
        if step in ("verify", "reopen", "link") and not sides:
            seat = self.seat(self.partner_seat(owner.split("/")[0]))
        if step == "verify" and sides:
            seat = self.seat(*[s for s in sides if s != it.get("claimed_by")])
        if step == "link":
            b["link"] = self.link()
        if step == "rebase":
            b["due"] = self.due()
            seat = self.seat((it.get("opened_by") or owner) if kind == "request" else owner)
        if step == "review":
            b.update(likelihood=self.rng.randint(1, 5), impact=self.rng.randint(1, 5))
            seat = self.seat(owner)
        if step == "recommend":
            seat = self.seat("trustee/mediator")
        if step in ("accept", "decline"):
            seat = self.seat(*[s for s in sides if s not in (it.get("accepts") or [])] or [owner])
        return seat, "item_move", b

    ITEM_ACTIONS = (("item", 10), ("step_of", 36), ("wait", 6))


class Warned:
    """Section 18: early warnings of risks. A part of Story."""

    def indicators(self, most=3):
        names, out = [m.name for m in self.gov.metrics()], []
        for _ in range(self.rng.randint(1, most)):
            metric = self.pick(names) if self.chance(0.98) else "zoo"
            out.append({"metric": metric, "op": self.rng.randint(1, 5), "periods": self.pick((None, None, 2, 2, 3)),
                        "number": self.pick(((0, 0), (5, 0), (35, 1), (102, 0), (-4, 0)))})
        return out if self.chance(0.97) else out + out[:1]

    def watched(self):
        """A risk with indicators."""
        seat, kind, b = self.partner_seat(), "item", {"type": 1, "title": bytes(32), "likelihood": self.rng.randint(1, 5),
                                                      "impact": self.rng.randint(1, 5), "indicators": self.indicators()}
        b["category"] = self.pick(self.gov.section(22).categories)
        if self.chance(0.15):
            b["due"] = self.due()
        if self.chance(0.15):
            b["owner"] = self.partner_seat()
        return seat, kind, b

    def rewatched(self):
        """A review that changes them, some kept."""
        risks = [it for it in self.gov.items.values() if it.get("indicators") or self.chance(0.1)]
        it = self.pick([it for it in risks if self.gov.kind_of(it) == "risk"])
        if not it:
            return self.watched()
        kept = [x["indicator"] for x in it.get("indicators") or [] if self.chance(0.6)]
        return self.seat(it["owner"]), "item_move", {
            "item": {"type": 1, "number": it["number"]}, "step": 8, "likelihood": 2, "impact": 3,
            "indicators": kept + (self.indicators(2) if self.chance(0.6) else [])}

    def work_on_risk(self):
        """A claim, look, step back or acceptance of a risk that warns."""
        risks = [it for it in self.gov.items.values() if it.get("indicators")]
        it = self.pick([it for it in risks if self.gov.warns(it)] or risks)
        if not it:
            return self.watched()
        ref, other = {"type": 1, "number": it["number"]}, self.partner_seat(it["owner"].split("/")[0])
        phase = next(p for p in self.STEPS if self.gov.item_in(it, p))
        if phase == "OPEN":
            step = self.pick(("claim", "claim", "give", "escalate"))
        else:
            step = {"CLAIMED": self.pick(("verify", "reopen")), "CLOSED": "reopen"}.get(phase, "review")
        if it.get("offered") and self.chance(0.6):
            step = "take"
        b = {"item": ref, "step": self.WORDS.index(step) + 1}
        if step in ("escalate", "reopen"):
            b["text"] = bytes(32)
        if step == "give":
            b["to"] = self.partner_seat()
        if step == "review":
            b.update(likelihood=1, impact=1)
        by = {"take": it.get("offered"), "verify": other, "reopen": other}.get(step, it["owner"])
        return self.seat(by), "item_move", b

    WARNING_ACTIONS = (("watched", 6), ("rewatched", 4), ("work_on_risk", 8), ("report", 10), ("mark", 16), ("commit", 6),
                       ("reveal", 5), ("wait", 8))


class Computed:
    """Section 28: what measures are computed of. A part of Story."""

    def work(self):
        """A milestone, issue, conflict or lesson from its opening on to its end."""
        kinds = ("milestone", "issue", "conflict", "lesson", "milestone", "milestone", "issue")
        live = [it for it in self.gov.items.values() if self.gov.kind_of(it) in kinds and self.gov.item_in(it, "OPEN", "CLAIMED")]
        claimed = [it for it in live if self.gov.item_in(it, "CLAIMED")]
        it = self.pick(claimed if claimed and self.chance(0.6) else live)
        if not it or self.chance(0.25):
            kind, seat = self.pick(kinds), self.partner_seat()
            other = self.partner_seat(seat.split("/")[0])
            tags = self.pick((None, ["innovation"], ["innovation", "zoo"]))
            return seat, "item", {"type": self.TYPES.index(kind) + 1, "title": bytes(32), "tags": tags,
                                  "due": self.a.now // DAY + self.pick((1, 2, 4, 6)) if kind == "milestone" else None,
                                  "against": other if kind == "conflict" else None}
        ref, sides = {"type": it["item"]["type"], "number": it["number"]}, self.gov.sides(it)
        if self.gov.item_in(it, "OPEN"):
            if it.get("due_ms") and self.chance(0.15):
                return it["owner"], "item_move", {"item": ref, "step": 7, "due": self.a.now // DAY + 5, "text": bytes(32)}
            return self.seat(it["owner"], *sides), "item_move", {"item": ref, "step": 3, "text": bytes(32)}
        others = [s for s in sides if s != it["claimed_by"]] or [self.partner_seat(it["owner"].split("/")[0])]
        return self.seat(*others), "item_move", {"item": ref, "step": 4}

    def meet_regularly(self):
        """A regular session recorded, confirmed or contested."""
        found = [s for s in self.gov.sessions.values() if s.get("cadence") and self.gov.session_is(
            s, "OPEN", "OPEN", "MISSED", "RECORDED", "CONTESTED")]
        s = self.pick([s for s in found if self.gov.session_is(s, "OPEN")] if self.chance(0.6) else found)
        if not s:
            return self.meet()
        b, acts = {"session": s["number"], "version": s["now"]["digest"] if s.get("now") else None}, self.gov.enums["session_act"]
        if self.gov.session_is(s, "RECORDED"):
            return self.partner_seat(s["now"]["seat"].split("/")[0]), "minutes", {
                **b, "act": acts["SESSION_ACT_" + self.pick(("CONFIRM", "CONTEST"))], "text": bytes(32)}
        body = self.gov.body_of(s["body"])
        sits = self.gov.sits_on(body.name, self.gov.charter_seats()) if body else []
        present = sits if self.chance(0.85) else self.rng.sample(sits, min(1, len(sits)))
        today = (self.a.now + self.gov.offset()) // DAY
        return self.seat(*[x for x in sits if self.gov.filled(x)]), "minutes", {
            **b, "act": acts["SESSION_ACT_RECORD"], "held": max(s["from"], min(today, s["until"] - 1)), "document": bytes(32),
            "present": sorted(present) or ["maker/quality"]}

    def pulse(self):
        """A weekly pulse, committed, then revealed."""
        r = self.pick([r for r in self.gov.readings.values() if r["metric"] == "trust"
                       and self.gov.stands(r, "READING_OWED", "READING_OPENED")])
        if not r:
            return self.promise()
        seat = r["org"] + "/alliance-manager"
        if self.gov.stands(r, "READING_OPENED"):
            salt, s = self.sealed[r["seal"]["digest"]]
            return seat, "reveal_reading", {"salt": salt, "sealed": s}
        line = self.line_of(r)
        s = {"org": r["org"], "metric": "trust", "period": r["period"]}
        counts = [self.rng.randint(0, 3) for _ in range(5)]
        s["voices"] = sum(counts)
        if s["voices"] >= max(3, line.least_voices or 0):
            s["histogram"] = counts
        salt = sha256(repr((s, self.n)).encode())
        self.n += 1
        digest = sha256(salt + forge.CODEC.encode("sealed_value", s))
        self.sealed[digest] = (salt, s)
        return seat, "commit_reading", {"metric": "trust", "period": r["period"], "digest": digest}

    def promise(self):
        """What was promised, reported and countersigned."""
        names = [c.name for c in self.gov.section(11).list]
        r = self.pick([r for r in self.gov.readings.values() if r["metric"] in names
                       and self.gov.stands(r, "READING_OWED", "READING_REPORTED")])
        line = r and self.gov.metric(r["metric"])
        if not line:
            return self.report()
        if self.gov.stands(r, "READING_REPORTED"):
            return self.countersigner(r), "mark_reading", {
                "reading": {"number": r["number"], "digest": r["now"]["digest"]}, "act": 1}
        return self.reporter(line, r["org"]), "reading", {"metric": line.name, "purpose": 1, "period": r["period"],
                                                          "value": self.pick(((0, 0), (9, 0), (3205, 1), (2000, 0)))}

    def forbid(self):
        """A veto of what may be vetoed."""
        d = self.pick([d for d in self.gov.decisions.values() if self.gov.pinned[d["number"]]["veto"] and self.gov.is_phase(
            d, "PHASE_OPEN", "PHASE_PAUSED")])
        if not d:
            return self.propose()
        return self.seat(*self.gov.pinned[d["number"]]["veto"]), "ballot", {
            "decision": self.named(d), "rung": d["rung"], "choice": 3, "reason": bytes(32), "clause": "boundaries.maker"}

    MEASURE_ACTIONS = (("work", 10), ("meet_regularly", 4), ("pulse", 9), ("promise", 6), ("propose", 6), ("ballot", 10),
                       ("pause", 2), ("resume", 2), ("move", 1), ("forbid", 1), ("wait", 9))


class Shared:
    """Section 20: grants and what becomes of them. A part of Story."""
    ACTS = ("receive", "receive", "receive", "receive", "revoke", "return", "destroy", "audit", "audit")
    NUMBERS = {"receive": 1, "revoke": 2, "return": 3, "destroy": 4, "audit": 5}

    def partner(self):
        return self.pick(self.gov.partners()) if self.chance(0.97) else self.org()

    def classes(self):
        return [k.name for k in self.gov.section(23).classes] + ["delivery-data"] * 3

    def consent_effect(self):
        """Of a decision of the row data-sharing."""
        if self.chance(0.2):
            return {"type": 1, "info_class": "delivery-data" if self.chance(0.1) else None}
        return {"type": 9, "info_class": self.pick(self.classes()) if self.chance(0.95) else "zoo",
                "audience": sorted({self.partner() for _ in range(self.rng.randint(1, 4))}),
                "until": self.a.now // DAY + self.pick((2, 30, 300, 300, -1))}

    def share(self):
        by_whom = self.partner()
        names = ["security-legal"] if self.chance(0.9) and by_whom != "newco" else ["sponsor"]
        consents = [d for d in self.gov.decisions.values() if d["type"] == "data-sharing"]
        consent = self.pick(consents) if self.chance(0.5) else None
        effect = consent and self.gov.proposal(consent).effect
        b = {"info_class": self.pick(self.classes()) if self.chance(0.97) else "zoo", "title": bytes(32),
             "purpose": sha256(b"purpose"), "content": self.pick((None, sha256(b"content"))),
             "audience": sorted({o for o in (self.partner() for _ in range(3)) if o != by_whom or self.chance(0.05)}) or ["maker"],
             "until": self.a.now // DAY + self.pick((0, 1, 5, 20, 60, -1))}
        if consent:
            b["consent"] = self.ref(consent)
            if effect.info_class and self.chance(0.9):
                b.update(info_class=effect.info_class, audience=[o for o in effect.audience if o != by_whom] or effect.audience,
                         until=min(effect.until, b["until"] + 40))
        live = [g for g in self.gov.grants.values() if self.gov.grant_is(g, "IN_FORCE") or self.chance(0.1)]
        if live and self.chance(0.6):
            among = self.rng.sample(live, min(len(live), self.rng.randint(1, 2)))
            b["derived_from"] = [{"number": g["number"], "digest": g["id"] if self.chance(0.98) else bytes(32)}
                                 for g in sorted(among, key=lambda g: g["number"])]
            if self.chance(0.7):
                b["until"] = min(b["until"], min(g["until"] for g in among))
        return self.seat(*[by_whom + "/" + n for n in names]), "grant", b

    def audit_of(self, g, b):
        asked = [it for it in self.gov.items.values() if self.gov.kind_of(it) == "request"
                 and (it["item"].owner.split("/")[0] in [m["org"] for m in g["audience"]] or self.chance(0.1))]
        b["request"] = self.pick(asked)["number"] if asked else self.rng.randint(1, 3)

    def share_move(self):
        live = [g for g in self.gov.grants.values() if self.gov.grant_lives(g)]
        g = self.pick(live if live and self.chance(0.9) else self.gov.grants.values())
        if not g:
            return self.share()
        act = self.pick(self.ACTS)
        b = {"grant": {"number": g["number"], "digest": g["id"] if self.chance(0.98) else bytes(32)},
             "act": self.NUMBERS[act], "text": bytes(32) if self.chance(0.9) else None}
        org = g["granted"]["seat"].split("/")[0] if act in ("revoke", "audit") else self.pick(g["audience"])["org"]
        seats = [s for s in sorted(self.gov.seats) if s.split("/")[0] == org]
        if act == "revoke" and self.chance(0.9):
            seats = [s for s in seats if self.gov.may_grant(s)]
        if act == "receive":
            b["content"] = g["content"] if self.chance(0.95) else self.pick((None, bytes(32)))
        if act in ("return", "destroy"):
            b["documents"] = self.pick((None, [bytes(32)]))
        if act == "audit":
            self.audit_of(g, b)
        if self.chance(0.03):
            b[self.pick(("content", "documents", "request"))] = self.pick((None,))
        return self.seat(*seats), "grant_move", b

    def audit_request(self):
        """A request that an audit may name."""
        g = self.pick(self.gov.grants.values())
        if not g:
            return self.share()
        org = self.pick(g["audience"])["org"]
        seats = [s for s in sorted(self.gov.seats) if s.split("/")[0] == g["granted"]["seat"].split("/")[0]]
        owners = [s for s in sorted(self.gov.seats) if s.split("/")[0] == org]
        return self.seat(*seats), "item", {"type": 10, "title": bytes(32), "owner": self.pick(owners) or "maker/quality",
                                           "due": self.a.now // DAY + self.pick((2, 10, 30))}

    SHARE_ACTIONS = (("share", 9), ("share_move", 22), ("audit_request", 3))


class Meeting:
    """Refresh sessions (SES-5 to SES-11): called, recorded, confirmed, contested. A part of Story."""

    def meet(self):
        seat = self.seat(*[o + "/sponsor" for o in sorted(self.gov.partners())])
        today = (self.a.now + self.gov.offset()) // DAY
        s = self.pick([s for s in self.gov.sessions.values() if s["type"] == self.gov.refresh_type()
                       and self.gov.session_is(s, "OPEN", "MISSED", "RECORDED", "CONTESTED")])
        if not s or self.chance(0.15):
            return seat, "session", {"type": self.gov.refresh_type(), "body": self.pick(("steering",) * 9 + ("council",)),
                                     "on": today + self.pick((0, 0, 0, 2, 31))}
        b = {"session": s["number"], "version": s["now"]["digest"] if s.get("now") else None}
        if self.gov.session_is(s, "RECORDED"):
            others = [x for x in self.gov.seats if x.split("/")[0] != s["now"]["seat"].split("/")[0] and x.endswith("/sponsor")]
            return self.seat(*others or [seat]), "minutes", {**b, "act": self.pick((2, 3)), "text": bytes(32)}
        sponsors = [o + "/sponsor" for o in sorted(self.gov.partners())]
        return seat, "minutes", {**b, "act": 1, "held": self.pick((today, today, today - 1, s["from"])), "document": bytes(32),
                                 "present": sponsors if self.chance(0.85) else sponsors[:1]}


class Resting(Meeting):
    """Sections 26 and 27, GOV-67, GOV-69: what proposals rest on and supersede, last days, and amendments of what others rest
    on. A part of Story."""
    CLAUSES = ("glossary", "glossary.case", "glossary.false-alarm", "consequences", "exit.triggers", "exit.safety", "exit.zoo",
               "risks.indicators.line-trouble", "commitments.review-hours", "commitments", "refresh.every", "norms.list")
    REPLACED = ("clinical-claim", "clinical-claim", "commercial-terms", "delivery-tradeoff", "exception", "safety-notice", "spend")

    def rests_on(self):
        found = [{"assumption": it["number"]} for it in self.gov.items.values() if self.gov.kind_of(it) == "assumption"]
        found += [{"reading": {"number": r["number"], "digest": r["now"]["digest"] if self.chance(0.97) else bytes(32)}}
                  for r in self.gov.readings.values() if r.get("now")]
        found = self.rng.sample(found, min(len(found), 3)) + [{"clause": self.pick(self.CLAUSES)} for _ in range(2)]
        if self.chance(0.03):
            found.append(self.pick(({}, {"assumption": 99}, {"clause": "zoo"}, {"assumption": 1, "clause": "norms"})))
        return self.rng.sample(found, self.rng.randint(1, min(3, len(found))))

    def resting(self, type_, p):
        if self.chance(0.3):
            p["relies"] = self.rests_on()
        if (type_ == "exception" and self.chance(0.95)) or (p["effect"]["type"] == 1 and self.chance(0.1)):
            p["until"] = self.a.now // DAY + self.pick((4, 8, 12, 19, 19, 21, 0, -2))
        if self.chance(0.3 if p["effect"]["type"] == 1 else 0.01):
            p["supersedes"] = self.superseded(type_)

    def superseded(self, type_):
        """A decision whose place to take: mostly one of the row that is in effect, if there is one."""
        of_row = [d for d in self.gov.decisions.values() if d["type"] == type_]
        good = [d["number"] for d in of_row if self.gov.is_phase(d, "PHASE_EFFECTIVE")]
        if self.chance(0.93):
            return self.pick(good)
        return self.pick([d["number"] for d in of_row] + sorted(self.gov.decisions) + [99])

    def again(self, d):
        """Another proposal of a decision: mostly one that supersedes the same."""
        p = self.proposal(d["type"], d["partner"])
        return {**p, "supersedes": d.get("supersedes")} if self.chance(0.95) else p

    def replace(self):
        """What takes the place of a decision in effect, or is to be one: its proposal, or an approval that it waits for."""
        gov = self.gov
        live = [d for d in gov.decisions.values() if d["type"] in self.REPLACED and gov.is_phase(d, "PHASE_OPEN")]
        if live and self.chance(0.8):
            d = self.pick(live[-2:])
            owing = [s for _, positions in gov.positions(d) for p, x in positions if x == rights.OWES for s in p["seats"]]
            return self.seat(*[s for s in owing if gov.filled(s) and s not in gov.tally(d)]), "ballot", {
                "decision": self.ref(d), "rung": d["rung"], "choice": 1}
        d = self.pick([d for d in gov.decisions.values() if d["type"] in self.REPLACED and gov.is_phase(d, "PHASE_EFFECTIVE")])
        type_ = d["type"] if d else self.pick(self.REPLACED)
        row = next(r for r in gov.section(14).rows if r.name == type_)
        owners = [s for o in row.owner for s in gov.charter().selected(o) if gov.filled(s)]
        return self.seat(*owners), "propose", {"type": type_, "proposal": {**self.proposal(type_), "supersedes": d and d["number"]}}

    def amended(self, number):
        """Another body of a section, which the check of a charter passes."""
        body = dict(self.gov.section(number)._fields)
        listed = [dict(x._fields) for x in body.get("list", ())]
        if number == 4:
            body["to"] += self.pick((-100, 20, 200))
        elif number == 11:
            one = self.pick(listed)
            one["quantity"] = (self.rng.randint(1, 900), 0)
            body["list"] = [x for x in listed if x is one or x["name"] == "delivery-slots" or self.chance(0.9)]  # a consequence names it
        elif number == 20:
            body["list"] = self.rng.sample(listed, self.rng.randint(1, len(listed)))
        elif number == 22:
            body["indicators"] = self.rng.sample(list(body["indicators"]), self.rng.randint(1, len(body["indicators"])))
            body["indicators"] = sorted(body["indicators"], key=lambda x: x["name"] if isinstance(x, dict) else x.name)
        elif number == 27:
            self.pick(listed)["text"] = "another meaning %d" % self.n
            body["list"] = listed
        elif number == 29:
            body["every"] = {"n": self.rng.randint(5, 40), "unit": 1}
        elif number == 30:
            body["triggers"] = [x for x in body["triggers"] if x.name == "term-ends" or self.chance(0.7)]
        self.n += 1
        return body

    def train(self):
        """A training from its opening to the next one, and refresh sessions: through the steps of other parts."""
        open_ = [it for it in self.gov.items.values() if self.gov.kind_of(it) == "training" and it.get("closed_ms") is None]
        it = self.pick(open_)
        if not it or self.chance(0.2):
            seat = self.partner_seat()
            return seat, "item", {"type": 13, "title": bytes(32), "due": self.a.now // DAY + self.pick((1, 5)),
                                  "name": self.pick(("returns", "safety-notice", "safety-notice", None))}
        claimed = it.get("claimed_by") is not None
        other = self.partner_seat(it["owner"].split("/")[0])
        return (other if claimed else it["owner"]), "item_move", {"item": {"type": 13, "number": it["number"]},
                                                                  "step": 4 if claimed else 3}

    RESTING_ACTIONS = (("propose", 6), ("ballot", 8), ("train", 6), ("meet", 6), ("mark", 5), ("report", 5), ("wait", 6),
                       ("replace", 14))
