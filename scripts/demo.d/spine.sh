# Act 1, the spine: three partners and a neutral witness found an alliance, each runs a node; a decision is proposed, approved,
# agreed; a node is killed and comes back; a deadline fires by itself; an auditor proves it all offline. By the real clock.
# Sourced by scripts/demo.
step "Each organisation makes a node, and keys for its seats"
members
say "The maker's business lead signs with an OpenSSH key; the others with key files of entente (not sealed here, to type nothing)."

step "Each makes its card; the cards go to whoever drafts the charter"
cards

step "One drafts the alliance from charter and cards"
cp -r docs/examples/agreements docs/examples/procedures "$work/charter/"
# One row gets a short deadline, so that we can watch it fire.
sed -e 's/^  clinical-claim: {\(.*\)sla: 10 bd/  clinical-claim: {\1sla: 12 s/' -e "${DEMO_SED:-}" docs/examples/heart-monitoring.charter.yaml >"$work/charter/charter.yaml"
grep -q 'clinical-claim.*sla: 12 s' "$work/charter/charter.yaml"
run entente alliance draft "$work/charter/charter.yaml" -o "$work/alliance.genesis"

step "Every founding seat signs it"
run entente alliance sign "$work/alliance.genesis" --as maker/sponsor --key "$work/keys/maker-sponsor.key" --yes
fails 1 entente alliance found "$work/alliance.genesis" --node "$(node maker)"
signatures

step "Each gives the founded alliance to its node and starts it"
nodes
run entente node status --node "$(node maker)"

step "The maker proposes commercial terms, signing with its OpenSSH key"
run as maker business-lead propose commercial-terms --title "Sensor price EUR 41.50 from April" --amount "EUR 120000.00" \
  --text "Two-year price, indexed once a year."

step "One partner's approval is not enough; readiness says what is missing"
run as maker business-lead approve D-1 --yes
wait_for "D-1 to reach the clinics" 20 entente readiness D-1 --node "$(node clinics)"
run entente readiness D-1 --node "$(node clinics)"

step "The clinics' node is killed (kill -9); the others go on"
touch "$work/clinics.down" # (for tests that kill and restart nodes: leave this one alone)
kill -9 "$(pid_of clinics)" 2>/dev/null || [ -n "${DEMO_HOOK:-}" ] # (a test may have killed it this moment)
sleep 0.3
fails 7 entente status --node "$(node clinics)"
run as distributor business-lead approve D-1 --yes
run entente node peers --node "$(node maker)"

step "Meanwhile a seat of the clinics signs at another partner's node"
run entente inbox --as clinics/business-lead --node "$(node distributor)"

step "The clinics' node comes back and catches up to the same root"
start clinics
rm -f "$work/clinics.down"
wait_for "the clinics' node to answer" 20 answers clinics
wait_for "the same root" 30 same_root clinics maker
say "clinics     root $(field clinics root)"
say "maker       root $(field maker root)"

step "The last approval: saved to a file, checked with ssh-keygen, handed in at another partner's node; the decision passes"
run as clinics business-lead approve D-1 --yes --save "$work/approval.entry"
run entente entry export "$work/approval.entry" -o "$work/approval"
printf '$ ssh-keygen -Y verify -f allowed_signers -I clinics/business-lead -n entry@entente -s entry.sig < entry\n'
ssh-keygen -Y verify -f "$work/approval/allowed_signers" -I clinics/business-lead -n entry@entente -s "$work/approval/entry.sig" \
  <"$work/approval/entry" 2>&1 | sed 's/^/  /'
run entente submit "$work/approval.entry" --node "$(node trustee)"
run entente submit "$work/approval.entry" --node "$(node maker)"
say "(Handed in twice, it is one entry.)"
wait_for "D-1 to pass" 20 phase_is maker D-1 passed
run entente show D-1 --node "$(node trustee)"

step "A second decision runs into its deadline, with no traffic, and escalates by itself"
run as maker quality propose clinical-claim --title "Claim: fewer than 4 false alarms a week"
run as maker quality approve D-2 --yes
say "Nobody speaks. Its SLA here is 12 s; the ledger's own clock acts on it."
wait_for "the escalation" 60 rung_is distributor D-2 1
run entente show D-2 --node "$(node distributor)"
for o in "${orgs[@]}"; do wait_for "all at one root" 30 same_root "$o" maker; done

step "An auditor gets the whole record in one file, and verifies it offline"
sleep 2 # for the newest checkpoint's cosignatures
run entente pack "$work/alliance.pack" --node "$(node distributor)"
run entente-audit verify "$work/alliance.pack" --expect-alliance "$(asked entente node status --node "$(node maker)" | awk '/^alliance/ {print $3}')"
run entente checkpoint -o "$work/tree.checkpoint" --node "$(node maker)"
keys=()
while read -r k; do
  name=$(printf '%s' "$k" | sed 's/+.*//')
  grep -q "^— $name " "$work/tree.checkpoint" && keys+=(--key "$k")
done <"$work/said"
run entente-audit checkpoint "$work/tree.checkpoint" "${keys[@]}"
leaf=$(asked entente log --limit 200 --node "$(node maker)" | awk '$0 ~ / ballot / {print $1; exit}')
run entente entry show "$leaf" --node "$(node maker)"
proof=$(asked entente proof "$leaf" --node "$(node maker)")
printf '$ %s\n' "$proof"
$proof | sed 's/^/  /'
say "The same by another program: Python, written from proto/SPEC.md and not from the C."
run python3 docs/independent-verifier/entente_verify.py verify "$work/alliance.pack"
run python3 docs/independent-verifier/entente_verify.py checkpoint "$work/tree.checkpoint" "${keys[@]}"

step "One byte flipped anywhere is found, by both verifiers"
for region in magic frame head genesis header leaf certificate prose checkpoint end; do
  at=$(scripts/flip "$work/alliance.pack" "$work/bad.pack" "$region" $RANDOM)
  code=0
  out=$(entente-audit verify "$work/bad.pack" 2>&1) || code=$?
  [ $code -eq 6 ] || { echo "a flip at byte $at was not found (exit $code)"; exit 1; }
  say "$region, byte $at"
  say "       entente-audit: $(printf '%s' "$out" | grep '^region' | sed 's/  */ /g')"
  code=0
  out=$(python3 docs/independent-verifier/entente_verify.py verify "$work/bad.pack" 2>&1) || code=$?
  [ $code -eq 6 ] || { echo "the independent verifier did not find a flip at byte $at (exit $code): $out"; exit 1; }
  say "       Python:        $(printf '%s' "$out" | head -n 1 | cut -c1-110)"
done

step "Done"
run entente decisions --node "$(node maker)"
if [ $keep = yes ]; then
  echo
  echo "The alliance runs on. Try:"
  echo "  export PATH=$DEMO_BIN:\$PATH ENTENTE_NODE=$(node maker) ENTENTE_KEY=$work/keys/maker-finance.key"
  echo "  entente status; entente show D-2; entente help"
  echo "Stop it: kill$(for o in "${orgs[@]}"; do printf ' %s' "$(pid_of "$o")"; done); then rm -r $work"
fi
