"""The entries of a verified pack, for ssh-keygen and openssl: a line of each; one with its signature and its key."""
import base64
import datetime
import hashlib
import struct

from canonical import prefix
from signing import string

NAMESPACE = "entry@entente"
APPLICATION = b"ssh:"  # SIG-5


def key_type(s, enum):
    return b"sk-ssh-ed25519@openssh.com" if s.alg == enum["SIG_SK_ED25519"] else b"ssh-ed25519"


def public_key(s, enum):
    """As in the second field of an OpenSSH public key, before base64."""
    hardware = s.alg == enum["SIG_SK_ED25519"]
    return string(key_type(s, enum)) + string(s.key) + (string(APPLICATION) if hardware else b"")


def fingerprint(s, enum):
    return "SHA256:" + base64.b64encode(hashlib.sha256(public_key(s, enum)).digest()).decode().rstrip("=")


def armored(s, enum):
    """The signature record as `ssh-keygen -Y sign` writes one (OpenSSH PROTOCOL.sshsig)."""
    hardware = s.alg == enum["SIG_SK_ED25519"]
    signature = string(key_type(s, enum)) + string(s.sig) + (struct.pack(">BI", s.flags, s.counter) if hardware else b"")
    blob = b"SSHSIG" + struct.pack(">I", 1) + string(public_key(s, enum)) + string(NAMESPACE.encode()) + string(b"") + string(
        b"sha512") + string(signature)
    text = base64.b64encode(blob).decode()
    lines = [text[i:i + 70] for i in range(0, len(text), 70)]
    return "\n".join(["-----BEGIN SSH SIGNATURE-----"] + lines + ["-----END SSH SIGNATURE-----", ""])


def allowed_signer(seat, s, enum):
    return '%s namespaces="%s" %s %s\n' % (seat, NAMESPACE, key_type(s, enum).decode(), base64.b64encode(public_key(s, enum)).decode())


def utc(ms):
    t = datetime.datetime.fromtimestamp(ms // 1000, datetime.timezone.utc)
    return t.strftime("%Y-%m-%dT%H:%M:%S") + ".%03dZ" % (ms % 1000)


class Entries:
    """Notes while a pack is verified; nothing of it is told before all is."""

    def __init__(self, enum, leaf=None):
        self.enum, self.leaf, self.lines, self.found = enum, leaf, [], None

    def __call__(self, record, data, e):
        self.lines.append((e.leaf, utc(record.time_ms), e.name, e.entry.seat, fingerprint(e.signature, self.enum)))
        if e.leaf == self.leaf:
            self.found = e, data[:prefix(data)[1]]

    def print(self):
        width = [max([len(str(line[i])) for line in self.lines] or [0]) for i in range(5)]
        for line in self.lines:
            print("%*d  %s  %-*s  %-*s  %s" % (width[0], line[0], line[1], width[2], line[2], width[3], line[3], line[4]))

    def write(self, entry, signature, signers):
        """The files of the one that was asked for. Its key held the seat at that moment: the verifier has seen to that."""
        e, data = self.found
        for path, content in ((entry, data), (signature, armored(e.signature, self.enum).encode()),
                              (signers, allowed_signer(e.entry.seat, e.signature, self.enum).encode())):
            with open(path, "wb") as f:
                f.write(content)
        print("ssh-keygen -Y verify -f %s -I %s -n %s -s %s < %s" % (signers, e.entry.seat, NAMESPACE, signature, entry))
