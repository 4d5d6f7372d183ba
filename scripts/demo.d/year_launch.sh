# Act 2, January to March: the launch plan, the first decisions, and what is checked before the work grows.
step "What was agreed: thesis, layers, limits (S2, S3, S6, S8, S13)"
look 'objective|adhesion|prescribing' entente charter show thesis
look 'dossier-maker' entente charter show glossary
look 'executive|operational|working' entente charter show bodies
look 'firmware|review-hours' entente charter show commitments

step "The launch plan becomes work: milestones, a gate, actions, and what the thesis assumes (S2, S19, S30)"
typed entente plan launch --yes --as maker/alliance-manager
as maker alliance-manager plan launch --yes >"$work/said" 2>&1 || { cat "$work/said"; exit 1; }
tail -n 1 "$work/said" | sed 's/^/  /'
also maker/quality assume take AS-1
also clinics/medical-lead assume take AS-2
also distributor/delivery-lead assume take AS-3
also maker/alliance-manager action new --title "Send the list of wards" --due 2026-02-02 --owner clinics/delivery-lead
signed 1

step "What due diligence found, and what could go wrong (S5, S14, S15)"
echo "One supplier of electrodes; its plant is in a flood plain." >"$work/diligence.txt"
also trustee/mediator finding new --title "One supplier of electrodes" --document "$work/diligence.txt"
also maker/quality risk new --title "Electrodes run short" --category operational --likelihood 3 --impact 4 --share maker=60,distributor=40
also clinics/business-lead issue new --title "Order form asks for the patient's name twice" --owner distributor/business-lead
also maker/delivery-lead training new --title "Device returns, first course" --about returns --due 2026-02-27
also clinics/security-legal comply new --title "Patient data, first quarter" --about patient-data --due 2026-03-27
also distributor/finance report add revenue --baseline --value 5900000.00 --period 2025-12
signed 1
also maker/finance report countersign "$(entente report list --json | json "['K-%d' % r['reading']['number'] for r in x['list'] if r['reading']['purpose'] == 'baseline'][0]")" --yes
also maker/quality risk link R-1 F-1
also maker/quality comply new --title "Device safety, February" --about device-safety --due 2026-03-13
also clinics/delivery-lead action take A-7
also distributor/business-lead issue take I-1
signed 1
look 'score' entente risk show R-1

step "What may be shared, and is (S17)"
look 'signal-data|delivery-data|could|can' entente share map
echo "ward;orders" >"$work/orders.csv"
sign distributor/security-legal share grant --class delivery-data --with maker,clinics --title "Orders by ward" --purpose "demand planning" --content "$work/orders.csv" --until 2026-12-31 --yes
also maker/finance share receive G-1 --content "$work/orders.csv" --yes
also clinics/finance share receive G-1 --content "$work/orders.csv" --yes
signed 1

later 2026-01-12
step "A week on: stand-ups every week are too many. Policy is changed by decision (S7, S20)"
entente charter show --no-pager >"$work/changed.yaml"
sed -i '/^  delivery-standup:/s/every: week/every: month/; /^  safety-review:/s/every: 2 weeks/every: month/; /^  late-deliveries:/s/every: week/every: month/; /^  late-deliveries:/s/due: 3 bd/due: 8 bd/' "$work/changed.yaml"
look 'policy|differences' entente charter diff "$work/changed.yaml"
sign maker/alliance-manager propose charter-policy --title "Stand-ups and safety reviews every month" --amend sessions --file "$work/changed.yaml"
sign maker/alliance-manager propose charter-policy --title "Late deliveries every month" --amend metrics --file "$work/changed.yaml"
all alliance-manager approve D-1 --yes
all alliance-manager approve D-2 --yes
also distributor/delivery-lead report add late-deliveries --value 11
also maker/delivery-lead meet record "$(session delivery-standup)" --present maker/delivery-lead,clinics/delivery-lead,distributor/delivery-lead
signed 1
checked
look 'passed|Notice|effective' entente show D-1
day 2026-01-19 # the last week under the old sections: what it owes is given before they change
also distributor/delivery-lead report add late-deliveries --value 12
also maker/delivery-lead meet record "$(session delivery-standup)" --present maker/delivery-lead,clinics/delivery-lead,distributor/delivery-lead
also maker/quality meet record "$(session safety-review)" --minutes "$work/diligence.txt" --present maker/quality,clinics/quality,distributor/quality
signed 1
checked
day 2026-01-20
must_be D-1 effective
must_be D-2 effective

step "Day 30: teams and words (S19, S31)"
day 2026-02-03
also maker/alliance-manager action claim A-1 --text "both teams met in Basel"
also maker/alliance-manager action claim A-2 --text "glossary is in the charter"
also maker/alliance-manager milestone claim M-1
also clinics/delivery-lead action claim A-7 --text "sent"
meetings 2026-02-03
also maker/delivery-lead training claim T-1 --text "nine of nine people"
also distributor/business-lead issue claim I-1 --text "the form is shorter"
signed 1
also clinics/alliance-manager action verify A-1
also clinics/alliance-manager action verify A-2
also clinics/alliance-manager milestone verify M-1
also maker/alliance-manager action verify A-7
also distributor/delivery-lead training verify T-1
also clinics/business-lead issue verify I-1
checked

step "Money for the first ten wards: over EUR 200000 the sponsors decide (S9)"
echo "Ten wards, EUR 24000 each." >"$work/offer.txt"
sign maker/finance propose spend --title "Ten wards go live" --amount "EUR 240000.00" --budget launch-2026 --relies-on AS-2 --attach "$work/offer.txt"
look 'sponsor' entente readiness D-3
all sponsor approve D-3 --yes
signed 1
must_be D-3 effective
look 'launch-2026' entente budgets
look 'rests on|AS-2' entente show D-3

step "Signals of patients: a decision first, then a grant that rests on it (S18)"
sign clinics/security-legal propose data-sharing --title "Signals for the alarm model" --class signal-data --with maker --until 2026-12-31
all security-legal approve D-4 --yes
signed 1
day 2026-02-10
must_be D-4 effective
sign clinics/security-legal share grant --class signal-data --with maker --title "Signals of the pilot" --purpose "the alarm model" --until 2026-11-30 --consent D-4 --yes
sign maker/security-legal share receive G-2 --yes
sign maker/security-legal share grant --class delivery-data --with clinics --title "Alarms by hour" --purpose "rounds" --until 2026-11-30 --derived G-2 --yes

step "Day 60: the first ward is live; controls are attested with evidence (S16, S19)"
day 2026-03-03
echo "No incident in February." >"$work/safety.txt"
also maker/alliance-manager action claim A-3 --text "orders flow"
also maker/alliance-manager action claim A-4 --text "ward 7, since Monday"
also maker/alliance-manager milestone claim M-2
also maker/quality comply claim K-2 --attach "$work/safety.txt"
also clinics/security-legal comply claim K-1 --document "$work/safety.txt"
signed 1
also clinics/alliance-manager action verify A-3
also clinics/alliance-manager action verify A-4
also clinics/alliance-manager milestone verify M-2
also clinics/quality comply verify K-2
also maker/security-legal comply verify K-1
signed 1
look 'due again' entente comply list
