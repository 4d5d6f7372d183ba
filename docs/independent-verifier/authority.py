"""ENT-4, GOV-3: whether the key that signed holds the seat at the entry's position, and the kind is one for it."""
from canonical import Refused
from rights import Verdict

NODE_KINDS = ("ready", "support", "fault")


def check(gov, e):
    """gov: the state that the entry meets."""
    org, _, name = e.seat.partition("/")
    key = e.signature.key
    if gov.keys.get(key, {}).get("revoked_ms") is not None:
        raise Refused("ENT-4", "REVOKED_KEY: the key that signed for %s is revoked" % e.seat)
    if name == "node":
        if org not in gov.parties:
            raise Refused("ENT-4", "UNKNOWN_SEAT: %s is not on the record" % org)
        held = [] if gov.has_left(org) else [(gov.enums["sig_alg"]["SIG_ED25519"], gov.parties[org]["node"]["node"])]
    elif e.seat in gov.seats:
        held = [(k.alg, k.key) for k in gov.seats[e.seat]["keys"]]
    else:
        raise Refused("ENT-4", "UNKNOWN_SEAT: %s is not a seat on the record" % e.seat)
    if (e.signature.alg, key) not in held:
        raise Refused("ENT-4", "NOT_HOLDER: the key that signed does not hold %s" % e.seat)
    if e.name != "receipt" and (name == "node") != (e.name in NODE_KINDS):
        raise Verdict("NOT_PERMITTED", "%s is not for %s" % (e.name, e.seat))
