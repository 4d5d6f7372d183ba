"""Writes proto/vectors/signatures.json from SPEC section 2 alone: signature records over messages, and whether they
hold. Run: python3 scripts/vectors/signatures.py > proto/vectors/signatures.json"""
import hashlib
import json
import struct
from edwards import BASE, L, NEUTRAL, P, Key, add, encode, h, mul, order8

ENTRY = "entry@entente"


def string(b):
    return struct.pack(">I", len(b)) + b


def preimage(ns, message, algorithm="sha512"):
    digest = hashlib.new(algorithm, message).digest()
    return b"SSHSIG" + string(ns.encode()) + string(b"") + string(algorithm.encode()) + string(digest)


def sk_message(pre, flags, counter, application=b"ssh:"):
    return hashlib.sha256(application).digest() + struct.pack(">BI", flags, counter) + hashlib.sha256(pre).digest()


OUT = []


def case(id, why, accept, key, sig, message, ns=ENTRY, alg="ssh-ed25519", flags=None, counter=None):
    v = {"id": id, "why": why, "accept": accept, "alg": alg, "key": key.hex(), "namespace": ns,
         "message": message.hex(), "sig": sig.hex()}
    if flags is not None:
        v["flags"] = flags
    if counter is not None:
        v["counter"] = counter
    OUT.append(v)


def plain(key, message):
    sig = key.sign(preimage(ENTRY, message))
    case("SIG-1", "a good signature", True, key.pub, sig, message)
    case("SIG-1", "a good signature over nothing", True, key.pub, key.sign(preimage(ENTRY, b"")), b"")
    case("SIG-1", "message changed", False, key.pub, sig, message + b"!")
    case("SIG-1", "bit of R flipped", False, key.pub, bytes([sig[0] ^ 1]) + sig[1:], message)
    case("SIG-1", "bit of S flipped", False, key.pub, sig[:40] + bytes([sig[40] ^ 4]) + sig[41:], message)
    case("SIG-1", "another key", False, Key(b"\x07" * 32).pub, sig, message)
    case("SIG-1", "over SHA-256 instead of SHA-512", False, key.pub, key.sign(preimage(ENTRY, message, "sha256")),
         message)
    case("SIG-1", "over the bare message", False, key.pub, key.sign(message), message)
    case("SIG-2", "made for a vote, shown as an entry", False, key.pub, key.sign(preimage("vote@entente", message)),
         message)
    case("SIG-5", "flags on a plain key", False, key.pub, sig, message, flags=1)
    case("SIG-5", "counter on a plain key", False, key.pub, sig, message, counter=1)
    s = int.from_bytes(sig[32:], "little")
    case("SIG-4", "S + L, not canonical", False, key.pub, sig[:32] + (s + L).to_bytes(32, "little"), message)
    case("SIG-4", "S has its top bits set", False, key.pub, sig[:63] + bytes([sig[63] | 0xe0]), message)


def holds(a, r, s, k):
    return mul(s, BASE) == add(r, mul(k % L, a))


def small_order_keys(message):
    pre, t = preimage(ENTRY, message), order8()
    for i in range(8):
        a = mul(i, t)
        for r in range(1, 200):  # until the challenge is a multiple of eight, so that the equation holds
            big_r = encode(mul(r, BASE))
            if h(big_r, encode(a), pre) % L % 8 == 0:
                break
        assert holds(a, mul(r, BASE), r, h(big_r, encode(a), pre))
        case("SIG-4", f"small-order key {i} of 8; the equation holds", False, encode(a),
             big_r + r.to_bytes(32, "little"), message)
    for y, sign in ((P, 0), (P + 1, 0), (P - 1, 1), (1, 1), (P + 1, 1)):
        key = (y | sign << 255).to_bytes(32, "little")
        case("SIG-4", "not a canonical encoding of a point", False, key, bytes(32) + bytes(32), message)
    case("SIG-4", "key not on the curve", False, (2).to_bytes(32, "little"), bytes(64), message)


def torsion(key, message):
    pre, t = preimage(ENTRY, message), order8()
    for i in (1, 2, 4):
        a = encode(add(mul(key.a, BASE), mul(i, t)))
        for r in range(1, 200):
            big_r = encode(mul(r, BASE))
            k = h(big_r, a, pre) % L
            if k % 8 == 0:
                break
        s = (r + k * key.a) % L
        assert holds(add(mul(key.a, BASE), mul(i, t)), mul(r, BASE), s, k)
        case("SIG-4", f"key with a component of order {8 // i}; the equation holds", False, a,
             big_r + s.to_bytes(32, "little"), message)
    for i, why in ((0, "R is the neutral element; the equation holds"), (4, "R is of order two")):
        big_r = encode(mul(i, t))
        s = h(big_r, key.pub, pre) * key.a % L
        case("SIG-4", why, False, key.pub, big_r + s.to_bytes(32, "little"), message)
    big_r = encode(add(mul(5, BASE), t))
    k = h(big_r, key.pub, pre)
    s = (5 + k * key.a) % L
    r, a = add(mul(5, BASE), t), mul(key.a, BASE)
    assert not holds(a, r, s, k) and mul(8, mul(s, BASE)) == mul(8, add(r, mul(k, a)))
    case("SIG-4", "holds with the cofactor only, as batch verification would accept it", False, key.pub,
         big_r + s.to_bytes(32, "little"), message)


def hardware(key, message):
    pre, sk = preimage(ENTRY, message), "sk-ssh-ed25519@openssh.com"

    def c(why, accept, sig, flags, counter, alg=sk):
        case("SIG-5", why, accept, key.pub, sig, message, alg=alg, flags=flags, counter=counter)

    good = key.sign(sk_message(pre, 1, 7))
    c("hardware key, made in software", True, good, 1, 7)
    c("user present and verified, largest counter", True, key.sign(sk_message(pre, 5, 2**32 - 1)), 5, 2**32 - 1)
    c("no user presence", False, key.sign(sk_message(pre, 0, 7)), 0, 7)
    c("user verified but not present", False, key.sign(sk_message(pre, 4, 7)), 4, 7)
    c("flags changed after signing", False, good, 5, 7)
    c("counter changed after signing", False, good, 1, 8)
    c("no flags", False, good, None, 7)
    c("no counter", False, good, 1, None)
    c("another application", False, key.sign(sk_message(pre, 1, 7, b"ssh:other")), 1, 7)
    c("hardware signature shown as a plain one", False, good, None, None, "ssh-ed25519")
    c("plain signature shown as a hardware one", False, key.sign(pre), 1, 7)


MESSAGE = bytes.fromhex("81a3") + b"what a seat approved"
KEY = Key(hashlib.sha256(b"entente test vector").digest())
plain(KEY, MESSAGE)
small_order_keys(MESSAGE)
torsion(KEY, MESSAGE)
hardware(KEY, MESSAGE)
print(json.dumps(OUT, indent=1))
