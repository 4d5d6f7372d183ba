"""Section 16, money: sums of 90 days (GOV-60, GOV-61, GOV-63) and budget envelopes (GOV-59, GOV-62, GOV-63).

Methods of Governance."""
import struct

from canonical import Rec
import rights
from rights import need

DAY = 86_400_000
MOST = 10 ** 15
TOP = 2 ** 63 - 1
SUM_DAYS = 90


class Money:
    # -- sums --------------------------------------------------------------------------------------------------------

    def sum_key(self, type_, p, day):
        scope = (p.scope or "").encode()
        return (bytes([len(type_)]) + type_.encode() + bytes([len(scope)]) + scope + p.amount.currency.encode() +
                struct.pack(">I", day))

    def counted(self, type_, p):
        """GOV-60: the amount that predicates compare."""
        if p.amount is None or p.amount.minor < 0:
            return p.amount and p.amount.minor
        today = self.now // DAY
        days = range(today - SUM_DAYS + 1, today + 1)
        return min(p.amount.minor + sum(self.sums.get(self.sum_key(type_, p, day), 0) for day in days), TOP)

    def add_sum(self, d, at_ms, sign):
        """GOV-63."""
        p = self.proposal(d)
        if p.amount is None or p.amount.minor <= 0:
            return
        key = self.sum_key(d["type"], p, at_ms // DAY)
        self.sums[key] = min(max(self.sums.get(key, 0) + sign * p.amount.minor, 0), TOP)
        self.put("SUM", key, "state_sum", {"minor": self.sums[key]})

    def raised(self, d, reason):
        """GOV-61: True when it does not pass yet."""
        if d["rung"]:
            return False
        p, pinned = self.proposal(d), self.pinned[d["number"]]
        level, joint = rights.level_and_joint(pinned, p, d["mover"], self.enums, self.counted(d["type"], p))
        if level <= d["level"] and (d["joint"] or not joint):
            return False
        self.set(d, level=max(level, d["level"]), joint=joint or d["joint"])
        if self.approved(d):
            return False
        until = self.end_of(d["number"], pinned["sla"])
        self.set(d, deadline_ms=until, changed_leaf=self.leaf())
        self.event(d, "EVENT_RAISED", until_ms=until, reason=reason)
        return True

    # -- envelopes ---------------------------------------------------------------------------------------------------

    def envelope(self, name):
        """The envelope of the section in force, or None."""
        return next((b for b in (self.section(18).list if 18 in self.sections else []) if b.name == name), None)

    def ended(self, envelope, calendars, calendar):
        return self.now >= calendars.day_end(calendar, envelope.to)

    def charge(self, p):
        """GOV-59: what the decision takes of its envelope."""
        return (p.charge or p.amount) if p.budget else None

    def money_ok(self, p, pinned, required=False, was=None):
        """GOV-59. was: the proposal of the revision before."""
        for m in (p.amount, p.charge):
            need(m is None or -MOST <= m.minor <= MOST, "an amount out of bounds", "MALFORMED")
        need(p.budget or (p.charge is None and p.rate is None), "a charge or a rate without a budget", "MALFORMED")
        need(p.budget or not required, "the row asks for a budget", "INCOMPLETE")
        need(was is None or p.budget == was.budget, "another budget than before", "NOT_PERMITTED")
        if not p.budget:
            return
        envelope = self.envelope(p.budget)
        need(envelope, "no such envelope", "NO_SUCH_OBJECT")
        need(p.amount, "a budget without an amount", "INCOMPLETE")
        currency = envelope.amount.currency
        if p.amount.currency == currency:
            need(p.charge is None and p.rate is None, "the amount is in the envelope's currency", "MALFORMED")
        else:
            need(p.charge and p.rate is not None, "no charge in the envelope's currency, or no rate", "INCOMPLETE")
            need(p.charge.currency == currency, "the charge is in another currency", "MALFORMED")
        need(self.charge(p).minor > 0, "nothing is taken", "MALFORMED")
        need(not self.ended(envelope, self.calendars_of(pinned), pinned["calendar"]), "the envelope has ended", "NOT_NOW")

    def pin_budget(self, pinned, p, charter):
        """GOV-45."""
        if not p.budget:
            return
        body = pinned["beyond"] = self.envelope(p.budget).beyond
        if all(r["body"] != body for r in pinned["rungs"]):
            of = Rec("charter_selector", {"body": body, "org": None, "seat": None})
            pinned["rungs"].append({"to": body, "body": body, "mediator": None, "within": pinned["sla"],
                                    "partners": charter.by_partner(of), "outside": True})

    def budget_row(self, first, name, reserved, spent):
        row = self.budgets.get((first, name), {"reserved": 0, "spent": 0})
        row = self.budgets[first, name] = {"reserved": row["reserved"] + reserved, "spent": row["spent"] + spent,
                                           "changed_leaf": self.leaf()}
        self.put("BUDGET", struct.pack(">I", first) + name.encode(), "state_budget", row)

    def beyond(self, d, reason):
        """GOV-62: True when it does not pass: stale, or before the body that decides what does not fit."""
        if not d.get("budget"):
            return False
        p, name = self.pinned[d["number"]], d["budget"]
        envelope, charge = self.envelope(name), d["charge"]
        if not envelope or envelope.amount.currency != charge.currency:
            self.stale(d, "the budget %s is gone" % name)
            return True
        if self.ended(envelope, self.calendars_of(p), p["calendar"]):
            self.stale(d, "the budget %s has ended" % name)
            return True
        taken = self.budgets.get((envelope["from"], name), {"reserved": 0, "spent": 0})
        if charge.minor <= envelope.amount.minor - taken["reserved"] - taken["spent"]:
            return False
        if any(t["body"] == p["beyond"] for t in self.terms(d)):
            return False
        first = next((n for n, r in enumerate(p["rungs"], 1) if r["body"] == p["beyond"]), 0)
        if first <= d["rung"]:
            return False
        self.climb(d, first, "EVENT_BEYOND", reason=reason)
        return True

    # -- passing, taking effect, giving back -------------------------------------------------------------------------

    def reserve(self, d):
        self.add_sum(d, self.now, 1)
        if d.get("budget"):
            first = self.envelope(d["budget"])["from"]
            self.budget_row(first, d["budget"], d["charge"].minor, 0)
            self.set(d, reserved_from=first)

    def spend(self, d):
        if d.get("budget"):
            self.budget_row(d["reserved_from"], d["budget"], -d["charge"].minor, d["charge"].minor)

    def give_back(self, d):
        """It had passed, and is vetoed, lapses or becomes stale; or it is in effect, has spent, and is superseded."""
        self.add_sum(d, d["passed_ms"], -1)
        if d.get("budget"):
            less, spent = -d["charge"].minor, self.is_phase(d, "PHASE_EFFECTIVE")
            self.budget_row(d["reserved_from"], d["budget"], *((0, less) if spent else (less, 0)))
            self.set(d, reserved_from=None)
