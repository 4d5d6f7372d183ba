/* cli: what the files of `entente` share. */
#ifndef ENT_CLI_CLI_H
#define ENT_CLI_CLI_H

#include "api/client.h"
#include "crypto/ed25519.h"
#include "gov/gov.h"
#include "ledger/leaf.h"

enum {
    EXIT_DONE,
    EXIT_FAILED,
    EXIT_USAGE,
    EXIT_FORBIDDEN,
    EXIT_KEY,
    EXIT_CHANGED,
    EXIT_BAD,
    EXIT_NODE,
    EXIT_PENDING
};

struct cli {
    struct arena a; /* for the whole run */
    struct err err;
    const char *node, *seat, *key, *passphrase_file;
    const char *seat_from; /* "--as", "ENTENTE_SEAT" or the settings: where seat is from */
    bool json, yes, no_wait, unsealed, no_pager, with_keys, help, forecast, baseline, ics, views;
    bool paged; /* standard output goes through a pager, so to a terminal */
    uint64_t timeout_s, rev_number, limit_number, from_number; /* 0: not given */
    const char *suspend;
    const char *at; /* the time that is asked about; NULL: now */
    uint64_t at_ms;
    struct rpc_boundary_reply as_of; /* with at: the newest block then */
    const char *timeout, *since, *until, *reason_file, *document, *attach, *to;
    struct cli_attached { /* files that the next entry names, to be handed in before it */
        const char *path;
        struct hash digest;
        uint64_t size;
    } attached[32];
    size_t n_attached;
    const char *nodes[16]; /* every --node, in order */
    size_t n_nodes;
    const char *state, *evidence, *on_alarm;
    bool once;
    const char *save, *template, *out, *pack, *reason, *clause, *confirm, *title, *text, *text_file, *amount, *affects,
        *partner, *amend, *file, *counter, *card, *name, *role, *seats, *rules, *need, *keys, *alliance,
        *epoch, *after, *principal, *budget, *charge, *rate, *types, *by;
    const char *owner, *due, *link, *tags, *scope, *category, *likelihood, *impact, *share, *every, *warns, *against, *about,
        *finding, *risk, *accept_until, *erase, *relies_on, *supersedes;
    const char *dossier, *annex;
    const char *grep, *tag;
    const char *minutes, *present, *decision, *body, *on, *held;
    const char *info_class, *with, *purpose, *content, *consent, *derived, *request;
    bool all, destroyed;
    const struct cli_verb *verb; /* that runs */
    const char *limit, *from, *rev, *period, *value, *voices, *answers;
    const char **words; /* positional */
    size_t n;
    struct client *client; /* opened when first needed */
    struct rpc_info_reply info;
    struct cli_outcome { /* of the entry signed last */
        struct hash id;
        struct rpc_entry_reply entry;
        uint64_t nodes;
        bool known;
    } outcome;
    bool pinned; /* the settings name the alliance */
    struct hash expected;
};

typedef int (*cli_run)(struct cli *c);
struct cli_verb {
    const char *words; /* "alliance draft" */
    const char *args;
    const char *options; /* names, each followed by a space */
    const char *help, *example;
    cli_run run;
};
extern const struct cli_verb cli_verbs[];
extern const size_t cli_verbs_n;

/* verbs.c. The verb that argv begins with, and how many words it is; NULL: none. */
const struct cli_verb *cli_find_verb(int argc, char **argv, int *ret_n);
/* For `help charter` and `charter --help`: prints the verbs that begin with the word; false: none does, or more is typed. */
bool cli_help_group(int argc, char **argv);
/* Says which verb may have been meant; exit code. */
int cli_unknown_verb(int argc, char **argv);
void cli_print_usage(FILE *f);
int cli_print_help(const struct cli_verb *v, FILE *f);
/* Edit distance (Levenshtein) of texts up to 31 bytes; SIZE_MAX for longer ones. */
size_t cli_distance(const char *x, const char *y);

/* options.c. argv[0] is skipped; the rest fills c. ST_USAGE with words. Borrows argv, which is put in order.
 */
MUST_USE enum status cli_parse(struct cli *c, int argc, char **argv, const struct cli_verb *v);
/* The verb's own options, as rows of a Markdown table; and of all verbs, the body of docs/cli.md. */
void cli_print_rows(const struct cli_verb *v, FILE *f);
void cli_print_reference(FILE *f);
bool cli_is_option(struct span name);
/* Does it only read, so that long output may go through a pager? */
bool cli_is_paged(const struct cli_verb *v);
void cli_print_options(const struct cli_verb *v, FILE *f);

/* Prints c->err to stderr and gives the exit code of its status. */
int cli_fail(struct cli *c);
__attribute__((format(printf, 2, 3))) int cli_usage(struct cli *c, const char *fmt, ...);
/* Fills what was not given from the person's settings (settings.h). */
MUST_USE enum status cli_settings(struct cli *c);
/* Connects, once. ST_MISMATCH: the node keeps another alliance than the settings name. */
MUST_USE enum status cli_connect(struct cli *c);
/* A question with cli_connect. */
MUST_USE enum status cli_ask(struct cli *c, enum method m, const void *request, void *ret_reply);
/* as_of.c. --at, read from what was typed; ST_USAGE. */
MUST_USE enum status cli_at_parse(struct cli *c);
/* With --at: has the node bring the record to that time, and says of which block the answer is: in a first line for people. */
MUST_USE enum status cli_at_begin(struct cli *c);
/* What "in 2 d" and "late" count from: now, or the time that is asked about. */
uint64_t cli_now(const struct cli *c);
/* A JSON object, as a line; with --at its first key is as_of. And around a JSON list: with --at it is the key list beside it. */
void cli_put_object(const struct cli *c, const char *object);
void cli_begin_list(const struct cli *c);
void cli_end_list(const struct cli *c);
/* Detached texts of an entry. */
struct cli_texts {
    size_t n;
    struct prose *v;
    struct span absent; /* what is said where one is not there: "(text absent)", "(erased by D-7)" */
};

/* render.c. A record as JSON on standard output, or into b; what RAW fields hold is decoded where it is
 * known. */
int cli_json(struct cli *c, const struct record_desc *d, const void *rec);
MUST_USE enum status cli_put_json(struct cli *c, const struct record_desc *d, const void *rec, struct buf *b);
/* What is proposed, line by line; an amended section in full, as the charter file writes it. */
void cli_render_proposal(struct cli *c, const struct proposal *p, const struct cli_texts *texts,
                         struct buf *b);
/* A charter section as YAML. */
MUST_USE enum status cli_section(struct cli *c, uint64_t number, struct span body, struct buf *b);
/* Lines that only one of the two has: "- ..." of the first, then "+ ..." of the second. A sketch, not a
 * patch. */
void cli_diff(struct span before, struct span after, struct buf *b);
/* Lines of a text, each indented and ended. */
void cli_indented(struct buf *b, struct span text, const char *indent);
/* Width of the terminal or of COLUMNS; SIZE_MAX when standard output is neither. */
size_t cli_columns(void);
/* As much of the first line as fits into so many characters; the mark says that something was cut. */
struct span cli_cut(struct span text, size_t room, const char **ret_mark);

/* With --reason-file, sets reason to the content. */
MUST_USE enum status cli_reason(struct cli *c);
/* What a file says, without the ends of line at its end. ST_USAGE: a NUL is in it, and would end what is signed. */
MUST_USE enum status cli_text_file(struct cli *c, const char *path, const char **ret_text);
/* A whole number within bounds. ST_USAGE names what was found and expected. */
MUST_USE enum status cli_number(struct cli *c, const char *what, const char *text, uint64_t least,
                                uint64_t most, uint64_t *ret);
/* "D-12" or "12". */
MUST_USE bool cli_decision(const char *word, uint64_t *ret_number);
struct cli_text {
    char s[64];
};
/* "Fri 20 Mar 2026 09:00:00 UTC" */
struct cli_text cli_time(uint64_t ms);
struct cli_text cli_amount(const struct money *m); /* "EUR 1250.00" */
/* "in 3 d 4 h", "2 h ago" from now. */
struct cli_text cli_span(uint64_t now_ms, uint64_t then_ms);
/* Prints text that may have several lines, each after the first indented. */
void cli_prose(FILE *f, const char *indent, struct span text);
/* Is this in it? a-z as A-Z. */
bool cli_has_text(struct span text, struct span wanted);
/* The detached text with this digest, or words that it is absent. */
struct span cli_find_prose(const struct cli_texts *l, const struct hash *digest);
/* Drops the texts that do not belong to the entry or may not be shown (ENT-8). */
void cli_keep_prose(const struct leaf *leaf, struct prose_list *list);
/* Asks for a line on the terminal; false when there is no terminal. */
bool cli_prompt(const char *question, char *ret, size_t cap, bool hidden);

/* sign.c */
struct cli_signer {
    struct public_key pub;
    struct ed25519_key *own; /* NULL: signs through ssh-keygen */
    const char *path;
};
void cli_signer_close(struct cli_signer *s);
MUST_USE enum status cli_signer_open(struct cli *c, struct cli_signer *ret);
MUST_USE enum status cli_sign(struct cli *c, const struct cli_signer *s, const char *ns, struct span message,
                              struct signature *ret);
/* The seat to act for: --as, else the only one that the key holds (among `wanted` if not NULL). */
MUST_USE enum status cli_seat(struct cli *c, const struct cli_signer *s, const struct span_list *wanted,
                              struct span *ret_seat);
struct cli_prose_list {
    size_t n;
    struct prose v[LIMIT_PROSE_PER_ENTRY];
};
/* Does the text hold what looks like a mail address or a telephone number? */
bool cli_is_personal(struct span text);
/* The content of --passphrase-file, without the ends of line at its end. */
MUST_USE enum status cli_passphrase_file(struct cli *c, struct span *ret);
/* Makes a detached text; ret_digest goes into the body. Warns when it looks personal. ST_USAGE: empty, or not to be shown;
 * names the option that it came by. */
MUST_USE enum status cli_detach(struct cli *c, struct cli_prose_list *l, const char *text,
                                struct hash *ret_digest);
/* Signs an entry on the newest boundary, saves it (--save) or hands it in, waits for it, says what became of
 * it. Exit code. ret_leaf (may be NULL) when final. */
int cli_enter(struct cli *c, const struct cli_signer *s, struct span seat, enum kind kind, const void *body,
              const struct cli_prose_list *prose, uint64_t *ret_leaf);
/* The same with the key that was named, as the seat given, or the one of `wanted` (NULL: any) that it holds. */
int cli_enter_as(struct cli *c, const struct span_list *wanted, enum kind kind, const void *body,
                 const struct cli_prose_list *prose, uint64_t *ret_leaf);
/* The same, for entries of which nothing more is said: with --json the outcome is printed too. */
int cli_enter_only(struct cli *c, const struct span_list *wanted, enum kind kind, const void *body,
                   const struct cli_prose_list *prose);
/* Hands in the bytes of a submission, and waits. */
int cli_submit(struct cli *c, struct span submission, uint64_t *ret_leaf);
/* Waits for an entry. */
int cli_wait(struct cli *c, const struct hash *id, uint64_t *ret_leaf);

/* check.c: what is signed was checked here first. */
struct cli_leaf { /* an entry, proven */
    struct leaf leaf;
    struct proposal proposal;
    struct cli_texts prose;
};
struct cli_seen {
    struct query_decision q; /* as the node tells it: where the decision stands */
    struct cli_leaf leaf;    /* its current revision */
};
/* Fetches a decision and the bytes of its current revision; recomputes the digest and checks alliance,
 * signature, that they propose this very decision, and that they are in the tree of the newest boundary.
 * ST_BADSIG with words when something does not hold. */
MUST_USE enum status cli_fetch(struct cli *c, uint64_t number, struct cli_seen *ret);
/* The same for any of its revisions. */
MUST_USE enum status cli_fetch_revision(struct cli *c, const struct query_decision *q, uint64_t revision,
                                        struct cli_leaf *ret);
/* An entry by its leaf: its id is the digest, its signature verifies, it is of this alliance and in the tree of the newest
 * boundary. ST_BADSIG with words when something does not hold. */
MUST_USE enum status cli_prove(struct cli *c, const char *what, const struct hash *digest, uint64_t index,
                               struct cli_leaf *ret);
/* The text that the mediator recommends, with the same checks. ST_NOTFOUND: there is none. */
MUST_USE enum status cli_fetch_recommended(struct cli *c, const struct query_readiness *r,
                                           struct cli_leaf *ret);
/* A section of the charter in force, decoded; *ret_is: the charter has it, and ret is written. */
MUST_USE enum status cli_in_force(struct cli *c, uint64_t number, void *ret, bool *ret_is);
/* The market or product that a row of section decisions is limited to; n 0: none, or there is no such row. */
MUST_USE enum status cli_scope_of(struct cli *c, const char *row_name, struct span *ret);
/* The day of an instant as the rules count days: on the calendar of section decisions, which may be a day away from UTC's. */
MUST_USE enum status cli_day_of(struct cli *c, uint64_t at_ms, uint64_t *ret_day);
/* Prints the proposal from its bytes. */
void cli_show_proposal(struct cli *c, const struct cli_seen *s);
/* Of a revised one: what the revision before said differently. */
void cli_print_revised(struct cli *c, const struct cli_seen *s);
/* What changed since it was read: never signed silently. Exit code. */
int cli_say_changed(struct cli *c, const struct cli_seen *s, uint64_t seen);
/* The ballot that says the same already: by this key, of this seat or for it, on this revision and rung; NULL: none. */
const struct query_ballot *cli_said_already(struct cli *c, const struct query_decision *q, const struct cli_signer *signer,
                                            struct span seat, const struct ballot *b);

/* seen.c. The revision that this user saw last (0: none), and notes it. */
uint64_t cli_last_seen(struct cli *c, uint64_t number);
void cli_note_seen(struct cli *c, uint64_t number, uint64_t revision);
/* Ledger time of the newest block when this user looked at the status last (0: never), and notes it. */
uint64_t cli_last_status(struct cli *c);
void cli_note_status(struct cli *c, uint64_t time_ms);
/* Waits a few seconds until the node has the newest block that this user has seen at any node; says on standard error when it has
 * not. A verb about the node itself waits for nothing. */
void cli_catch_up(struct cli *c);
/* Notes the newest block of the node that was asked, if it was. */
void cli_note_block(struct cli *c);

/* {"entry": id, "state": ..., "leaf": ...}, and of a decision its number and phase; number 0: none. */
void cli_print_outcome(struct cli *c, uint64_t number, const char *phase);

/* verbs_decide.c. Where a decision stands after an entry is final, and what is missing; as JSON, with the
 * entry. */
void cli_say_outcome(struct cli *c, uint64_t number);

/* What is proposed under a row, from the options, but for effects on members. before: the revision that it replaces, or the text
 * that a mediator settles; NULL: none. */
MUST_USE enum status cli_fill_proposal(struct cli *c, const char *type, const struct proposal *before, struct proposal *p,
                                       struct cli_prose_list *prose);
/* Exit code: done, failed (the answer was no), or usage (nobody could be asked). digest: of what was shown.
 */
int cli_confirmed(struct cli *c, const struct hash *digest, struct span seat, const struct ballot *b);

/* verbs_can.c. --amount, --budget, --charge and --rate of a proposal. */
MUST_USE enum status cli_money(struct cli *c, struct proposal *p);
/* Seats that may ballot now: their own ballot, or for another seat. */
void cli_could_ballot(struct cli *c, const struct query_readiness *r, struct span_list *ret);
/* For whom the seat ballots: --for, or the one seat that it can only speak for. */
MUST_USE enum status cli_principal(struct cli *c, const struct query_readiness *r, struct span seat,
                                   struct ballot *b);

/* "a,b,c" in ascending order. */
void cli_split(struct cli *c, const char *list, struct span_list *ret);
/* A public key: an OpenSSH public key file, or a key file of entente. */
MUST_USE enum status cli_public_key(struct cli *c, const char *path, struct public_key *ret);

/* verbs_charter.c. A charter that comes with the program; NULL, with words, when there is none of that name. */
struct charter_template;
const struct charter_template *cli_template(struct cli *c, const char *name);
int cli_list_templates(struct cli *c);
/* Warns, on standard error, of a key that holds more than half of a card's seats. How many warnings. */
struct card;
size_t cli_warn_key(struct cli *c, const char *where, const struct card *card);

/* All sections of a charter file, a draft or as printed, cards not needed; or of the charter in force. */
MUST_USE enum status cli_charter_file(struct cli *c, const char *path, struct section_list *ret);
/* verbs_charter.c. Is there such a clause in the charter in force: a section, or what is in it by its keys: boundaries.clinics,
 * decisions.spend.approve? To be asked before a clause is signed. ST_NOTFOUND with words that say what there is. */
MUST_USE enum status cli_clause_exists(struct cli *c, struct span clause);
/* The same in a section at hand, which the clause's first part names. */
struct section;
MUST_USE enum status cli_clause_in(struct cli *c, const struct section *section, struct span clause);
/* verbs_entry.c. What an entry does: "approve" and what it is about: "D-6"; nothing of the latter when it opens something, whose
 * number the entry does not know. */
void cli_entry_words(const struct leaf *leaf, struct arena *a, struct buf *what, struct buf *about);
/* verbs_diff.c. What such a file says otherwise; of a draft, what the founding adds (nonce, founded, cards named by path) is no
 * difference. */
struct charter_differences;
MUST_USE enum status cli_charter_compare_file(struct cli *c, const char *path, const struct section_list *before,
                                              struct charter_differences *ret);
/* verbs_charter.c. What the check of `charter check` refuses in such a file, on standard error, file:line:column first. */
MUST_USE enum status cli_charter_refusals(struct cli *c, const char *path, size_t *ret_n);
MUST_USE enum status cli_charter_in_force(struct cli *c, struct query_section *ret_of, struct section_list *ret);

/* verbs_dossier.c. What an alliance takes over from the dossiers of --dossier: sections into the draft, and who signed. */
struct charter_source;
struct cli_annexed {
    size_t n;
    struct cli_annexed_by {
        const char *file;
        struct span org;
        struct public_key key;
    } *v;
};
MUST_USE enum status cli_dossier_annex(struct cli *c, struct charter_source *draft, struct cli_annexed *ret);
/* The keys that signed are on the cards of their organisations. */
MUST_USE enum status cli_dossier_on_cards(struct cli *c, const struct cli_annexed *by, const struct span_list *cards);
/* A dossier from a file; what it lacks is not looked at. */
struct dossier;
MUST_USE enum status cli_dossier_load(struct cli *c, const char *path, struct dossier *ret, struct span *ret_bytes);

/* verbs_inbox.c. ST_NOTFOUND, with words, for a seat that the charter does not have. */
MUST_USE enum status cli_has_seat(struct cli *c, struct span seat);
/* verbs_meet.c. What a session asks, as lines of inbox. */
void cli_print_session_task(const struct query_session_task *t, uint64_t now_ms);
/* verbs_share_read.c. "G-12" or "12"; a grant as the node tells it, ST_NOTFOUND with words; the partner that shares it. */
MUST_USE bool cli_grant_id(const char *word, uint64_t *ret_number);
MUST_USE enum status cli_grant_of(struct cli *c, uint64_t number, struct query_grant *ret);
struct span cli_grant_org(const struct state_grant *s);
/* What grants ask: one as lines of inbox; all in an organisation's line of status. */
void cli_print_grant_task(const struct query_grant_task *t, uint64_t now_ms);
void cli_print_grants_owed(const struct query_grant_task_list *l, bool first);
/* verbs_share.c. The effect of a proposal that lets a class be shared, from --class, --with and --until. */
MUST_USE enum status cli_share_effect(struct cli *c, struct effect *e);
/* erase.c. The effect of a proposal that erases texts, from --erase; and what it would erase, line by line. */
MUST_USE enum status cli_erase_effect(struct cli *c, struct effect *e);
void cli_put_erased(struct cli *c, const struct effect *e, struct buf *b);
/* verbs_item.c. The effect of a proposal that accepts a risk, from --risk and --accept-until. */
MUST_USE enum status cli_item_effect(struct cli *c, struct effect *e);
/* What `new` of this type's verb must have besides its title, " --against ORG/SEAT", for help. */
void cli_item_needs(const char *verb, char *ret, size_t cap);
/* What an item asks, as a line of inbox or status. */
void cli_print_item_task(struct cli *c, const struct query_item_task *t, uint64_t now_ms);
/* Items linked to a decision, one a line; nothing when there are none. */
void cli_print_linked(struct cli *c, uint64_t decision);
/* Is the word an item's id? Then show and escalate are about an item. */
bool cli_is_item(const char *word, struct item_ref *ret_ref);
int cli_item_show(struct cli *c, const struct item_ref *ref);
int cli_item_escalate(struct cli *c, const struct item_ref *ref);
/* --text or --text-file, or NULL. */
MUST_USE enum status cli_text_given(struct cli *c);
/* verbs_document.c. Are --document or --attach given? */
bool cli_names_documents(const struct cli *c);
/* SHA-256 of each file of --document, then of --attach; those are handed in before the entry. */
MUST_USE enum status cli_documents(struct cli *c, struct hash_list *ret);
/* Of one file, which is handed in before the entry. The path must live as long. */
MUST_USE enum status cli_attach(struct cli *c, const char *path, struct hash *ret_digest);
/* Hands in what is attached, from where the node has it already. */
MUST_USE enum status cli_hand_in(struct cli *c);
/* "sha256:HEX  (here, 1234 bytes)"; of the node's part only when a node was asked already, and answers. */
void cli_put_document(struct cli *c, const struct hash *digest, struct buf *b);
/* The same as a line, after some words. */
void cli_print_document(struct cli *c, const char *before, const struct hash *digest);
/* verbs_read.c. The detached texts beside a leaf that are here and are its own; one of them, or words that it is absent. */
struct cli_texts cli_texts_of(struct cli *c, const struct leaf *leaf, const struct rpc_leaf_reply *r);
struct cli_texts cli_prose_at(struct cli *c, uint64_t leaf);
/* A phase as what a decision "is". Who has said what, what is missing and what silence does; of these what is missing, and what
 * silence does; and before a seat ballots, or one for it: these two, and what a yes would do. */
const char *cli_phase(enum phase p);
void cli_print_readiness(struct cli *c, const struct query_decision *q);
void cli_print_missing(const struct query_readiness *r);
void cli_print_silence(const struct query_readiness *r);
void cli_print_stakes(const struct query_decision *q, struct span seat, enum choice choice);
struct span cli_title_at(struct cli *c, uint64_t leaf, const struct hash *digest);

/* verbs_scorecard.c. --since and --until; the last 90 days unless said. */
MUST_USE enum status cli_period_given(struct cli *c, struct rpc_period *ret);
/* Business days, to one decimal. */
const char *cli_business_days(struct cli *c, uint64_t ms);
/* verbs_account.c. What falls due again, as lines of inbox, and in the line of an organisation; the regular reports, for status. */
void cli_print_again(const struct query_again *t, uint64_t now_ms);
void cli_print_again_owed(const struct query_again_list *l, bool first);
MUST_USE enum status cli_print_regulars(struct cli *c, uint64_t now_ms);

/* members.c. A title for such a proposal, when none was given. */
MUST_USE enum status cli_member_title(struct cli *c, const char *type);
/* The effect of a proposal of the rows admission, removal, exit and upgrade, from the options;
 * ret_is: it is one of them. */
MUST_USE enum status cli_member_effect(struct cli *c, const char *type, struct proposal *p, bool *ret_is);

/* preview.c: what a change of members would mean, in lines; nothing for other effects. */
void cli_preview(struct cli *c, const struct proposal *p, struct span mover, struct buf *b);
/* One voting node less, while its organisation stays. */
void cli_preview_suspended(struct cli *c, struct span org, struct buf *b);
/* Prints what is to be signed to stderr, and asks. Exit code: done, failed (the answer was no), or usage
 * (nobody could be asked). */
int cli_agree(struct cli *c, struct buf *b, const char *question);

/* verbs_node.c. What is wrong with the node, if anything; and EXIT_NODE then. */
void cli_print_health(const struct rpc_status_reply *s);
int cli_health_exit(const struct rpc_status_reply *s);

/* verbs */
int verb_key_new(struct cli *c);
int verb_key_show(struct cli *c);
int verb_alliance_draft(struct cli *c);
int verb_alliance_sign(struct cli *c);
int verb_alliance_merge(struct cli *c);
int verb_alliance_show(struct cli *c);
int verb_alliance_found(struct cli *c);
int verb_propose(struct cli *c);
int verb_approve(struct cli *c);
int verb_reject(struct cli *c);
int verb_veto(struct cli *c);
int verb_abstain(struct cli *c);
int verb_revise(struct cli *c);
int verb_withdraw(struct cli *c);
int verb_escalate(struct cli *c);
int verb_recuse(struct cli *c);
int verb_pause(struct cli *c);
int verb_resume(struct cli *c);
int verb_mediate(struct cli *c);
int verb_accept(struct cli *c);
int verb_decline(struct cli *c);
int verb_receipt(struct cli *c);
int verb_can(struct cli *c);
int verb_seat_alternate(struct cli *c);
int verb_budgets(struct cli *c);
int verb_waiting(struct cli *c);
int verb_comment(struct cli *c);
int verb_document_add(struct cli *c);
int verb_document_get(struct cli *c);
int verb_document_list(struct cli *c);
int verb_document_status(struct cli *c);
int verb_submit(struct cli *c);
int verb_wait(struct cli *c);
int verb_entry_show(struct cli *c);
int verb_entry_export(struct cli *c);
int verb_show(struct cli *c);
int verb_log(struct cli *c);   /* verbs_log.c */
int verb_watch(struct cli *c); /* verbs_log.c */
int verb_decisions(struct cli *c);
int verb_status(struct cli *c);
int verb_inbox(struct cli *c);
int verb_readiness(struct cli *c);
int verb_charter_show(struct cli *c);
int verb_charter_check(struct cli *c);
int verb_charter_diff(struct cli *c);
int verb_charter_replay(struct cli *c);
int verb_plan_launch(struct cli *c);
int verb_plan_diligence(struct cli *c);
int verb_plan_unwind(struct cli *c);
int verb_dossier_template(struct cli *c);
int verb_dossier_check(struct cli *c);
int verb_dossier_show(struct cli *c);
int verb_dossier_sign(struct cli *c);
int verb_dossier_verify(struct cli *c);
int verb_charter_template(struct cli *c);
int verb_seats(struct cli *c);
int verb_seat_set(struct cli *c);
int verb_key_revoke(struct cli *c);
/* verbs_node.c. The whole record, as a pack; from: the first height that the stream does not have yet, 0 for an empty one. */
MUST_USE enum status cli_write_pack(struct cli *c, FILE *f, uint64_t from, uint64_t *ret_blocks, uint64_t *ret_leaves);
int verb_node_status(struct cli *c);
int verb_node_peers(struct cli *c);
int verb_node_why(struct cli *c);
int verb_node_backup(struct cli *c);
int verb_refound_survivor(struct cli *c);
int verb_refound_abandon(struct cli *c);
int verb_refound_draft(struct cli *c);
int verb_refound_sign(struct cli *c);
int verb_refound_merge(struct cli *c);
int verb_refound_show(struct cli *c);
int verb_refound_install(struct cli *c);
int verb_node_availability(struct cli *c);
int verb_pack(struct cli *c);
/* verbs_certify.c. A checkpoint of what is final now, cosigned by a quorum; nodes cosign within a second or so. After some seconds,
 * an older one has to do. ST_NOTFOUND. */
MUST_USE enum status cli_whole_checkpoint(struct cli *c, struct pack_checkpoint *ret);
/* Asks the node for block after block, from 0 on, until one was the last that is wanted. */
MUST_USE enum status cli_each_block(struct cli *c,
                                    enum status (*take)(void *ctx, const struct pack_block *b, bool *ret_done, struct err *err),
                                    void *ctx);
/* The file of --pack. */
MUST_USE enum status cli_open_pack(struct cli *c, FILE **ret);
/* A file that is there whole and checked, or not at all: fill writes and reads it under another name. */
MUST_USE enum status cli_write_checked(struct cli *c, const char *to,
                                       enum status (*fill)(struct cli *c, void *ctx, FILE *f), void *ctx);
/* verbs_range.c. pack with --from, --to or --pack: a range of the record into the file. */
int cli_pack_range(struct cli *c);
int verb_follow(struct cli *c); /* verbs_follow.c */
/* Signature lines of members in a checkpoint: their names are the origin, a slash and the organisation (CKP-2). */
uint64_t cli_cosignatures(struct cli *c, struct span note);
/* verbs_certify.c */
int verb_certify(struct cli *c);
int verb_partner_list(struct cli *c);
int verb_partner_show(struct cli *c);
int verb_input(struct cli *c);
int verb_node_replace(struct cli *c);
int verb_registrar_replace(struct cli *c);
int verb_registrar_cancel(struct cli *c);
int verb_recovery_sign(struct cli *c);
int verb_recovery_submit(struct cli *c);
int verb_recovery_list(struct cli *c);
int verb_faults(struct cli *c);
int verb_rules(struct cli *c);
int verb_report_add(struct cli *c);
int verb_report_countersign(struct cli *c);
int verb_report_dispute(struct cli *c);
int verb_report_restate(struct cli *c);
int verb_report_commit(struct cli *c);
int verb_report_reveal(struct cli *c);
int verb_report_list(struct cli *c);
int verb_report_show(struct cli *c);
int verb_nudge(struct cli *c);
int verb_nudge_list(struct cli *c);
int verb_pulse(struct cli *c);
int verb_pulse_close(struct cli *c);
int verb_scorecard(struct cli *c);
int verb_pace(struct cli *c);
int verb_health(struct cli *c);
int verb_account(struct cli *c);
int verb_promises(struct cli *c);
int verb_report_regular(struct cli *c);
int verb_meet_list(struct cli *c);
int verb_meet_agenda(struct cli *c);
int verb_meet_call(struct cli *c);
int verb_meet_record(struct cli *c);
int verb_meet_confirm(struct cli *c);
int verb_meet_contest(struct cli *c);
int verb_share_list(struct cli *c);
int verb_share_show(struct cli *c);
int verb_share_map(struct cli *c);
int verb_share_grant(struct cli *c);
int verb_share_receive(struct cli *c);
int verb_share_revoke(struct cli *c);
int verb_share_return(struct cli *c);
int verb_share_audit(struct cli *c);
int verb_alliance_join(struct cli *c);
int verb_item(struct cli *c);
int verb_checkpoint(struct cli *c);
int verb_proof(struct cli *c);

#endif
