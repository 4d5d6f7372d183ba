"""KEY-6 and GEN-2: a node's TLS certificate, byte by byte, and its own signature over it (ECDSA on P-256, FIPS 186)."""
import hashlib

from canonical import Refused

P = 2**256 - 2**224 + 2**192 + 2**96 - 1
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
G = (0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
     0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5)


def add(a, b):
    if a is None or b is None:
        return b if a is None else a
    if a[0] == b[0]:
        if (a[1] + b[1]) % P == 0:
            return None
        m = (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, P) % P
    else:
        m = (b[1] - a[1]) * pow(b[0] - a[0], -1, P) % P
    x = (m * m - a[0] - b[0]) % P
    return x, (m * (a[0] - x) - a[1]) % P


def multiply(n, point):
    out = None
    while n:
        if n & 1:
            out = add(out, point)
        point, n = add(point, point), n >> 1
    return out


def on_curve(x, y):
    return x < P and y < P and (y * y - x * x * x + 3 * x - B) % P == 0


def ecdsa(point, message, r, s):
    if not (0 < r < N and 0 < s < N):
        return False
    w, e = pow(s, -1, N), int.from_bytes(hashlib.sha256(message).digest(), "big")
    found = add(multiply(e * w % N, G), multiply(r * w % N, point))
    return found is not None and found[0] % N == r


def der(tag, *parts):
    body = b"".join(parts)
    n = len(body)
    size = bytes([n]) if n < 128 else bytes([0x81, n]) if n < 256 else b"\x82" + n.to_bytes(2, "big")
    return bytes([tag]) + size + body


def integer(n):
    return der(2, n.to_bytes(n.bit_length() // 8 + 1, "big"))


ECDSA_SHA256 = der(0x30, bytes.fromhex("06082a8648ce3d040302"))
EC_P256 = der(0x30, bytes.fromhex("06072a8648ce3d0201"), bytes.fromhex("06082a8648ce3d030107"))


def to_be_signed(org, serial, point):
    name = der(0x30, der(0x31, der(0x30, bytes.fromhex("0603550403"), der(0x0C, org.encode()))))
    critical = b"\x01\x01\xff"
    extensions = der(0x30,
                     der(0x30, bytes.fromhex("0603551d11"), der(4, der(0x30, der(0x82, org.encode())))),
                     der(0x30, bytes.fromhex("0603551d0f"), critical, der(4, bytes.fromhex("03020780"))),
                     der(0x30, bytes.fromhex("0603551d13"), critical, der(4, der(0x30))))
    return der(0x30, der(0xA0, integer(2)), der(2, serial), ECDSA_SHA256, name,
               der(0x30, der(0x17, b"200101000000Z"), der(0x18, b"99991231235959Z")), name,
               der(0x30, EC_P256, der(3, b"\0\4" + point)), der(0xA3, extensions))


def certificate(org, serial, point, r, s):
    signature = der(3, b"\0", der(0x30, integer(r), integer(s)))
    return der(0x30, to_be_signed(org, serial, point), ECDSA_SHA256, signature)


def elements(data):
    """The DER elements of data: (tag, content). Definite, shortest lengths only."""
    at, out = 0, []
    while at < len(data):
        if at + 2 > len(data):
            raise Refused("KEY-6", "the TLS certificate is cut short")
        tag, n = data[at], data[at + 1]
        at += 2
        if n >= 0x80:
            width = n & 0x7F
            n = int.from_bytes(data[at:at + width], "big")
            at += width
            if not 1 <= width <= 2 or n < (128, 256)[width - 1]:
                raise Refused("KEY-6", "the TLS certificate is not DER")
        if at + n > len(data):
            raise Refused("KEY-6", "the TLS certificate is cut short")
        out.append((tag, data[at:at + n]))
        at += n
    return out


def part(data, index, tag):
    found = elements(data)
    if index >= len(found) or found[index][0] != tag:
        raise Refused("KEY-6", "the TLS certificate does not follow the template")
    return found[index][1]


def check(data, org):
    """Takes serial, point and signature out, rebuilds the certificate around them, and compares all bytes."""
    if len(data) > 1024:
        raise Refused("KEY-6", "the TLS certificate is larger than 1,024 bytes")
    whole = part(data, 0, 0x30)
    tbs = part(whole, 0, 0x30)
    serial = part(tbs, 1, 2)
    point = part(part(tbs, 6, 0x30), 1, 3)[2:]
    pair = part(part(whole, 2, 3)[1:], 0, 0x30)
    r, s = (int.from_bytes(part(pair, i, 2), "big") for i in (0, 1))
    if len(serial) != 16 or not 0x40 <= serial[0] <= 0x7F:
        raise Refused("KEY-6", "the TLS certificate's serial number is not 16 bytes from 0x40 to 0x7f on")
    if len(point) != 64 or certificate(org, serial, point, r, s) != data:
        raise Refused("KEY-6", "the TLS certificate does not follow the template for %s" % org)
    x, y = int.from_bytes(point[:32], "big"), int.from_bytes(point[32:], "big")
    if not on_curve(x, y):
        raise Refused("KEY-6", "the TLS certificate's key is no point of P-256")
    if not ecdsa((x, y), to_be_signed(org, serial, point), r, s):
        raise Refused("KEY-6", "the TLS certificate's own signature does not verify")
