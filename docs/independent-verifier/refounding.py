"""Section 15: a refounding, which stands in place of the certificate of the last block of an epoch.

check() is REF-2, what the bytes alone show; signatures() is REF-3, by the state after that block. REF-4 is in
members.py."""
from canonical import Refused, value
from merkle import sha256
from rights import org_of
import sets


class Refounding:
    """statement, bytes (the statement's), proof, cards (signed cards, as bytes), sigs; certified: the proof is a
    certificate or genesis_sigs."""


def is_one(data):
    """REF-6: a certificate has a number under key 2, a refounding bytes."""
    try:
        v = value(data)
    except Refused:
        return False
    return type(v) is dict and type(v.get(2)) is bytes


def need(ok, words, rule="REF-2"):
    if not ok:
        raise Refused(rule, words)


def check(codec, sigs, data, last, members, genesis_sigs, alliance=None):
    """REF-2. alliance: of the record, when it is not L's to say. last: the decoded record and the id of block L; members: the set that decided it; genesis_sigs: their
    hash."""
    try:
        return sound(codec, sigs, data, last, members, genesis_sigs, alliance or last[0].alliance)
    except Refused as e:
        if e.rule == "REF-2":
            raise
        raise Refused("REF-2", "the refounding: %s (%s)" % (e.words, e.rule)) from None


def sound(codec, sigs, data, last, members, genesis_sigs, alliance):
    record, block = last
    f, out = codec.decode("refounding", data), Refounding()
    out.bytes, out.cards, out.sigs = f.statement, f.cards, f.sigs
    out.statement = s = codec.decode("refound_statement", f.statement)
    out.proof = p = codec.decode("refound_proof", f.proof)
    need(s.alliance == alliance, "made for another alliance")
    need((s.height, s.block) == (record.height, block), "made for another block")
    need(s.epoch == record.epoch + 1, "for epoch %d, after a block of epoch %d" % (s.epoch, record.epoch))
    need(s.proof == sha256(f.proof), "the proof is not the one that was signed for")
    need(s.cards == [sha256(c) for c in f.cards], "the cards are not those that were signed for")
    orgs = [codec.decode("card", codec.decode("signed_card", c).card).org for c in f.cards]
    need(orgs == sorted(set(orgs)), "the cards do not ascend by organisation")
    sets.check_set(s.set)
    out.certified = p.certificate is not None
    if out.certified:
        need(p.pol is None and p.precommit is None and not p.others, "votes beside a certificate")
        if record.height == 0:
            need(sha256(p.certificate) == genesis_sigs, "not the founding signatures")
        else:
            sets.check_certificate(codec, sigs, p.certificate, members, record.alliance, record.epoch, record.height,
                                   block)
    else:
        votes(codec, sigs, p, record, block, members)
    return out


def votes(codec, sigs, p, record, block, members):
    """A POL for the block, a precommit of its round, and no precommit of a later one among the others."""
    need(p.pol is not None and p.precommit is not None, "neither a certificate, nor a POL and a precommit")
    types = codec.schema.enums["vote_type"]
    by_org = {m.org: m.vote for m in members}

    def vote(signed, kind):
        v = signed.vote
        need(v.type == types[kind], "a vote of another type")
        need((v.alliance, v.epoch, v.height) == (record.alliance, record.epoch, record.height),
             "a vote of another alliance, epoch or height")
        need(v.value is not None, "a vote for nil")
        need(v.valid_round is None or (v.valid_round < v.round and kind == "VOTE_PREVOTE"),
             "a vote's valid round (VOT-1)")
        need(signed.org in by_org, "%s is not in the set that decided the block" % signed.org)
        sigs.plain("vote@entente", by_org[signed.org], codec.encode("vote", v), signed.sig)
        return v

    pol = [vote(s, "VOTE_PREVOTE") for s in p.pol]
    orgs = [s.org for s in p.pol]
    need(orgs == sorted(set(orgs)), "the prevotes do not ascend by organisation")
    need(len(pol) >= sets.quorum(len(members)), "%d prevotes, %d are needed" % (len(pol), sets.quorum(len(members))))
    first = codec.encode("vote", pol[0])
    need(all(codec.encode("vote", v) == first for v in pol), "the prevotes are not alike")
    need(pol[0].value == block, "the prevotes are for another block")
    own = vote(p.precommit, "VOTE_PRECOMMIT")
    need((own.value, own.round) == (block, pol[0].round),
         "the precommit is not for the block in the round of the prevotes")
    for s in p.others:
        need(vote(s, "VOTE_PRECOMMIT").round <= own.round, "%s precommitted in a later round" % s.org)


def signatures(gov, sigs, r):
    """REF-3. gov: the state after the block."""
    signed = {}
    for s in r.sigs:
        k = s.signature
        held = [(h.alg, h.key) for h in gov.seats[s.seat]["keys"]] if s.seat in gov.seats else []
        need((k.alg, k.key) in held and gov.keys[k.key].get("revoked_ms") is None,
             "a signature is by a key that does not hold %s" % s.seat, "REF-3")
        try:
            sigs.person("refound@entente", r.bytes, k, gov.enums["sig_alg"])
        except Refused as e:
            raise Refused("REF-3", "the signature of %s: %s (%s)" % (s.seat, e.words, e.rule)) from None
        signed.setdefault(org_of(s.seat), []).append((s.seat, k.key))
    for org, party in sorted(gov.parties.items()):
        if party["role"] != gov.enums["role"]["ROLE_PARTNER"] or gov.has_left(org):
            continue
        by, registrar = signed.get(org, []), org + "/registrar"
        keys = [k for seat, k in by if seat == registrar]
        need(keys, "%s has not signed" % registrar, "REF-3")
        need(any(seat != registrar and k != own for seat, k in by for own in keys),
             "no second seat of %s has signed, by another key" % org, "REF-3")
