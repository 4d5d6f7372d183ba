#!/usr/bin/env bash
# Goal: what people give by mistake is refused before anything is signed, with the option's name: empty texts, files with a NUL,
# titles that are too long; and a passphrase file with CR LF opens the key that it sealed.
set -euo pipefail
bin=$(realpath "$1") source=$(realpath "$2") name=input
. "$source/tests/system/alliance.sh"
found "maker clinics" trustee
before=$(field maker size)
: >empty.txt
printf 'I approve\0only if the price is right\n' >nul.txt
answers 2 '--title is empty' as maker alliance-manager propose charter-policy --title ""
answers 2 '--text is empty' as maker alliance-manager comment --text ""
answers 2 'empty.txt is empty' as maker alliance-manager comment --text-file empty.txt
answers 2 '--title is empty' as maker alliance-manager issue new --title "" --owner maker/alliance-manager
answers 2 'nul.txt: byte 9 is NUL; a text was expected' as maker alliance-manager comment --text-file nul.txt
answers 2 '--title has 201 bytes; at most 200 are taken' as maker alliance-manager issue new --title "$(printf 'x%.0s' $(seq 201))"
[ "$(field maker size)" = "$before" ] || fail "something came on the record"
printf 'secret\r\n' >phrase
good entente key new sealed.key --passphrase-file phrase
answers 4 'holds no seat|no seat' entente comment --text hello --node maker --key sealed.key --passphrase-file phrase
! grep -q 'wrong passphrase' o || fail "the file does not open the key that it sealed"
printf 'secret' >bare
! entente comment --text hello --node maker --key sealed.key --passphrase-file bare 2>&1 | grep -q 'wrong passphrase' || fail "the end of line counts"

echo "== whoever breaks off at a passphrase has a terminal that echoes"
cat >asked.py <<'END'
import os, pty, termios, time
pid, fd = pty.fork()
if pid == 0:
    os.execvp("entente", ["entente", "key", "new", "asked.key"])
seen = b""
while b"Passphrase" not in seen:
    seen += os.read(fd, 100)
assert not termios.tcgetattr(fd)[3] & termios.ECHO, "it echoes a passphrase"
os.write(fd, b"secret\x03")
end = time.monotonic() + 60
while os.waitpid(pid, os.WNOHANG)[0] == 0:
    assert time.monotonic() < end, "Ctrl-C did not end it"
    time.sleep(0.02)
assert termios.tcgetattr(fd)[3] & termios.ECHO, "the terminal was left without echo"
assert not os.path.exists("asked.key")
END
PATH=$bin:$PATH python3 asked.py || fail "the terminal"

# Refusals name options and choices; times that are none; where a seat's name came from; help in each way that people ask.
m="--node maker --key keys/maker-alliance-manager.key --as maker/alliance-manager --yes"
before=$(field maker size)
answers 2 'a new conflict needs --against ORG/SEAT' entente conflict new --title t $m
answers 2 'a new risk needs --category NAME; it needs at least: entente risk new --title TEXT --category NAME --likelihood 1-5 --impact 1-5' entente risk new --title t $m
answers 2 'no decision row comercial-terms. Did you mean commercial-terms\? maker/alliance-manager may propose: charter-policy, commercial-terms$' \
  entente propose comercial-terms --title t $m
answers 2 '2026-02-30: there is no such day or time' entente pace --since 2026-02-30 --node maker
answers 2 'since yesterday: expected a time, for instance .*, or a day' entente account --since yesterday --node maker
ENTENTE_SEAT=bogus answers 2 '^entente: ENTENTE_SEAT bogus: expected ORG/SEAT' entente comment --text t --key keys/maker-sponsor.key --node maker
answers 2 '^entente: --as bogus: expected ORG/SEAT' entente comment --text t --key keys/maker-sponsor.key --as bogus --node maker
[ "$before" = "$(field maker size)" ] || fail "it was signed"
answers 0 '^  risk give ID ORG/SEAT$' entente help risk
answers 0 '^  conflict new --title TEXT --against ORG/SEAT$' entente help conflict
answers 0 '^  ententd init DIR' ententd init --help

# A node that is away is named, and what to do meanwhile; one that reaches nobody says so to who waits.
stop clinics
answers 7 'Start it with: ententd run clinics$' entente status --node clinics
grep -q 'any partner hands in: entente submit FILE.entry' o || fail "what to do meanwhile"
stop trustee
answers 8 'This node reaches nobody: the others may go on without it' entente comment --text "alone" --timeout 5 $m
echo "$name: ok"
