"""Section 7: C2SP signed notes, checkpoints and cosignatures."""
import base64
import binascii
import hashlib
import re

from canonical import Refused
import signing

LOG, COSIGN = 1, 4
DASH = "\u2014 "


def unbase64(text, what):
    """Canonical base64 only: what is decoded must encode to the same text."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Refused("CKP-4", "%s is not base64" % what) from None
    if base64.b64encode(data).decode() != text:
        raise Refused("CKP-4", "%s is not canonical base64" % what)
    return data


def key_id(name, kind, key):
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + key).digest()[:4]


class Key:
    def __init__(self, name, kind, key):
        self.name, self.kind, self.key = name, kind, key
        self.id = key_id(name, kind, key)


def name_ok(name):
    return bool(name) and "+" not in name and not any(c.isspace() or ord(c) < 32 for c in name)


def parse_vkey(text):
    """CKP-5."""
    found = re.match(r"([^+]+)\+([0-9a-f]{8})\+(.+)\Z", text)
    if not found or not name_ok(found.group(1)):
        raise Refused("CKP-5", "a verifier key is NAME+HEX+BASE64")
    data = unbase64(found.group(3), "a verifier key")
    if len(data) != 33 or data[0] not in (LOG, COSIGN):
        raise Refused("CKP-5", "a verifier key is a type (1 or 4) and 32 bytes")
    key = Key(found.group(1), data[0], data[1:])
    if key.id.hex() != found.group(2):
        raise Refused("CKP-5", "the key id does not belong to the name and key")
    if not signing.key_ok(key.key):
        raise Refused("SIG-4", "a verifier key is no acceptable public key")
    return key


class Checkpoint:
    def __init__(self, origin, size, root, extensions, body, lines):
        self.origin, self.size, self.root, self.extensions = origin, size, root, extensions
        self.body, self.lines = body, lines  # lines: (line number, name, key id, blob)


def parse(data):
    """CKP-4: the form of a signed checkpoint."""
    if len(data) > 65536:
        raise Refused("CKP-4", "a note is at most 65,536 bytes")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("CKP-4", "a note is UTF-8") from None
    if any(ord(c) < 32 and c != "\n" for c in text) or not text.endswith("\n"):
        raise Refused("CKP-4", "a note is lines of text, each ended by a newline")
    cut = text.rfind("\n\n")
    if cut < 0:
        raise Refused("CKP-4", "an empty line is missing before the signatures")
    body, rest = text[:cut + 1], text[cut + 2:]
    head = body.split("\n")[:-1]
    signatures = rest.split("\n")[:-1]
    if len(head) < 3 or not head[0] or "" in head[3:]:
        raise Refused("CKP-4", "a checkpoint has an origin, a size and a root")
    if not re.match(r"(0|[1-9][0-9]{0,19})\Z", head[1]) or int(head[1]) >= 1 << 64:
        raise Refused("CKP-4", "line 2: the size is a decimal below 2^64")
    root = unbase64(head[2], "line 3: the root")
    if len(root) != 32:
        raise Refused("CKP-4", "line 3: the root is 32 bytes")
    if not 1 <= len(signatures) <= 256:
        raise Refused("CKP-4", "a note has 1 to 256 signatures")
    lines = []
    for n, line in enumerate(signatures, len(head) + 2):
        found = re.match(DASH + r"([^ ]+) ([A-Za-z0-9+/=]+)\Z", line)
        if not found or not name_ok(found.group(1)):
            raise Refused("CKP-4", "line %d is no signature line" % n)
        blob = unbase64(found.group(2), "line %d" % n)
        if len(blob) < 5:
            raise Refused("CKP-4", "line %d: too short for a signature" % n)
        lines.append((n, found.group(1), blob[:4], blob[4:]))
    return Checkpoint(head[0], int(head[1]), root, head[3:], body, lines)


def check(note, keys, strict=False, log_count=None):
    """Verifies the lines by known keys. Returns {index in keys: time or None}. strict: unknown lines refuse too."""
    out = {}
    for n, name, kid, blob in note.lines:
        known = [i for i, k in enumerate(keys) if k.name == name and k.id == kid]
        if not known:
            if strict:
                raise Refused("PAK-6", "line %d is by a key that is not on the record" % n)
            continue
        i = known[0]
        key = keys[i]
        body, time = note.body.encode(), None
        if key.kind == LOG:
            if len(blob) != 64:
                raise Refused("CKP-4", "line %d: a signature has 64 bytes" % n)
        else:
            if len(blob) != 72:
                raise Refused("CKP-5", "line %d: a cosignature has 72 bytes" % n)
            time = int.from_bytes(blob[:8], "big")
            if time >= 1 << 63:
                raise Refused("CKP-5", "line %d: the time is above 2^63 - 1" % n)
            body = b"cosignature/v1\ntime %d\n" % time + body
            blob = blob[8:]
        if not signing.verify(key.key, body, blob):
            raise Refused("CKP-4", "line %d: the signature of %s does not verify" % (n, name))
        out[i] = time if out.get(i) is None else max(time, out[i])
        if log_count is not None:
            log_count["checkpoint"] = log_count.get("checkpoint", 0) + 1
    return out
