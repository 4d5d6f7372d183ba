"""The node of clinics as it should not be: with its real keys it sends the maker's node nudges that no honest node sends, and some
that one may. Prints what the maker's node answers, one line each.
usage: 94-forger.py ALLIANCE NOW_MS"""
import hashlib
import pathlib
import sys
from types import SimpleNamespace

from cluster import encode, read_key
from hostile_member import Link, envelope, hear

NUDGE, ANSWER = 40, 41  # messages.def
WORDS = {1: "taken", 2: "later", 3: "refused"}
alliance, now = bytes.fromhex(sys.argv[1]), int(sys.argv[2])


def node(org):
    listen = next(line.split()[1].strip('"') for line in open(org + "/node.yaml") if line.startswith("listen:"))
    return SimpleNamespace(dir=pathlib.Path(org), listen=listen)


cluster = SimpleNamespace(nodes={o: node(o) for o in ("maker", "clinics")}, alliance=alliance)
link = Link(cluster, "clinics", "maker")
link.s.settimeout(20)


def nudge(seat, key, subject="D-2", org="maker", asked=None, at=now, of=alliance, spoil=b""):
    body = {1: of, 2: seat, 3: subject, 4: org, 6: at}
    if asked:
        body[5] = asked
    message = encode(dict(sorted(body.items())))
    k = read_key("keys/%s.key" % key)
    sig = k.sshsig(b"nudge@entente", message + spoil)
    return message, envelope(NUDGE, {1: message, 2: {1: 1, 2: k.public, 3: sig}})


def tell(what, message, frame):
    """What is sent after it has an answer for sure, and that comes later."""
    after, asked = nudge("clinics/registrar", "clinics-registrar", subject="D-8")
    link.s.sendall(frame + asked)
    said = "no answer"
    while True:
        m = hear(link.s)
        if m[1] == ANSWER and m[2][1] == hashlib.sha256(message).digest():
            said = "%s %s" % (WORDS[m[2][2]], m[2].get(3, ""))
        if m[1] == ANSWER and m[2][1] == hashlib.sha256(after).digest():
            print("%s: %s" % (what, said))
            return


tell("another's key", *nudge("clinics/registrar", "clinics-sponsor"))
tell("a seat of another's", *nudge("maker/sponsor", "maker-sponsor"))
tell("a signature that does not verify", *nudge("clinics/registrar", "clinics-registrar", spoil=b"x"))
tell("for another organisation", *nudge("clinics/registrar", "clinics-registrar", org="trustee"))
tell("of another alliance", *nudge("clinics/registrar", "clinics-registrar", of=bytes(32)))
tell("of what is not asked", *nudge("clinics/registrar", "clinics-registrar", subject="D-9"))
tell("too early", *nudge("clinics/registrar", "clinics-registrar", at=now + 3600000))
tell("too late", *nudge("clinics/registrar", "clinics-registrar", at=now - 8 * 86400000))
tell("no nudge", b"?", envelope(NUDGE, {1: b"?", 2: {1: 1, 2: bytes(32), 3: bytes(64)}}))
tell("honest", *nudge("clinics/registrar", "clinics-registrar"))
tell("the same", *nudge("clinics/registrar", "clinics-registrar"))
tell("another within a day", *nudge("clinics/registrar", "clinics-registrar", at=now + 1000))
link.close()
