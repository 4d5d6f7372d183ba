/* export: what others need to check the record without us: ssh-keygen, and the tools of transparency logs. */
#include "audit/cmd.h"
#include "audit/tlog.h"
#include "crypto/sshpub.h"
#include "crypto/sshsig.h"

/* Output files, opened before the pack is read. */
struct exporting {
    const struct cmd_args *args;
    struct output {
        const char *option, *path;
        FILE *f;
    } signers, revoked, entry, signature, tiles, policy, proof, bytes;
    uint64_t leaf;
};
enum { OUTPUTS = 8 };

static void outputs(struct exporting *x, struct output *ret[OUTPUTS])
{
    struct output *all[OUTPUTS] = {&x->signers, &x->revoked, &x->entry, &x->signature, &x->tiles, &x->policy, &x->proof, &x->bytes};
    memcpy(ret, all, sizeof all);
}

static enum status put_signers(struct exporting *x, const struct audit_record *r, struct err *err)
{
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, (size_t)1 << 30);
    buf_printf(&b, "# Seats and keys of alliance %s, to block %" PRIu64 " of %s.\n",
               hex_of(&r->r->alliance).s, r->r->height, time_utc(r->r->last_ms).s);
    for (size_t i = 0; i < r->h->n_holds; i++) {
        const struct hold *o = &r->h->holds[i];
        char seat[160];
        (void)snprintf(seat, sizeof seat, "%.*s", SPAN_FMT(o->seat));
        struct sshpub_signer s = {.principal = seat,
                                  .namespaces = SSHSIG_ENTRY,
                                  .valid_after_ms = o->from_ms,
                                  .valid_before_ms = o->to_leaf == UINT64_MAX ? 0 : o->to_ms,
                                  .key = o->key};
        enum status st = sshpub_allowed_signer(&s, &b, err);
        if (st != ST_OK)
            return st;
    }
    (void)fwrite(b.p, 1, b.n, x->signers.f);
    return ST_OK;
}

static enum status put_revoked(struct exporting *x, const struct audit_record *r)
{
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, (size_t)1 << 30);
    for (size_t i = 0; i < r->h->n_events; i++) {
        const struct history_event *e = &r->h->events[i];
        if (e->what == HISTORY_REVOKED)
            sshpub_print(&e->key, span_str(text_of(r->a, "%.*s, leaf %" PRIu64, SPAN_FMT(e->org), e->leaf)),
                         &b);
    }
    (void)fwrite(b.p, 1, b.n, x->revoked.f);
    return b.failed;
}

static const char *utc_seconds(const struct audit_record *r, uint64_t ms)
{
    const char *s = time_utc(ms).s; /* 2026-11-23T09:15:06.123Z */
    return text_of(r->a, "%.4s%.2s%.2s%.2s%.2s%.2sZ", s, s + 5, s + 8, s + 11, s + 14, s + 17);
}

static enum status put_entry(struct exporting *x, const struct audit_record *r, struct err *err)
{
    struct span bytes;
    struct leaf leaf;
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 8192);
    size_t block = 0;
    if (block_leaf(r->v, x->leaf, &bytes, err) != ST_OK ||
        leaf_parse(arena_dup(r->a, bytes), r->a, &leaf, err) != ST_OK)
        return err_set(err, ST_NOTFOUND,
                       "leaf %" PRIu64 " is no entry of this record, which has %" PRIu64
                       " leaves; entente-audit log shows them",
                       x->leaf, r->r->size);
    while (block < r->r->height && r->blocks[block + 1].first_leaf <= x->leaf)
        block++;
    sshsig_write(&leaf.signature, SSHSIG_ENTRY, &b);
    (void)fwrite(leaf.entry_bytes.p, 1, leaf.entry_bytes.n, x->entry.f);
    (void)fwrite(b.p, 1, b.n, x->signature.f);
    (void)printf("ssh-keygen -Y verify -f %s -I %.*s -n %s -O verify-time=%s -s %s < %s\n",
                 x->signers.f != NULL ? x->signers.path : "ALLOWED_SIGNERS", SPAN_FMT(leaf.entry.seat),
                 SSHSIG_ENTRY, utc_seconds(r, r->blocks[block].at_ms), x->signature.path, x->entry.path);
    return ST_OK;
}

static int end(void *ctx, const struct audit_record *r, struct err *err)
{
    struct exporting *x = ctx;
    struct output *all[OUTPUTS];
    outputs(x, all);
    if ((x->signers.f != NULL && put_signers(x, r, err) != ST_OK) ||
        (x->revoked.f != NULL && put_revoked(x, r) != ST_OK) ||
        (x->entry.f != NULL && put_entry(x, r, err) != ST_OK) ||
        (x->tiles.f != NULL && tlog_tiles(r, x->tiles.f, err) != ST_OK) ||
        (x->policy.f != NULL && tlog_policy(r, x->policy.f, err) != ST_OK) ||
        (x->proof.f != NULL && tlog_proof(r, x->leaf, x->proof.f, err) != ST_OK) ||
        (x->bytes.f != NULL && tlog_leaf(r, x->leaf, x->bytes.f, err) != ST_OK))
        return EXIT_FAILED;
    if ((x->tiles.f != NULL || x->policy.f != NULL) && r->r->checkpoint_size < r->r->size)
        (void)fprintf(stderr, "entente-audit: of the newest checkpoint, which has %" PRIu64 " of the %" PRIu64 " leaves\n",
                      r->r->checkpoint_size, r->r->size);
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        FILE *f = all[i]->f;
        all[i]->f = NULL;
        if (f != NULL && !cmd_close(f, all[i]->path))
            return err_set(err, ST_IO, "%s: not all was written", all[i]->path), EXIT_FAILED;
    }
    return EXIT_DONE;
}

static int export(const struct cmd_args *args)
{
    struct exporting x = {.args = args,
                          .signers = {.option = "allowed-signers"},
                          .revoked = {.option = "revoked"},
                          .entry = {.option = "entry"},
                          .signature = {.option = "signature"},
                          .tiles = {.option = "tlog-tiles"},
                          .policy = {.option = "tlog-policy"},
                          .proof = {.option = "tlog-proof"},
                          .bytes = {.option = "leaf-bytes"}};
    struct output *all[OUTPUTS];
    outputs(&x, all);
    size_t asked = 0;
    int code = EXIT_FAILED;
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        all[i]->path = cmd_value(args, all[i]->option);
        asked += all[i]->path != NULL;
    }
    bool leaf = cmd_flag(args, "leaf"), of_leaf = x.entry.path != NULL || x.proof.path != NULL || x.bytes.path != NULL;
    if (asked == 0 && !leaf)
        return cmd_usage(args->cmd, "export needs --allowed-signers, --revoked, --tlog-tiles or --tlog-policy; or --leaf with "
                                    "--entry and --signature, --tlog-proof or --leaf-bytes");
    if ((x.entry.path != NULL) != (x.signature.path != NULL))
        return cmd_usage(args->cmd, "--entry FILE and --signature FILE go together");
    if (leaf != of_leaf || (leaf && !cmd_number(cmd_value(args, "leaf"), &x.leaf)))
        return cmd_usage(args->cmd, "--leaf N goes with --entry and --signature, --tlog-proof or --leaf-bytes");
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        if (all[i]->path != NULL && (all[i]->f = cmd_create(all[i]->path)) == NULL)
            goto close;
    struct cmd_pack what = {.ctx = &x, .end = end};
    code = cmd_read_pack(args, &what);
close:
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        if (all[i]->f != NULL && all[i]->f != stdout)
            (void)fclose(all[i]->f);
    return code;
}

static const struct cmd_option options[] = {
    CMD_EXPECT,
    {"allowed-signers", "FILE",
     "every seat's keys with their times, for ssh-keygen -Y verify -f; - for standard output"},
    {"revoked", "FILE", "keys that were revoked, for ssh-keygen -Y verify -r"},
    {"tlog-tiles", "FILE", "the log as C2SP tlog-tiles, to be served as it is: a tar archive; - for standard output"},
    {"tlog-policy", "FILE", "whose signatures make a checkpoint, as C2SP tlog-policy"},
    {"leaf", "N", "an entry:"},
    {"entry", "FILE", "its bytes, as they were signed"},
    {"signature", "FILE", "its signature, as ssh-keygen -Y sign writes one"},
    {"tlog-proof", "FILE", "that it is in the newest checkpoint's tree, as C2SP tlog-proof"},
    {"leaf-bytes", "FILE", "the leaf: what that proof's leaf hash is over"},
};
const struct cmd cmd_export = {
    "export",           "PACK", "for ssh-keygen, and as a transparency log: signers, entries, tiles, proofs", options,
    ARRAY_LEN(options), export};
