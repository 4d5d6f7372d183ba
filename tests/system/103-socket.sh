# Goal: the local socket (DIR/node.sock) serves its group without giving the node away: the group reads and hands in; what changes the
# node without a signature is for the node's own user. A backup touches nothing but the directory that it made, also when somebody
# else puts another in its place meanwhile. A node whose path cannot be shown says how it is. Ignored signals that are inherited
# harm nothing.
set -euo pipefail
bin=$1 source=$2 name=socket
. "$source/tests/system/alliance.sh"
export ASAN_OPTIONS=${ASAN_OPTIONS-}:quarantine_size_mb=8 # what the address sanitizer keeps back is not the node's

found "maker clinics"

# -- A socket of a group, at a place that the group may get at --
two_users=
if [ "$(id -u)" -ne 0 ]; then
  echo "NOT TESTED: what another user may ask of a node; that needs root, to be two users"
elif ! command -v setpriv >/dev/null; then
  echo "NOT TESTED: what another user may ask of a node; there is no setpriv here (util-linux)"
else
  two_users=yes
fi
nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=/nonexistent XDG_STATE_HOME="$work/theirs/state" XDG_CONFIG_HOME="$work/theirs/config" "$@"; }
# A program of its own is where others can read it.
mkdir theirs run
cp "$bin/entente" theirs/entente
chmod 755 theirs/entente
chmod 711 .
stop maker
sed -i '/^socket/d' maker/node.yaml
printf 'socket: %s\nsocket-group: yes\n' "$work/run/s" >>maker/node.yaml
if [ -n "$two_users" ]; then
  chown 65534:65534 theirs
  chgrp 65534 run
  chmod 2750 run # the socket has the group of its directory
fi
start maker
wait_for healthy run/s
before=$(cd maker && find . -type f ! -name '*.mdb' | sort)

if [ -n "$two_users" ]; then
  good nobody theirs/entente node status --node run/s
  good nobody theirs/entente inbox --node run/s
  answers 1 'for the user that the node runs as' nobody theirs/entente node backup "$work/theirs/x" --node run/s
  [ ! -e theirs/x ] || fail "a backup was made for another user"
  # survivor (26) and unfreeze (27): `entente` asks them within a refounding alone
  cat >theirs/ask.py <<'P'
import socket, struct, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
for method in (26, 27):
    p = bytes([0x83, 1, 1, 2, method, 3, 0x80])
    s.sendall(struct.pack(">I", len(p)) + p)
    n = struct.unpack(">I", s.recv(4, socket.MSG_WAITALL))[0]
    print(method, s.recv(n, socket.MSG_WAITALL))
P
  good nobody python3 theirs/ask.py run/s
  [ "$(grep -c 'for the user that the node runs as' o)" = 2 ] || { cat o; fail "another user may freeze the node"; }
  good entente node status --node run/s
  wait_for healthy run/s

  # -- A backup whose place is taken by another directory while it is made --
  cat >theirs/swap.py <<'P'
import os, sys, time
out, target, wait = sys.argv[1:]
end = time.monotonic() + 60
while not os.path.lexists(out):
    if time.monotonic() > end: sys.exit("no backup was begun")
time.sleep(float(wait))
os.rename(out, out + ".moved")
os.symlink(target, out)
P
  i=0
  for pause in 0 0.001 0.003 0.01 0.03; do
    i=$((i + 1))
    nobody python3 theirs/swap.py "$work/theirs/b$i" "$work/maker" $pause &
    swapper=$!
    sleep 0.3
    entente node backup "$work/theirs/b$i" --node run/s >o 2>&1 || true
    wait $swapper || fail "the swap: $(cat o)"
    [ "$(cd maker && find . -type f ! -name '*.mdb' | sort)" = "$before" ] || { cat o; fail "a backup changed the node's own directory"; }
    [ -e maker/store/data.mdb ] && [ -e maker/keys/vote.key ] || fail "a backup removed the node's own files"
  done
fi
good entente node backup "$work/own.bk" --node run/s
[ -e own.bk/backup.yaml ] || fail "no backup"
good ententd doctor own.bk
grep -q . own.bk/settings.yaml || fail "the backup has no settings"

# -- Much that is asked at once --
memory() { awk '/^VmRSS/ {print int($2 / 1024)}' "/proc/${pid[maker]}/status"; }
was=$(memory)
cat >flood.py <<'P'
import socket, struct, sys, time
def request(i, method, at):
    p = bytes([0x84, 1, 0xcd]) + struct.pack(">H", i) + bytes([2, method, 3, 0x81, 1, 1, 4, 0xcf]) + struct.pack(">Q", at)
    return struct.pack(">I", len(p)) + p
now = int(time.time() * 1000)
chunk = b"".join(request(i, 10, now - 60000 * (i % 2)) for i in range(1000, 5000))
socks = []
for _ in range(4):
    s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.setblocking(False); socks.append([s, b""])
end = time.monotonic() + 5
while time.monotonic() < end:
    for k in socks:
        k[1] = k[1] or chunk
        try: k[1] = k[1][k[0].send(k[1]):]
        except BlockingIOError: time.sleep(0.01)
        except OSError:
            k[0] = socket.socket(socket.AF_UNIX); k[0].connect(sys.argv[1]); k[0].setblocking(False); k[1] = b""
P
good python3 flood.py run/s
grown=$(($(memory) - was))
[ $grown -lt 200 ] || fail "questions made the node grow by $grown MB"
good entente node status --node run/s
stop maker

# -- A path that is no text, and a SIGCHLD that is ignored --
odd=$(printf 'caf\351')
mv maker "$odd"
python3 - "$odd" <<'P' &
import os, signal, sys
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
os.execvp("timeout", ["timeout", "60", "ententd", "doctor", os.fsencode(sys.argv[1])])
P
wait $! || fail "doctor, with SIGCHLD ignored"
mv "$odd/votes.journal" journal # so that the node says its path
start "$odd"
shown() { grep -q 'caf?/votes.journal: the vote journal is missing' <<<"$(entente node status --node run/s 2>&1 || true)"; }
wait_for shown
says 'caf\?/votes.journal' entente node why --node run/s
stop "$odd"
mv journal "$odd/votes.journal"
mv "$odd" maker
