"""Changes by those who hold keys: each is a whole pack, sealed again as far as the forger's keys reach.

Who holds what: *nobody* (only what is public), *a person*, *f partners* (every key of one partner of four: its node's,
its people's, its registrar's), *all nodes* (a quorum or more of nodes, and no person), *retired nodes* (every key that
the nodes had before they were replaced, and every person's)."""
import forge
from forge import CODEC, HOUR, KINDS, LABELS, STEP, public, sha256, signed
from merkle import Tree
import sets
from tamper_record import APPROVE, FINANCE, QUALITY

MAKER = "maker"
STRANGER = "a stranger"


class Forged:
    """klass: of the matrix. what: in words. who: holds the keys. expect: what both verifiers say, "region rule"."""

    def __init__(self, klass, place, what, who, data, expect, options=(), kept=None):
        self.klass, self.place, self.what, self.who, self.data, self.expect = klass, place, what, who, data, expect
        self.options, self.kept = options, kept


def packed(a, checkpoints=()):
    return forge.pack(a.frames(checkpoints))


def note(words):
    return {"type": 1, "text": sha256(words.encode())}


# -- entries -----------------------------------------------------------------------------------------------------------

def entry_forgeries(r):
    """Blocks that every node certified, with an entry that nobody entitled signed."""
    def block(name, seat, kind, body, by=None, **more):
        a = r.until(name)
        a.say(seat, kind, body, by=by, ok=False, **more)
        return packed(a)

    def put(klass, what, who, data, rule):
        return Forged(klass, "leaf", what, who, data, "leaf " + rule)

    claim = r.numbers["claim"]
    yes = {"decision": r.until("claim/" + QUALITY[1]).ref(claim), "rung": 0, "choice": APPROVE}
    yield put("re-sign", "a ballot for another partner's seat, by one's own key", "f partners",
              block("claim/" + QUALITY[1], QUALITY[1], "ballot", yes, by="maker/quality"), "ENT-4")
    yield put("re-sign", "a ballot by the key of another seat of the same partner", "a person",
              block("claim/" + QUALITY[1], QUALITY[1], "ballot", yes, by="distributor/sponsor"), "ENT-4")
    yield put("re-sign", "a ballot by a key that was revoked", "a person",
              block("claim/" + QUALITY[1], QUALITY[1], "ballot", yes, by="distributor/quality"), "ENT-4")
    yield put("re-sign", "a ballot by a key that is on no seat", "all nodes",
              block("claim/" + QUALITY[1], QUALITY[1], "ballot", yes, by=STRANGER), "ENT-4")
    yield put("re-sign", "a node's entry by its retired node key", "retired nodes",
              block("last", "maker/node", "receipt", {"decision": {"number": claim, "digest": bytes(32)}},
                    by=forge.node_label("node", MAKER)), "ENT-4")
    yield put("backdate", "an entry that had expired", "all nodes",
              block("last", "maker/sponsor", "note", note("late"), expires=0), "ENT-6")
    yield put("backdate", "an entry that would live for 31 days", "all nodes",
              block("last", "maker/sponsor", "note", note("long"), expires=31 * 24 * HOUR), "ENT-6")
    yield put("backdate", "an entry on a basis of before the last month", "all nodes", stale_basis(r), "ENT-5")
    yield put("backdate", "an entry on a basis that is not on this history", "all nodes",
              elsewhere_based(r), "ENT-5")
    yield put("duplicate", "an entry that is on the record already", "all nodes", again(r), "ENT-2")
    yield put("swap ballots", "a ballot's body names the other decision, its signature is kept", "all nodes",
              redirected(r), "SIG-1")
    yield put("swap ballots", "two ballots change places: each is then older than what it had seen", "all nodes",
              exchanged(r), "ENT-5")


def elsewhere_based(r):
    """On a boundary that this history never has."""
    a = r.until("last")
    t, known = a.now + STEP, list(a.boundaries)
    a.boundaries.append((a.tree.size, sha256(b"elsewhere")))
    leaf = a.entry("maker/sponsor", KINDS["note"], note("else"), t)
    a.boundaries = known
    a.block([leaf], t)
    return packed(a)


def stale_basis(r):
    a = r.until("last")
    t = a.now + 40 * 24 * HOUR
    a.block([a.entry("maker/sponsor", KINDS["note"], note("old"), t, basis=1)], t)
    return packed(a)


def again(r):
    a = r.until("claim2")
    leaf = a.blocks[r.at["claim"]]["leaves"][0]
    a.block([leaf], a.now + STEP)
    return packed(a)


def entry_parts(leaf):
    e, n = CODEC.decode_prefix("entry", leaf)
    return e, leaf[:n], leaf[n:]


def redirected(r):
    """The ballot on one decision, as one on the other."""
    name = "claim/" + QUALITY[0]
    a, leaf = r.until(name), r.a.blocks[r.at[name]]["leaves"][0]
    e, _, signature = entry_parts(leaf)
    body = dict(CODEC.decode("ballot", e.body)._fields, decision=a.ref(r.numbers["claim2"]))
    data = CODEC.encode("entry", {**e._fields, "body": CODEC.encode("ballot", body)})
    a.block([data + signature], a.now + STEP)
    return packed(a)


def exchanged(r):
    """The second ballot in the block of the first."""
    a = r.until("claim/" + QUALITY[0])
    a.block([r.a.blocks[r.at["claim2/" + QUALITY[0]]]["leaves"][0]], a.now + STEP)
    return packed(a)


# -- blocks that all nodes certified ------------------------------------------------------------------------------------

def block_forgeries(r):
    def put(klass, what, data, expect):
        return Forged(klass, "header", what, "all nodes", data, expect)

    def changed(name, **fields):
        """The block as it was, but for these fields of its record, certified."""
        a, b = r.until(name), r.a.blocks[r.at[name]]
        rec = CODEC.decode("block_record", CODEC.decode("header", b["header"]).record)
        a.change = lambda what, v: {**v, **fields} if what == "block_record" else v
        a.block(b["leaves"], rec.time_ms, prose=b["prose"])
        return packed(a)

    prev = r.until("last").now
    yield put("backdate", "a block of the time of the one before", changed("last", time_ms=prev), "header BLK-3")
    yield put("backdate", "a block of before the founding", changed("last", time_ms=forge.FOUNDED - 1), "header BLK-3")
    yield put("backdate", "deadlines that fired, in a block of before they were due", changed("wait", time_ms=r.until("wait").now + 1),
              "header BLK-8")
    yield put("rewrite", "another state after a block", changed("last", state_root=sha256(b"mine")), "header BLK-5")
    yield put("rewrite", "other writes of a block", changed("last", writes_root=sha256(b"mine")), "header BLK-4")
    yield put("rewrite", "another set of nodes from here on", changed("last", **another_set(r)), "header BLK-6")
    yield put("rewrite", "another proposer", changed("last", proposer="zoo"), "header BLK-10")
    yield put("rewrite", "rules of version 2", changed("last", rules=2), "header BLK-9")
    yield put("rewrite", "an epoch that no re-founding began", changed("last", epoch=9), "header BLK-2")
    yield put("rewrite", "another certificate of the block before", changed("last", last_commit=sha256(b"mine")),
              "header PAK-3")
    yield put("rewrite", "a block before one that there was not", changed("last", prev=sha256(b"mine")), "header BLK-2")
    yield put("swap ballots", "a ballot counted for the other decision", counted_elsewhere(r), "header BLK-4")
    yield put("drop", "a decision that is open, passed without its last ballot", passed_without(r), "header BLK-4")
    yield put("drop", "a veto is in the block, and its effect is not", unvetoed(r), "header BLK-4")
    yield put("drop", "a revocation is in the block, and its effect is not", unrevoked(r), "header BLK-4")


def another_set(r):
    members = [dict(m) for m in r.until("last").members]
    members[0]["vote"] = public(STRANGER)
    return {"next_set": members, "next_validators": sets.set_hash(CODEC, members)}


def as_if(a, leaf, seat, kind, body, wait=STEP, by=None):
    """The roots of a block that would hold this entry, on a block that holds the leaf."""
    t = a.now + wait
    b = forge.branch(a)
    roots = b.execute([b.entry(seat, KINDS[kind], body, t, by=by)], t)
    a.block([leaf], t, roots=roots)
    return packed(a)


def counted_elsewhere(r):
    name = "claim/" + QUALITY[0]
    a = r.until(name)
    body = {"decision": a.ref(r.numbers["claim2"]), "rung": 0, "choice": APPROVE}
    return as_if(a, r.a.blocks[r.at[name]]["leaves"][0], QUALITY[0], "ballot", body)


def passed_without(r):
    """The roots of the last ballot, in a block with a note."""
    name = "claim/" + QUALITY[2]
    a = r.until(name)
    leaf = a.entry(QUALITY[2], KINDS["note"], note("I say nothing"), a.now + STEP)
    return as_if(a, leaf, QUALITY[2], "ballot", {"decision": a.ref(r.numbers["claim"]), "rung": 0, "choice": APPROVE})


def without_effect(r, name, seat):
    a = r.until(name)
    return as_if(a, r.a.blocks[r.at[name]]["leaves"][0], seat, "note", note("nothing"))


def unvetoed(r):
    a = r.until("veto")
    return as_if(a, r.a.blocks[r.at["veto"]]["leaves"][0], FINANCE[0], "note", note("nothing"))


def unrevoked(r):
    return without_effect(r, "revoke", "distributor/registrar")


# -- certificates of blocks ---------------------------------------------------------------------------------------------

def certificate_forgeries(r):
    """The newest block, under a certificate that q did not sign."""
    b = r.a.blocks[-1]
    c = CODEC.decode("certificate", b["certificate"])
    members = r.a.decided
    q = sets.quorum(len(members))
    real = [{"org": s.org, "sig": s.sig} for s in c.sigs][:q - 1]
    missing = members[q - 1]["org"]

    def precommit(height=c.height, value=c.value, round_=c.round, epoch=c.epoch, type_="VOTE_PRECOMMIT"):
        return CODEC.encode("vote", {"alliance": r.a.id, "epoch": epoch, "type": CODEC.schema.enums["vote_type"][type_],
                                     "height": height, "round": round_, "value": value})

    def by(key, **more):
        return {"org": missing, "sig": signed(key, "vote@entente", precommit(**more))}

    def key(i):
        return LABELS[members[i]["vote"]]

    own = key(q - 1)
    for what, who, sigs in (
            ("q - 1 signatures, and no more", "f partners", real),
            ("q - 1 and 64 zero bytes", "nobody", real + [{"org": missing, "sig": bytes(64)}]),
            ("q - 1 and one by a stranger's key", "a person", real + [by(STRANGER)]),
            ("q - 1 and another member's signature again, under the missing name", "nobody",
             real + [{"org": missing, "sig": real[0]["sig"]}]),
            ("q - 1, one of them twice", "nobody", [real[0]] + real),
            ("q - 1 and a node that is no member", "nobody", real + [{"org": "zoo", "sig": signed(STRANGER, "vote@entente", precommit())}]),
            ("q - 1 and one by a retired vote key", "retired nodes", real + [by("vote " + missing)]),
            ("q - 1 and a real signature for the block before", "nobody", real + [by(own, height=c.height - 1)]),
            ("q - 1 and a real signature for another block", "nobody", real + [by(own, value=sha256(b"other"))]),
            ("q - 1 and a real signature of another round", "nobody", real + [by(own, round_=c.round + 1)]),
            ("q - 1 and a real prevote", "nobody", real + [by(own, type_="VOTE_PREVOTE")]),
            ("q - 1 and a real signature of the epoch before", "nobody", real + [by(own, epoch=c.epoch - 1)]),
            ("q - 1 and one made for entries", "nobody", real + [{"org": missing, "sig": signed(own, "entry@entente", precommit())}])):
        a = forge.branch(r.a)
        a.blocks[-1]["certificate"] = CODEC.encode("certificate", {**c._fields, "sigs": sigs})
        yield Forged("forge a certificate", "certificate", what, who, packed(a),
                     "certificate ENC-13" if "twice" in what else "certificate CRT-1")


def refounding_forgeries(r):
    """The re-founding of the record, as its partners did not agree on it."""
    def ended(follows=True, **refound):
        a = r.until("spend/" + FINANCE[0])  # any place will do: the block before is certified by four
        if "proof" not in refound and not follows:
            refound["proof"] = {"pol": [a.vote(o, 1, 1) for o in ("clinics", "distributor", "maker")],
                                "precommit": a.vote("maker", 2, 1), "others": []}
        a.refound(**refound)
        if follows:
            a.say("maker/sponsor", "note", note("a new epoch"), ok=False)
        return packed(a)

    seats = [o + s for o in ("clinics", "distributor", "maker") for s in ("/registrar", "/sponsor")]
    for what, who, data, rule in (
            ("without one partner's signatures", "f partners", ended(seats=seats[:4]), "REF-3"),
            ("a partner's second signature is by its registrar's key", "f partners",
             ended(keys={"clinics/sponsor": "clinics/registrar"}), "REF-3"),
            ("no block follows it; a block with prevotes alone would be final by one partner's word", "f partners",
             ended(False, seats=seats[4:]), "REF-3"),
            ("by the keys of one partner for all", "f partners",
             ended(keys={s: "maker/sponsor" for s in seats if not s.startswith("maker")}), "REF-3")):
        yield Forged("re-sign", "refounding", what, who, data, "certificate " + rule)
    a = r.until("spend/" + FINANCE[0])
    pol = {"pol": [a.vote(o, 1, 1) for o in ("clinics", "distributor")], "precommit": a.vote("clinics", 2, 1), "others": []}
    yield Forged("forge a certificate", "refounding", "its proof has q - 1 prevotes", "f partners", ended(proof=pol),
                 "certificate REF-2")


# -- checkpoints ----------------------------------------------------------------------------------------------------------

def checkpoint_forgeries(r):
    a = r.a
    orgs = sorted(m["org"] for m in a.members)
    keys = {o: forge.node_label("cosign", o, n) for o, n in r.node.items()}
    log = forge.node_label("log", MAKER, r.node[MAKER])
    for klass, what, who, note_, rule in (
            ("forge a certificate", "q - 1 cosignatures", "f partners", a.checkpoint(orgs[:2], keys=keys, log=log), "CKP-3"),
            ("re-sign", "a cosignature by a stranger's key under a member's name", "a person",
             a.checkpoint(orgs, keys={**keys, "maker": STRANGER}, log=log), "PAK-6"),
            ("re-sign", "a cosignature by a retired key", "retired nodes",
             a.checkpoint(orgs, keys={**keys, "maker": "cosign maker"}, log=log), "PAK-6"),
            ("re-sign", "signed by a stranger as the log", "a person", a.checkpoint(orgs, keys=keys, log=STRANGER), "PAK-6"),
            ("rewrite", "cosigned by all, of another tree of that size", "all nodes", elsewhere(r, a, orgs, keys, log), "PAK-6"),
            ("backdate", "cosigned by all, of a size that no block ends at", "all nodes", between(r, orgs, keys, log), "PAK-6")):
        yield Forged(klass, "checkpoint", what, who, packed(a, [note_]), "checkpoint " + rule)


def elsewhere(r, a, orgs, keys, log):
    b = forge.branch(a)
    b.tree = Tree()
    for i in range(a.tree.size):
        b.tree.append(b"leaf %d" % i)
    return b.checkpoint(orgs, keys=keys, log=log)


def between(r, orgs, keys, log):
    b = r.until("last")
    b.tree.append(b"half a block")
    return b.checkpoint(orgs, keys=keys, log=log)


# -- the founding ---------------------------------------------------------------------------------------------------------

def founding_forgeries(r):
    base = {"orgs": forge.LARGE, "charter": forge.large_charter()}

    def founded(change=lambda what, v: v, **more):
        return packed(forge.Alliance(change, **{**base, **more}))

    def when(record, f):
        return lambda what, v: f(v) if what == record else v

    sections = {n: dict(v) if isinstance(v, dict) else v for n, v in forge.large_charter().items()}
    sections["charter_alliance"] = {**forge.large_charter()["charter_alliance"], "founded_ms": forge.FOUNDED - 24 * HOUR}
    honest = forge.Alliance(**base).id.hex()
    yield Forged("re-sign", "genesis", "a founding signature by another key", "a person",
                 founded(when("genesis_sigs", lambda v: {"list": [{**v["list"][0], "signature": forge.signature(
                     STRANGER, "genesis@entente", b"")}] + v["list"][1:]})), "genesis GEN-4")
    yield Forged("drop", "genesis", "a founding seat that did not sign", "f partners",
                 founded(when("genesis_sigs", lambda v: {"list": v["list"][1:]})), "genesis GEN-4")
    yield Forged("re-sign", "genesis", "a card that its log key did not sign", "a person",
                 founded(when("signed_card", lambda v: {**v, "log": v["vote"]})), "genesis GEN-1")
    yield Forged("splice", "genesis", "a card with another organisation's TLS certificate", "f partners",
                 founded(when("card", lambda v: {**v, "node": {**v["node"], "tls": forge.tls("zoo")}})), "genesis GEN-2")
    yield Forged("backdate", "genesis", "a founding of the day before, by all who founded", "all nodes",
                 founded(charter=sections), "head GEN-3", options=(honest,))


# -- another history -------------------------------------------------------------------------------------------------------

def other_history(r, name, sign=None):
    """From before the block of this name on: told otherwise, for five blocks. sign: labels of vote keys in force there
    that sign; None: all."""
    a = r.until(name)
    if sign is not None:
        a.change = lambda what, v: {**v, "sigs": sign(v["sigs"])} if what == "certificate" else v
    for i in range(5):
        a.say("maker/sponsor", "note", note("It was otherwise. %d" % i))
    return a


def rewrites(r):
    """By f partners: their blocks lack a quorum. By all keys that the nodes of old had: such a history is whole, and only
    who kept a checkpoint can tell."""
    def alone(sigs):
        return [s if s["org"] == MAKER else {**s, "sig": bytes(64)} for s in sigs]

    def copied(sigs):
        mine = next(s for s in sigs if s["org"] == MAKER)
        return [{**s, "sig": mine["sig"]} for s in sigs]

    for name in ("notes", "claim", "last"):
        where = {"notes": "from the first block on", "claim": "from an old block on", "last": "in the newest block"}[name]
        for how, sign in (("alone", alone), ("its signature under every name", copied),
                          ("signed by it, and no other", lambda sigs: [s for s in sigs if s["org"] == MAKER])):
            yield Forged("rewrite with f", "certificate", "%s; %s" % (where, how), "f partners",
                         packed(other_history(r, name, sign)), "certificate CRT-1")
    cosigners = {o: "cosign " + o for o in r.node}
    kept = {k: v[1] for k, v in r.kept.items()}
    for name in ("claim", "renew/maker"):
        a = other_history(r, name)
        data = packed(a, [a.checkpoint(sorted(r.node), keys=cosigners, log="log maker")])
        what = "from before block %d on, with the keys of then; its own checkpoint is cosigned by all" % r.at[name]
        put = lambda what, expect, kept: Forged("rewrite with retired keys", "history", what, "retired nodes", data, expect, kept=kept)
        yield put(what + "; no checkpoint was kept", "verified", None)
        yield put(what + "; one of before the fork was kept", "verified", kept["early"])
        yield put(what + "; one of after the fork was kept", "checkpoint PAK-7", kept["middle"])
        yield put(what + "; the newest one was kept", "checkpoint PAK-7", kept["last"])
    whole = r.pack()
    for name, note_ in kept.items():
        yield Forged("none", "history", "the record itself, beside the checkpoint kept " + name, "nobody", whole, "verified", kept=note_)
    cut = r.until("revoke")
    yield Forged("truncate", "history", "the record, cut off before the checkpoint kept last", "all nodes", packed(cut),
                 "checkpoint PAK-7", kept=kept["last"])
    yield Forged("splice", "history", "a kept checkpoint of another alliance", "nobody", whole, "checkpoint PAK-7",
                 kept=kept["last"].replace(r.a.id.hex().encode(), b"0" * 64))


def all_of(r):
    for make in (entry_forgeries, block_forgeries, certificate_forgeries, refounding_forgeries, checkpoint_forgeries,
                 founding_forgeries, rewrites):
        yield from make(r)
