"""Section 27: conditions of the charter that the record judges, and what it asks for when they hold (TRG-1 to TRG-7).

Methods of Governance."""
import datetime

from calendars import EPOCH
from canonical import Rec, decimal_key
from reliance import DAYS_TO_ACT
from rights import org_of, u64

HOLDS, FAILS, OPEN = "holds", "fails", "open"
ANY_MANAGER = Rec("charter_selector", {"body": None, "org": None, "seat": "alliance-manager"})


def look_back(states, asked, warning):
    """TRG-3, of a metric. states: of its periods, the newest first: pending, empty, missing, breach or kept. asked: so many
    in a row. warning: of an early warning, for which a missing one is a breach; else it is passed over."""
    counted = 0
    for s in states:
        if s == "pending" and not counted:
            continue  # of an early warning whatever comes before and is no breach ends it
        if s == "kept":
            return OPEN if counted else FAILS
        if warning and s in ("pending", "empty"):
            return OPEN
        if s in ("pending", "empty") or (s == "missing" and not warning):
            continue
        counted += 1
        if counted == asked:
            return HOLDS
    return OPEN


def joined(found, either):
    """TRG-3: of one term, or two."""
    if either:
        return HOLDS if HOLDS in found else OPEN if OPEN in found else FAILS
    return FAILS if FAILS in found else OPEN if OPEN in found else HOLDS


def compares(enums, op, n, number):
    """Whether a count n compares so with a decimal."""
    a, b = decimal_key((n, 0)), decimal_key(number)
    return {enums["CMP_LT"]: a < b, enums["CMP_LE"]: a <= b, enums["CMP_EQ"]: a == b, enums["CMP_GE"]: a >= b,
            enums["CMP_GT"]: a > b}[op]


class Triggers:
    # -- TRG-1 -------------------------------------------------------------------------------------------------------

    def row_named(self, name):
        return next((r for r in (self.section(14).rows if 14 in self.sections else []) if r.name == name), None)

    def conditions(self):
        """In force, in order: (type, name), when, opens."""
        kinds, out = self.enums["trigger_type"], []
        if 22 in self.sections:
            out += [((kinds["TRIGGER_INDICATOR"], x.name), x.when, None) for x in self.section(22).indicators]
        if 30 in self.sections:
            opens = self.section(30).on_trigger.opens
            out += [((kinds["TRIGGER_EXIT"], x.name), x.when, opens) for x in self.section(30).triggers]
        if 20 in self.sections:
            out += [((kinds["TRIGGER_CONSEQUENCE"], str(i)), x.when, x.opens)
                    for i, x in enumerate(self.section(20).list, 1)]
        if self.row_named("renewal"):
            out.append(((kinds["TRIGGER_RENEWAL"], "renewal"), None, "renewal"))
        return out

    def is_term(self, t, name):
        return t.type == self.enums["condition"]["COND_" + name]

    def judgeable(self, when):
        return when is None or all(self.term_judgeable(t) for t in when.terms)

    def term_judgeable(self, t):
        if self.is_term(t, "METRIC"):
            return bool(self.metric(t.name))
        if self.is_term(t, "COUNT"):
            types = [self.codec.schema.names["item_type", n] for n in self.enums["item_type"].values()]
            return bool(self.row_named(t.name)) or t.name in types
        return self.is_term(t, "TERM_OVER")

    # -- rows, TRG-2 -------------------------------------------------------------------------------------------------

    def trigger_row(self, at, row):
        """at: (type, name). row None: it goes."""
        if row is None:
            del self.triggers[at]
        else:
            self.triggers[at] = row
        self.put("TRIGGER", bytes([at[0]]) + at[1].encode(), row and "state_trigger", row)

    def trigger_rows(self):
        """In the order of their keys."""
        return sorted(self.triggers)

    def condition_is(self, row, when, opens):
        a, b = (w and self.codec.encode("charter_predicate", w) for w in (row["when"], when))
        return a == b and row["opens"] == opens

    def follow_triggers(self):
        """TRG-2."""
        self.follow_term()
        judged = [c for c in self.conditions() if self.judgeable(c[1])]
        there = {at: (when, opens) for at, when, opens in judged}
        for at in self.trigger_rows():
            if at not in there or not self.condition_is(self.triggers[at], *there[at]):
                self.trigger_row(at, None)
        for at, when, opens in judged:
            if at not in self.triggers:
                self.trigger_row(at, {"when": when, "opens": opens, "since_ms": None, "asked": None})
                self.judge_trigger(at)
        self.judge_term()

    # -- the term ----------------------------------------------------------------------------------------------------

    def term_timer(self, n):
        return u64(self.last["term/%d" % n], n) + bytes([self.enums["timer_kind"]["TIMER_TERM"]])

    def term_row(self, n, at):
        """META and TIMER of a time of the term; at None: none."""
        name = "term/%d" % n
        if self.last.get(name) is not None:
            self.put("TIMER", self.term_timer(n), None, None)
        self.number_row(name, at)
        if at is not None:
            self.put("TIMER", self.term_timer(n), "", b"")

    def renewal_opens(self):
        term = self.section(4)
        return self.day_end(max(term.to - term.renewal_opens.n - 1, 0))

    def term_ends(self):
        """The end of the term's last day, or None without one."""
        return self.day_end(self.section(4).to) if 4 in self.sections else None

    def follow_term(self):
        """TRG-2."""
        ends = self.term_ends()
        opens = self.renewal_opens() if ends is not None and self.row_named("renewal") else None
        for n, at in ((1, opens), (2, ends)):
            self.term_row(n, at if at is not None and at > self.now else None)

    def term_due(self, n):
        """TRG-6, when TIMER term fires."""
        self.term_row(n, None)
        self.judge_term(n)

    def judge_term(self, n=2):
        """The renewal's row and, at the term's end, those that look at it."""
        renewal = self.enums["trigger_type"]["TRIGGER_RENEWAL"]
        for at in self.trigger_rows():
            if at[0] == renewal or (n == 2 and any(self.is_term(t, "TERM_OVER") for t in self.triggers[at]["when"].terms)):
                self.judge_trigger(at)

    # -- TRG-3 -------------------------------------------------------------------------------------------------------

    def stands_now(self, at, but=None):
        """Whether a condition holds, fails or is open. but: a decision or an item that is not counted."""
        when = self.triggers[at]["when"]
        if when is None:
            ends = self.term_ends()
            return HOLDS if ends is not None and self.renewal_opens() <= self.now < ends else FAILS
        warning = at[0] == self.enums["trigger_type"]["TRIGGER_INDICATOR"]
        found = [self.term_stands(t, warning, but) for t in when.terms]
        return joined(found, when.join == self.enums["connective"]["JOIN_OR"])

    def term_stands(self, t, warning, but):
        if self.is_term(t, "METRIC"):
            line, number = self.metric(t.name), self.last["metric/" + t.name]
            states = (self.period_stands(line, number, first, t) for first in self.periods_back(number))
            return look_back((s for s in states if s != "empty" or not line.computed), t.periods or 1, warning)
        if self.is_term(t, "COUNT"):
            n = sum(x is not but and self.item_end(t.within, x["opened_ms"]) > self.now for x in self.all_of(t.name))
            return HOLDS if compares(self.enums["comparison"], t.op, n, t.number) else FAILS
        ends = self.term_ends()
        return HOLDS if ends is not None and ends <= self.now else FAILS

    def all_of(self, name):
        """The decisions of a row, or without such a row the items of a type."""
        if self.row_named(name):
            return [d for d in self.decisions.values() if d["type"] == name]
        return [it for it in self.items.values() if self.kind_of(it) == name]

    # -- TRG-4 and TRG-5 ---------------------------------------------------------------------------------------------

    def judge_trigger(self, at, but=None):
        """TRG-4."""
        row, found = self.triggers[at], self.stands_now(at, but)
        if found == HOLDS and row["since_ms"] is None:
            asked = self.fire_trigger(at, row)
            self.trigger_row(at, {**row, "since_ms": self.now, "asked": asked or None})
        elif found == FAILS and row["since_ms"] is not None:
            self.trigger_row(at, {**row, "since_ms": None, "asked": None})

    def fire_trigger(self, at, row):
        """TRG-5. The numbers of the actions."""
        words, clause = self.trigger_words(at, row)
        renewal = at[0] == self.enums["trigger_type"]["TRIGGER_RENEWAL"]
        due = self.term_ends() if renewal else self.item_end(self.days(DAYS_TO_ACT))
        return [self.by_the_record("action", owner, due, words, [{"clause": clause}])["number"]
                for owner in self.trigger_owners(at, row)]

    def trigger_words(self, at, row):
        """Words and clause."""
        kinds, (kind, name), opens = self.enums["trigger_type"], at, row["opens"]
        propose = "propose %s, or say why not" % opens
        if kind == kinds["TRIGGER_INDICATOR"]:
            return "early warning %s holds" % name, "risks.indicators." + name
        if kind == kinds["TRIGGER_EXIT"]:
            return "exit trigger %s holds: %s" % (name, propose), "exit.triggers." + name
        if kind == kinds["TRIGGER_RENEWAL"]:
            to = EPOCH + datetime.timedelta(days=self.section(4).to)
            return "the term ends on %s: %s" % (to.isoformat(), propose), "term"
        if not self.row_named(opens):
            propose = "act on it" if opens == "action" else "open %s, or say why not" % opens
        return "consequence %s holds: %s" % (name, propose), "consequences"

    def trigger_owners(self, at, row):
        kinds, (kind, name) = self.enums["trigger_type"], at
        if kind == kinds["TRIGGER_INDICATOR"]:
            return self.warned_seats(row["when"])
        if kind == kinds["TRIGGER_EXIT"]:
            return self.first_seats([self.section(30).on_trigger.owner])
        if kind == kinds["TRIGGER_RENEWAL"]:
            return self.first_seats(self.row_named("renewal").owner)
        line, opened = self.section(20).list[int(name) - 1], self.row_named(row["opens"])
        return self.first_seats([line.owner] if line.owner else opened.owner if opened else [ANY_MANAGER])

    def first_seats(self, selectors):
        """Of each partner the first seat that the selectors name."""
        c = self.charter()
        seats = sorted({s for selector in selectors for s in c.selected(selector)})
        found = [[s for s in seats if org_of(s) == org] for org in self.partners()]
        return [mine[0] for mine in found if mine]

    def warned_seats(self, when):
        """Of an early warning."""
        t = next((t for t in when.terms if self.is_term(t, "METRIC")), None)
        if t is None or (len(when.terms) == 1 and self.watched_alike(t)):
            return []
        line = self.metric(t.name)
        if line.computed:
            return [s for s in (o + "/alliance-manager" for o in self.partners()) if self.partner_seat(s)]
        seats = ["%s/%s" % (org, line["from"].seat or "alliance-manager") for org in self.reporters(line)]
        return [s for s in seats if self.partner_seat(s)][:1]

    def watched_alike(self, t):
        """Whether a risk that is watched has the same indicator."""
        risk = bytes([self.enums["item_type"]["ITEM_RISK"]])
        return any((x.metric, x.op, tuple(x.number), x.periods) == (t.name, t.op, tuple(t.number), t.periods)
                   for n in self.watchers(t.name)
                   for x in (i["indicator"] for i in self.items[risk + u64(n)].get("indicators") or []))

    # -- TRG-6 and TRG-7 ---------------------------------------------------------------------------------------------

    def terms_of(self, at):
        when = self.triggers[at]["when"]
        return when.terms if when is not None else []

    def metric_judged(self, metric):
        """TRG-6, after IND-5."""
        for at in self.trigger_rows():
            if any(self.is_term(t, "METRIC") and t.name == metric for t in self.terms_of(at)):
                self.judge_trigger(at)

    def counted_again(self, name, opened):
        """TRG-6: first as if it had not been opened, then as it is."""
        for at in self.trigger_rows():
            if any(self.is_term(t, "COUNT") and t.name == name for t in self.terms_of(at)):
                self.judge_trigger(at, opened)
                self.judge_trigger(at)

    def item_opened(self, it):
        """TRG-6."""
        if not self.row_named(self.kind_of(it)):  # a count of that name is of decisions
            self.counted_again(self.kind_of(it), it)

    def decision_opened(self, d):
        """TRG-6, TRG-7."""
        self.counted_again(d["type"], d)
        for at in self.trigger_rows():
            row = self.triggers[at]
            if row["asked"] and row["opens"] == d["type"]:
                for n in row["asked"]:
                    it = self.items[bytes([self.enums["item_type"]["ITEM_ACTION"]]) + u64(n)]
                    if not self.item_in(it, "CLOSED"):
                        self.unasked(lambda it=it: self.close_item(it, "ANSWERED", decision=d["number"]))
                self.trigger_row(at, {**row, "asked": None})
