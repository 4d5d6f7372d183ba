"""Validator sets, certificates (CRT-1 to CRT-3) and votes (VOT-1)."""
from canonical import Refused
from merkle import sha256
import signing


def quorum(n):
    return n - (n - 1) // 3  # CRT-2


def check_set(members):
    """BLK-6: order, and keys that are acceptable and all different."""
    orgs = [m.org for m in members]
    if orgs != sorted(set(orgs)):
        raise Refused("BLK-6", "the set's members do not ascend by organisation")
    keys = [k for m in members for k in (m.vote, m.cosign)]
    if len(set(keys)) != len(keys):
        raise Refused("BLK-6", "a key stands twice in the set")
    for k in keys:
        if not signing.key_ok(k):
            raise Refused("BLK-6", "a key of the set is not acceptable (SIG-4)")


def set_bytes(codec, members):
    return codec.encode("validator_set", {"members": members})


def set_hash(codec, members):
    return sha256(set_bytes(codec, members))


def precommit(codec, alliance, epoch, height, round_, value):
    return codec.encode("vote", {
        "alliance": alliance, "epoch": epoch, "type": codec.schema.enums["vote_type"]["VOTE_PRECOMMIT"],
        "height": height, "round": round_, "value": value})


def check_certificate(codec, sigs, data, members, alliance, epoch, height, value=None):
    """CRT-1. value None: the certificate's own. Returns the certificate."""
    c = codec.decode("certificate", data)
    if c.epoch != epoch or c.height != height:
        raise Refused("CRT-1", "the certificate is for epoch %d, height %d" % (c.epoch, c.height))
    if value is not None and c.value != value:
        raise Refused("CRT-1", "the certificate is for another block")
    by_org = {m.org: m.vote for m in members}
    orgs = [s.org for s in c.sigs]
    if orgs != sorted(set(orgs)):
        raise Refused("CRT-1", "the certificate's signatures do not ascend by organisation")
    if len(orgs) < quorum(len(members)):
        raise Refused("CRT-1", "%d signatures, %d are needed" % (len(orgs), quorum(len(members))))
    message = precommit(codec, alliance, epoch, height, c.round, c.value)
    for s in c.sigs:
        if s.org not in by_org:
            raise Refused("CRT-1", "%s is not in the set in force" % s.org)
        try:
            sigs.plain("vote@entente", by_org[s.org], message, s.sig)
        except Refused as e:
            raise Refused("CRT-1", "%s's precommit: %s (%s)" % (s.org, e.words, e.rule)) from None
    return c
