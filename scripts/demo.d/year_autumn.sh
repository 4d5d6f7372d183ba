# Act 2, April to September: what was put in doubt is settled, people disagree and are helped, and the work grows.
step "Nobody answered on prices in 15 business days: it climbed by itself (S10, S35)"
day 2026-04-09 23:00:02
look 'escalated to steering' entente show D-7
look 'maker|clinics|distributor' entente waiting D-7
look 'They owe' entente status
all sponsor approve D-7 --yes
signed 1
look 'D-7' entente decisions

step "The thesis is looked at again, and what rested on it (S2)"
later 2026-04-10
owed="A-9:clinics/sponsor A-10:distributor/sponsor A-11:maker/sponsor A-12:maker/finance"
for o in $owed; do also "${o#*:}" action take "${o%%:*}"; done
signed 1
for o in $owed; do also "${o#*:}" action claim "${o%%:*}" --text "looked at again: we go on, physicians are trained first"; done
signed 1
also maker/alliance-manager action verify A-9
for o in A-10 A-11 A-12; do also clinics/alliance-manager action verify "$o"; done
signed 1

step "A mediator helps: a claim that one rejects (S11)"
sign maker/quality propose clinical-claim --title "Fewer than 4 false alarms a week"
sign distributor/quality reject D-8 --reason "not yet shown" --yes
sign maker/quality escalate D-8 --reason "we need a word on it"
sign maker/sponsor escalate D-8 --reason "we are of two minds"
sign trustee/mediator mediate D-8 --title "Fewer than 5 false alarms a week" --reason "what the study shows"
all sponsor accept D-8 --yes
signed 1
look 'mediat|accept|phase|settled' entente show D-8

day 2026-04-15
must_be D-8 effective
step "The gate to the second market opens with what the launch plan asks (S30)"
for o in AS-1 K-2 D-8; do sign maker/alliance-manager milestone link M-4 "$o"; done
sign maker/alliance-manager milestone claim M-4
sign clinics/alliance-manager milestone verify M-4

step "A conflict climbs its ladder, and both sides end it (S27)"
sign maker/finance conflict new --title "Two price lists" --against clinics/finance
day 2026-04-22 23:00:02
look 'C-1' entente conflict list
sign clinics/finance conflict claim C-1 --text "one list, kept by the distributor"
sign maker/finance conflict verify C-1

step "An urgent notice acts first, and is ratified (S9)"
sign clinics/quality propose safety-notice --title "Strap of batch 7: take it off at night"
look 'acted first' entente show D-9
all quality approve D-9 --yes
signed 1
sign maker/quality lesson new --title "Test straps on warm skin" --tags safety --text "The study was in winter."
sign maker/quality lesson link L-1 D-9
look 'L-1' entente lesson list --tag safety

step "A risk is accepted until a day (S14)"
sign maker/finance propose risk-acceptance --title "Live with one supplier until autumn" --risk R-1 --accept-until 2026-10-01
all finance approve D-10 --yes
signed 1
look 'accepted' entente risk show R-1
day 2026-05-05
month 2026-04 8000000.00 1400 8.2 92.8 9

step "A changed matrix, replayed over the record before anybody votes on it (S9)"
entente charter show --no-pager >"$work/matrix.yaml"
sed -i '/^  commercial-terms:/s/sla: 15 bd/sla: 25 bd/' "$work/matrix.yaml"
look 'sla' entente charter diff "$work/matrix.yaml"
look 'D-7|^Of ' entente charter replay "$work/matrix.yaml"
sign maker/alliance-manager propose charter-policy --title "25 days for prices" --amend decisions --file "$work/matrix.yaml"
all alliance-manager approve D-11 --yes
signed 1
day 2026-05-20
must_be D-11 effective

step "Seats change hands: a holder, an alternate, a node's keys"
entente key new "$work/keys/new-finance.key" --unsealed >/dev/null 2>&1
sign maker/registrar seat set maker/finance "$work/keys/new-finance.key"
cp "$work/keys/new-finance.key" "$work/keys/maker-finance.key"
sign clinics/registrar seat alternate clinics/finance --by clinics/quality --since 2026-05-01T00:00:00Z --until 2026-06-30T00:00:00Z --types spend
typed ententd rekey "$(node trustee)" --vote -o fresh.card
ententd rekey "$(node trustee)" --vote -o "$work/fresh.card" >/dev/null 2>&1
sign trustee/registrar node replace "$work/fresh.card" --yes
sign maker/finance propose spend --title "Training of physicians" --yes --amount "EUR 50000.00" --budget launch-2026
also maker/finance approve D-12 --yes
also clinics/quality approve D-12 --for clinics/finance --yes
also distributor/finance approve D-12 --yes
signed 1
look 'for clinics/finance' entente show D-12
look 'launch-2026' entente budgets

step "An exception, until a day: then it ends by itself (S9)"
sign maker/alliance-manager propose exception --title "Wards are supplied on Sundays" --until 2026-08-15
all alliance-manager approve D-13 --yes
signed 1
look 'until|expires' entente show D-13
