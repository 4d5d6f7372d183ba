"""Makes packs for the tests: keys from labels, a small alliance, certified blocks. Written from SPEC alone."""
import base64
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
import sets  # noqa: E402
import signing  # noqa: E402
import x509  # noqa: E402

CODEC = Codec(Schema(HERE.parents[1] / "proto"))
FOUNDED = 1_795_425_600_000
HOUR = 3_600_000
ZERO = bytes(32)


def seed(label):
    return hashlib.sha256(b"seed " + label.encode()).digest()


def expand(label):
    h = hashlib.sha512(seed(label)).digest()
    return int.from_bytes(h[:32], "little") & (1 << 254) - 8 | 1 << 254, h[32:]


def public(label):
    return signing.encode(signing.multiply_base(expand(label)[0]))


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


SEATS = {"brand": ("quality", "registrar", "sponsor"), "copacker": ("quality", "registrar", "sponsor"),
         "trustee": ("registrar",)}


def hardware_seat(org, seat):
    return (org, seat) == ("copacker", "quality")


class Alliance:
    """Two partners and a witness. change: a function that may alter the plain parts before they are signed."""

    def __init__(self, change=None):
        self.change = change or (lambda what, v: v)
        cards = []
        for org in sorted(SEATS):
            node = {n: public("%s %s" % (n, org)) for n in ("vote", "cosign", "log", "node")}
            node.update(tls=tls(org), addresses=[org + ".example:7400"])
            seats = [{"seat": s, "keys": [{"alg": 2 if hardware_seat(org, s) else 1, "key": public("%s/%s" % (org, s))}]}
                     for s in SEATS[org]]
            card = CODEC.encode("card", self.change("card", {"version": 1, "org": org, "node": node, "seats": seats}))
            by = {n: signed("%s %s" % (n, org), "card@entente", card) for n in ("vote", "cosign", "log", "node")}
            cards.append((org, card, CODEC.encode("signed_card", self.change("signed_card",
                                                                            {"leaf": 3, "card": card, **by}))))
        bodies = {
            "charter_alliance": {"format": 1, "name": "test", "origin": "ledger.example/test", "nonce": ZERO,
                                 "founded_ms": FOUNDED},
            "charter_clock": {"precision_ms": 500, "late_after_ms": 600000, "propose_ms": 500, "vote_ms": 500,
                              "step_ms": 100, "block_entries": 100, "block_bytes": 131072},
            "charter_partner_seats": {"seats": ["quality", "registrar", "sponsor"]},
            "charter_parties": {"list": [
                {"org": o, "display": o, "role": 2 if o == "trustee" else 1, "card": sha256(c),
                 "seats": ["registrar"] if o == "trustee" else None} for o, c, _ in cards]}}
        numbers = {name: n for (file, n), name in CODEC.schema.numbers.items() if file == "charter"}
        sections = [CODEC.encode("section", {"leaf": 2, "version": 1, "number": numbers[n],
                                             "body": CODEC.encode(n, self.change(n, v))})
                    for n, v in sorted(bodies.items(), key=lambda i: numbers[i[0]])]
        self.leaves = sections + [c for _, _, c in cards]
        self.id = sha256(b"".join(sections))
        statement = CODEC.encode("genesis_statement", {"version": 1, "alliance": self.id})
        founding = [{"seat": "%s/%s" % (o, s), "signature": signature(
            "%s/%s" % (o, s), "genesis@entente", statement, hardware_seat(o, s))} for o in SEATS for s in SEATS[o]]
        sigs = self.change("genesis_sigs", {"list": sorted(founding, key=lambda g: g["seat"])})
        self.genesis = CODEC.encode("genesis", {"version": 1, "sections": sections, "cards": [c for _, _, c in cards],
                                                "sigs": sigs})
        self.members = [{"org": o, "vote": public("vote " + o), "cosign": public("cosign " + o)} for o in sorted(SEATS)]
        self.tree, self.blocks, self.boundaries = Tree(), [], []
        self.last_commit = ZERO
        self.found(sha256(CODEC.encode("genesis_sigs", sigs)))

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
        """The roots after a block; the ones before it where it is refused."""
        entries = []
        try:
            for i, leaf in enumerate(leaves, 1):
                e, n = CODEC.decode_prefix("entry", leaf)
                name = CODEC.schema.numbers["records", e.kind]
                entries.append(governance.Entry(name, e, CODEC.decode("signature", leaf[n:]),
                                                CODEC.decode(name, e.body), sha256(leaf[:n]), self.tree.size + i))
            record = Rec("block_record", {"time_ms": time_ms, "entries": len(leaves), "height": len(self.blocks),
                                          "epoch": 0})
            self.gov.block(record, self.tree.size, entries)
        except Refused:
            pass
        return self.gov.writes_root(), self.gov.state_root()

    def block(self, leaves, time_ms, roots=None, certify=True, prose=(), **fields):
        set_hash = sets.set_hash(CODEC, self.members)
        height = len(self.blocks)
        roots = roots or (self.execute(leaves, time_ms) if self.gov else (ZERO, ZERO))
        record = {"leaf": 0, "version": 1, "alliance": self.id, "height": height, "epoch": 0, "time_ms": time_ms,
                  "prev": self.blocks[-1]["id"] if height else ZERO, "proposer": "brand", "rules": 1,
                  "entries": len(leaves), "writes_root": roots[0], "state_root": roots[1], "validators": set_hash,
                  "next_validators": set_hash, "last_commit": self.last_commit, **fields}
        data = CODEC.encode("block_record", self.change("block_record", record))
        for leaf in [data] + leaves:
            self.tree.append(leaf)
        header = CODEC.encode("header", self.change("header", {"record": data, "size": self.tree.size,
                                                               "root": self.tree.root()}))
        block = {"header": header, "leaves": leaves if height else [], "id": sha256(header), "prose": list(prose)}
        if certify:
            message = sets.precommit(CODEC, self.id, 0, height, 0, block["id"])
            sigs = [{"org": m["org"], "sig": signed("vote " + m["org"], "vote@entente", message)} for m in self.members]
            block["certificate"] = CODEC.encode("certificate", self.change("certificate", {
                "epoch": 0, "height": height, "round": 0, "value": block["id"], "sigs": sigs}))
            self.last_commit = sha256(block["certificate"])
        self.blocks.append(block)
        self.boundaries.append((self.tree.size, self.tree.root()))

    def entry(self, seat, kind, body, time_ms, basis=-1, expires=HOUR, by=None, **fields):
        size, root = self.boundaries[basis]
        name = CODEC.schema.numbers["records", kind]
        e = {"leaf": 1, "version": 1, "alliance": self.id, "kind": kind, "body": CODEC.encode(name, body),
             "seat": seat, "at_ms": time_ms, "basis": {"size": size, "root": root}, "expires_ms": time_ms + expires}
        e.update(fields)
        data = CODEC.encode("entry", e)
        org, name = seat.split("/")
        return data + CODEC.encode("signature", signature(by or seat, "entry@entente", data, hardware_seat(org, name)))

    def checkpoint(self, orgs=("brand", "copacker", "trustee"), extra=""):
        origin = "ledger.example/test/" + self.id.hex()
        text = "%s\n%d\n%s\n" % (origin, self.tree.size, base64.b64encode(self.tree.root()).decode())

        def line(name, kind, label, blob):
            return "\u2014 %s %s\n" % (name, base64.b64encode(note.key_id(name, kind, public(label)) + blob).decode())

        out = text + "\n" + line(origin, 1, "log brand", sign("log brand", text.encode()))
        for o in orgs:
            message = ("cosignature/v1\ntime 1795425700\n" + text).encode()
            out += line("%s/%s" % (origin, o), 4, "cosign " + o,
                        struct.pack(">Q", 1795425700) + sign("cosign " + o, message))
        return (out + extra).encode()

    def frames(self, checkpoints=()):
        out = [(1, "pack_head", {"version": 1, "alliance": self.id, "genesis": self.genesis})]
        out += [(2, "pack_block", {k: v for k, v in b.items() if k != "id"}) for b in self.blocks]
        out += [(3, "pack_checkpoint", {"note": c}) for c in checkpoints]
        out.append((4, "pack_end", {"blocks": len(self.blocks), "leaves": self.tree.size, "root": self.tree.root()}))
        return [encode({1: k, 2: CODEC.plain(name, v)}) for k, name, v in out]


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
