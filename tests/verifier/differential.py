#!/usr/bin/env python3
"""Random stories, told by the independent verifier's engine, and judged by entente-audit: both must reach the same
roots, and refuse the same entries with the same verdict.

usage: differential.py AUDIT [STORIES [SEED [ONLY]]]

ONLY names the section that most entries are of: decisions, absence, readings, items, warnings, measures, sharing or
resting. AUDIT may be -: nobody is asked, and what happened is counted.

A story that the two tell apart is named by its seed, and kept as a pack."""
import io
import json
import pathlib
import random
import subprocess
import sys
import tempfile

import acts
import forge
from forge import CODEC, HOUR, KINDS, LABELS, LARGE, STEP, person, public, sha256
from pack import Failed
import sets
from verify import Verifier

DAY = 24 * HOUR
ROWS = ("admission", "charter-core", "charter-policy", "clinical-claim", "commercial-terms", "consequence", "data-sharing",
        "delivery-tradeoff", "exit", "removal", "renewal", "roadmap-change", "swiss-listing", "upgrade", "spend", "spend",
        "capital", "safety-notice", "risk-acceptance", "erasure", "erasure", "exception", "exception", "pivot")
NEW = ("newco", "auditor", "viewer")
MORE = ("alliance-manager", "delivery-lead", "finance", "security-legal")
ORGS = {o: (role, tuple(sorted(set(seats) | set(MORE if role == forge.PARTNER else ()))), extra)
        for o, (role, seats, extra) in LARGE.items()}


class Story(acts.Absence, acts.Measured, acts.Owned, acts.Warned, acts.Computed, acts.Shared, acts.Resting):
    def __init__(self, seed, base, only=None):
        self.actions = [(name, n * (12 if which == only else 1)) for which, group in (
            ("decisions", self.ACTIONS), ("absence", self.MORE_ACTIONS), ("readings", self.METRIC_ACTIONS),
            ("items", self.ITEM_ACTIONS), ("warnings", self.WARNING_ACTIONS), ("measures", self.MEASURE_ACTIONS),
            ("sharing", self.SHARE_ACTIONS), ("resting", self.RESTING_ACTIONS)) for name, n in group]
        self.rng, self.a, self.n, self.told = random.Random(seed), forge.branch(base), 1, []

    @property
    def gov(self):
        return self.a.gov

    def chance(self, p):
        return self.rng.random() < p

    def pick(self, members, otherwise=None):
        members = list(members)
        return self.rng.choice(members) if members else otherwise

    def org(self):
        return self.pick(sorted(self.gov.parties)) if self.chance(0.97) else "zoo"

    def fresh(self):
        self.n += 1
        return "fresh %d" % self.n

    def label(self, seat):
        org, _, name = seat.partition("/")
        if name == "node" and org in self.gov.parties:
            return LABELS[self.gov.parties[org]["node"]["node"]]
        keys = self.gov.seats.get(seat, {"keys": []})["keys"]
        return LABELS[self.pick(keys).key] if keys else "nobody"

    def seat(self, *among):
        """Mostly one of among, else any."""
        if among and self.chance(0.9):
            return self.pick(among)
        return self.pick(sorted(self.gov.seats) + [o + "/node" for o in sorted(self.gov.parties)])

    def person(self, org):
        """A key for a holder: mostly a new one."""
        if self.chance(0.7):
            return person(self.fresh())
        return {"alg": 1, "key": self.pick(sorted(self.gov.keys) + [public("recovery " + o) for o in LARGE])}

    def keys(self, org, low=0):
        return [self.person(org) for _ in range(self.rng.randint(low, 2))]

    def decision(self):
        live = [n for n, d in self.gov.decisions.items() if self.gov.is_phase(
            d, "PHASE_OPEN", "PHASE_MEDIATION", "PHASE_PASSED", "PHASE_STALE")]
        return self.gov.decisions[self.pick(live if live and self.chance(0.9) else self.gov.decisions)]

    def ref(self, d):
        return {"number": d["number"], "digest": d["digest"] if self.chance(0.97) else bytes(32)}

    # -- entries: (seat, kind, body) ---------------------------------------------------------------------------------

    def effect(self, type_):
        if self.chance(0.04):
            type_ = self.pick(ROWS)
        if type_ == "admission":
            org = self.pick(NEW) if self.chance(0.9) else self.org()
            role = {"auditor": 2, "viewer": 3}.get(org, 1)
            seats = ("registrar", "sponsor", "quality", "business-lead") if role == 1 else ("registrar",)
            card, signed = forge.make_card(org, seats, n=self.pick((1, 1, 1, 2)),
                                           recovery=self.pick((None, "recovery " + org, "recovery maker")),
                                           labels=self.wrong_key())
            return {"type": 3, "card": signed, "party": {"org": org, "display": org, "role": role, "card": sha256(card),
                                                         "seats": None if role == 1 else ["registrar"]}}
        if type_ in ("removal", "exit"):
            return {"type": 4 if type_ == "removal" else 5}
        if type_ == "risk-acceptance":
            risk = self.pick([it for it in self.gov.items.values() if self.gov.kind_of(it) == "risk"])
            score = risk["likelihood"] * risk["impact"] if risk and self.chance(0.95) else 1
            return {"type": 10, "risk": risk["number"] if risk else 1, "score": score,
                    "until": self.a.now // DAY + self.pick((2, 20, 60, 800, -1))}
        if type_ == "data-sharing":
            return self.consent_effect()
        if type_ == "erasure":
            top = self.a.tree.size + self.pick((0, 0, 0, 0, 0, 0, 3))
            leaves = sorted({self.rng.randrange(top) for _ in range(self.rng.randint(1, 4))})
            return {"type": 11, "leaves": leaves if self.chance(0.95) else self.pick((leaves[::-1], leaves + leaves, None))}
        if type_ == "upgrade":
            return {"type": 6, "rules": self.pick((2, 2, 3))}
        if type_.startswith("charter-"):
            number = self.pick((2, 11, 30, 4)) if type_ == "charter-core" else self.pick((28, 27, 20, 22, 29))
            name = CODEC.schema.numbers["charter", number]
            if number not in (2, 28):
                body = self.amended(number)
            else:
                body = {"sections": [4, 5, 6, 7, 9, 10, 11, 23, 30]} if number == 2 else {"list": ["Be fair %d." % self.n]}
            if number == 2:
                body["sections"] = sorted(set(body["sections"] + [self.rng.randint(24, 29)]))
            self.n += 1
            old = self.gov.sections.get(number)
            return {"type": 2, "section": number, "body": CODEC.encode(name, body),
                    "base_version": old and (old["version"] if self.chance(0.95) else 9)}
        return {"type": 1}

    def wrong_key(self):
        if self.chance(0.9):
            return None
        return {self.pick(forge.NODE_KEYS): LABELS[self.pick(sorted(self.gov.keys))]}

    def proposal(self, type_, partner=None):
        p = {"title": bytes(32), "effect": self.effect(type_), "partner": partner}
        if type_ in ("consequence", "removal") or self.chance(0.03):
            p["partner"] = partner or self.org()
        if type_ in ("delivery-tradeoff",) and self.chance(0.7):
            p["affected"] = sorted({self.org() for _ in range(self.rng.randint(1, 2))})
        if type_ in ("delivery-tradeoff", "commercial-terms") and self.chance(0.9):
            p["amount"] = {"minor": self.pick((100, 2500000, 30000000)), "currency": "EUR" if self.chance(0.95) else "USD"}
        if type_ == "swiss-listing" and self.chance(0.95):
            p["scope"] = "ch"
        self.money(type_, p)
        self.resting(type_, p)
        return p

    def propose(self):
        type_ = self.pick(ROWS)
        row = next(r for r in self.gov.section(14).rows if r.name == type_)
        owners = sorted({s for o in row.owner for s in self.gov.charter().selected(o)})
        body = {"type": type_, "proposal": self.proposal(type_)}
        if self.gov.decisions and self.chance(0.15):
            d = self.decision()
            body = {"type": d["type"], "proposal": self.proposal(d["type"], d["partner"]), "counters": self.ref(d)}
        return self.seat(*[s for s in owners if self.gov.seats[s]["keys"]]), "propose", body

    def ballot(self):
        d = self.decision()
        seats = [s for t in self.gov.terms(d) for p in t["partners"] for s in p["seats"] if self.gov.filled(s)]
        choice = self.pick((1, 1, 1, 1, 1, 1, 2, 4, 3))
        seats = self.gov.pinned[d["number"]]["veto"] if choice == 3 else seats
        return self.seat(*seats), "ballot", {
            "decision": self.named(d), "rung": d["rung"], "choice": choice,
            "reason": bytes(32) if choice in (2, 3) and self.chance(0.9) else None,
            "clause": "boundaries.maker" if choice == 3 else None}

    def revise(self):
        d = self.decision()
        return self.seat(d["mover"]), "revise", {"decision": self.ref(d), "proposal": self.again(d)}

    def withdraw(self):
        d = self.decision()
        return self.seat(d["mover"]), "withdraw", {"decision": self.ref(d)}

    def move(self):
        d = self.decision()
        return self.seat(*self.gov.pinned[d["number"]]["owners"]), "move_decision", {
            "decision": self.ref(d), "rung": d["rung"], "move": 1, "reason": bytes(32)}

    def give(self):
        needing = [d for n, d in self.gov.decisions.items() if self.gov.pinned[n]["needs"]]
        d = self.pick(needing) if needing and self.chance(0.9) else self.decision()
        need = self.pick(self.gov.pinned[d["number"]]["needs"] or [])
        need = {"type": need.type, "seat": need.seat} if need and self.chance(0.95) else {"type": 2}
        return self.seat(need.get("seat") or d["mover"]), "decision_input", {
            "decision": self.ref(d), "need": need, "documents": [bytes(32)]}

    def note(self):
        return self.seat(), "note", {"type": 1, "text": bytes(32)}

    def holder(self):
        seat = self.pick(sorted(self.gov.seats))
        org = seat.split("/")[0]
        return self.seat(org + "/registrar"), "holder", {"seat": seat, "keys": self.keys(org)}

    def key(self):
        key = self.pick(sorted(self.gov.keys))
        return self.seat(self.gov.keys[key]["org"] + "/registrar"), "key", {"key": {"alg": 1, "key": key}}

    def card(self, org):
        self.n += 1
        labels = self.wrong_key() or {}
        if org in self.gov.parties and self.chance(0.5):
            k = self.pick(forge.NODE_KEYS)
            labels[k] = LABELS[self.gov.parties[org]["node"][k]]
        return forge.make_card(org, n=self.n, labels=labels)[1]

    def replace_node(self):
        org = self.org()
        seat = self.seat(org + "/registrar")
        return seat, "replace_node", {"card": self.card(seat.split("/")[0] if self.chance(0.95) else org)}

    def ready(self):
        joining = [o for o in sorted(self.gov.parties) if self.gov.standing(o, "STANDING_JOINING")]
        org = self.pick(joining) if joining and self.chance(0.9) else self.org()
        return self.seat(org + "/node"), "ready", {"height": max(0, len(self.a.blocks) - self.pick((0, 1, 1, 1, 2, 16, 17)))}

    def support(self):
        return self.seat(self.org() + "/node"), "support", {"rules": self.pick((2, 2, 3))}

    def fault(self):
        org = self.org()
        key = LABELS[self.gov.parties[org]["node"]["vote"]] if org in self.gov.parties else "vote maker"
        vote = {"alliance": self.a.id, "epoch": 0, "type": self.rng.randint(1, 3), "height": self.rng.randint(1, 3),
                "round": 0, "value": bytes(32), "valid_round": None}
        pair = sorted([vote, {**vote, "value": self.pick((None, sha256(b"x")))}],
                      key=lambda v: CODEC.encode("vote", v))
        sigs = [forge.signed(key, "vote@entente", CODEC.encode("vote", v)) for v in pair]
        return self.seat(self.org() + "/node"), "fault", {"org": org, "key": public(key), "first": pair[0],
                                                          "first_sig": sigs[0], "second": pair[1], "second_sig": sigs[1]}

    def recover(self):
        org, keys = self.org(), self.keys(self.org(), 1)
        card = self.card(org) if self.chance(0.5) else None
        party = self.gov.parties.get(org, {})
        statement = CODEC.encode("recovery_statement", {
            "alliance": self.a.id, "epoch": self.a.epoch, "org": org, "keys": keys, "card": card and sha256(card),
            "after": (party.get("recoveries") or 0) if self.chance(0.95) else 7})
        return self.seat(), "recover", {"org": org, "keys": keys, "card": card, "signature": forge.signature(
            "recovery " + org, "recovery@entente", statement)}

    def registrar(self):
        org = self.org()
        ask = self.gov.asks.get(org)
        if ask and self.chance(0.8):
            body = self.asked[ask["digest"]]
        elif self.gov.recoveries and self.chance(0.6):
            leaf = self.pick(self.gov.recoveries)
            org, body = self.gov.recoveries[leaf]["org"], {"act": 2, "recovery": leaf}
        else:
            body = {"act": 1, "keys": self.keys(org, 1)}
        self.asked[sha256(CODEC.encode("registrar", body))] = body
        seats = [s for s in sorted(self.gov.seats) if s.split("/")[0] == org and self.gov.filled(s)]
        return self.seat(*seats) if seats else self.seat(), "registrar", body

    asked = {}
    ACTIONS = (("propose", 12), ("ballot", 34), ("revise", 3), ("withdraw", 1), ("move", 3), ("give", 7), ("note", 1),
               ("holder", 4), ("key", 3), ("replace_node", 5), ("ready", 4), ("support", 3), ("fault", 1), ("recover", 3),
               ("registrar", 6), ("wait", 10))

    def span(self, wait=False):
        """How long until the next block."""
        first = min(self.gov.timers, default=None)
        due = int.from_bytes(first[:8], "big") - self.a.now if first else 0
        if wait and due > 0 and self.chance(0.8):
            return due
        return max(1, self.pick((1, STEP, STEP, STEP, 5 * HOUR, due, due, DAY, 15 * DAY if self.chance(0.2) else HOUR)))

    def refound(self):
        """The epoch ends, and an empty block begins the next: cards, suspended, who signs, and the proof are random."""
        b = forge.branch(self.a)
        orgs = sorted(self.gov.parties)
        cards = {o: self.card(o) for o in self.rng.sample(orgs, self.pick((0, 1, 1, 2)))}
        others = [o for o in orgs if o not in cards or self.chance(0.03)]
        suspended = self.rng.sample(others, min(len(others), self.pick((0, 0, 1, 1, 2))))
        proof = None
        if self.chance(0.4) and len(b.blocks) > 1:
            voters, round_ = [m["org"] for m in b.decided], self.rng.randint(0, 3)
            pol = sorted(self.rng.sample(voters, sets.quorum(len(voters)) - self.chance(0.05)))
            rest = sorted(self.rng.sample(voters, self.rng.randint(0, len(voters))))
            proof = {"pol": [b.vote(o, 1, round_) for o in pol] or None,
                     "precommit": b.vote(self.pick(voters), 2, round_),
                     "others": [b.vote(o, 2, self.rng.randint(0, round_), value=self.pick((None, bytes(32))))
                                for o in rest]}
        seats, keys = [], {}
        for org in self.gov.charter().partners:
            mine = [s for s in sorted(self.gov.seats) if s.split("/")[0] == org and self.gov.filled(s)]
            registrar = org + "/registrar"
            rest = [s for s in mine if s != registrar]
            more = self.rng.sample(rest, min(len(rest), self.pick((0, 1, 1, 1, 1, 1, 1, 2))))
            seats += [registrar] * (registrar in mine) + more
        for s in seats:
            keys[s] = self.label(s) if self.chance(0.995) else "nobody"
        b.refound(cards, suspended, proof, seats, keys=keys)
        if not b.members:
            return self.step()
        b.block([], b.now + self.span())
        return b, "refounding: cards %s, suspended %s" % (sorted(cards), sorted(suspended))

    def step(self):
        """Another block."""
        if self.chance(0.06):
            return self.refound()
        names, weights = zip(*self.actions)
        names = self.rng.choices(names, weights, k=self.pick((1, 1, 1, 1, 2, 3)))
        wait = "wait" in names
        t, leaves, words = self.a.now + (self.span(wait) if wait or self.chance(0.3) else STEP), [], []
        if not wait:
            for name in names:
                if name in ("ballot", "revise", "withdraw", "move", "give") + self.ABOUT_DECISIONS and not self.gov.decisions:
                    continue
                seat, kind, body = getattr(self, name)()
                by = self.label(seat)
                basis = -4 if self.chance(0.03) and len(self.a.blocks) > 4 else -1
                if basis < -1 and self.gov.blocks[basis + 1][0] < t - 30 * DAY:  # stale: ENT-5 is checked elsewhere
                    basis = -1
                leaf = self.a.entry(seat, KINDS[kind], body, t, by=by, basis=basis)
                if leaf in leaves:
                    continue
                leaves.append(leaf)
                words.append("%s %s by %s" % (seat, kind, by))
        b = forge.branch(self.a)
        b.block(leaves, t)
        return b, "; ".join(words) or "wait"


def beginnings():
    """Alliances at which stories begin: founded; without a partner; without the mediator; with one that joins, and with
    it ready; an upgrade decided; consents in effect."""
    def passed(a, mover, type_, effect, *seats, need=None, wait=None, **more):
        n = a.propose(mover, type_, effect, **more)
        if need:
            a.give(n, mover, need)
        a.ballot(n, *seats)
        if wait:
            a.wait(wait)

    founded = forge.Alliance(orgs=ORGS, charter=acts.charter())
    out = [founded]
    three = [o + "/sponsor" for o in ("clinics", "distributor", "maker")]
    for org in ("distributor", "trustee"):
        a = forge.branch(founded)
        passed(a, "maker/sponsor", "removal", {"type": 4}, *[s for s in three if not s.startswith(org)], wait=5 * HOUR,
               partner=org)
        out.append(a)
    a = forge.branch(founded)
    card, signed = forge.make_card("newco", ("registrar", "sponsor", "quality", "business-lead"), recovery="recovery newco")
    party = {"org": "newco", "display": "newco", "role": 1, "card": sha256(card), "seats": None}
    passed(a, "maker/sponsor", "admission", {"type": 3, "party": party, "card": signed}, *three, need={"type": 3})
    out.append(a)
    a = forge.branch(a)
    a.say("newco/node", "ready", {"height": len(a.blocks) - 1})
    out.append(a)
    a = forge.branch(founded)
    passed(a, "maker/sponsor", "upgrade", {"type": 6, "rules": 2}, *three)
    out.append(a)
    a = forge.branch(founded)
    for info_class, audience in (("delivery-data", ["clinics", "distributor", "maker"]), ("signal-data", ["distributor"])):
        passed(a, "maker/security-legal", "data-sharing", {"type": 9, "info_class": info_class, "audience": audience,
                                                           "until": a.now // DAY + 300},
               *[o + "/security-legal" for o in ("clinics", "distributor", "maker")], wait=6 * DAY)
    out.append(a)
    return out


def audit(program, data):
    with tempfile.NamedTemporaryFile(suffix=".pack") as f:
        f.write(data)
        f.flush()
        done = subprocess.run([program, "verify", f.name, "--json"], capture_output=True, text=True, check=False)
    said = json.loads(done.stdout[:done.stdout.rindex("}") + 1]).get("why", "") if done.stdout else done.stderr
    return done.returncode, said


def judged(b):
    """The rule and words by which the verifier refuses a refounding; None when it does not."""
    try:
        Verifier(CODEC).run(io.BytesIO(forge.pack(b.frames())))
    except Failed as e:
        return e
    return None


def tell(program, seed, base, steps, counts, only):
    """One story. Returns what they tell apart, or None."""
    s = Story(seed, base, only)
    for i in range(steps):
        b, words = s.step()
        begun = b.epoch > s.a.epoch
        if begun:
            b.refused = judged(b)
            counts["epochs"] = counts.get("epochs", 0) + (b.refused is None)
        if (b.gov.last.get("rules") or 1) > 1 and not b.refused and b.gov.rules > 1:
            break
        counts["refused" if b.refused else "blocks"] += 1
        last = b.refused and (b.refused.rule, b.refused.words)
        if b.refused or begun or i % 8 == 7 or i == steps - 1:
            verdict = last and (last[0] if begun else last[1].split(":")[0])
            if last:
                counts[verdict] = counts.get(verdict, 0) + 1
            code, said = audit(program, forge.pack(b.frames())) if program != "-" else (None, "")
            text = CODEC.schema.verdicts.get(verdict, "")
            same = code == 6 and said.startswith(last[0]) and text in said if last else code == 0
            if program != "-" and not same:
                return "block %d (%s): here %s; entente-audit: %d %s" % (len(b.blocks) - 1, words, last, code, said), b
        if not b.refused:
            s.a = b
            if (b.gov.last.get("rules") or 1) > 1:
                break
    for g in s.gov.grants.values():
        name = CODEC.schema.names["grant_standing", g["standing"]]
        counts["grant " + name] = counts.get("grant " + name, 0) + 1
        counts["grant doubted"] = counts.get("grant doubted", 0) + bool(g.get("doubted_by"))
        counts["grant audited"] = counts.get("grant audited", 0) + bool(g["requests"])
    for measure, value in acts.values(s.gov):
        name = "computed %s%s" % (measure, "" if value[0] else ": 0")
        counts[name] = counts.get(name, 0) + 1
    for e in s.gov.rows:
        if e[0] == CODEC.schema.tables["EVENT"][0]:
            name = CODEC.schema.names["event_type", CODEC.decode("state_event", s.gov.rows[e]).type]
            counts["event " + name] = counts.get("event " + name, 0) + 1
        if e[0] == CODEC.schema.tables["ITEM_EVENT"][0]:
            name = CODEC.schema.names["item_event", CODEC.decode("state_item_event", s.gov.rows[e]).type]
            counts["item " + name] = counts.get("item " + name, 0) + 1
    return None


def main():
    program = sys.argv[1]
    stories = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    first = int(sys.argv[3]) if len(sys.argv) > 3 else random.SystemRandom().randrange(1 << 32)
    only = sys.argv[4] if len(sys.argv) > 4 else None
    bases = beginnings()
    counts, apart = {"blocks": 0, "refused": 0}, 0
    for seed in range(first, first + stories):
        found = tell(program, seed, bases[-1 if only == "sharing" else seed % len(bases)], 60, counts, only)
        if found:
            apart += 1
            kept = pathlib.Path(tempfile.gettempdir()) / ("apart-%d.pack" % seed)
            kept.write_bytes(forge.pack(found[1].frames()))
            print("seed %d: %s\n  kept as %s" % (seed, found[0], kept), flush=True)
    print("%d stories from seed %d, %d told apart; %s" % (stories, first, apart, json.dumps(counts)))
    return 1 if apart or not counts["blocks"] else 0


if __name__ == "__main__":
    sys.exit(main())
