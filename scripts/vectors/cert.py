#!/usr/bin/env python3
"""Writes proto/vectors/cert.json: votes, commit certificates and chains of headers, good and bad, made from SPEC sections
1, 2 and 4 (SIG-1 to SIG-3, VOT-1, CRT-1 to CRT-3, BLK-2, 3, 6, 7, 10). The encoder is the one of codec.py, signatures are
by ed25519.py. Standard library only; the same output each time."""
import functools
import hashlib
import json
import pathlib
import struct

import ed25519
from codec import encode

ALLIANCE = hashlib.sha256(b"alliance").digest()
EPOCH = 3
PREVOTE, PRECOMMIT, PROPOSAL = 1, 2, 3


def sha256(data):
    return hashlib.sha256(data).digest()


def seed(label):
    return sha256(b"seed " + label.encode())


@functools.cache
def public(label):
    return ed25519.public(seed(label))


def string(b):
    return struct.pack(">I", len(b)) + b


@functools.cache
def sign(label, message):  # SIG-1
    preimage = (b"SSHSIG" + string(b"vote@entente") + string(b"") + string(b"sha512")
                + string(hashlib.sha512(message).digest()))
    return ed25519.sign(seed(label), preimage)


def drop_none(d):
    return {k: v for k, v in d.items() if v is not None}


def vote(kind, height, round_, value=None, valid_round=None, alliance=ALLIANCE, epoch=EPOCH):
    return drop_none({1: alliance, 2: epoch, 3: kind, 4: height, 5: round_, 6: value, 7: valid_round})


def validator(org):  # "name" or "name#2": the second keys of that organisation
    return {1: org.split("#")[0], 2: public("vote " + org), 3: public("cosign " + org)}


def members(orgs):
    return [validator(o) for o in orgs]


def set_hash(orgs):  # BLK-6
    return sha256(encode({1: members(orgs)}))


def certificate(signers, height, block, round_=0, epoch=EPOCH, kind=PRECOMMIT, alliance=ALLIANCE, claimed=None):
    """signers: organisations, or (organisation, who signs in its place). claimed: fields that say something else."""
    message = encode(vote(kind, height, round_, block, alliance=alliance, epoch=epoch))
    pairs = [(s, s) if isinstance(s, str) else s for s in signers]
    sigs = [{1: org.split("#")[0], 2: sign("vote " + by, message)} for org, by in pairs]
    return encode({1: epoch, 2: height, 3: round_, 4: block, 5: sigs, **(claimed or {})})


def votes():
    block = sha256(b"block")
    for why, v in [("prevote", vote(PREVOTE, 1, 0, block)), ("prevote with valid round", vote(PREVOTE, 9, 4, block, 3)),
                   ("nil prevote", vote(PREVOTE, 9, 4)), ("precommit", vote(PRECOMMIT, 2**40, 1000000, block)),
                   ("nil precommit", vote(PRECOMMIT, 7, 200)), ("proposal", vote(PROPOSAL, 7, 0, block)),
                   ("proposal of a valid value", vote(PROPOSAL, 7, 5, block, 0))]:
        yield {"why": why, "accept": True, "vote": encode(v).hex(), "org": "brand", "sig": sign("vote brand", encode(v)).hex()}
    good = vote(PRECOMMIT, 7, 2, block)
    for why, v, org, by, message, status in [
            ("signed over another round", good, "brand", "brand", {**good, 5: 3}, "BADSIG"),
            ("signed by another member", good, "brand", "copacker", good, "BADSIG"),
            ("not a member", good, "stranger", "stranger", good, "NOTFOUND"),
            ("another alliance", {**good, 1: bytes(32)}, "brand", "brand", {**good, 1: bytes(32)}, "MISMATCH"),
            ("another epoch", {**good, 2: 4}, "brand", "brand", {**good, 2: 4}, "MISMATCH"),
            ("VOT-1 proposal of nothing", vote(PROPOSAL, 7, 2), "brand", "brand", None, "FORMAT"),
            ("VOT-1 precommit with a valid round", {**good, 7: 1}, "brand", "brand", None, "FORMAT"),
            ("VOT-1 nil prevote with a valid round", vote(PREVOTE, 7, 2, None, 1), "brand", "brand", None, "FORMAT"),
            ("VOT-1 valid round not below the round", vote(PREVOTE, 7, 2, block, 2), "brand", "brand", None, "FORMAT")]:
        yield {"why": why, "accept": False, "vote": encode(v).hex(), "org": org, "status": status,
               "sig": sign("vote " + by, encode(message or v)).hex()}


FOUR = ["brand", "copacker", "distributor", "trustee"]


def certificates():
    block, other = sha256(b"block"), sha256(b"other")
    orgs = {n: [f"org-{i:02d}" for i in range(n)] for n in (1, 2, 3, 7)} | {4: FOUR}
    quorum = {1: 1, 2: 2, 3: 3, 4: 3, 7: 5}
    for n, q in quorum.items():
        o = orgs[n]
        yield f"{n} members, q = {q}", o, certificate(o[:q], 5, block), None, None
        yield f"{n} members, all", o, certificate(o, 5, block, round_=2), None, None
        if q > 1:
            yield f"{n} members, one short of q", o, certificate(o[n - q + 1:], 5, block), "RANGE", f"{q - 1} signatures"
    a, b, c, d = FOUR
    yield "out of order", FOUR, certificate([b, a, c], 5, block), "MISMATCH", f"{a} is there twice or out of order"
    yield "one twice", FOUR, certificate([a, b, b], 5, block), "MISMATCH", f"{b} is there twice"
    yield "not a member", FOUR, certificate([a, b, "stranger"], 5, block), "MISMATCH", "stranger has no voting node"
    yield "one signed in another's name", FOUR, certificate([a, b, (c, a)], 5, block), "BADSIG", f"signature of {c} "
    yield "a bad one beyond q", FOUR, certificate([a, b, c, (d, a)], 5, block), "BADSIG", f"signature of {d} "
    yield "prevotes", FOUR, certificate([a, b, c], 5, block, kind=PREVOTE), "BADSIG", f"signature of {a} "
    yield "another alliance's", FOUR, certificate([a, b, c], 5, block, alliance=bytes(32)), "BADSIG", f"signature of {a} "
    yield "another block", FOUR, certificate([a, b, c], 5, other), "MISMATCH", "is for block"
    yield "another height", FOUR, certificate([a, b, c], 6, block), "MISMATCH", "certificate of height 6"
    yield "another epoch", FOUR, certificate([a, b, c], 5, block, epoch=4), "MISMATCH", "epoch 4"
    yield ("a round they did not sign", FOUR, certificate([a, b, c], 5, block, claimed={3: 1}), "BADSIG",
           f"signature of {a} ")
    yield "no signature", FOUR, certificate([], 5, block), "RANGE", ""
    yield "a byte behind it", FOUR, certificate([a, b, c], 5, block) + b"\0", "FORMAT", ""


def header(height, time, prev, orgs, next_orgs, last_commit, size, entries, proposer, **change):
    """change: keys of block_record as f<N>, None drops one; tree=... is the header's."""
    record = {0: 0, 1: 1, 2: ALLIANCE, 3: height, 4: EPOCH, 5: time, 6: prev, 7: proposer, 8: 1, 9: entries,
              10: sha256(b"writes"), 11: sha256(b"state %d" % height), 12: set_hash(orgs), 13: set_hash(next_orgs),
              14: members(next_orgs) if height == 0 or orgs != next_orgs else None, 15: last_commit}
    record |= {int(k[1:]): v for k, v in change.items() if k[0] == "f"}
    return encode({1: encode(drop_none(record)), 2: change.get("tree", size), 3: sha256(b"root %d" % height)})


def chain():
    """A chain with a member joining, one changing keys, one leaving; at each height, what must be refused there."""
    three = FOUR[:3]
    rekeyed = ["brand", "copacker#2", "distributor", "trustee"]
    sets = [three, three, FOUR, FOUR, rekeyed, rekeyed, ["brand", "copacker#2", "trustee"],
            ["brand", "copacker#2", "trustee"]]  # sets[h] decides height h
    genesis_commit, time, size = sha256(b"genesis signatures"), 1795425600000, 12
    genesis = dict(height=0, time=time, prev=bytes(32), orgs=three, next_orgs=three, last_commit=bytes(32), size=size,
                   entries=11, proposer=None)
    reject_genesis = [{"header": header(**genesis, **change).hex(), "rule": rule} for change, rule in [
        ({"f3": 1}, "BLK-2"), ({"f2": bytes(32)}, "GEN-3"), ({"f6": sha256(b"x")}, "BLK-2"), ({"f7": "brand"}, "BLK-10"),
        ({"f15": sha256(b"x")}, "BLK-7"), ({"tree": 11}, "BLK-2"), ({"f12": sha256(b"x")}, "BLK-6"),
        ({"f14": None}, "BLK-6"), ({"f14": members(FOUR)}, "BLK-6"), ({"f14": members(three[::-1])}, "BLK-6"),
        ({"f0": 1}, "leaf")]]
    first = header(**genesis)
    steps, last, commit = [], first, genesis_commit
    for h in range(1, 7):
        orgs, next_orgs = sets[h], sets[h + 1]
        n = len(orgs)
        signers = orgs[:n - (n - 1) // 3]
        entries = h % 3
        time += 1 if h == 2 else 60000
        at = dict(height=h, time=time, prev=sha256(last), orgs=orgs, next_orgs=next_orgs, last_commit=commit,
                  size=size + 1 + entries, entries=entries, proposer=orgs[h % n].split("#")[0])
        changes = [({"f3": h + 1}, "BLK-2"), ({"f2": bytes(32)}, "GEN-3"), ({"f4": EPOCH + 1}, "BLK-2"),
                   ({"f6": sha256(b"x")}, "BLK-2"), ({"f5": time - (1 if h == 2 else 60000)}, "BLK-3"),
                   ({"f7": None}, "BLK-10"), ({"f7": "stranger"}, "BLK-10"), ({"f15": sha256(b"x")}, "BLK-7"),
                   ({"f12": sha256(b"x")}, "BLK-6"), ({"f13": sha256(b"x")}, "BLK-6"), ({"tree": size}, "BLK-2"),
                   ({"f14": members(orgs) if orgs == next_orgs else None}, "BLK-6")]
        reject = []
        for change, rule in changes:
            bad = header(**at, **change)
            # Never signed: the place is refused before the certificate is looked at.
            reject.append({"header": bad.hex(), "certificate": certificate([], h, sha256(bad)).hex(), "rule": rule})
        good = header(**at)
        block = sha256(good)
        cert = certificate(signers, h, block)
        reject.append({"header": good.hex(), "certificate": certificate(signers[1:], h, block).hex(), "rule": "CRT-1"})
        reject.append({"header": good.hex(), "certificate": certificate(signers, h, sha256(b"x")).hex(), "rule": "CRT-1"})
        if sets[h - 1] != orgs:  # the set before has no say any more, the one to come has none yet
            before = sets[h - 1]
            by = [o for o in before if o not in orgs]
            if by:
                old = [by[0] if o.split("#")[0] == by[0] else o for o in signers]
                if old == signers:
                    old = sorted(signers[1:] + by[:1])
                reject.append({"header": good.hex(), "certificate": certificate(old, h, block).hex(), "rule": "CRT-1"})
        other = certificate(orgs[n - len(signers):], h, block, round_=1)
        use_other = h in (3, 5)
        steps.append({"header": good.hex(), "certificate": cert.hex(), "block": block.hex(), "members": len(next_orgs),
                      "size": size + 1 + entries, "reject": reject, "other_certificate": other.hex() if use_other else None})
        commit, last, size = sha256(other if use_other else cert), good, size + 1 + entries
    return {"genesis": first.hex(), "commit": genesis_commit.hex(), "reject_genesis": reject_genesis, "steps": steps}


def sets():
    yield "four", members(FOUR), None
    yield "descending", members(FOUR[::-1]), "MISMATCH"
    yield "one twice", members(["brand", "brand"]), "MISMATCH"
    a, b = members(["brand", "copacker"])
    yield "a vote key shared", [a, {**b, 2: a[2]}], "MISMATCH"
    yield "a cosignature key shared", [a, {**b, 3: a[3]}], "MISMATCH"
    yield "a vote key that is another's cosignature key", [a, {**b, 2: a[3]}], "MISMATCH"
    yield "one key for both uses", [{**a, 3: a[2]}], "MISMATCH"
    yield "a key of small order", [{**a, 2: (1).to_bytes(32, "little")}], "BADKEY"
    yield "a key that is no point", [{**a, 3: (2).to_bytes(32, "little")}], "BADKEY"


if __name__ == "__main__":
    out = pathlib.Path(__file__).resolve().parents[2] / "proto" / "vectors" / "cert.json"
    out.write_text(json.dumps({
        "source": "scripts/vectors/cert.py", "alliance": ALLIANCE.hex(), "epoch": EPOCH,
        "sets": [{"why": w, "set": encode({1: m}).hex(), "hash": sha256(encode({1: m})).hex(), "status": s}
                 for w, m, s in sets()],
        "voters": encode({1: members(FOUR)}).hex(), "seed": seed("vote brand").hex(), "votes": list(votes()),
        "height": 5, "block": sha256(b"block").hex(),
        "certificates": [{"why": w, "set": encode({1: members(o)}).hex(), "certificate": c.hex(), "status": s, "message": m}
                         for w, o, c, s, m in certificates()],
        "chain": chain()}, indent=1) + "\n")
