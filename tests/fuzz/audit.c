/* The commands of entente-audit over packs that verify, or nearly: texts and checkpoints are gone, a byte is changed; options
 * and their values are any. Whatever is asked of whatever pack, a command ends with one of its exit statuses, and what does
 * not verify ends with that of failure. The input: which pack, what is taken from it, the command, its options. */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include "audit/cmd.h"
#include "audit/confine.h"
#include "fuzz/fuzz.h"
#include "fuzz/known.h"

enum { INPUT_MAX = 4096, PACK_MAX = 1 << 17, SEEDS = 4, OPTIONS_MAX = 8 };

static const char *const names[SEEDS] = {"decisions", "items", "readings", "sharing"};
static struct span seeds[SEEDS];
static const struct cmd *const commands[] = {&cmd_log,    &cmd_sample, &cmd_exceptions, &cmd_replay,
                                             &cmd_access, &cmd_verify, &cmd_export};
/* Values that mean something to some option. */
static const char *const words[] = {"terms", "spend", "ballot", "note", "clinics/finance", "clinics", "2026-11-26", "2026-01-01", "2027-01-01T00:00:00Z",
                                    "effective", "open", "EUR 1.00", "EUR 100000.00", "USD 0.01", "7", "25", "0", "18446744073709551615", "-1", "x"};
static int quiet;

/* Instead of confine.c's: this process opens more files. */
const char *confine(void)
{
    return NULL;
}

static void init(void)
{
    static struct arena a;
    struct err err = {0};
    if (seeds[0].n > 0)
        return;
    known_init();
    for (size_t i = 0; i < SEEDS; i++) {
        char path[512];
        (void)snprintf(path, sizeof path, "%s/tests/verifier/packs/%s.pack", ENTENTE_SOURCE_DIR, names[i]);
        REQUIRE(file_read(path, PACK_MAX, &a, &seeds[i], &err) == ST_OK, "%s", err.text);
    }
    quiet = open("/dev/null", O_WRONLY | O_CLOEXEC);
    REQUIRE(quiet >= 0, "/dev/null");
}

/* Some of a block's texts. */
static void take_texts(struct pack_block *f, uint64_t *state)
{
    size_t n = 0;
    for (size_t i = 0; i < f->prose.n; i++)
        if (draw(state) % 3 != 0)
            f->prose.v[n++] = f->prose.v[i];
    f->prose.n = n;
}

/* The pack without some of its texts, and perhaps without its checkpoints. */
static void thinned(struct span pack, uint64_t state, FILE *out)
{
    struct arena a;
    struct err err;
    size_t p = strlen(PACK_MAGIC);
    bool checkpoints = draw(&state) % 4 != 0;
    (void)fwrite(pack.p, 1, p, out);
    arena_init(&a, 0);
    while (p < pack.n) {
        size_t n = 4 + load_u32(pack.p + p);
        struct pack_frame envelope;
        struct pack_block f;
        REQUIRE(codec_decode(&pack_frame_desc, span_of(pack.p + p + 4, n - 4), &a, &envelope, &err) == ST_OK, "%s", err.text);
        if (envelope.kind == pack_block_desc.number) {
            REQUIRE(codec_decode(&pack_block_desc, envelope.body, &a, &f, &err) == ST_OK, "%s", err.text);
            take_texts(&f, &state);
            REQUIRE(pack_put(out, &pack_block_desc, &f, &err) == ST_OK, "%s", err.text);
        } else if (envelope.kind != pack_checkpoint_desc.number || checkpoints) {
            (void)fwrite(pack.p + p, 1, n, out);
        }
        p += n;
        arena_reset(&a);
    }
    arena_deinit(&a);
}

/* A value for an option: a file's is always one that harms nothing. */
static const char *value_of(const struct cmd_option *o, struct span *in, struct arena *a)
{
    if (o->value == NULL)
        return "";
    if (strcmp(o->value, "FILE") == 0)
        return "/dev/null";
    uint8_t k = take_u8(in);
    if (k < 0xc0)
        return words[k % ARRAY_LEN(words)];
    struct span s = take_bytes(in, k & 0x1f);
    return (const char *)arena_dup(a, s).p; /* which ends with a NUL */
}

static int run(const struct cmd_args *args)
{
    int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO);
    (void)fflush(stdout);
    REQUIRE(out >= 0 && err >= 0 && dup2(quiet, STDOUT_FILENO) >= 0 && dup2(quiet, STDERR_FILENO) >= 0, "descriptors");
    int code = args->cmd->run(args);
    (void)fflush(stdout);
    REQUIRE(dup2(out, STDOUT_FILENO) >= 0 && dup2(err, STDERR_FILENO) >= 0, "descriptors");
    (void)close(out);
    (void)close(err);
    return code;
}

/* What a command cannot do without; other values may follow, and the last one counts. */
static void give(struct cmd_args *args, const char *name, const char *value)
{
    for (size_t i = 0; i < args->cmd->n_options; i++)
        if (strcmp(args->cmd->options[i].name, name) == 0) {
            args->given[args->n_given].value = value;
            args->given[args->n_given++].option = &args->cmd->options[i];
        }
}

static void ask(int file, bool changed, struct span *in)
{
    struct arena a;
    char path[64];
    struct cmd_args args = {.cmd = commands[take_u8(in) % ARRAY_LEN(commands)], .n = 1};
    arena_init(&a, 0);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    args.words[0] = path;
    give(&args, "n", "3");
    give(&args, "seed", "7");
    give(&args, "at", "2026-12-01");
    for (size_t i = take_u8(in) % OPTIONS_MAX; i > 0; i--) {
        const struct cmd_option *o = &args.cmd->options[take_u8(in) % args.cmd->n_options];
        args.given[args.n_given].value = value_of(o, in, &a);
        args.given[args.n_given++].option = o;
    }
    int code = run(&args);
    REQUIRE(code == EXIT_DONE || code == EXIT_FAILED || code == EXIT_USAGE || code == EXIT_BAD, "%s ends with %d", args.cmd->name, code);
    REQUIRE(!changed || code != EXIT_DONE, "%s has something to say of a pack that was changed", args.cmd->name);
    arena_deinit(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in = span_of(data, size);
    char *p = NULL;
    size_t n = 0;
    if (size == 0 || size > INPUT_MAX)
        return 0;
    init();
    struct span pack = seeds[take_u8(&in) % SEEDS];
    uint8_t how = take_u8(&in);
    FILE *thin = open_memstream(&p, &n);
    REQUIRE(thin != NULL, "a stream");
    thinned(pack, take_u32(&in), thin);
    REQUIRE(fclose(thin) == 0, "a stream");
    bool changed = how < 0x20; /* one in eight: a byte that is not a text's or a checkpoint's own matter */
    if (changed)
        p[take_u32(&in) % n] ^= (char)(1 + how % 8);
    int file = memfd_create("pack", MFD_CLOEXEC);
    REQUIRE(file >= 0 && write(file, p, n) == (ssize_t)n, "a file in memory");
    ask(file, changed, &in);
    (void)close(file);
    free(p);
    return 0;
}
