/* Saved entries, and waiting for what was signed. */
#include <sys/stat.h>
#include "cli/cli.h"
#include "crypto/sshpub.h"
#include "crypto/sshsig.h"

static enum status read_saved(struct cli *c, struct submission *ret_s, struct leaf *ret_leaf,
                              struct span *ret_bytes)
{
    if (c->n != 1)
        return err_set(&c->err, ST_USAGE,
                       "one file of a saved entry was expected, or the number of a leaf on the record");
    if (strspn(c->words[0], "0123456789") == strlen(c->words[0])) {
        struct rpc_leaf q = {0};
        struct rpc_leaf_reply r;
        enum status asked = cli_number(c, "leaf", c->words[0], 0, INT64_MAX, &q.index);
        if (asked == ST_OK)
            asked = cli_ask(c, METHOD_leaf, &q, &r);
        if (asked == ST_OK && leaf_parse(r.leaf, &c->a, ret_leaf, NULL) != ST_OK)
            asked = err_set(&c->err, ST_USAGE,
                            "leaf %s is no entry: it is a block record, or of the founding", c->words[0]);
        if (asked != ST_OK)
            return asked;
        *ret_s = (struct submission){.prose = r.prose};
        cli_keep_prose(ret_leaf, &ret_s->prose);
        *ret_bytes = (struct span){NULL, 0};
        return asked;
    }
    enum status st = file_read(c->words[0], 1 << 20, &c->a, ret_bytes, &c->err);
    if (st != ST_OK)
        return st;
    st = codec_decode(&submission_desc, *ret_bytes, &c->a, ret_s, &c->err);
    if (st == ST_OK)
        st = leaf_of_submission(ret_s, &c->a, ret_leaf, &c->err);
    return st == ST_OK ? st
                       : err_wrap(&c->err, st, "%s is no saved entry, or was damaged on its way; ask its author for it again: ",
                                  c->words[0]);
}

int verb_submit(struct cli *c)
{
    struct submission s;
    struct leaf leaf;
    struct span bytes;
    if (read_saved(c, &s, &leaf, &bytes) != ST_OK)
        return cli_fail(c);
    if (bytes.p == NULL)
        return cli_usage(c, "leaf %s is on the record already", c->words[0]);
    int code = cli_submit(c, bytes, NULL);
    if (code == EXIT_DONE && c->json)
        cli_print_outcome(c, 0, NULL);
    return code;
}

/* Until the decision is open no more. */
static int wait_decision(struct cli *c, uint64_t number)
{
    uint64_t until = clock_mono_ms(&clock_system) + (c->no_wait ? 0 : c->timeout_s * 1000);
    struct rpc_number q = {.number = number};
    for (;;) {
        struct query_readiness r;
        struct timespec nap = {.tv_nsec = 250000000};
        if (cli_ask(c, METHOD_readiness, &q, &r) != ST_OK)
            return cli_fail(c);
        bool open = r.phase == PHASE_OPEN || r.phase == PHASE_MEDIATION || r.phase == PHASE_STALE,
             late = clock_mono_ms(&clock_system) >= until;
        if ((!open || late) && c->json)
            (void)cli_json(c, &query_readiness_desc, &r);
        else if (!open || late)
            cli_say_outcome(c, number);
        if (!open)
            return EXIT_DONE;
        if (late)
            return EXIT_PENDING;
        (void)nanosleep(&nap, NULL);
    }
}

int verb_wait(struct cli *c)
{
    struct hash id;
    uint64_t number;
    if (c->n == 1 && strlen(c->words[0]) < 20 && cli_decision(c->words[0], &number))
        return wait_decision(c, number);
    if (c->n != 1 || hex_to_hash(span_str(c->words[0]), &id) != ST_OK)
        return cli_usage(c, "wait needs an entry's id, 64 hex digits, or a decision's, such as D-12");
    int code = cli_wait(c, &id, NULL);
    if (code == EXIT_DONE && c->json)
        cli_print_outcome(c, 0, NULL);
    return code;
}

int verb_entry_show(struct cli *c)
{
    struct submission s;
    struct leaf leaf;
    struct span bytes;
    if (read_saved(c, &s, &leaf, &bytes) != ST_OK)
        return cli_fail(c);
    struct public_key key = {.alg = leaf.signature.alg, .key = leaf.signature.key};
    bool good = leaf_verify(&leaf) == ST_OK;
    if (c->json) {
        int code = cli_json(c, &entry_desc, &leaf.entry);
        return good ? code : EXIT_BAD;
    }
    (void)printf("entry     sha256:%s\nkind      %s\nseat      %.*s\nkey       %s\nsigned    %s\nexpires   "
                 "%s\nbasis     tree of %" PRIu64 " leaves\nsignature %s\n",
                 hex_of(&leaf.id).s, enum_text(&kind_enum, (uint32_t)leaf.entry.kind),
                 SPAN_FMT(leaf.entry.seat), sshpub_fingerprint(&key).s, cli_time(leaf.entry.at_ms).s,
                 cli_time(leaf.entry.expires_ms).s, leaf.entry.basis.size,
                 good ? "verifies" : "DOES NOT VERIFY");
    for (size_t i = 0; i < s.prose.n; i++) {
        (void)printf("text      ");
        cli_prose(stdout, "          ", s.prose.v[i].text);
    }
    return good ? EXIT_DONE : EXIT_BAD;
}

int verb_entry_export(struct cli *c)
{
    struct submission s;
    struct leaf leaf;
    struct span bytes;
    struct buf sig CLEANUP(buf_deinit), signers CLEANUP(buf_deinit);
    buf_init(&sig, 8192);
    buf_init(&signers, 8192);
    char seat[160];
    if (c->out == NULL)
        return cli_usage(c, "entry export needs -o DIR");
    if (read_saved(c, &s, &leaf, &bytes) != ST_OK)
        return cli_fail(c);
    sshsig_write(&leaf.signature, SSHSIG_ENTRY, &sig);
    (void)snprintf(seat, sizeof seat, "%.*s", SPAN_FMT(leaf.entry.seat));
    struct sshpub_signer who = {.principal = seat,
                                .namespaces = SSHSIG_ENTRY,
                                .key = {.alg = leaf.signature.alg, .key = leaf.signature.key}};
    enum status st = sshpub_allowed_signer(&who, &signers, &c->err);
    (void)mkdir(c->out, 0755);
    if (st == ST_OK)
        st = file_write(file_join(&c->a, c->out, "entry"), leaf.entry_bytes, 0644, true, &c->err);
    if (st == ST_OK)
        st = file_write(file_join(&c->a, c->out, "entry.sig"), buf_span(&sig), 0644, true, &c->err);
    if (st == ST_OK)
        st = file_write(file_join(&c->a, c->out, "allowed_signers"), buf_span(&signers), 0644, true, &c->err);
    if (st != ST_OK)
        return cli_fail(c);
    if (c->json)
        return cli_json(c, &signature_desc, &leaf.signature);
    (void)printf(
        "ssh-keygen -Y verify -f %s/allowed_signers -I %s -n entry@entente -s %s/entry.sig < %s/entry\n",
        c->out, seat, c->out, c->out);
    return EXIT_DONE;
}
