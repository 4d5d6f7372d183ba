"""A member's node that is none: it holds a member's real keys, says a proper hello, and then says what it likes. Standard
library only."""
import hashlib
import os
import random
import socket
import ssl
import struct
import threading
import time

from cluster import encode, read_key, value, Away

STATUS, VOTE, PROPOSAL, ENTRY, WANT, BLOCK, FETCH = 10, 11, 12, 13, 14, 15, 17  # messages.def


def frame(payload):
    return struct.pack(">I", len(payload)) + payload


def envelope(kind, body):
    return frame(encode({1: kind, 2: body}))


def dial(address, timeout=5):
    host, port = address.rsplit(":", 1)
    return socket.create_connection((host, int(port)), timeout)


def receive(s, n):
    out = bytearray()
    while len(out) < n:
        part = s.recv(n - len(out))
        if not part:
            raise Away("closed")
        out += part
    return bytes(out)


def hear(s):
    n = 0
    while n == 0:
        n = struct.unpack(">I", receive(s, 4))[0]
    return value(receive(s, n))


class Link:
    """One link to a node, as `org`."""

    def __init__(self, cluster, org, target, hello=True):
        self.node = cluster.nodes[org]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.load_cert_chain(self.node.dir / "tls.crt", self.node.dir / "tls.key")
        try:
            self.s = context.wrap_socket(dial(cluster.nodes[target].listen), server_hostname=target)
            if hello:
                self._hello(cluster, org, target)
        except OSError as e:
            raise Away(str(e)) from None

    def _hello(self, cluster, org, target):
        nonce = os.urandom(32)
        self.s.sendall(envelope(1, {1: [1], 2: cluster.alliance, 3: 0, 4: org, 5: target, 6: nonce}))
        theirs = hear(self.s)
        if theirs[1] != 1:
            raise Away("refused: %r" % theirs)
        hear(self.s)  # their signature: a liar does not care
        certificate = hashlib.sha256(self.s.getpeercert(True)).digest()
        statement = encode({1: cluster.alliance, 2: 0, 3: 1, 4: org, 5: target, 6: nonce, 7: theirs[2][6], 8: certificate, 9: True})
        self.s.sendall(envelope(2, {1: read_key(self.node.dir / "keys/node.key").sshsig(b"hello@entente", statement)}))

    def close(self):
        self.s.close()


class Flood:
    """Floods some nodes until it is stopped, from a thread each: what(rng) gives the next bytes to send; None: dial anew. With
    deaf, nothing that they say is ever read."""

    def __init__(self, cluster, org, targets, what, deaf=True, pause=0.0):
        self.halt = threading.Event()
        self.sent = dict.fromkeys(targets, 0)
        self.frames = dict.fromkeys(targets, 0)
        self.cut = dict.fromkeys(targets, 0)
        self.threads = [threading.Thread(target=self._flood, args=(cluster, org, t, what, deaf, pause), daemon=True) for t in targets]
        for t in self.threads:
            t.start()

    def _flood(self, cluster, org, target, what, deaf, pause):
        rng = random.Random()
        link = None
        while not self.halt.is_set():
            try:
                if link is None:
                    link = Link(cluster, org, target)
                    link.s.settimeout(1 if deaf else 0.02)
                data = what(rng)
                if data is None:
                    raise Away("enough")
                at = 0
                while at < len(data) and not self.halt.is_set():
                    try:
                        k = link.s.send(data[at:at + 65536])
                        at += k
                        self.sent[target] += k
                    except TimeoutError:
                        pass
                    if not deaf:
                        try:
                            link.s.recv(65536)
                        except TimeoutError:
                            pass
                self.frames[target] += 1
                if pause:
                    time.sleep(pause)
            except (OSError, Away):
                self.cut[target] += 1
                if link:
                    link.close()
                link = None
                self.halt.wait(0.05)
        if link:
            link.close()

    def stop(self):
        self.halt.set()
        for t in self.threads:
            t.join()
