/* cli: what the files of `entente` share. */
#ifndef ENT_CLI_CLI_H
#define ENT_CLI_CLI_H

#include "api/client.h"
#include "crypto/ed25519.h"
#include "gov/gov.h"

enum { EXIT_DONE, EXIT_FAILED, EXIT_USAGE, EXIT_FORBIDDEN, EXIT_KEY, EXIT_CHANGED, EXIT_BAD, EXIT_NODE, EXIT_PENDING };

struct cli {
    struct arena a; /* for the whole run */
    struct err err;
    const char *node, *seat, *key, *passphrase_file;
    bool json, yes, no_wait, unsealed, show;
    uint64_t timeout_s;
    const char *save, *out, *reason, *clause, *confirm, *title, *text, *text_file, *amount, *affects, *partner, *amend, *file, *counter;
    const char *limit, *from, *rev, *role_seat;
    const char **words; /* positional */
    size_t n;
    struct client *client; /* opened when first needed */
    struct rpc_info_reply info;
};

typedef int (*cli_run)(struct cli *c);
struct cli_verb {
    const char *words; /* "alliance draft" */
    const char *args, *help, *example;
    cli_run run;
};
extern const struct cli_verb cli_verbs[];
extern const size_t cli_verbs_n;

/* Prints c->err to stderr and gives the exit code of its status. */
int cli_fail(struct cli *c);
__attribute__((format(printf, 2, 3))) int cli_usage(struct cli *c, const char *fmt, ...);
/* Connects, once. */
MUST_USE enum status cli_connect(struct cli *c);
/* A question with cli_connect. */
MUST_USE enum status cli_ask(struct cli *c, enum method m, const void *request, void *ret_reply);
/* A record as JSON on standard output. */
int cli_json(struct cli *c, const struct record_desc *d, const void *rec);
/* "D-12" or "12". */
MUST_USE bool cli_decision(const char *word, uint64_t *ret_number);
struct cli_text {
    char s[64];
};
/* "Fri 20 Mar 2026 09:00:00 UTC" */
struct cli_text cli_time(uint64_t ms);
/* "in 3 d 4 h", "2 h ago" from now. */
struct cli_text cli_span(uint64_t now_ms, uint64_t then_ms);
/* Prints text that may have several lines, each after the first indented. */
void cli_prose(FILE *f, const char *indent, struct span text);
/* The detached text with this digest, or "(text absent)". */
struct span cli_find_prose(const struct prose_list *l, const struct hash *digest);
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
MUST_USE enum status cli_sign(struct cli *c, const struct cli_signer *s, const char *ns, struct span message, struct signature *ret);
/* The seat to act for: --as, else the only one that the key holds (among `wanted` if not NULL). */
MUST_USE enum status cli_seat(struct cli *c, const struct cli_signer *s, const struct span_list *wanted, struct span *ret_seat);
struct cli_prose_list {
    size_t n;
    struct prose v[LIMIT_PROSE_PER_ENTRY];
};
/* Makes a detached text; ret_digest goes into the body. */
MUST_USE enum status cli_detach(struct cli *c, struct cli_prose_list *l, const char *text, struct hash *ret_digest);
/* Signs an entry on the newest boundary, saves it (--save) or hands it in, waits for it, says what became of it. Exit
 * code. ret_leaf (may be NULL) when final. */
int cli_enter(struct cli *c, const struct cli_signer *s, struct span seat, enum kind kind, const void *body,
              const struct cli_prose_list *prose, uint64_t *ret_leaf);
/* Hands in the bytes of a submission, and waits. */
int cli_submit(struct cli *c, struct span submission, uint64_t *ret_leaf);
/* Waits for an entry. */
int cli_wait(struct cli *c, const struct hash *id, uint64_t *ret_leaf);

/* check.c: what is signed was checked here first. */
struct cli_seen {
    struct query_decision q;
    struct leaf_view {
        struct entry entry;
        struct proposal proposal;
        struct prose_list prose;
        struct span bytes;
    } leaf;
};
/* Fetches a decision and the bytes of its current revision; recomputes the digest and checks that it is in the tree of the
 * newest boundary. ST_BADSIG with words when something does not hold. */
MUST_USE enum status cli_fetch(struct cli *c, uint64_t number, struct cli_seen *ret);
/* The revision that this user saw last (0: none), and notes it. */
uint64_t cli_last_seen(struct cli *c, uint64_t number);
void cli_note_seen(struct cli *c, uint64_t number, uint64_t revision);
/* Prints the proposal from its bytes. */
void cli_show_proposal(const struct cli_seen *s);

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
int verb_comment(struct cli *c);
int verb_submit(struct cli *c);
int verb_wait(struct cli *c);
int verb_entry_show(struct cli *c);
int verb_entry_export(struct cli *c);
int verb_show(struct cli *c);
int verb_log(struct cli *c);
int verb_decisions(struct cli *c);
int verb_status(struct cli *c);
int verb_inbox(struct cli *c);
int verb_readiness(struct cli *c);
int verb_charter_show(struct cli *c);
int verb_charter_check(struct cli *c);
int verb_seats(struct cli *c);
int verb_seat_set(struct cli *c);
int verb_node_status(struct cli *c);
int verb_node_peers(struct cli *c);
int verb_node_why(struct cli *c);
int verb_pack(struct cli *c);
int verb_checkpoint(struct cli *c);
int verb_proof(struct cli *c);

#endif
