"""Random entries of section 16 for the stories of differential.py: alternates, recusal, pauses, recommendations,
receipts, budgets, acting first. A part of Story."""
import forge
from forge import HOUR, sha256

DAY = 24 * HOUR
SILENT = ("clinical-claim", "delivery-tradeoff", "commercial-terms", "spend")


def charter():
    """The charter of forge, with silence that counts as consent on some rows, and short times."""
    out = dict(forge.large_charter())
    more = {n: {"silence": 2} for n in SILENT}
    for n in ("spend", "capital"):
        more.setdefault(n, {}).update(notice={"n": 1, "unit": 1}, veto=["clinics/finance", "maker/sponsor"])
    more["safety-notice"] = {"sla": {"n": 30, "unit": 3}}
    more["data-sharing"] = {"sla": {"n": 3, "unit": 2}, "act_first": True}
    rows = [{**r, **more.get(r["name"], {})} for r in out["charter_decisions"]["rows"]]
    out["charter_decisions"] = {**out["charter_decisions"], "rows": rows}
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
        settled = {**self.proposal(d["type"], d["partner"]), "budget": was.budget, "amount": was.amount, "charge": was.charge,
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
