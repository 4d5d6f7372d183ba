/* Charters as people write them, dossiers, and node.yaml. A charter that loads decodes, and prints to a file that loads to the
 * same sections; the check of it ends, and that of a dossier. The first byte chooses: 'd' a dossier; else a charter to be founded,
 * a printed one, one section, node.yaml. */
#include <fcntl.h>
#include <unistd.h>
#include "charter/charter.h"
#include "charter/check.h"
#include "crypto/hash.h"
#include "dossier/dossier.h"
#include "fuzz/fuzz.h"
#include "node/config.h"

enum { INPUT_MAX = 20000 };

static const struct charter_founding founding = {.nonce = {{1, 2, 3}}, .founded_ms = 1767225600000};

/* Every file is there, and its name decides its digest; but for names that begin with "no". */
static enum status digest_of(void *ctx, struct span path, struct hash *ret_digest, struct err *err)
{
    (void)ctx;
    REQUIRE(charter_files_path_ok(path), "a path that leads elsewhere is never asked for");
    if (path.n >= 2 && memcmp(path.p, "no", 2) == 0)
        return err_set(err, ST_NOTFOUND, "%.*s: there is no such file", SPAN_FMT(path));
    sha256(path, ret_digest);
    return ST_OK;
}

static const struct charter_files files = {NULL, digest_of, digest_of};

static void print_all(struct arena *a, const struct charter *c, struct buf *b)
{
    for (uint64_t n = SECTION_ALLIANCE; n <= SECTION_EXIT; n++)
        if (charter_section_of(c, n) != NULL) {
            enum status st = charter_print(charter_section_desc(n), charter_section_of(c, n), a, b);
            REQUIRE(st == ST_OK, "section %d prints: %d", (int)n, st);
        }
}

static void accepted(const struct charter_source *source, struct arena *a)
{
    struct charter c;
    struct charter_source again;
    struct check_findings findings;
    struct err err = {0};
    struct buf b;
    REQUIRE(charter_decode(source->sections.v, source->sections.n, a, &c, &err) == ST_OK, "what loads decodes: %s", err.text);
    enum status st = check_charter(&c, a, &findings);
    REQUIRE(st == ST_OK || st == ST_LIMIT, "the check ends: %d", st);
    for (size_t i = 0; st == ST_OK && i < findings.n; i++) {
        int line = 0, column = 0;
        charter_locate(source->root, findings.v[i].where, &line, &column);
    }
    buf_init(&b, CHARTER_FILE_MAX);
    print_all(a, &c, &b);
    st = charter_load(buf_span(&b), "printed.yaml", NULL, &files, a, &again, &err);
    REQUIRE(st == ST_OK, "what is printed loads: %s\n%s", err.text, buf_cstr(&b));
    REQUIRE(source->sections.n == again.sections.n, "as many sections");
    for (size_t i = 0; i < again.sections.n; i++)
        REQUIRE(source->sections.v[i].number == again.sections.v[i].number &&
                    span_eq(source->sections.v[i].body, again.sections.v[i].body),
                "section %d is the same\n%s", (int)again.sections.v[i].number, buf_cstr(&b));
    buf_deinit(&b);
}

static void a_charter(struct span in, bool printed, struct arena *a)
{
    struct charter_source source;
    struct err err = {0};
    enum status st = charter_load(in, "charter.yaml", printed ? NULL : &founding, &files, a, &source, &err);
    if (st == ST_OK) {
        accepted(&source, a);
    } else {
        REQUIRE(st == ST_FORMAT || st == ST_RANGE || st == ST_LIMIT || st == ST_NOTFOUND, "status %d: %s", st, err.text);
        REQUIRE(strncmp(err.text, "charter.yaml:", 13) == 0, "it says where: %s", err.text);
    }
}

static void a_section(struct span in, struct arena *a)
{
    struct section s;
    struct err err = {0};
    uint64_t number = take_u8(&in) % 40;
    if (charter_section_desc(number) == NULL)
        return;
    if (charter_load_section(in, "section.yaml", number, &files, a, &s, &err) != ST_OK)
        return;
    const struct record_desc *d = charter_section_desc(number);
    void *value = arena_alloc(a, d->size);
    REQUIRE(charter_decode_section(number, s.body, a, value, &err) == ST_OK, "section %d: what loads decodes: %s", (int)number,
            err.text);
}

/* node.yaml is read by path. */
static void a_config(struct span in, struct arena *a)
{
    char dir[] = "/tmp/entente-fuzz.XXXXXX";
    struct config c;
    struct err err = {0};
    REQUIRE(mkdtemp(dir) != NULL, "a directory");
    const char *path = file_join(a, dir, "node.yaml");
    int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
    REQUIRE(fd >= 0 && write(fd, in.p, in.n) == (ssize_t)in.n && close(fd) == 0, "written");
    enum status st = config_load(dir, a, &c, &err);
    REQUIRE(unlink(path) == 0 && rmdir(dir) == 0, "removed");
    if (st == ST_OK)
        REQUIRE(c.partner.n > 0 && c.socket != NULL, "a configuration is whole");
    else
        REQUIRE(err.text[0] != 0, "a refusal has words");
}

static void a_dossier(struct span in, struct arena *a)
{
    struct dossier d;
    struct dossier_findings f;
    struct err err = {0};
    struct buf b;
    enum status st = dossier_load(in, "dossier.yaml", a, &d, &err);
    if (st != ST_OK) {
        REQUIRE(st == ST_FORMAT || st == ST_RANGE || st == ST_LIMIT, "status %d: %s", st, err.text);
        REQUIRE(strncmp(err.text, "dossier.yaml:", 13) == 0, "it says where: %s", err.text);
        return;
    }
    st = dossier_check(&d, a, &f);
    REQUIRE(st == ST_OK || st == ST_LIMIT, "the check ends: %d", st);
    if (st != ST_OK)
        return;
    for (size_t i = 0; i < f.n; i++)
        REQUIRE(f.v[i].line > 0 && f.v[i].column > 0 && text_check(span_str(f.v[i].text), false, NULL) == ST_OK,
                "a finding has a place and is one clean line: %s", f.v[i].text);
    buf_init(&b, 16 << 20);
    REQUIRE(dossier_show(&d, &b) == ST_OK, "it is shown");
    buf_reset(&b);
    REQUIRE(dossier_json(&d, &f, &b) == ST_OK, "it is JSON");
    buf_deinit(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    struct span in = span_of(data, size);
    if (size == 0 || size > INPUT_MAX)
        return 0;
    arena_init(&a, 1 << 25);
    uint8_t what = take_u8(&in);
    if (what == 'd') {
        a_dossier(in, &a);
        arena_deinit(&a);
        return 0;
    }
    switch (what % 4) {
    case 0:
        a_charter(in, false, &a);
        break;
    case 1:
        a_charter(in, true, &a);
        break;
    case 2:
        a_section(in, &a);
        break;
    default:
        a_config(in, &a);
    }
    arena_deinit(&a);
    return 0;
}
