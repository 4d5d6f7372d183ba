"""GOV-7, GOV-8, GOV-10, GOV-11: what a row pins, and what the partners' votes are. Pure."""
import struct

from canonical import Refused, decimal_key

APPROVES, OWES, REJECTS, ASIDE, EMPTY = "approves", "owes", "rejects", "stands aside", "empty"


class Verdict(Refused):
    """What the rules say of an entry: a name of verdicts.def, and words."""

    def __init__(self, verdict, words):
        super().__init__("ENT-7", "%s: %s" % (verdict, words))
        self.verdict = verdict


def need(ok, words, verdict):
    if not ok:
        raise Verdict(verdict, words)


def u64(*numbers):
    return b"".join(struct.pack(">Q", n) for n in numbers)


def org_of(seat):
    return seat.split("/")[0]


class Charter:
    """Selectors over the charter in force."""

    def __init__(self, sections, seats, left=()):
        self.partners = sorted(p.org for p in sections[7].list if p.role == 1 and p.org not in left)
        self.left = left
        self.bodies = {b.name: b for b in sections[12].list} if 12 in sections else {}
        self.seats = seats

    def selected(self, s):
        """The seats that a selector names and that are on the record, ascending."""
        if s.body:
            out = set()
            for part in self.bodies[s.body].seats:
                out |= set(self.selected(part))
            return sorted(out)
        orgs = [o for o in ([s.org] if s.org else self.partners) if o not in self.left]
        return sorted("%s/%s" % (o, s.seat) for o in orgs if "%s/%s" % (o, s.seat) in self.seats)

    def by_partner(self, s):
        seats = self.selected(s)
        listed = [(o, [x for x in seats if org_of(x) == o]) for o in self.partners]
        return [{"org": o, "seats": x} for o, x in listed if x]

    def term(self, approval):
        return {"who": approval.who, "count": approval.count, "of": written(approval.of), "body": approval.of.body,
                "partners": self.by_partner(approval.of)}

    def rung(self, r):
        to = r.to
        out = {"to": written(to), "within": r.within, "body": to.body, "mediator": None, "partners": [], "answer": None,
               "outside": None}
        if to.org and to.org not in self.partners and to.org not in self.left:
            out["mediator"] = "%s/%s" % (to.org, to.seat)
            out["answer"] = r.answer
        else:
            out["partners"] = self.by_partner(to)
        return out


def written(s):
    return s.body or "%s/%s" % (s.org or "*", s.seat)


def holds(predicate, proposal, mover, enums, amount):
    """GOV-8."""
    found = []
    for t in predicate.terms:
        if t.type == enums["condition"]["COND_AFFECTS_OTHERS"]:
            found.append(any(o != org_of(mover) for o in proposal.affected or []))
        elif t.type == enums["condition"]["COND_AMOUNT"]:
            a, op = proposal.amount, enums["comparison"]
            found.append(a is not None and a.currency == t.amount.currency and {
                op["CMP_LT"]: amount < t.amount.minor, op["CMP_LE"]: amount <= t.amount.minor,
                op["CMP_EQ"]: amount == t.amount.minor, op["CMP_GE"]: amount >= t.amount.minor,
                op["CMP_GT"]: amount > t.amount.minor}[t.op])
        elif t.type == enums["condition"]["COND_SCORE"]:
            score = proposal.effect.score
            found.append(score is not None and decimal_key(t.number) <= decimal_key((score, 0)))
        else:
            raise Verdict("NOT_SUPPORTED", "a predicate looks at what these rules do not have")
    return any(found) if predicate.join == enums["connective"]["JOIN_OR"] else all(found)


def currencies(predicates, enums):
    return {t.amount.currency for p in predicates for t in p.terms if t.type == enums["condition"]["COND_AMOUNT"]}


def level_and_joint(pinned, proposal, mover, enums, amount):
    """amount: what predicates compare (GOV-60)."""
    when = pinned["when_joint"]
    raises = [r["when"] for r in pinned["raises"] or []]
    if when.mode == enums["joint"]["JOINT_WHEN"]:
        asked = currencies([when.when], enums)
        if asked and (proposal.amount is None or proposal.amount.currency not in asked):
            raise Verdict("INCOMPLETE", "whether it is joint depends on an amount that is not there")
        joint = holds(when.when, proposal, mover, enums, amount)
    else:
        joint = when.mode == enums["joint"]["JOINT_YES"]
    asked = currencies(raises, enums)
    if asked and proposal.amount is not None and proposal.amount.currency not in asked:
        raise Verdict("INCOMPLETE", "the amount is in a currency of none of the row's")
    level = 0
    for i, r in enumerate(raises, 1):
        if holds(r, proposal, mover, enums, amount):
            level = i
    return level, joint


def base_terms(pinned, level):
    return pinned["raises"][level - 1]["terms"] if level else pinned["terms"]


def terms_in_force(pinned, decision, rung, who):
    """GOV-14: on rung 0 the row's or the raise's; above, one approval of the rung's seats."""
    base = base_terms(pinned, decision["level"])
    if rung == 0:
        return base
    r = pinned["rungs"][rung - 1]
    listed = {p["org"] for t in base for p in t["partners"]}
    order = ("WHO_PARTNER", "WHO_AFFECTED", "WHO_OTHER", "WHO_OWN")
    first = next(who[w] for w in order if any(t["who"] == who[w] for t in base))
    return [{"who": first, "count": 1, "of": r["to"], "body": r["body"],
             "partners": [p for p in r["partners"] if p["org"] in listed]}]


def asked(term, decision, who):
    """GOV-10: the partners of a term that are asked."""
    if not decision["joint"]:
        keep = {org_of(decision["mover"])}
    elif term["who"] == who["WHO_OTHER"]:
        keep = {p["org"] for p in term["partners"]} - {decision["partner"]}
    elif term["who"] == who["WHO_OWN"]:
        keep = {org_of(decision["mover"])}
    elif term["who"] == who["WHO_AFFECTED"]:
        keep = set(decision["affected"])
    else:
        keep = {p["org"] for p in term["partners"]}
    return [p for p in term["partners"] if p["org"] in keep]


def position(term, voices, blocks):
    """GOV-11. voices: of each seat of a partner what it says; OWES: it may still speak, EMPTY: nobody holds it."""
    a, r, s, u, e = (voices.count(v) for v in (APPROVES, REJECTS, ASIDE, OWES, EMPTY))
    k = term["count"]
    if a >= k:
        return APPROVES
    if a + u >= k:
        return OWES
    if r > 0:
        return REJECTS
    if s == 0 or a + u + e >= k:
        return OWES
    return REJECTS if blocks else ASIDE
