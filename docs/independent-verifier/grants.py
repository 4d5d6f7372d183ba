"""Section 20: grants, and decisions that let a class be shared. Methods of Governance."""
import struct

from canonical import Rec
from rights import need, org_of, u64

MOST_DERIVED, MOST_REQUESTS = 64, 16
FIELDS = {"RECEIVE": ("content",), "RETURN": ("documents",), "DESTROY": ("documents",), "AUDIT": ("request",), "REVOKE": ()}


def has(member, names):
    return member is not None and member["holding"] in (names["HOLDING_OFFERED"], names["HOLDING_RECEIVED"])


class Grants:
    # -- rows --------------------------------------------------------------------------------------------------------

    def grant_is(self, g, name):
        return g["standing"] == self.enums["grant_standing"]["GRANT_" + name]

    def grant_timer(self, g):
        """GRT-1."""
        if not self.grant_is(g, "IN_FORCE"):
            return None
        return u64(g["until_ms"], g["number"]) + bytes([self.enums["timer_kind"]["TIMER_GRANT"]])

    def grant_lives(self, g):
        held = self.enums["holding"]["HOLDING_RECEIVED"]
        return self.grant_is(g, "IN_FORCE") or any(m["holding"] == held for m in g["audience"])

    def grant_row(self, g, before=None, lived=False):
        """Writes a grant; before and lived: its timer, and whether GRANT_LIVE had it."""
        after, lives = self.grant_timer(g), self.grant_lives(g)
        if before != after:
            if before:
                self.put("TIMER", before, None, None)
            if after:
                self.put("TIMER", after, "", b"")
        if lived != lives:
            self.put("GRANT_LIVE", u64(g["number"]), "" if lives else None, b"" if lives else None)
        self.put("GRANT", u64(g["number"]), "state_grant", g)

    def change_grant(self, g, standing=None, member=None, said=(), **fields):
        """said: what changes of a member. A grant in force that nobody has any more ends (GRT-11)."""
        before, lived = self.grant_timer(g), self.grant_lives(g)
        g.update(fields)
        if member is not None:
            member.update(said)
            if self.grant_is(g, "IN_FORCE") and not any(has(m, self.enums["holding"]) for m in g["audience"]):
                standing = "ENDED"
        if standing:
            g.update(standing=self.enums["grant_standing"]["GRANT_" + standing], ended_ms=self.now)
        self.grant_row(g, before, lived)

    def grant_mark(self, e, text=None):
        return {"seat": e.seat, "key": self.key_of(e), "leaf": e.leaf, "at_ms": self.now, "text": text}

    def granter(self, g):
        return org_of(g["granted"]["seat"])

    def grant_member(self, g, org):
        return next((m for m in g["audience"] if m["org"] == org), None)

    # -- what the charter says ---------------------------------------------------------------------------------------

    def info_class(self, name):
        found = next((k for k in (self.section(23).classes if 23 in self.sections else []) if k.name == name), None)
        need(found, "no such class", "NO_SUCH_OBJECT")
        return found

    def may_have(self, of_class, org):
        """GRT-2."""
        found = next((m.may for m in of_class["with"] if m.org == org), self.enums["permission"]["MAY_CANNOT"])
        return next(n for n, v in self.enums["permission"].items() if v == found)

    def may_grant(self, seat):
        """GRT-2."""
        row = next((r for r in self.section(14).rows if r.name == "data-sharing"), None)
        owners = {s for o in (row.owner if row else []) for s in self.charter().selected(o)}
        if any(org_of(s) == org_of(seat) for s in owners):
            return seat in owners
        return seat.split("/")[1] in ("sponsor", "alliance-manager")

    def audience_ok(self, audience):
        need(audience == sorted(set(audience)), "the audience does not ascend", "MALFORMED")

    def share_ok(self, effect):
        """GRT-3."""
        need(effect.info_class is not None and effect.audience is not None and effect.until is not None,
             "class, audience, until", "BAD_EFFECT")
        of_class = self.info_class(effect.info_class)
        self.audience_ok(effect.audience)
        for org in effect.audience:
            need(org in self.partners(), "no such partner", "NO_SUCH_OBJECT")
            need(self.may_have(of_class, org) != "MAY_CANNOT", "it cannot be shared with it", "NOT_PERMITTED")
        need(self.day_end(effect.until) > self.now, "that day is over", "BAD_EFFECT")

    def consent_of(self, ref, info_class, until):
        """GRT-4. The partners that the consent names."""
        need(ref.number in self.decisions, "no such decision", "NO_SUCH_OBJECT")
        d = self.decisions[ref.number]
        effect = self.proposal(d).effect
        need(d["type"] == "data-sharing" and self.effect_kind(effect) == "EFFECT_SHARE", "it is no consent", "NOT_PERMITTED")
        need(ref.digest == d["digest"], "another revision", "WRONG_REVISION")
        need(self.is_phase(d, "PHASE_EFFECTIVE"), "it is not in effect", "NOT_NOW")
        need(effect.info_class == info_class, "another class", "NOT_PERMITTED")
        need(until <= effect.until, "later than it lets", "NOT_PERMITTED")
        return effect.audience

    # -- granting ----------------------------------------------------------------------------------------------------

    def do_grant(self, e, b):
        """GRT-5."""
        need(self.partner_seat(e.seat), "no seat of a partner", "NOT_PERMITTED")
        own, of_class = org_of(e.seat), self.info_class(b.info_class)
        need(self.may_grant(e.seat), "the seat may not grant", "NOT_PERMITTED")
        self.audience_ok(b.audience)
        for org in b.audience:
            need(org in self.partners(), "no such partner", "NO_SUCH_OBJECT")
            need(org != own, "the granter itself", "MALFORMED")
        until_ms = self.day_end(b.until)
        need(until_ms > self.now, "that day is over", "MALFORMED")
        consented = self.consent_of(b.consent, b.info_class, b.until) if b.consent else []
        for org in b.audience:
            may = self.may_have(of_class, org)
            need(may != "MAY_CANNOT", "it cannot be shared with it", "NOT_PERMITTED")
            need(may != "MAY_COULD" or b.consent, "it needs a consent", "INCOMPLETE")
            need(may != "MAY_COULD" or org in consented, "the consent does not name it", "NOT_PERMITTED")
        sources, last = [], 0
        for ref in b.derived_from or []:
            need(ref.number > last, "they do not ascend", "MALFORMED")
            last = ref.number
            sources.append(self.grant_source(ref, own, b, consented))
        number = self.count("grant")
        for s in sources:
            self.put("GRANT_DERIVED", u64(s["number"], number), "", b"")
            self.change_grant(s, derived=s["derived"] + 1)
        offered = self.enums["holding"]["HOLDING_OFFERED"]
        self.grants[number] = g = {
            "number": number, "info_class": b.info_class, "granted": self.grant_mark(e), "id": e.id, "title": b.title,
            "purpose": b.purpose, "content": b.content, "consent": b.consent, "until": b.until, "until_ms": until_ms,
            "scope": b.scope, "derived_from": [s["number"] for s in sources], "derived": 0, "requests": [],
            "audience": [{"org": o, "holding": offered, "changed_leaf": 0} for o in b.audience],
            "standing": self.enums["grant_standing"]["GRANT_IN_FORCE"], "changed_leaf": e.leaf}
        self.grant_row(g)

    def grant_source(self, ref, own, b, consented):
        g, names = self.grants.get(ref.number), self.enums["holding"]
        need(g, "no such grant", "NO_SUCH_OBJECT")
        need(ref.digest == g["id"], "another grant", "WRONG_REVISION")
        need(self.grant_is(g, "IN_FORCE"), "it is over", "NOT_NOW")
        need(own == self.granter(g) or has(self.grant_member(g, own), names), "it does not have it", "NOT_PERMITTED")
        need(g["derived"] < MOST_DERIVED, "too many derived from it", "TOO_MANY")
        for org in b.audience:
            need(org == self.granter(g) or has(self.grant_member(g, org), names) or org in consented, "wider than its source",
                 "NOT_PERMITTED")
        need(b.until <= g["until"] or b.consent, "longer than its source", "NOT_PERMITTED")
        return g

    # -- what becomes of it ------------------------------------------------------------------------------------------

    def do_grant_move(self, e, b):
        """GRT-6."""
        g = self.grants.get(b.grant.number)
        need(g, "no such grant", "NO_SUCH_OBJECT")
        need(b.grant.digest == g["id"], "another grant", "WRONG_REVISION")
        self.fresh(g["changed_leaf"])
        act = next(n for n, v in self.enums["grant_act"].items() if v == b.act)[len("GRANT_ACT_"):]
        for f in ("content", "documents", "request"):
            need(b[f] is None or f in FIELDS[act], "what this act does not have", "MALFORMED")
        {"RECEIVE": self.receive_grant, "REVOKE": self.revoke_grant, "RETURN": self.give_back_grant,
         "DESTROY": self.give_back_grant, "AUDIT": self.audit_grant}[act](e, b, g, act)

    def grant_speaker(self, e, g):
        m = self.grant_member(g, org_of(e.seat))
        need(self.partner_seat(e.seat) and m, "not shared with it", "NOT_PERMITTED")
        self.fresh(m["changed_leaf"])
        return m

    def receive_grant(self, e, b, g, _):
        """GRT-7."""
        names, m = self.enums["holding"], self.grant_speaker(e, g)
        need(self.grant_is(g, "IN_FORCE") and m["holding"] == names["HOLDING_OFFERED"], "nothing to receive", "NOT_NOW")
        need(g["content"] is None or b.content is not None, "which content", "INCOMPLETE")
        need(g["content"] is not None or b.content is None, "it has no content", "MALFORMED")
        need(b.content == g["content"], "not what was shared", "NOT_COMMITTED")
        self.change_grant(g, member=m, said={"holding": names["HOLDING_RECEIVED"], "received": self.grant_mark(e, b.text),
                                             "changed_leaf": e.leaf})

    def revoke_grant(self, e, b, g, _):
        """GRT-8."""
        need(org_of(e.seat) == self.granter(g) and self.may_grant(e.seat), "the seat may not revoke it", "NOT_PERMITTED")
        need(self.grant_is(g, "IN_FORCE"), "it is over", "NOT_NOW")
        need(b.text, "a reason is required", "REASON_NEEDED")
        self.change_grant(g, "REVOKED", revoked=self.grant_mark(e, b.text), changed_leaf=e.leaf)
        revoked = {g["number"]}
        for n in sorted(self.grants):
            other = self.grants[n]
            because = [s for s in other["derived_from"] if s in revoked]
            if not because or not self.grant_is(other, "IN_FORCE"):
                continue
            if other["consent"] is None:
                self.change_grant(other, "REVOKED", because=min(because), changed_leaf=e.leaf)
                revoked.add(n)
            elif other.get("doubted_by") is None:
                self.change_grant(other, doubted_by=min(because), doubted_ms=self.now)

    def give_back_grant(self, e, b, g, act):
        """GRT-9."""
        names, m = self.enums["holding"], self.grant_speaker(e, g)
        need(has(m, names), "nothing to give back", "NOT_NOW")
        self.change_grant(g, member=m, said={
            "holding": names["HOLDING_RETURNED" if act == "RETURN" else "HOLDING_DESTROYED"],
            "settled": self.grant_mark(e, b.text), "documents": b.documents, "changed_leaf": e.leaf})

    def audit_grant(self, e, b, g, _):
        """GRT-10."""
        need(b.request is not None, "which request", "INCOMPLETE")
        own = self.granter(g)
        need(org_of(e.seat) == own, "not shared by its organisation", "NOT_PERMITTED")
        right = self.section(23).audit_right if 23 in self.sections else None
        need(right and right.by.org in (None, own), "no right to audit", "NOT_PERMITTED")
        it = self.items.get(bytes([self.enums["item_type"]["ITEM_REQUEST"]]) + u64(b.request))
        need(it, "no such request", "NO_SUCH_OBJECT")
        need(it.get("opened_by") and org_of(it["opened_by"]) == own, "not its request", "NOT_PERMITTED")
        asked = org_of(it["item"].owner)
        m = self.grant_member(g, asked)
        need(m and m["holding"] != self.enums["holding"]["HOLDING_LEFT"] and right.of.org in (None, asked),
             "nobody to be audited", "NOT_PERMITTED")
        need(not self.item_in(it, "CLOSED"), "the request is closed", "NOT_NOW")
        need(it["due_ms"] >= self.item_end(right.answer, it["opened_ms"]), "due before the time to answer", "NOT_PERMITTED")
        need(b.request not in g["requests"], "it is there", "DUPLICATE")
        need(len(g["requests"]) < MOST_REQUESTS, "too many requests", "TOO_MANY")
        day = (self.now + self.offset()) // 86_400_000
        between = self.period_of(Rec("charter_period", {"n": 1, "unit": right.at_most.per}), day)
        known = (own, asked, b.request) in self.audits
        made = [n for (by, of, _), n in self.audits.items() if (by, of) == (own, asked) and between and
                between[0] <= n < between[1]]
        need(known or len(made) < right.at_most.n, "audited as often as the charter lets it", "TOO_MANY")
        self.change_grant(g, requests=g["requests"] + [b.request])
        if not known:
            self.audits[own, asked, b.request] = day
            key = b"".join(bytes([len(o)]) + o.encode() for o in (own, asked)) + struct.pack(">I", day) + u64(b.request)
            self.put("AUDIT", key, "", b"")

    # -- time, leaving -----------------------------------------------------------------------------------------------

    def grant_expires(self, number):
        """GRT-11."""
        self.change_grant(self.grants[number], "EXPIRED")

    def grants_left(self, org):
        """GRT-12."""
        names = self.enums["holding"]
        for n in sorted(self.grants):
            m = self.grant_member(self.grants[n], org)
            if self.grant_lives(self.grants[n]) and has(m, names):
                self.change_grant(self.grants[n], member=m, said={"holding": names["HOLDING_LEFT"], "left_ms": self.now})
