/* The verbs of `entente`: what is typed, what it does, which options it takes. */
#include "cli/cli.h"

/* Besides --node, --json and --help, which all take. */
#define WAITS    "no-wait timeout "
#define SIGNS    "as seat key passphrase-file yes save " WAITS
#define PROPOSAL                                                                                             \
    "confirm title text text-file amount budget charge rate affects partner amend file document attach card name role seats rules keys risk accept-until erase class with until relies-on scope "
#define STEP "new|take|give|claim|verify|reopen|link|rebase|escalate|list|show"
#define ITEM SIGNS "title text text-file reason reason-file owner due link tags scope document attach all grep tag at no-pager "

const struct cli_verb cli_verbs[] = {
    {"status", "", "since at no-pager ", "What time did since you looked, what is owed, by us and by others, what comes this week, and how the node is", "entente status",
     verb_status},
    {"inbox", "", "as ics at no-pager ", "What is asked of your organisation, soonest first",
     "entente inbox --as brand/finance", verb_inbox},
    {"show", "ID", "rev at no-pager ", "A decision: what is proposed, on what that rests, who said what, what happened; an item; a session",
     "entente show D-12", verb_show},
    {"decisions", "", "from at no-pager ", "All decisions", "entente decisions", verb_decisions},
    {"readiness", "ID", "at no-pager ", "What a decision still needs, and what silence leads to",
     "entente readiness D-12", verb_readiness},
    {"propose", "TYPE --title TEXT", SIGNS PROPOSAL "counter supersedes ", "Opens a decision of a row of the matrix",
     "entente propose commercial-terms --title \"Display fee USD 1.02 a case\" --as brand/business-lead",
     verb_propose},
    {"approve", "[ID]", SIGNS "rev reason reason-file for ",
     "Approves a decision; without an id, walks the inbox", "entente approve D-12", verb_approve},
    {"reject", "ID --reason TEXT", SIGNS "rev reason reason-file for ", "Rejects a decision",
     "entente reject D-12 --reason \"over the price list\"", verb_reject},
    {"veto", "ID --reason TEXT --clause CLAUSE --confirm ID", SIGNS "rev reason reason-file clause confirm ",
     "Vetoes a decision, for good",
     "entente veto D-12 --reason \"unsafe\" --clause boundaries.brand --confirm D-12", verb_veto},
    {"abstain", "ID", SIGNS "rev reason reason-file for ", "Abstains", "entente abstain D-12", verb_abstain},
    {"recuse", "ID", SIGNS "rev reason reason-file ",
     "Says that your seat has a conflict of interest: to the decision's end its alternate is asked, or its sponsor",
     "entente recuse D-12 --reason \"we own the supplier\"", verb_recuse},
    {"revise", "ID --title TEXT", SIGNS PROPOSAL "reason reason-file ",
     "Replaces what you proposed; voids the ballots so far",
     "entente revise D-12 --title \"USD 1.05 a case\"", verb_revise},
    {"withdraw", "ID", SIGNS "reason reason-file ", "Withdraws what you proposed", "entente withdraw D-12",
     verb_withdraw},
    {"escalate", "ID --reason TEXT", SIGNS "reason reason-file ",
     "Moves a decision to the next rung of its ladder",
     "entente escalate D-12 --reason \"two weeks without a word\"", verb_escalate},
    {"risk", STEP "|review ...", ITEM "category likelihood impact share every warns ", "Risks: opened, owned, reviewed, done; early warnings",
     "entente risk new --title \"One filling line\" --category operational --likelihood 3 --impact 4", verb_item},
    {"issue", STEP " ...", ITEM, "Issues: opened, owned, done", "entente issue claim I-3 --text \"new seals fitted\"",
     verb_item},
    {"conflict", STEP "|recommend|accept|decline ...", ITEM "against ",
     "Conflicts: they climb a ladder, and end by both sides, mediation or default",
     "entente conflict new --title \"Two price lists\" --against maker/finance", verb_item},
    {"milestone", STEP " ...", ITEM "about ", "Milestones and gates; the first date stays beside each later one",
     "entente milestone rebase M-12 --due 2026-05-15 --reason \"valves are late\"", verb_item},
    {"action", STEP " ...", ITEM, "Actions: who does what until when",
     "entente action new --title \"Send the forecast\" --owner maker/finance --due 2026-03-31", verb_item},
    {"assume", STEP " ...", ITEM "about verdict ", "Assumptions: a test, a date, a verdict that another partner confirms",
     "entente assume claim AS-1 --verdict validated --document study.pdf", verb_item},
    {"finding", STEP " ...", ITEM, "Findings of due diligence and audits",
     "entente finding new --title \"One key for two lines\" --as assessor/auditor", verb_item},
    {"comply", STEP " ...", ITEM "about ", "Compliance checks: each control attested, with evidence, by its date",
     "entente comply claim K-4 --document audit.pdf", verb_item},
    {"lesson", STEP " ...", ITEM, "Lessons: what was learnt; linked to where it was adopted; list --grep and --tag search all of them",
     "entente lesson new --title \"Order labels first\" --tags launch,supply", verb_item},
    {"request", STEP " ...", ITEM, "Requests: owed by another partner until a date",
     "entente request new --title \"Sell-out data\" --owner distributor/finance --due 2026-03-31", verb_item},
    {"opportunity", STEP " ...", ITEM, "Opportunities", "entente opportunity list --all", verb_item},
    {"pilot", STEP " ...", ITEM, "Pilots: until when, and verified", "entente pilot show P-2", verb_item},
    {"training", STEP " ...", ITEM "about ", "Training and coaching: of a procedure, until when, verified",
     "entente training take T-5", verb_item},
    {"feedback", STEP " ...", ITEM, "Feedback of people without a seat, entered by a seat",
     "entente feedback new --title \"Pallets arrive unlabelled\"", verb_item},
    {"pause", "ID --reason TEXT", SIGNS "reason reason-file ",
     "Asks to pause a decision; it pauses when a seat of another partner asks, too",
     "entente pause D-12 --reason \"until the audit is in\"", verb_pause},
    {"resume", "ID --reason TEXT", SIGNS "reason reason-file ", "Lets a paused decision go on",
     "entente resume D-12 --reason \"the audit is in\"", verb_resume},
    {"mediate", "ID --title TEXT", SIGNS PROPOSAL "reason reason-file ",
     "As its mediator, recommends a text; all must accept it", "entente mediate D-12 --title \"USD 1.04 a case\"",
     verb_mediate},
    {"accept", "ID", SIGNS "reason reason-file for ", "Accepts what the mediator recommends", "entente accept D-12",
     verb_accept},
    {"decline", "ID --reason TEXT", SIGNS "reason reason-file for ",
     "Declines what the mediator recommends; so does silence", "entente decline D-12 --reason \"below cost\"",
     verb_decline},
    {"receipt", "ID", SIGNS,
     "Shows that your organisation has seen the revision; a node does it by itself where silence may count as approval",
     "entente receipt D-12", verb_receipt},
    {"can", "ORG/SEAT ACTION (ID|TYPE|CLASS ORG)", "for at ", "Whether a seat may do something now, and by which clause",
     "entente can brand/finance approve D-12", verb_can},
    {"budgets", "", "at no-pager ", "Budget envelopes: what is reserved, spent and left", "entente budgets",
     verb_budgets},
    {"waiting", "ID", "at no-pager ", "Where a decision's time went: by partner, pauses, halts, notice",
     "entente waiting D-12", verb_waiting},
    {"comment", "[ID] --text TEXT", SIGNS "text text-file document attach ",
     "Comments on a decision, or on the alliance as a whole", "entente comment D-12 --text \"see minutes\"",
     verb_comment},
    {"document list", "[--from N] [--limit N]", "from limit no-pager ",
     "Documents that the record names, and whether your node has them", "entente document list", verb_document_list},
    {"document get", "SHA256 [--to FILE]", "to ", "Gets a document from your node, checked by its SHA-256",
     "entente document get sha256:5c1e... --to study.pdf", verb_document_get},
    {"document add", "FILE", "", "Hands a document in at your node: one that an entry names already, and that is missing",
     "entente document add study.pdf", verb_document_add},
    {"document status", "", "no-pager ", "Documents at your node: how many, how large, what is missing, from whom they come",
     "entente document status", verb_document_status},
    {"nudge list", "", "no-pager ", "Nudges that went out from your node, and whether they were delivered", "entente nudge list", verb_nudge_list},
    {"nudge", "ID [SEAT|PARTNER]", "",
     "Reminds who is asked, at their own node: a word from a person, not on the record and without any effect; one a day for each",
     "entente nudge D-12 clinics --as maker/alliance-manager", verb_nudge},
    {"input", "ID --need NEED --text TEXT", SIGNS "need text text-file document attach ",
     "Gives what a decision needs before it can pass",
     "entente input D-12 --need impact --text-file impact.txt", verb_input},
    {"report add", "METRIC --value NUMBER [--period PERIOD]",
     SIGNS "period value forecast baseline text text-file document attach ",
     "Reports a metric for a period; the oldest that is owed unless said",
     "entente report add revenue --value 43500000 --as distributor/finance", verb_report_add},
    {"report countersign", "K-n", SIGNS "reason reason-file document attach ",
     "Agrees with a reading of another partner", "entente report countersign K-7", verb_report_countersign},
    {"report dispute", "K-n --reason TEXT", SIGNS "reason reason-file document attach ",
     "Disagrees with a reading of another partner", "entente report dispute K-7 --reason \"returns are counted twice\"",
     verb_report_dispute},
    {"report restate", "K-n --value NUMBER --reason TEXT", SIGNS "value reason reason-file document attach ",
     "Replaces the value of your reading; what it said stays on record",
     "entente report restate K-7 --value 42900000 --reason \"without returns\"", verb_report_restate},
    {"report commit", "METRIC (--value NUMBER|--voices N,N,N,N,N|--answers FILE) -o FILE",
     SIGNS "period value voices answers output ",
     "Commits to a sealed metric unseen; FILE keeps what reveals it", "entente report commit trust --answers pulse.txt -o trust.sealed",
     verb_report_commit},
    {"report reveal", "FILE", SIGNS, "Shows what was committed, once all have committed or time is over",
     "entente report reveal trust.sealed", verb_report_reveal},
    {"report regular", "[NAME] [--period PERIOD]", "period at no-pager ",
     "The charter's regular reports: what was sent and is due next; with a name, the report of a period (the newest that is over)",
     "entente report regular scorecard --period 2026-03", verb_report_regular},
    {"report list", "", "from at no-pager ", "Readings: where each stands", "entente report list", verb_report_list},
    {"report show", "K-n", "at no-pager ", "A reading with all its versions, and who said what",
     "entente report show K-7", verb_report_show},
    {"pulse close", "METRIC PERIOD -o FILE", SIGNS "output ",
     "Ends your partner's pulse for good, and commits to how many voices said what (fewer than three: to their number alone)",
     "entente pulse close trust 2026-Q3 -o trust.sealed --as brand/alliance-manager", verb_pulse_close},
    {"pulse", "METRIC PERIOD 1-5", "", "Gives your voice to a pulse, or changes it; it stays at your partner's node, and never reaches the record",
     "entente pulse trust 2026-Q3 4 --key me.key", verb_pulse},
    {"scorecard", "[--period PERIOD]", "period views at no-pager ",
     "Metrics by group or by view, early warnings and exit triggers, with what stands behind each number",
     "entente scorecard --period 2026-Q1", verb_scorecard},
    {"pace", "", "since until at no-pager ",
     "How fast decisions were made, who was waited for, and what was late; of the last 90 days unless said",
     "entente pace --since 2026-10-01T00:00:00Z", verb_pace},
    {"health", "", "since until all at no-pager ",
     "The six ways in which alliances fail, each a question answered from the record; of the last 90 days unless said",
     "entente health --all", verb_health},
    {"account", "[--seat ORG/SEAT]", "as seat all since until at no-pager ",
     "What was asked of each seat, how long it waited, and what is late; of one seat also what it owes; of the last 90 days unless said",
     "entente account --seat brand/alliance-manager --since 2026-10-01T00:00:00Z", verb_account},
    {"promises", "", "at no-pager ",
     "What was promised (outcomes, commitments, targets), what was reported of it, the gap, and since when", "entente promises",
     verb_promises},
    {"meet list", "", "from at no-pager ", "The same as meet", "entente meet list", verb_meet_list},
    {"meet agenda", "[S-n]", "at no-pager ",
     "A session's agenda as it stands now, and its record; without an id, of the one that is due first",
     "entente meet agenda S-3", verb_meet_agenda},
    {"meet call", "TYPE --body BODY --on DATE", SIGNS "body on title ",
     "Calls a session besides the regular ones: after-action-review, refresh, audit-visit, steering-review, ...",
     "entente meet call after-action-review --body council --on 2026-03-31 --as brand/finance", verb_meet_call},
    {"meet record", "S-n --minutes FILE --present ORG/SEAT,...",
     SIGNS "minutes attach present decision held text text-file ", "Records that a session was held, and what was decided",
     "entente meet record S-3 --minutes minutes.pdf --present brand/finance,maker/quality --decision D-12",
     verb_meet_record},
    {"meet confirm", "S-n", SIGNS "reason reason-file ", "Agrees with another partner's record of a session",
     "entente meet confirm S-3", verb_meet_confirm},
    {"meet contest", "S-n --reason TEXT", SIGNS "reason reason-file ",
     "Says that another partner's record of a session is wrong", "entente meet contest S-3 --reason \"we left early\"",
     verb_meet_contest},
    {"meet", "", "from at no-pager ", "Sessions: where each stands", "entente meet", verb_meet_list},
    {"share map", "", "at no-pager ", "Who may have which class of information by the charter, and who has it",
     "entente share map", verb_share_map},
    {"share grant", "--class CLASS --with ORG,... --title TEXT --purpose TEXT --until DATE",
     SIGNS "class with title purpose until content consent derived scope ",
     "Shares something with partners, for a purpose, until a day; what is shared stays off the record",
     "entente share grant --class sell-out-data --with brand,maker --title \"Sell-out 2026\" --purpose \"demand planning\" "
     "--until 2026-12-31 --content sell-out.csv",
     verb_share_grant},
    {"share list", "", "from at no-pager ", "The same as share", "entente share list", verb_share_list},
    {"share show", "G-n", "at no-pager ", "A grant: what it rests on, who has it, and what became of it",
     "entente share show G-3", verb_share_show},
    {"share receive", "G-n [--content FILE]", SIGNS "content text text-file ",
     "Says that what was shared with your partner arrived, and is what was shared",
     "entente share receive G-3 --content sell-out.csv", verb_share_receive},
    {"share revoke", "G-n --reason TEXT", SIGNS "reason reason-file ",
     "Ends what your partner shares, and what was derived from it without a decision of its own",
     "entente share revoke G-3 --reason \"the price list leaked\"", verb_share_revoke},
    {"share return", "G-n [--destroyed]", SIGNS "destroyed document attach text text-file ",
     "Says that your partner gave it back, or destroyed it", "entente share return G-3 --destroyed --document proof.pdf",
     verb_share_return},
    {"share audit", "G-n --request Q-n", SIGNS "request ",
     "Says that a request audits what became of a grant, by the charter's audit right",
     "entente share audit G-3 --request Q-2", verb_share_audit},
    {"share", "", "from at no-pager ", "Grants: what is shared by whom with whom, and where each stands", "entente share",
     verb_share_list},
    {"submit", "FILE", WAITS, "Hands in an entry that was saved with --save; any partner's node takes it",
     "entente submit approval.entry", verb_submit},
    {"wait", "ENTRY-ID|D-n", WAITS, "Waits until an entry is final, or a decision is decided",
     "entente wait D-12 --timeout 30", verb_wait},
    {"entry show", "FILE", "", "What a saved entry says", "entente entry show approval.entry",
     verb_entry_show},
    {"entry export", "FILE -o DIR", "output ",
     "The bytes that were signed, and the signature, for ssh-keygen -Y verify",
     "entente entry export approval.entry -o out", verb_entry_export},
    {"log", "[--from N] [--limit N] [--grep TEXT]", "from limit grep at no-pager ",
     "The log, leaf by leaf; with --grep the entries with that in their texts, their seat or their kind, from the first leaf on",
     "entente log --limit 20", verb_log},
    {"watch", "[ID] [--grep TEXT]", "from limit grep once timeout ",
     "What becomes final and what time does by itself, as it happens, until Ctrl-C; of one decision, item, reading, session or grant",
     "entente watch D-12", verb_watch},
    {"charter show", "[SECTION]", "at no-pager ", "The charter in force", "entente charter show decisions",
     verb_charter_show},
    {"charter check", "FILE", "", "Checks a charter file before anybody signs it",
     "entente charter check charter.yaml", verb_charter_check},
    {"charter diff", "[FILE [FILE]|D-n]", "at no-pager ",
     "What two charters say differently, key by key: two files, a file against the charter in force, what an "
     "amendment changes, or the last change of the record",
     "entente charter diff D-7", verb_charter_diff},
    {"charter replay", "FILE [--pack FILE]", "pack all no-pager ",
     "What each decision of the record would have become under the rows and ladders of a changed charter, before anybody votes on it",
     "entente charter replay charter.yaml", verb_charter_replay},
    {"plan launch", "[--yes]", "as seat key passphrase-file yes timeout ",
     "Lays out the charter's launch plan: a milestone for each day and gate, an action for each goal, and an item for "
     "each assumption of the thesis; what is there already is left alone",
     "entente plan launch --as brand/alliance-manager", verb_plan_launch},
    {"plan diligence", "DOSSIER [--yes]", "as seat key passphrase-file yes timeout ",
     "Opens the findings of a dossier's due diligence as items, which all partners then see; what is there already is "
     "left alone",
     "entente plan diligence dossier.yaml --as brand/legal", verb_plan_diligence},
    {"plan unwind", "D-n [--yes]", "as seat key passphrase-file yes timeout ",
     "Lays out the charter's unwind plan when a partner leaves: an action for each task, offered to its owner, due from the day "
     "on which the decision passed; what is there already is left alone",
     "entente plan unwind D-31 --as brand/alliance-manager", verb_plan_unwind},
    {"dossier template", "[NAME] [-o FILE]", "output ",
     "Forms of a dossier to start from: lists them, or writes one", "entente dossier template blank -o dossier.yaml",
     verb_dossier_template},
    {"dossier check", "FILE", "",
     "What a dossier still lacks, and what in it does not go together", "entente dossier check dossier.yaml",
     verb_dossier_check},
    {"dossier show", "FILE", "no-pager ",
     "A dossier to be read: the test's verdict and why, the candidates side by side, and all else",
     "entente dossier show dossier.yaml", verb_dossier_show},
    {"dossier sign", "FILE --as ORG/SEAT --key KEY", "as seat key passphrase-file yes ",
     "Signs a dossier as it is, for one of its partners: writes FILE.ORG.sig", "entente dossier sign dossier.yaml --as brand/sponsor --key me.key",
     verb_dossier_sign},
    {"dossier verify", "FILE [--card FILE,...]", "card ",
     "Whether each partner of a dossier has signed it as it is; with their cards, by a key of theirs",
     "entente dossier verify dossier.yaml --card brand.card", verb_dossier_verify},
    {"charter template", "[NAME] [-o FILE]", "output ",
     "Complete charters to start from: lists them, or writes one", "entente charter template two-partners -o charter.yaml",
     verb_charter_template},
    {"seats", "", "at no-pager ", "Seats and the keys that hold them", "entente seats", verb_seats},
    {"seat set", "ORG/SEAT PUBKEY...|ORG/SEAT --confirm ORG/SEAT", SIGNS "confirm ",
     "Sets the keys that hold a seat (registrars); with none, and its name repeated, it is left empty",
     "entente seat set brand/finance new.pub --as brand/registrar", verb_seat_set},
    {"seat alternate", "ORG/SEAT [--by ORG/SEAT --since TIME --until TIME]",
     SIGNS "by since until types amount ",
     "Sets who may ballot for a seat, with dates, types and up to an amount (registrars); without --by nobody may",
     "entente seat alternate brand/finance --by brand/quality --since 2026-07-01T00:00:00Z --until "
     "2026-07-15T00:00:00Z",
     verb_seat_alternate},
    {"key revoke", "PUBKEY|node:vote|node:cosign|node:log|node:node --confirm FINGERPRINT",
     SIGNS "reason reason-file since compromised-since confirm ",
     "Revokes a key of your organisation, for good (registrars)",
     "entente key revoke lost.pub --since 2026-11-20T08:00:00Z", verb_key_revoke},
    {"partner list", "", "at no-pager ", "Organisations: role, standing, node", "entente partner list",
     verb_partner_list},
    {"partner show", "ORG", "at no-pager ",
     "An organisation: keys, seats, and what its leaving would mean for the nodes", "entente partner show clinics",
     verb_partner_show},
    {"registrar replace", "PUBKEY...", SIGNS "keys ",
     "Two seats of an organisation, neither its registrar, set the registrar's keys",
     "entente registrar replace new.pub --as brand/finance", verb_registrar_replace},
    {"registrar cancel", "LEAF", SIGNS, "Two seats of an organisation cancel a recovery of it",
     "entente registrar cancel 412 --as brand/finance", verb_registrar_cancel},
    {"recovery sign", "ORG PUBKEY... -o FILE", "card alliance epoch after output ",
     "Signs, with an offline recovery key, who shall be registrar; with --alliance, without any node",
     "entente recovery sign brand new.pub --key recovery.key --alliance 5c1e... -o brand.recovery",
     verb_recovery_sign},
    {"recovery submit", "FILE", SIGNS, "Announces a signed recovery; any seat may",
     "entente recovery submit brand.recovery --as clinics/registrar", verb_recovery_submit},
    {"recovery list", "", "at no-pager ", "Recoveries that are announced, and when they are carried out",
     "entente recovery list", verb_recovery_list},
    {"faults", "", "from at no-pager ", "Nodes that signed two different votes in one place, and the proofs",
     "entente faults", verb_faults},
    {"rules", "", "at ", "Rules version in force, the next one, and which nodes have it", "entente rules", verb_rules},
    {"node replace", "FILE.card", SIGNS,
     "Puts fresh keys of your organisation's node on the record (registrars); one that its partners do not let in hands it in at theirs",
     "entente node replace fresh.card --as brand/registrar", verb_node_replace},
    {"refound survivor", "-o FILE --confirm ORG", "output confirm ",
     "When too many nodes are lost: what your node holds, for a new epoch; it then signs nothing more in this one",
     "entente refound survivor -o brand.survivor --confirm brand",
     verb_refound_survivor},
    {"refound abandon", "", "yes ", "Takes your node's report back, when no new epoch begins", "entente refound abandon",
     verb_refound_abandon},
    {"refound draft", "SURVIVOR... -o FILE [--card FILE,...] [--suspend ORG,...]", "output card suspend confirm ",
     "From what survives, new cards of lost nodes and whom to leave out, to a .refounding that seats sign",
     "entente refound draft brand.survivor trustee.survivor --card co-packer.card -o epoch1.refounding", verb_refound_draft},
    {"refound sign", "FILE --as ORG/SEAT --key KEY", "as seat key passphrase-file yes ",
     "Signs a refounding: the registrar and another seat of every partner",
     "entente refound sign epoch1.refounding --as brand/registrar --key me.key", verb_refound_sign},
    {"refound merge", "FILE... -o FILE", "output ", "Joins signatures collected on several copies",
     "entente refound merge a.refounding b.refounding -o all.refounding", verb_refound_merge},
    {"refound show", "FILE", "no-pager ", "What a refounding says, and who has signed",
     "entente refound show epoch1.refounding", verb_refound_show},
    {"refound install", "FILE --node DIR", "", "Gives a refounding to a node, which takes it when it starts",
     "entente refound install epoch1.refounding --node /srv/entente", verb_refound_install},
    {"node status", "", "", "The node: newest block, root, peers", "entente node status", verb_node_status},
    {"node peers", "", "", "Links to the other nodes", "entente node peers", verb_node_peers},
    {"node why", "", "", "Why agreement waits, and what would unblock it", "entente node why", verb_node_why},
    {"node backup", "DIR [--with-keys]", "with-keys ",
     "Copies the running node into a new directory, and verifies the copy",
     "entente node backup /backup/entente-1 --node /srv/entente", verb_node_backup},
    {"node availability", "[--since TIME] [--until TIME]", "since until ",
     "Whose nodes signed in a period, counted from certificates; of the last 30 days unless said",
     "entente node availability --since 2026-10-01T00:00:00Z",
     verb_node_availability},
    {"pack", "FILE [--from HEIGHT|TIME] [--to HEIGHT|TIME] [--pack FILE]", "from to pack ",
     "Exports the whole record for an auditor; cut off, the same command goes on where it stopped. With --from or --to: a range of it, which verifies "
     "without the rest, and is not executed again",
     "entente pack second-quarter.range --from 2026-04-01 --to 2026-06-30", verb_pack},
    {"certify", "D-12 [-o FILE] [--pack FILE]", "output pack ",
     "Writes one file from which anyone can check one decision, without the rest of the record", "entente certify D-12 -o d12.certificate",
     verb_certify},
    {"checkpoint", "[-o FILE]", "output ", "The newest cosigned checkpoint, and the keys that verify it",
     "entente checkpoint -o tree.checkpoint", verb_checkpoint},
    {"follow", "--state FILE [--node NODE]... [--pack FILE]", "state evidence on-alarm once every alliance pack ",
     "Watches the log of one node or several: nothing that was shown may be taken back, and all show the same (exit 6 if not)",
     "entente follow --state alliance.checkpoint --node maker --node clinics --every 300", verb_follow},
    {"proof", "LEAF", "", "Inclusion proof of a leaf, as entente-audit inclusion takes it",
     "entente proof 812", verb_proof},
    {"key new", "FILE [--unsealed]", "unsealed passphrase-file ",
     "Makes a key file, sealed with a passphrase", "entente key new me.key", verb_key_new},
    {"key show", "FILE", "key ", "Public key of a key file, as a line for a .pub file; its fingerprint on standard error", "entente key show me.key > me.pub",
     verb_key_show},
    {"alliance draft", "CHARTER.yaml|--template NAME [--dossier FILE] -o FILE", "output template dossier annex ",
     "From charter and cards, and parts of signed dossiers, to a .genesis that founding seats sign",
     "entente alliance draft charter.yaml -o alliance.genesis", verb_alliance_draft},
    {"alliance sign", "FILE --as ORG/SEAT --key KEY", "as seat key passphrase-file yes ",
     "Adds a founding signature", "entente alliance sign alliance.genesis --as brand/sponsor --key me.key",
     verb_alliance_sign},
    {"alliance merge", "FILE... -o FILE", "output ", "Joins signatures collected on several copies",
     "entente alliance merge a.genesis b.genesis -o all.genesis", verb_alliance_merge},
    {"alliance show", "FILE", "no-pager ", "Parties, fingerprints, and who has signed",
     "entente alliance show alliance.genesis", verb_alliance_show},
    {"alliance join", "FILE --node DIR", "",
     "Gives the founding to a node that comes later: of a new member, or a replaced one",
     "entente alliance join alliance.genesis --node /srv/entente", verb_alliance_join},
    {"alliance found", "FILE --node DIR", "", "Checks that all have signed, and gives the file to a node",
     "entente alliance found alliance.genesis --node /srv/entente", verb_alliance_found},
};
const size_t cli_verbs_n = ARRAY_LEN(cli_verbs);

void cli_print_usage(FILE *f)
{
    (void)fputs("entente: an alliance's decisions, agreed and signed.\n\n", f);
    for (size_t i = 0; i < cli_verbs_n; i++)
        (void)fprintf(f, "  %-16s %s\n", cli_verbs[i].words, cli_verbs[i].help);
    (void)fputs(
        "\nWhich node:  --node DIR or socket, or ENTENTE_NODE; else the current directory.\n"
        "Who signs:   --key FILE or ENTENTE_KEY; --as ORG/SEAT or ENTENTE_SEAT, if the key holds several.\n"
        "Passphrase:  asked for on the terminal, or --passphrase-file FILE.\n"
        "Also:        --json, --yes, --no-wait, --timeout SECONDS, --save FILE. More: entente help VERB\n"
        "Exit status: 0 done, 1 failed, 2 used wrongly, 3 not permitted, 4 key or passphrase, 5 changed "
        "since read,\n"
        "             6 verification failed, 7 node not in sync or no quorum, 8 still pending\n",
        f);
}

void cli_print_reference(FILE *f)
{
    for (size_t i = 0; i < cli_verbs_n; i++) {
        const struct cli_verb *v = &cli_verbs[i];
        (void)fprintf(f, "### entente %s%s%s\n%s.\n\n    $ %s\n\n| option | what |\n|---|---|\n", v->words,
                      v->args[0] == 0 ? "" : " ", v->args, v->help, v->example);
        cli_print_rows(v, f);
        (void)fputs("\n", f);
    }
}

/* What each word after a type of items takes; types NULL: all have it. */
static const struct {
    const char *step, *types, *args, *help;
} forms[] = {
    {"new", NULL, "--title TEXT", "Opens one; further options as below"},
    {"take", NULL, "ID", "The seat that it is offered to owns it from now on"},
    {"give", NULL, "ID ORG/SEAT", "Its owner offers it to another seat"},
    {"claim", NULL, "ID [--text TEXT] [--document FILE,...]", "Its owner says that it is done; of a conflict: a side says how it is settled"},
    {"verify", NULL, "ID [--text TEXT]", "A seat of another partner has looked, and it is done"},
    {"reopen", NULL, "ID --reason TEXT", "It is not done, or no more"},
    {"link", NULL, "ID D-n|ID|CLAUSE", "Links it to a decision, another item or a clause"},
    {"rebase", NULL, "ID --due DATE --reason TEXT", "A new due date, beside the first one"},
    {"escalate", NULL, "ID --reason TEXT", "To the next rung, by hand"},
    {"review", "risk ", "ID --likelihood 1-5 --impact 1-5 [--warns CONDITION,...]", "Looks at a risk, and rates it anew"},
    {"recommend", "conflict ", "ID --text TEXT", "The mediator says how it should end"},
    {"accept", "conflict ", "ID", "A side accepts what the mediator recommends"},
    {"decline", "conflict ", "ID --reason TEXT", "A side declines it"},
    {"list", NULL, "[--all] [--grep TEXT] [--tag NAME]", "Those that are open"},
    {"show", NULL, "ID", "One, with its history"},
};

static void print_forms(const struct cli_verb *v, FILE *f)
{
    char needs[200];
    cli_item_needs(v->words, needs, sizeof needs);
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        const char *only = forms[i].types;
        size_t n = strlen(v->words);
        if (only != NULL && (strncmp(only, v->words, n) != 0 || only[n] != ' '))
            continue;
        bool verdict = strcmp(v->words, "assume") == 0 && (strcmp(forms[i].step, "claim") == 0 || strcmp(forms[i].step, "verify") == 0);
        (void)fprintf(f, "  %s %s %s%s%s\n      %s\n", v->words, forms[i].step, forms[i].args, i == 0 ? needs : "",
                      verdict ? " --verdict VERDICT" : "", forms[i].help);
    }
    (void)fputs("\n", f);
}

int cli_print_help(const struct cli_verb *v, FILE *f)
{
    (void)fprintf(f, "entente %s%s%s\n  %s.\n  Example: %s\n\n", v->words, v->args[0] == 0 ? "" : " ",
                  v->args, v->help, v->example);
    if (v->run == verb_item)
        print_forms(v, f);
    cli_print_options(v, f);
    return EXIT_DONE;
}

/* Length of the verb's words at the front of argv, or 0. */
static int matches(const char *words, int argc, char **argv)
{
    const char *space = strchr(words, ' ');
    size_t n = space == NULL ? strlen(words) : (size_t)(space - words);
    if (argc < 1 || strlen(argv[0]) != n || memcmp(argv[0], words, n) != 0)
        return 0;
    if (space == NULL)
        return 1;
    return argc > 1 && strcmp(argv[1], space + 1) == 0 ? 2 : 0;
}

const struct cli_verb *cli_find_verb(int argc, char **argv, int *ret_n)
{
    for (size_t i = 0; i < cli_verbs_n; i++) {
        *ret_n = matches(cli_verbs[i].words, argc, argv);
        if (*ret_n > 0)
            return &cli_verbs[i];
    }
    return NULL;
}

/* Edit distance (Levenshtein), for suggestions; texts up to 31 bytes. */
size_t cli_distance(const char *x, const char *y)
{
    size_t row[32], n = strlen(y);
    if (n > 31 || strlen(x) > 31)
        return SIZE_MAX;
    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 1; x[i - 1] != 0; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t cost = diagonal + (x[i - 1] != y[j - 1]);
            diagonal = row[j];
            size_t least = row[j] + 1 < row[j - 1] + 1 ? row[j] + 1 : row[j - 1] + 1;
            row[j] = cost < least ? cost : least;
        }
    }
    return row[n];
}

/* The verbs whose first word is this, one line each; how many. */
static size_t print_group(const char *word, FILE *f)
{
    size_t n = strlen(word), found = 0;
    for (size_t i = 0; i < cli_verbs_n; i++) {
        const struct cli_verb *v = &cli_verbs[i];
        if (strncmp(v->words, word, n) == 0 && (v->words[n] == ' ' || v->words[n] == 0)) {
            (void)fprintf(f, "  entente %-18s %s\n", v->words, v->help);
            found++;
        }
    }
    return found;
}

static bool is_group(const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 0; i < cli_verbs_n; i++)
        if (strncmp(cli_verbs[i].words, word, n) == 0 && cli_verbs[i].words[n] == ' ')
            return true;
    return false;
}

bool cli_help_group(int argc, char **argv)
{
    bool help = argc == 1 || (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0));
    if (!help || !is_group(argv[0]))
        return false;
    (void)print_group(argv[0], stdout);
    return true;
}

int cli_unknown_verb(int argc, char **argv)
{
    char typed[64];
    if (is_group(argv[0])) {
        bool more = argc > 1 && argv[1][0] != '-';
        if (more)
            (void)fprintf(stderr, "entente: there is no `%s %s`. There is:\n", argv[0], argv[1]);
        else
            (void)fprintf(stderr, "entente: `%s` needs one more word. There is:\n", argv[0]);
        (void)print_group(argv[0], stderr);
        return EXIT_USAGE;
    }
    const struct cli_verb *best = NULL;
    size_t least = 4;
    (void)snprintf(typed, sizeof typed, "%s%s%s", argv[0], argc > 1 && argv[1][0] != '-' ? " " : "",
                   argc > 1 && argv[1][0] != '-' ? argv[1] : "");
    for (size_t i = 0; i < cli_verbs_n; i++) {
        size_t d = cli_distance(typed, cli_verbs[i].words), e = cli_distance(argv[0], cli_verbs[i].words);
        if ((d < e ? d : e) < least) {
            least = d < e ? d : e;
            best = &cli_verbs[i];
        }
    }
    (void)fprintf(stderr, "entente: there is no `%s`.", argv[0]);
    if (best != NULL)
        (void)fprintf(stderr, " Did you mean `entente %s`?", best->words);
    (void)fprintf(stderr, " All verbs: entente help\n");
    return EXIT_USAGE;
}
