#!/usr/bin/env bash
# Goal: a story is told as it is kept, byte for byte. compare.sh PROGRAM NAME [--write]
# A change of the protocol or of its bytes may change a story: read the new one before you keep it with --write.
set -euo pipefail
kept=$(dirname "$0")/$2.txt
if [ "${3:-}" = --write ]; then
  "$1" "$2" >"$kept"
  exit
fi
diff -u "$kept" <("$1" "$2")
echo ok
