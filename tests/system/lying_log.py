#!/usr/bin/env python3
"""A node that lies about its log: passes questions on to a real node, and changes what it says of it.

usage: lying_log.py REAL_SOCKET OWN_SOCKET HOW [CHECKPOINT]
  unsigned  another root in its newest checkpoint
  old       CHECKPOINT, a file, for its newest one; and no proof between two trees
  proof     another hash in its proofs between two trees
"""
import socket
import struct
import sys
import threading

from lying_node import frame

CHECKPOINT, CONSISTENCY = 19, 21  # methods (src/api/methods.def)


def note_of(body):
    """Where the note is: its header, its text."""
    text = body.index(b"\xe2\x80\x94 ")
    for at in range(text):
        for head, n in ((2, body[at + 1]), (3, int.from_bytes(body[at + 1:at + 3], "big"))):
            if body[at] == (0xC4 if head == 2 else 0xC5) and at + head < text < at + head + n <= len(body) and body[at + head:].find(b"/") > 0:
                return at, head, n
    raise SystemExit("no note in the answer")


def with_note(body, change):
    at, head, n = note_of(body)
    note = change(body[at + head:at + head + n])
    size = b"\xc4" + bytes([len(note)]) if len(note) < 256 else b"\xc5" + struct.pack(">H", len(note))
    return body[:at] + size + note + body[at + head + n:]


def other_root(note):
    lines = note.split(b"\n")
    lines[2] = (b"B" if lines[2][:1] == b"A" else b"A") + lines[2][1:]
    return b"\n".join(lines)


def other_hash(body):
    at = body.rindex(b"\xc4\x20") + 2
    return body[:at] + bytes([body[at] ^ 1]) + body[at + 1:]


def serve(conn, real_path, how, old):
    real = socket.socket(socket.AF_UNIX)
    real.connect(real_path)
    while (question := frame(conn)) is not None:
        method = question[4] if question[0] == 0x83 and question[3] == 2 else 0
        if method == CONSISTENCY and how == "old":  # asks for what no node has
            question = question.replace(question[question.rindex(b"\x01"):], b"\x01\x00\x02\xce\xff\xff\xff\xff")
        real.sendall(struct.pack(">I", len(question)) + question)
        answer = frame(real)
        while answer == b"":
            answer = frame(real)
        if method == CHECKPOINT and how == "unsigned":
            answer = with_note(answer, other_root)
        elif method == CHECKPOINT and how == "old":
            answer = with_note(answer, lambda note: old)
        elif method == CONSISTENCY and how == "proof":
            answer = other_hash(answer)
        conn.sendall(struct.pack(">I", len(answer)) + answer)


def main():
    old = open(sys.argv[4], "rb").read() if len(sys.argv) > 4 else None
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(sys.argv[2])
    listener.listen()
    print("ready", flush=True)
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=serve, args=(conn, sys.argv[1], sys.argv[3], old), daemon=True).start()


main()
