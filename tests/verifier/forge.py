"""Makes packs for the tests: keys from labels, a small alliance, certified blocks. Written from SPEC alone."""
import base64
import copy
import copyreg
import functools
import hashlib
import pathlib
import struct
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "docs" / "independent-verifier"))

from canonical import Codec, Rec, Refused, encode  # noqa: E402
import genesis  # noqa: E402
import governance  # noqa: E402
from merkle import Tree, sha256  # noqa: E402
import note  # noqa: E402
from schema import Schema  # noqa: E402
import pack as packs  # noqa: E402
import sets  # noqa: E402
import signing  # noqa: E402
import x509  # noqa: E402

# What the tests check again and again has one answer.
signing.fault = functools.lru_cache(maxsize=None)(signing.fault)
x509.check = functools.lru_cache(maxsize=None)(x509.check)

CODEC = Codec(Schema(HERE.parents[1] / "proto"))
FOUNDED = 1_795_425_600_000
HOUR = 3_600_000
STEP = HOUR // 6
ZERO = bytes(32)
KINDS = {name: n for (file, n), name in CODEC.schema.numbers.items() if file == "records"}


def seed(label):
    return hashlib.sha256(b"seed " + label.encode()).digest()


def expand(label):
    h = hashlib.sha512(seed(label)).digest()
    return int.from_bytes(h[:32], "little") & (1 << 254) - 8 | 1 << 254, h[32:]


LABELS = {}  # public key -> label


@functools.lru_cache(maxsize=None)
def public(label):
    key = signing.encode(signing.multiply_base(expand(label)[0]))
    LABELS[key] = label
    return key


def person(label):
    return {"alg": 1, "key": public(label)}


def number(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little") % signing.L


def sign(label, message):
    a, prefix = expand(label)
    r = number(prefix, message)
    big_r = signing.encode(signing.multiply_base(r))
    return big_r + ((r + number(big_r, public(label), message) * a) % signing.L).to_bytes(32, "little")


def signed(label, namespace, message):
    return sign(label, signing.preimage(namespace, message))


def signature(label, namespace, message, hardware=False):
    if not hardware:
        return {"alg": 1, "key": public(label), "sig": signed(label, namespace, message)}
    inner = hashlib.sha256(b"ssh:").digest() + struct.pack(">BI", 1, 7) + sha256(signing.preimage(namespace, message))
    return {"alg": 2, "key": public(label), "sig": sign(label, inner), "flags": 1, "counter": 7}


@functools.lru_cache(maxsize=None)
def tls(org):
    secret = number(b"tls", org.encode()) % x509.N
    x, y = x509.multiply(secret, x509.G)
    point = x.to_bytes(32, "big") + y.to_bytes(32, "big")
    serial = b"\x55" * 16
    message = x509.to_be_signed(org, serial, point)
    k = number(b"k", org.encode()) % x509.N
    r = x509.multiply(k, x509.G)[0] % x509.N
    e = int.from_bytes(sha256(message), "big")
    return x509.certificate(org, serial, point, r, pow(k, -1, x509.N) * (e + r * secret) % x509.N)


NODE_KEYS = ("vote", "cosign", "log", "node")
PARTNER, WITNESS, OBSERVER = 1, 2, 3
# organisation: role, seats on its card, seats besides those of every partner
SMALL = {"brand": (PARTNER, ("quality", "registrar", "sponsor"), None),
         "copacker": (PARTNER, ("quality", "registrar", "sponsor"), None),
         "trustee": (WITNESS, ("registrar",), ["registrar"])}
LARGE = {"clinics": (PARTNER, ("business-lead", "medical-lead", "quality", "registrar", "sponsor"), ["medical-lead"]),
         "distributor": (PARTNER, ("business-lead", "quality", "registrar", "sponsor"), None),
         "maker": (PARTNER, ("business-lead", "finance", "quality", "registrar", "sponsor"), None),
         "trustee": (WITNESS, ("mediator", "registrar"), ["mediator", "registrar"])}


def hardware_seat(org, seat):
    return (org, seat) == ("copacker", "quality")


def node_label(name, org, n=1):
    return "%s %s" % (name, org) if n == 1 else "%s %s %d" % (name, org, n)


def make_card(org, seats=(), n=1, recovery=None, change=lambda what, v: v, labels=None):
    """The bytes of a card, and of the signed card. n: which set of node keys. labels: other keys by place."""
    labels = {k: (labels or {}).get(k) or node_label(k, org, n) for k in NODE_KEYS}
    node = {k: public(labels[k]) for k in NODE_KEYS}
    node.update(tls=tls(org), addresses=[org + ".example:7400"])
    seats = [{"seat": s, "keys": [{"alg": 2 if hardware_seat(org, s) else 1, "key": public("%s/%s" % (org, s))}]}
             for s in sorted(seats)]
    card = CODEC.encode("card", change("card", {"version": 1, "org": org, "node": node, "seats": seats,
                                                "recovery": recovery and person(recovery)}))
    by = {k: signed(labels[k], "card@entente", card) for k in NODE_KEYS}
    return card, CODEC.encode("signed_card", change("signed_card", {"leaf": 3, "card": card, **by}))


def small_charter():
    return {
        "charter_alliance": {"format": 1, "name": "test", "origin": "ledger.example/test", "nonce": ZERO,
                             "founded_ms": FOUNDED},
        "charter_clock": {"precision_ms": 500, "late_after_ms": 600000, "propose_ms": 500, "vote_ms": 500,
                          "step_ms": 100, "block_entries": 100, "block_bytes": 131072},
        "charter_partner_seats": {"seats": ["quality", "registrar", "sponsor"]}}


@functools.lru_cache(maxsize=None)
def large_charter():
    """The charter of docs/examples, from a pack of four nodes; other keys, and rows for what the tests do."""
    with open(HERE / "packs" / "items.pack", "rb") as f:
        _, _, _, head = next(packs.frames(CODEC, f))
    out = {}
    for leaf in CODEC.decode("genesis", head.genesis).sections:
        s = CODEC.decode("section", leaf)
        name = CODEC.schema.numbers["charter", s.number]
        out[name] = CODEC.decode(name, s.body)
    del out["charter_parties"]
    out["charter_alliance"] = {**out["charter_alliance"]._fields, "nonce": ZERO, "founded_ms": FOUNDED,
                               "origin": "ledger.example/test"}
    rows = {r.name: dict(r._fields) for r in out["charter_decisions"].rows}
    at_once, soon, days = {"n": 0, "unit": 1}, {"n": 4, "unit": 3}, {"n": 10, "unit": 1}
    rows["clinical-claim"].update(sla=days, notice=at_once)
    rows["swiss-listing"].update(sla=days)
    rows["admission"].update(notice=at_once)
    rows["removal"].update(notice=soon)
    rows["exit"].update(notice=soon)
    rows["charter-core"].update(notice=soon)
    rows["upgrade"] = {**rows["admission"], "name": "upgrade", "needs": None}
    rows["erasure"] = {**rows["commercial-terms"], "name": "erasure", "joint": rows["roadmap-change"]["joint"], "above": None, "budget": rows["roadmap-change"]["budget"]}
    ladders = [{"name": x.name, "rungs": [{"to": r.to, "within": days, "answer": r.answer and days} for r in x.rungs]}
               for x in out["charter_ladders"].list]
    out["charter_ladders"] = {"list": ladders}
    out["charter_decisions"] = {**out["charter_decisions"]._fields, "rows": [rows[n] for n in sorted(rows)]}
    return out


class Alliance:
    """Founded by orgs, with every key from a label. change: a function that may alter the plain parts before they
    are signed."""

    def __init__(self, change=None, orgs=None, charter=None):
        self.change = change or (lambda what, v: v)
        orgs, charter = orgs or SMALL, charter or small_charter()
        recovery = orgs is not SMALL
        cards = [(o, *make_card(o, orgs[o][1], recovery="recovery " + o if recovery else None, change=self.change))
                 for o in sorted(orgs)]
        bodies = {**charter, "charter_parties": {"list": [
            {"org": o, "display": o, "role": orgs[o][0], "card": sha256(c), "seats": orgs[o][2]}
            for o, c, _ in cards]}}
        numbers = {name: n for (file, n), name in CODEC.schema.numbers.items() if file == "charter"}
        sections = [CODEC.encode("section", {"leaf": 2, "version": 1, "number": numbers[n],
                                             "body": CODEC.encode(n, self.change(n, v))})
                    for n, v in sorted(bodies.items(), key=lambda i: numbers[i[0]])]
        self.leaves = sections + [c for _, _, c in cards]
        self.id = sha256(b"".join(sections))
        statement = CODEC.encode("genesis_statement", {"version": 1, "alliance": self.id})
        founding = [{"seat": "%s/%s" % (o, s), "signature": signature(
            "%s/%s" % (o, s), "genesis@entente", statement, hardware_seat(o, s))}
            for o, (role, seats, _) in orgs.items() for s in seats if role == PARTNER or s == "registrar"]
        sigs = self.change("genesis_sigs", {"list": sorted(founding, key=lambda g: g["seat"])})
        self.genesis = CODEC.encode("genesis", {"version": 1, "sections": sections, "cards": [c for _, _, c in cards],
                                                "sigs": sigs})
        self.members = [{"org": o, "vote": public("vote " + o), "cosign": public("cosign " + o)}
                        for o in sorted(orgs) if orgs[o][0] != OBSERVER]
        self.tree, self.blocks, self.boundaries, self.refused = Tree(), [], [], None
        self.last_commit, self.now, self.epoch = ZERO, FOUNDED, 0
        self.founding_sigs = CODEC.encode("genesis_sigs", sigs)
        self.found(sha256(self.founding_sigs))

    def found(self, sigs_hash):
        self.gov = None
        roots = ZERO, ZERO  # for a genesis that is wrong on purpose: the verifier fails before it looks at these
        try:
            self.gov = governance.Governance(CODEC, genesis.check(CODEC, signing.Signatures(), self.genesis))
            self.gov.found(None)
            roots = self.gov.writes_root(), self.gov.state_root()
        except Refused:
            pass
        set_hash = sets.set_hash(CODEC, self.members)
        self.block(self.leaves, FOUNDED, roots, certify=False, validators=set_hash, next_validators=set_hash,
                   next_set=self.members, proposer=None)
        self.last_commit = sigs_hash

    def execute(self, leaves, time_ms):
        """The roots after a block; those reached where it is refused."""
        entries, self.refused = [], None
        try:
            for i, leaf in enumerate(leaves, 1):
                e, n = CODEC.decode_prefix("entry", leaf)
                name = CODEC.schema.numbers["records", e.kind]
                entries.append(governance.Entry(name, e, CODEC.decode("signature", leaf[n:]),
                                                CODEC.decode(name, e.body), sha256(leaf[:n]), self.tree.size + i))
            record = Rec("block_record", {"time_ms": time_ms, "entries": len(leaves), "height": len(self.blocks),
                                          "epoch": self.epoch})
            self.gov.block(record, self.tree.size, entries)
        except Refused as e:
            self.refused = e
        return self.gov.writes_root(), self.gov.state_root()

    def block(self, leaves, time_ms, roots=None, certify=True, prose=(), **fields):
        height, self.now = len(self.blocks), time_ms
        rules = self.gov.last.get("rules") or 1 if self.gov else 1
        roots = roots or (self.execute(leaves, time_ms) if self.gov else (ZERO, ZERO))
        following = self.gov.validators() if self.gov else self.members
        now, then = (sets.set_hash(CODEC, m) for m in (self.members, following))
        record = {"leaf": 0, "version": 1, "alliance": self.id, "height": height, "epoch": self.epoch,
                  "time_ms": time_ms, "prev": self.blocks[-1]["id"] if height else ZERO, "proposer": self.members[0]["org"],
                  "rules": rules, "entries": len(leaves), "writes_root": roots[0], "state_root": roots[1],
                  "validators": now, "next_validators": then, "next_set": None if now == then else following,
                  "last_commit": self.last_commit, **fields}
        data = CODEC.encode("block_record", self.change("block_record", record))
        for leaf in [data] + leaves:
            self.tree.append(leaf)
        header = CODEC.encode("header", self.change("header", {"record": data, "size": self.tree.size,
                                                               "root": self.tree.root()}))
        block = {"header": header, "leaves": leaves if height else [], "id": sha256(header), "prose": list(prose)}
        if certify:
            message = sets.precommit(CODEC, self.id, self.epoch, height, 0, block["id"])
            sigs = [{"org": m["org"], "sig": signed(LABELS[m["vote"]], "vote@entente", message)} for m in self.members]
            block["certificate"] = CODEC.encode("certificate", self.change("certificate", {
                "epoch": self.epoch, "height": height, "round": 0, "value": block["id"], "sigs": sigs}))
            self.last_commit = sha256(block["certificate"])
        self.decided, self.members = self.members, following
        self.blocks.append(block)
        self.boundaries.append((self.tree.size, self.tree.root()))

    # -- the end of an epoch -----------------------------------------------------------------------------------------

    def vote(self, org, type_, round_=0, value=None, key=None, **fields):
        """A signed vote on the newest block by a member of the set that decided it. type_: 1 prevote, 2 precommit."""
        v = {"alliance": self.id, "epoch": self.epoch, "type": type_, "height": len(self.blocks) - 1, "round": round_,
             "value": value or self.blocks[-1]["id"], **fields}
        key = key or next((LABELS[m["vote"]] for m in self.decided if m["org"] == org), "vote " + org)
        return {"vote": v, "org": org, "sig": signed(key, "vote@entente", CODEC.encode("vote", v))}

    def refound(self, cards=None, suspended=(), proof=None, seats=None, change=lambda what, v: v, keys=None):
        """Ends the epoch with the newest block. cards: organisation to signed card. proof: instead of the certificate.
        seats: who signs; keys: labels by seat; change: what to alter before it is signed."""
        block, cards = self.blocks[-1], cards or {}
        if proof is None:
            proof = {"certificate": block.get("certificate") or self.founding_sigs, "others": []}
        proof = CODEC.encode("refound_proof", change("refound_proof", proof))
        following = []
        for org, p in sorted(self.gov.parties.items()):  # written apart from REF-4 in the engine
            node = CODEC.decode("card", CODEC.decode("signed_card", cards[org]).card).node if org in cards else None
            if p["role"] != OBSERVER and (node or (p.get("standing") is None and org not in suspended)):
                node = node or p["node"]
                following.append({"org": org, "vote": node["vote"], "cosign": node["cosign"]})
        signed_cards = [cards[o] for o in sorted(cards)]
        statement = CODEC.encode("refound_statement", change("refound_statement", {
            "version": 1, "alliance": self.id, "epoch": self.epoch + 1, "height": len(self.blocks) - 1,
            "block": block["id"], "proof": sha256(proof), "cards": [sha256(c) for c in signed_cards],
            "suspended": sorted(suspended), "set": following}))
        seats = seats or [o + s for o in self.gov.charter().partners for s in ("/registrar", "/sponsor")]
        sigs = [{"seat": s.split()[0], "signature": signature((keys or {}).get(s, s), "refound@entente", statement,
                                                   hardware_seat(*s.split("/")))} for s in seats]
        sigs.sort(key=lambda g: (g["seat"], g["signature"]["key"]))
        block["certificate"] = CODEC.encode("refounding", change("refounding", {
            "version": 1, "statement": statement, "proof": proof, "cards": signed_cards, "sigs": sigs}))
        self.last_commit = sha256(block["certificate"])
        self.epoch, self.members, self.refused = self.epoch + 1, following, None
        try:
            s = CODEC.decode("refound_statement", statement)
            if all(m.vote in LABELS for m in s.set):  # who decides as it says, be that right or wrong
                self.members = [{"org": m.org, "vote": m.vote, "cosign": m.cosign} for m in s.set]
            self.gov.refound(s, signed_cards, self.tree.size)
        except Refused as e:
            self.refused = e

    def entry(self, seat, kind, body, time_ms, basis=-1, expires=HOUR, by=None, **fields):
        size, root = self.boundaries[basis]
        name = CODEC.schema.numbers["records", kind]
        e = {"leaf": 1, "version": 1, "alliance": self.id, "kind": kind, "body": CODEC.encode(name, body),
             "seat": seat, "at_ms": time_ms, "basis": {"size": size, "root": root}, "expires_ms": time_ms + expires}
        e.update(fields)
        data = CODEC.encode("entry", e)
        org, name = seat.split("/")
        by = by or (node_label("node", org) if name == "node" else seat)
        return data + CODEC.encode("signature", signature(by, "entry@entente", data, hardware_seat(org, name)))

    # -- stories: a block per entry, ten minutes apart ---------------------------------------------------------------

    def say(self, seat, kind, body, by=None, wait=STEP, ok=True, **more):
        """One entry in a block of its own. ok: the rules accept it."""
        t = self.now + wait
        self.block([self.entry(seat, KINDS[kind], body, t, by=by, **more)], t)
        if ok and self.refused:
            raise self.refused

    def wait(self, ms):
        """A block without entries: its timers fire."""
        self.block([], self.now + ms)
        if self.refused:
            raise self.refused

    def ref(self, number):
        return {"number": number, "digest": self.gov.decisions[number]["digest"]}

    def propose(self, seat, type_, effect=None, **proposal):
        proposal = {"title": sha256(type_.encode()), "effect": effect or {"type": 1}, **proposal}
        self.say(seat, "propose", {"type": type_, "proposal": proposal})
        return self.gov.last["decision"]

    def ballot(self, number, *seats, choice=1, **more):
        for seat in seats:
            self.say(seat, "ballot", {"decision": self.ref(number), "rung": self.gov.decisions[number]["rung"],
                                      "choice": choice, "reason": sha256(b"why") if choice == 2 else None}, **more)

    def give(self, number, seat, need, **more):
        self.say(seat, "decision_input", {"decision": self.ref(number), "need": need, "documents": [sha256(b"study")],
                                          **more})

    def checkpoint(self, orgs=("brand", "copacker", "trustee"), extra="", keys=None, log="log brand"):
        """keys: labels of cosignature keys by organisation."""
        origin = "ledger.example/test/" + self.id.hex()
        text = "%s\n%d\n%s\n" % (origin, self.tree.size, base64.b64encode(self.tree.root()).decode())

        def line(name, kind, label, blob):
            return "\u2014 %s %s\n" % (name, base64.b64encode(note.key_id(name, kind, public(label)) + blob).decode())

        out = text + "\n" + line(origin, 1, log, sign(log, text.encode()))
        for o in orgs:
            message = ("cosignature/v1\ntime 1795425700\n" + text).encode()
            key = (keys or {}).get(o, "cosign " + o)
            out += line("%s/%s" % (origin, o), 4, key, struct.pack(">Q", 1795425700) + sign(key, message))
        return (out + extra).encode()

    def frames(self, checkpoints=()):
        out = [(1, "pack_head", {"version": 1, "alliance": self.id, "genesis": self.genesis})]
        out += [(2, "pack_block", {k: v for k, v in b.items() if k != "id"}) for b in self.blocks]
        out += [(3, "pack_checkpoint", {"note": c}) for c in checkpoints]
        out.append((4, "pack_end", {"blocks": len(self.blocks), "leaves": self.tree.size, "root": self.tree.root()}))
        return [encode({1: k, 2: CODEC.plain(name, v)}) for k, name, v in out]


copyreg.pickle(Rec, lambda r: (Rec, (r._name, r._fields)))


def branch(alliance):
    """A copy that goes its own way."""
    return copy.deepcopy(alliance, {id(CODEC): CODEC})


def pack(frames):
    return b"entente pack 1\n" + b"".join(struct.pack(">I", len(f)) + f for f in frames)


def sample(change=None, entry=None):
    """Founding, two blocks of notes with texts, a checkpoint. entry: keywords that alter the last entry."""
    a = Alliance(change)
    t = FOUNDED + HOUR
    text = {"salt": b"\7" * 32, "text": "Measured twice.\nBoth times 4 \u00b0C."}
    digest = sha256(text["salt"], text["text"].encode())
    a.block([a.entry("brand/quality", 21, {"type": 1, "text": digest}, t),
             a.entry("copacker/quality", 21, {"type": 2, "document": sha256(b"report")}, t)], t,
            prose=[{"leaf": 1, "prose": text}])
    t += HOUR
    args = {"seat": "copacker/sponsor", "kind": 21, "body": {"type": 1, "text": sha256(b"erased")}, "time_ms": t}
    args.update(entry or {})
    a.block([a.entry(**args)], t)
    return a
