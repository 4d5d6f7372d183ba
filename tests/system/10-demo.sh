#!/usr/bin/env bash
# Goal: the main job works on four real nodes, over TLS on loopback, from the founding to the audit. The demo itself
# checks each step; here we check that it got to its end and that every promised step printed what it should.
set -euo pipefail
bin=$1 source=$2
out=$(DEMO_BIN=$bin "$source/scripts/demo" --act 1 2>&1) || { printf '%s\n' "$out"; exit 1; }
for want in 'D-1 is open\.' 'Missing: needs 1 seat of clinics' 'Good "entry@entente" signature for clinics/business-lead' \
  'escalated to steering, by itself' 'VERIFIED .* 2 decisions re-executed' 'cosigned by a quorum' 'region header' '== 15. Done'; do
  grep -q "$want" <<<"$out" || { printf '%s\n' "$out"; echo "missing: $want"; exit 1; }
done
echo ok
