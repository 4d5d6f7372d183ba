"""Ed25519 (RFC 8032) as SIG-4 narrows it, and the SSHSIG preimage of SIG-1.

Points are in extended coordinates (RFC 8032 section 5.1.4). Plain integers: nothing here is secret."""
import functools
import hashlib
import struct
import subprocess
import tempfile

from canonical import Refused

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)
NEUTRAL = (0, 1, 1, 0)


def add(a, b):
    x1, y1, z1, t1 = a
    x2, y2, z2, t2 = b
    e = (y1 - x1) * (y2 - x2) % P
    f = (y1 + x1) * (y2 + x2) % P
    g = 2 * t1 * t2 * D % P
    h = 2 * z1 * z2 % P
    m, n, o, q = f - e, h - g, h + g, f + e
    return m * n % P, o * q % P, n * o % P, m * q % P


def double(a):
    x, y, z, _ = a
    e, f, g = x * x % P, y * y % P, 2 * z * z % P
    h = e + f
    m = h - (x + y) ** 2
    n = e - f
    o = g + n
    return m * o % P, n * h % P, o * n % P, m * h % P


def multiply(n, point):
    table = [NEUTRAL, point]
    for _ in range(14):
        table.append(add(table[-1], point))
    out = NEUTRAL
    for shift in range((max(n.bit_length(), 1) + 3) // 4 * 4 - 4, -1, -4):
        out = double(double(double(double(out))))
        digit = n >> shift & 15
        if digit:
            out = add(out, table[digit])
    return out


def decode(b):
    """RFC 8032 section 5.1.3; None when b is no point, or not its canonical encoding."""
    n = int.from_bytes(b, "little")
    y, odd = n & (1 << 255) - 1, n >> 255
    if y >= P:
        return None
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if (v * x * x - u) % P:
        x = x * ROOT % P
        if (v * x * x - u) % P:
            return None
    if x == 0 and odd:
        return None
    if x & 1 != odd:
        x = P - x
    return x, y, 1, x * y % P


def encode(a):
    z = pow(a[2], P - 2, P)
    x, y = a[0] * z % P, a[1] * z % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def neutral(a):
    return a[0] % P == 0 and (a[1] - a[2]) % P == 0


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE = decode(BASE_Y.to_bytes(32, "little"))


@functools.lru_cache(maxsize=None)
def base_table():
    """BASE times 16^i * j, so that a multiple of BASE needs additions alone."""
    out, row = [], BASE
    for _ in range(64):
        line = [NEUTRAL]
        for _ in range(15):
            line.append(add(line[-1], row))
        out.append(line)
        row = add(line[15], row)
    return out


def multiply_base(n):
    out = NEUTRAL
    for i, line in enumerate(base_table()):
        digit = n >> 4 * i & 15
        if digit:
            out = add(out, line[digit])
    return out


@functools.lru_cache(maxsize=65536)
def public_point(key):
    """The point of a key that SIG-4 accepts; None for one that it refuses."""
    a = decode(key)
    if a is None or neutral(a) or not neutral(multiply(L, a)):
        return None
    return a


def key_ok(key):
    return len(key) == 32 and public_point(key) is not None


def small_order(b):
    """By the y coordinate, its top bit and a not reduced y besides: as libsodium compares R against its list."""
    y = int.from_bytes(b, "little") & (1 << 255) - 1
    a = decode((y % P).to_bytes(32, "little"))
    return a is not None and neutral(double(double(double(a))))


def fault(key, message, signature):
    """SIG-4: single verification without cofactor. None when it verifies, else the rule that it breaks: SIG-4 by the form
    of key, scalar or R; SIG-1 when it is not over this message by this key."""
    a = public_point(key)
    s = int.from_bytes(signature[32:], "little")
    if a is None or len(signature) != 64 or s >= L or small_order(signature[:32]):
        return "SIG-4"
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    minus_a = (P - a[0], a[1], 1, P - a[3])
    found = add(multiply_base(s), multiply(k, minus_a))
    if encode(found) == signature[:32]:
        return None
    return "SIG-1"


def verify(key, message, signature):
    return fault(key, message, signature) is None


def verify_openssl(key, message, signature):
    """The same by `openssl pkeyutl`: slower, another implementation."""
    der = bytes.fromhex("302a300506032b6570032100") + key
    with tempfile.TemporaryDirectory() as folder:
        for name, data in (("key", der), ("message", message), ("sig", signature)):
            with open(folder + "/" + name, "wb") as f:
                f.write(data)
        done = subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key", "-keyform", "DER", "-rawin",
                               "-in", "message", "-sigfile", "sig"], cwd=folder, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, check=False)
    return done.returncode == 0


def string(b):
    return struct.pack(">I", len(b)) + b


def preimage(namespace, message):
    """SIG-1."""
    return b"SSHSIG" + string(namespace.encode()) + string(b"") + string(b"sha512") + string(
        hashlib.sha512(message).digest())


class Signatures:
    """Checks signatures and counts them by namespace. cross: also asks openssl, and the two must agree."""

    def __init__(self, cross=False):
        self.counts, self.cross = {}, cross

    def check(self, key, message, signature, what, rule="SIG-1"):
        broken = fault(key, message, signature)
        if self.cross and key_ok(key) and verify_openssl(key, message, signature) != (broken is None):
            raise Refused("SIG-4", "openssl and this program disagree on a signature (%s)" % what)
        if not key_ok(key):
            raise Refused("SIG-4", "a public key is not acceptable (%s)" % what)
        if broken:
            raise Refused(rule if broken == "SIG-1" else broken, "a signature does not verify (%s)" % what)
        self.counts[what] = self.counts.get(what, 0) + 1

    def plain(self, namespace, key, message, signature):
        self.check(key, preimage(namespace, message), signature, namespace)

    def person(self, namespace, message, s, enum):
        """A signature record s; enum is sig_alg's numbers."""
        hardware = s.alg == enum["SIG_SK_ED25519"]
        if hardware != (s.flags is not None) or hardware != (s.counter is not None):
            raise Refused("SIG-5", "flags and counter are for hardware keys, and these have both")
        if not hardware:
            return self.plain(namespace, s.key, message, s.sig)
        if not s.flags & 1:
            raise Refused("SIG-5", "a hardware key signed without its user's presence")
        signed = hashlib.sha256(b"ssh:").digest() + struct.pack(">BI", s.flags, s.counter) + hashlib.sha256(
            preimage(namespace, message)).digest()
        self.check(s.key, signed, s.sig, namespace, "SIG-5")
