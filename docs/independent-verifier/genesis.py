"""Section 8: the founding. check() refuses what breaks GEN-1 to GEN-5, and returns what the chain starts from."""
from canonical import Refused
from merkle import sha256
import sets
import signing
import x509

NODE_KEYS = ("vote", "cosign", "log", "node")


class Founding:
    """alliance, sections {number: decoded}, bodies {number: bytes}, cards {org: card}, roles, leaves, members."""


def check(codec, sigs, data):
    g = codec.decode("genesis", data)
    f = Founding()
    f.bytes, f.section_leaves, f.card_leaves = data, g.sections, g.cards
    f.sections, f.bodies = read_sections(codec, g.sections)
    f.alliance = sha256(b"".join(g.sections))
    f.cards, f.digests = read_cards(codec, sigs, g.cards)
    parties(f)
    distinct_keys(f.cards)
    if g.sigs is None:
        raise Refused("GEN-4", "the genesis is a draft: it has no founding signatures")
    f.sigs_hash = sha256(codec.encode("genesis_sigs", g.sigs))
    f.signed = founding_signatures(codec, sigs, f, g.sigs)
    f.members = [{"org": o, "vote": f.cards[o].node.vote, "cosign": f.cards[o].node.cosign}
                 for o in sorted(f.cards) if f.roles[o] != f.observer]
    f.set_hash = sets.set_hash(codec, f.members)
    return f


def read_sections(codec, leaves):
    sections, bodies, last = {}, {}, 0
    for leaf in leaves:
        s = codec.decode("section", leaf)
        if s.number <= last:
            raise Refused("GEN-3", "sections do not ascend by number")
        last = s.number
        name = codec.schema.numbers.get(("charter", s.number))
        if name is None:
            raise Refused("GEN-3", "no section has the number %d" % s.number)
        bodies[s.number] = s.body
        sections[s.number] = codec.decode(name, s.body)
    ids = codec.schema.enums["section_id"]
    for name in ("SECTION_ALLIANCE", "SECTION_CLOCK", "SECTION_PARTIES"):
        if ids[name] not in sections:
            raise Refused("GEN-3", "section %d is missing" % ids[name])
    return sections, bodies


def read_cards(codec, sigs, leaves):
    cards, digests, last = {}, {}, ""
    for leaf in leaves:
        card, digest = read_card(codec, sigs, leaf)
        if card.org <= last:
            raise Refused("GEN-5", "cards do not ascend by organisation")
        last = card.org
        cards[card.org], digests[card.org] = card, digest
    return cards, digests


def read_card(codec, sigs, leaf):
    """GEN-1 (signatures), GEN-2. The card and its digest."""
    signed = codec.decode("signed_card", leaf)
    card = codec.decode("card", signed.card)
    for name in NODE_KEYS:
        try:
            sigs.plain("card@entente", card.node[name], signed.card, signed[name])
        except Refused as e:
            raise Refused("GEN-1", "%s's card, %s key: %s (%s)" % (card.org, name, e.words, e.rule)) from None
    try:
        x509.check(card.node.tls, card.org)
    except Refused as e:
        raise Refused("GEN-2", "%s's card: %s (%s)" % (card.org, e.words, e.rule)) from None
    return card, sha256(signed.card)


def parties(f):
    f.roles = {p.org: p.role for p in f.sections[7].list}
    f.observer = 3
    if sorted(f.roles) != sorted(f.cards):
        raise Refused("GOV-2", "the parties are not those whose cards are here")
    for p in f.sections[7].list:
        if p.card != f.digests[p.org]:
            raise Refused("GEN-3", "%s's card is not the one that the charter names" % p.org)


def distinct_keys(cards):
    """GEN-1. A person's key may hold several seats of its own organisation."""
    owner = {}
    for org, card in cards.items():
        fixed = [card.node[n] for n in NODE_KEYS] + ([card.recovery.key] if card.recovery else [])
        people = {k.key for s in card.seats for k in s.keys}
        if any(len({k.key for k in s.keys}) < len(s.keys) for s in card.seats):
            raise Refused("GEN-1", "a seat of %s's card has a key twice" % org)
        for key in fixed + sorted(people):
            if key in owner:
                raise Refused("GEN-1", "a key of %s's card stands on the cards already" % org)
            if not signing.key_ok(key):
                raise Refused("SIG-4", "a key of %s's card is not acceptable" % org)
            owner[key] = org


def founding_signatures(codec, sigs, f, given):
    """GEN-4."""
    holders = {"%s/%s" % (o, s.seat): {(k.alg, k.key) for k in s.keys} for o, c in f.cards.items() for s in c.seats}
    needed = {seat for seat in holders if f.roles[seat.split("/")[0]] == 1}
    needed |= {o + "/registrar" for o, role in f.roles.items() if role != 1}
    statement = codec.encode("genesis_statement", {"version": 1, "alliance": f.alliance})
    signed = set()
    for s in given.list:
        if (s.signature.alg, s.signature.key) not in holders.get(s.seat, ()):
            raise Refused("GEN-4", "a founding signature is by a key that does not hold %s" % s.seat)
        try:
            sigs.person("genesis@entente", statement, s.signature, codec.schema.enums["sig_alg"])
        except Refused as e:
            raise Refused("GEN-4", "the founding signature of %s: %s (%s)" % (s.seat, e.words, e.rule)) from None
        signed.add(s.seat)
    if needed - signed:
        raise Refused("GEN-4", "%s has not signed the founding" % sorted(needed - signed)[0])
    return signed
