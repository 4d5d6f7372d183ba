"""Writes proto/vectors/keyfile.json from SPEC rules KEY-1 to KEY-5 alone. Argon2id comes from the argon2 program (Debian package
argon2); XSalsa20-Poly1305 is written out here. Run: python3 scripts/vectors/keyfile.py > proto/vectors/keyfile.json"""
import base64
import hashlib
import json
import struct
import subprocess
from edwards import Key

SIGMA = struct.unpack("<4I", b"expand 32-byte k")


def rounds(x):
    x = list(x)

    def quarter(a, b, c, d):
        for to, p, q, n in ((b, a, d, 7), (c, b, a, 9), (d, c, b, 13), (a, d, c, 18)):
            v = x[p] + x[q] & 0xffffffff
            x[to] ^= (v << n | v >> 32 - n) & 0xffffffff

    for _ in range(10):
        for a, b, c, d in ((0, 4, 8, 12), (5, 9, 13, 1), (10, 14, 2, 6), (15, 3, 7, 11),
                           (0, 1, 2, 3), (5, 6, 7, 4), (10, 11, 8, 9), (15, 12, 13, 14)):
            quarter(a, b, c, d)
    return x


def block(key, middle):
    k, m = struct.unpack("<8I", key), struct.unpack("<4I", middle)
    return [SIGMA[0], *k[:4], SIGMA[1], *m, SIGMA[2], *k[4:], SIGMA[3]]


def xsalsa20(key, nonce, n):
    x = rounds(block(key, nonce[:16]))
    sub = struct.pack("<8I", x[0], x[5], x[10], x[15], *x[6:10])
    out = b""
    for i in range(n // 64 + 1):
        b = block(sub, nonce[16:] + struct.pack("<Q", i))
        out += struct.pack("<16I", *(p + q & 0xffffffff for p, q in zip(b, rounds(b))))
    return out[:n]


def poly1305(key, message):
    r = int.from_bytes(key[:16], "little") & 0x0ffffffc0ffffffc0ffffffc0fffffff
    a = 0
    for i in range(0, len(message), 16):
        a = (a + int.from_bytes(message[i:i + 16] + b"\1", "little")) * r % (2**130 - 5)
    return ((a + int.from_bytes(key[16:], "little")) % 2**128).to_bytes(16, "little")


def secretbox(key, nonce, text):
    stream = xsalsa20(key, nonce, 32 + len(text))
    body = bytes(p ^ q for p, q in zip(text, stream[32:]))
    return poly1305(stream[:32], body) + body


def argon2id(passphrase, salt, passes, kib):
    # The program takes its salt as an argument: bytes without a zero.
    out = subprocess.run([b"argon2", salt, b"-id", b"-t", str(passes).encode(), b"-k", str(kib).encode(), b"-p", b"1",
                          b"-l", b"32", b"-v", b"13", b"-r"], input=passphrase, capture_output=True, check=True)
    return bytes.fromhex(out.stdout.decode().strip())


def b64(b):
    return base64.b64encode(b).decode()


def text(seed, *lines):
    blob = b"".join(struct.pack(">I", len(p)) + p for p in (b"ssh-ed25519", Key(seed).pub))
    body = "".join(s + "\n" for s in ("entente-key 1", "public ssh-ed25519 " + b64(blob), *lines))
    return body + "check " + hashlib.sha256(body.encode()).hexdigest() + "\n"


def sealed(seed, passphrase, passes, kib):
    salt, nonce = b"sixteen bytes sa", b"twenty-four bytes nonce!"
    box = secretbox(argon2id(passphrase, salt, passes, kib), nonce, seed)
    return text(seed, f"cost {passes} {kib * 1024}", "salt " + b64(salt), "nonce " + b64(nonce), "box " + b64(box))


seed = hashlib.sha256(b"entente key file vector").digest()
word = "correct horse, bätter".encode()
print(json.dumps([
    {"id": "KEY-2", "why": "sealed", "seed": seed.hex(), "passphrase": word.hex(), "file": sealed(seed, word, 2, 1024)},
    {"id": "KEY-2", "why": "sealed at the least cost", "seed": seed.hex(), "passphrase": b"x".hex(),
     "file": sealed(seed, b"x", 1, 8)},
    {"id": "KEY-1", "why": "unsealed", "seed": seed.hex(), "passphrase": "", "file": text(seed, "seed " + b64(seed))},
], indent=1))
