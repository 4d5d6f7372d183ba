#!/usr/bin/env bash
# Goal: the planted bugs are in the test program, and in no archive that ententd is made of.
# no-plants.sh PLANTED-PROGRAM ARCHIVE...
set -euo pipefail
program=$1
shift
symbols=$(nm "$program")
grep -q ' entente_plant$' <<<"$symbols" || { echo "$program has no planted bugs: this test looks for the wrong symbol"; exit 1; }
for archive in "$@"; do
  symbols=$(nm "$archive")
  if grep 'entente_plant' <<<"$symbols"; then
    echo "$archive holds planted bugs"
    exit 1
  fi
done
echo ok
