#!/bin/sh
# Goal: a pure layer references nothing outside itself but what its list allows: no socket, file, clock, allocation
# or random symbol.
# usage: pure.sh ARCHIVE ALLOWED...   (extended regular expressions, matched whole)
# Sanitizer and coverage run-time symbols are the build's, not the layer's.
set -eu
archive=$1
shift
[ -r "$archive" ] || { echo "pure.sh: cannot read $archive" >&2; exit 2; }
allowed='__(asan|ubsan|sanitizer|tsan|gcov|llvm_gcov)_.*|__gcov.*|_GLOBAL_OFFSET_TABLE_'
for pattern in "$@"; do
    allowed="$allowed|$pattern"
done
defined=$(nm --defined-only "$archive" | awk 'NF == 3 {print $3}' | sort -u)
[ -n "$defined" ] || { echo "pure.sh: $archive defines nothing" >&2; exit 2; }
bad=$(nm -u "$archive" | awk '$1 == "U" {print $2}' | sort -u | grep -Evx "$allowed" | grep -Fvx "$defined" || true)
if [ -n "$bad" ]; then
    echo "$archive references what a pure layer may not:" >&2
    echo "$bad" | sed 's/^/  /' >&2
    exit 1
fi
echo "$archive: pure"
