"""The record that is tampered with: one alliance, told block by block, with something of everything in it.

Every key is known here, so a forger may hold any of them. `Record.until(block)` is the alliance as it stood before that
block, from where a forger can go on otherwise."""
import hashlib

import acts
from differential import ORGS
import forge
from forge import KINDS, STEP, person, sha256

APPROVE, REJECT, VETO = 1, 2, 3
PREVOTE, PRECOMMIT = 1, 2
FINANCE = ("clinics/finance", "distributor/finance", "maker/finance")
QUALITY = ("clinics/quality", "distributor/quality", "maker/quality")
OTHER_NAME = "another alliance"


def text(words):
    """(digest, the text as it travels)."""
    salt = hashlib.sha256(words.encode()).digest()
    return sha256(salt, words.encode()), {"salt": salt, "text": words}


class Record:
    """blocks: name -> height of what is told under it; kept: checkpoints, by name, as (size, note)."""

    def __init__(self, charter=None, orgs=None):
        self.a = forge.Alliance(orgs=orgs or ORGS, charter=charter or acts.charter())
        self.before, self.at, self.kept, self.numbers = {}, {}, {}, {}
        self.node = {o: 1 for o in self.a.gov.parties}  # which keys the node of an organisation has
        self.tell()

    # -- words of the story ------------------------------------------------------------------------------------------

    def mark(self, name):
        """The next block is told under this name."""
        height = len(self.a.blocks)
        self.at[name], self.before[height] = height, forge.branch(self.a)

    def until(self, name):
        return forge.branch(self.before[self.at[name]])

    def say(self, name, seat, kind, body, by=None, words=()):
        """One entry in a block of its own. words: texts whose digests the body holds."""
        self.mark(name)
        t = self.a.now + STEP
        self.a.block([self.a.entry(seat, KINDS[kind], body, t, by=by)], t,
                     prose=[{"leaf": 1, "prose": w} for w in words])
        if self.a.refused:
            raise self.a.refused

    def propose(self, name, seat, type_, words, **proposal):
        digest, prose = text(words)
        self.say(name, seat, "propose", {"type": type_, "proposal": {"title": digest, "effect": {"type": 1}, **proposal}},
                 words=[prose])
        self.numbers[name] = self.a.gov.last["decision"]

    def ballot_of(self, name, choice=APPROVE, clause=None):
        n = self.numbers[name]
        why = text("The reason for %s." % name)
        return {"decision": self.a.ref(n), "rung": self.a.gov.decisions[n]["rung"], "choice": choice, "clause": clause,
                "reason": why[0] if choice in (REJECT, VETO) else None}, [why[1]] if choice in (REJECT, VETO) else []

    def ballot(self, name, seat, choice=APPROVE, clause=None, by=None):
        body, words = self.ballot_of(name, choice, clause)
        self.say("veto" if choice == VETO else "%s/%s" % (name, seat), seat, "ballot", body, words=words, by=by)

    def renew_node(self, org):
        self.node[org] += 1
        self.say("renew/" + org, org + "/registrar", "replace_node", {"card": forge.make_card(org, n=self.node[org])[1]})

    def keep(self, name):
        """A checkpoint of now, as an auditor would have fetched it."""
        keys = {o: forge.node_label("cosign", o, n) for o, n in self.node.items()}
        orgs = sorted(m["org"] for m in self.a.members)
        self.kept[name] = self.a.tree.size, self.a.checkpoint(orgs, keys=keys, log=forge.node_label("log", "maker", self.node["maker"]))

    # -- the story ---------------------------------------------------------------------------------------------------

    def tell(self):
        a = self.a
        first, second = text("Pumps arrive on Monday."), text("All of them.")
        t = a.now + STEP
        self.mark("notes")
        a.block([a.entry("maker/quality", KINDS["note"], {"type": 1, "text": first[0]}, t),
                 a.entry("clinics/quality", KINDS["note"], {"type": 1, "text": second[0]}, t),
                 a.entry("distributor/quality", KINDS["note"], {"type": 1, "text": sha256(b"withheld")}, t)], t,
                prose=[{"leaf": 1, "prose": first[1]}, {"leaf": 2, "prose": second[1]}])
        self.keep("early")
        self.propose("spend", "maker/finance", "spend", "Displays", budget="launch-2026",
                     amount={"minor": 9000000, "currency": "EUR"})
        self.propose("claim", "maker/quality", "clinical-claim", "A claim")
        self.propose("claim2", "maker/quality", "clinical-claim", "Another claim")
        for seat in FINANCE:
            self.ballot("spend", seat)
        self.ballot("spend", "clinics/finance", VETO, clause="budgets")
        self.ballot("claim", QUALITY[0])
        self.ballot("claim2", QUALITY[0], REJECT)
        self.say("risk", "maker/quality", "item", {"type": 1, "title": text("Late parts")[0], "category": "operational",
                                                   "likelihood": 2, "impact": 3}, words=[text("Late parts")[1]])
        for org in ("maker", "clinics", "distributor", "trustee"):
            self.renew_node(org)
        self.say("revoke", "distributor/registrar", "key", {"key": person("distributor/quality")})
        self.say("replace", "distributor/registrar", "holder",
                 {"seat": "distributor/quality", "keys": [person("distributor/new quality")]})
        self.say("suspect", "distributor/registrar", "key", {"key": person("distributor/finance"),
                                                             "compromised_since_ms": self.until("spend").now})
        self.keep("middle")
        self.ballot("claim", QUALITY[1], by="distributor/new quality")
        self.ballot("claim", QUALITY[2])
        self.mark("wait")
        a.wait(a.gov.decisions[self.numbers["claim2"]]["deadline_ms"] - a.now)  # claim is effective, claim2 escalates by itself
        self.mark("refounded")
        a.say("maker/quality", "note", {"type": 1, "text": bytes(32)})
        a.refound({"trustee": forge.make_card("trustee", n=3)[1]}, proof={
            "pol": [a.vote(o, PREVOTE, 1) for o in ("clinics", "distributor", "maker")],
            "precommit": a.vote("maker", PRECOMMIT, 1), "others": [a.vote("clinics", PRECOMMIT, 0)]})
        self.node["trustee"] = 3
        self.propose("safety", "maker/quality", "safety-notice", "Check the straps")
        for seat in QUALITY:
            self.ballot("safety", seat, by="distributor/new quality" if seat == QUALITY[1] else None)
        self.say("last", "maker/sponsor", "note", {"type": 1, "text": sha256(b"the end")})
        self.keep("last")

    def checkpoints(self):
        return [self.kept["early"][1], self.kept["last"][1]]

    def frames(self):
        return self.a.frames(self.checkpoints())

    def pack(self):
        return forge.pack(self.frames())
