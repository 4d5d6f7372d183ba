"""A node that lies: passes questions on to a real node, and flips one bit of what it says of a leaf (entry, proof), or says of
a session that D-3 was decided in it where it was D-1 alone (decided).

usage: lying_node.py REAL_SOCKET OWN_SOCKET entry|proof|decided
"""
import re
import socket
import struct
import sys
import threading

LEAF = 16  # method (src/api/methods.def)


def frame(s):
    head = b""
    while len(head) < 4:
        more = s.recv(4 - len(head))
        if not more:
            return None
        head += more
    n, body = struct.unpack(">I", head)[0], b""
    while len(body) < n:
        more = s.recv(n - len(body))
        if not more:
            return None
        body += more
    return body


def lie(body, where):
    body = bytearray(body)
    if where == "entry":
        at = bytes(body).index(b"\x02\xc4\x20") + 3  # key 2 of the entry: the alliance id
    else:  # the first hash of the proof: after the root (key 3), key 4 is a list of bin 32
        found = re.search(rb"\x03\xc4\x20.{32}\x04[\x91-\x9f]\xc4\x20", bytes(body), re.S)
        at = found.end()
    body[at] ^= 1
    return bytes(body)


def serve(conn, real_path, where):
    real = socket.socket(socket.AF_UNIX)
    real.connect(real_path)
    while (question := frame(conn)) is not None:
        real.sendall(struct.pack(">I", len(question)) + question)
        answer = frame(real)
        while answer == b"":
            answer = frame(real)
        if where == "decided":  # keys 9 and 10 of session_version: [1], and the digest of a text
            answer = re.sub(rb"\x09\x91\x01\x0a\xc4\x20", b"\x09\x91\x03\x0a\xc4\x20", answer)
        elif question[0] == 0x83 and question[3] == 2 and question[4] == LEAF:
            answer = lie(answer, where)
        conn.sendall(struct.pack(">I", len(answer)) + answer)


def main():
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(sys.argv[2])
    listener.listen()
    print("ready", flush=True)
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=serve, args=(conn, sys.argv[1], sys.argv[3]), daemon=True).start()


if __name__ == "__main__":
    main()
