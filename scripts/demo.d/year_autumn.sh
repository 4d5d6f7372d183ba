# Act 2, April and May: what was put in doubt is settled, people disagree and are helped, and the matrix gets rows that were missing.
step "Nobody answered on prices in 15 business days: it climbed by itself (S10, S35)"
day 2026-04-08 05:00:02
look 'escalated to steering' entente show D-8
look 'brand|co-packer|distributor' entente waiting D-8
look 'They owe' entente status
all sponsor approve D-8 --yes
signed 1
look 'D-8' entente decisions

step "The thesis is looked at again, and what rested on it; the sponsors want to decide anew in a year, and shorten the term (S2, S7)"
later 2026-04-08
owed="A-9:brand/sponsor A-10:co-packer/sponsor A-11:distributor/sponsor A-12:brand/finance"
for o in $owed; do also "${o#*:}" action take "${o%%:*}"; done
signed 1
for o in $owed; do also "${o#*:}" action claim "${o%%:*}" --text "looked at again: we go on, multipacks first, and decide anew by mid-2027"; done
signed 1
for o in A-9 A-12; do also co-packer/alliance-manager action verify "$o"; done
for o in A-10 A-11; do also brand/alliance-manager action verify "$o"; done
signed 1
entente charter show --no-pager >"$work/term.yaml"
sed -i '/^term:/,/^[a-z]/s/to: 2030-12-31/to: 2027-06-30/' "$work/term.yaml"
look 'core' entente charter diff "$work/term.yaml"
sign brand/sponsor propose charter-core --title "A first term until mid-2027" --confirm charter-core --amend term --file "$work/term.yaml"
all sponsor approve D-9 --yes
signed 1

step "A mediator helps: a label that one rejects (S11)"
sign brand/quality propose formula-or-mark --title "The label says: half the sugar"
sign distributor/quality reject D-10 --reason "not yet shown" --yes
sign brand/quality escalate D-10 --reason "we need a word on it"
sign brand/sponsor escalate D-10 --reason "we are of two minds"
sign trustee/mediator mediate D-10 --title "The label says: less sugar" --reason "what the laboratory shows"
all sponsor accept D-10 --yes
signed 1
look 'mediat|accept|phase|settled' entente show D-10

day 2026-04-15
must_be D-10 effective
step "The gate to the national roll-out opens with what the launch plan asks, ten days after its date (S30)"
sign brand/finance propose spend --title "National roll-out" --yes --amount "USD 190000.00" --budget marketing-2026
say "Less than USD 250000, but with the first region it is more within 90 days: the sponsors are asked (S9)."
all sponsor approve D-11 --yes
signed 1
must_be D-11 effective
for o in AS-2 K-2 D-11; do sign brand/alliance-manager milestone link M-4 "$o"; done
sign brand/alliance-manager milestone claim M-4
sign co-packer/alliance-manager milestone verify M-4

step "A conflict climbs its ladder, and both sides end it (S27)"
sign brand/finance conflict new --title "Two price lists" --against distributor/finance
day 2026-04-23 05:00:02
look 'C-1' entente conflict list
sign distributor/finance conflict claim C-1 --text "one list, kept by the brand"
sign brand/finance conflict verify C-1

step "A recall acts first, and is ratified (S9)"
sign co-packer/quality propose recall --title "Batch 7 of line 2: off the shelf"
look 'acted first' entente show D-12
also distributor/quality comment D-12 --text "Ask the driver of route 4; she is ill at home, telephone 0555 0100" --yes
signed 1
all quality approve D-12 --yes
signed 1
must_be D-12 effective
sign co-packer/quality lesson new --title "Test caps on a warm line" --tags safety --text "The trial was in winter."
sign co-packer/quality lesson link L-1 D-12
look 'L-1' entente lesson list --tag safety

step "A risk is accepted until a day (S14)"
sign co-packer/finance propose risk-acceptance --title "Live with one supplier until autumn" --risk R-1 --accept-until 2026-10-01
all finance approve D-13 --yes
signed 1
look 'accepted' entente risk show R-1
day 2026-05-05
must_be D-9 effective
month 2026-04 44200000.00 300000.00 86.0 89.6

# The charter has no row to erase what somebody wrote: the council decides that there be one.
step "A changed matrix, replayed over the record before anybody votes on it (S9)"
entente charter show --no-pager >"$work/matrix.yaml"
sed -n '/^  exception:/{s/exception/erasure/; s/, longest: 90 d//; p}' "$work/matrix.yaml" >"$work/row.yaml" # like that one
sed -i "/^  commercial-terms:/s/sla: 15 bd/sla: 25 bd/; /^  exception:/r $work/row.yaml" "$work/matrix.yaml"
look 'sla|erasure' entente charter diff "$work/matrix.yaml"
look 'D-8|^Of ' entente charter replay "$work/matrix.yaml"
sign brand/alliance-manager propose charter-policy --title "25 days for prices, and a row for erasure" --amend decisions --file "$work/matrix.yaml"
all alliance-manager approve D-14 --yes
signed 1
day 2026-05-20
must_be D-14 effective

step "Seats change hands: a holder, an alternate, a node's keys"
entente key new "$work/keys/new-finance.key" --unsealed >/dev/null 2>&1
sign brand/registrar seat set brand/finance "$work/keys/new-finance.key"
cp "$work/keys/new-finance.key" "$work/keys/brand-finance.key"
sign co-packer/registrar seat alternate co-packer/finance --by co-packer/quality --since 2026-05-01T00:00:00Z --until 2026-06-30T00:00:00Z --types spend
typed ententd rekey "$(node trustee)" --vote -o fresh.card
ententd rekey "$(node trustee)" --vote -o "$work/fresh.card" >/dev/null 2>&1
sign trustee/registrar node replace "$work/fresh.card" --yes
sign brand/finance propose spend --title "Training of store staff" --yes --amount "USD 50000.00" --budget marketing-2026
also brand/finance approve D-15 --yes
also co-packer/quality approve D-15 --for co-packer/finance --yes
also distributor/finance approve D-15 --yes
signed 1
look 'for co-packer/finance' entente show D-15
look 'marketing-2026' entente budgets

step "An exception, until a day: then it ends by itself (S9)"
sign brand/alliance-manager propose exception --title "Stores are supplied on Sundays" --until 2026-08-15
all alliance-manager approve D-16 --yes
signed 1
look 'until|expires' entente show D-16

step "What said too much of a person is erased at every node, by decision; the rest of the record stands"
leaf=$(entente log --grep "ill at home" | awk '{print $1}')
sign brand/alliance-manager propose erasure --title "A comment about a person" --erase "$leaf" --yes
look 'erases|leaf' entente show D-17
all alliance-manager approve D-17 --yes
signed 1
must_be D-17 effective
look 'erased by' entente show D-12
