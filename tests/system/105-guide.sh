#!/usr/bin/env bash
# Goal: docs/founding.md does what it says when its commands are typed as they stand, from an empty directory to a decision that
# passed. Only the ports are others.
set -euo pipefail
bin=$(realpath "$1") source=$(realpath "$2") name=guide
. "$source/tests/system/alliance.sh"
PATH=$bin:$PATH
ports=$(for i in 1 2 3 4; do free_port; done | tr '\n' ' ')
python3 - "$source/docs/founding.md" $ports >guide.sh <<'END'
import sys
lines = [x[4:] for x in open(sys.argv[1]).read().splitlines() if x.startswith("    ")]
text = "\n".join(lines) + "\n"
for i, port in enumerate(sys.argv[2:]):
    assert "127.0.0.1:1740%d" % (i + 1) in text
    text = text.replace("127.0.0.1:1740%d" % (i + 1), "127.0.0.1:" + port)
print("set -euo pipefail\ntrap 'kill $(jobs -p)' EXIT")
print(text)
END
[ "$(grep -c . guide.sh)" -gt 50 ] || fail "the guide has no commands"
code=0
timeout 300 bash guide.sh >out 2>err </dev/null || code=$?
[ $code -eq 0 ] || { tail -n 5 out err; fail "exit $code"; }
grep -q 'D-1 commercial-terms is' out && grep -Eq 'D-1 .*(passed|effective)' out || { tail -n 20 out; fail "the decision did not pass"; }
echo "$name: ok"
