/* Goal: a key has one voice in a pulse and may change it until it is closed; then numbers remain and nothing else. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "crypto/sshpub.h"
#include "node/pulse.h"

struct desk {
    struct arena a;
    struct err err;
    char dir[64], file[128];
};

static void desk_init(struct desk *d)
{
    *d = (struct desk){.dir = "/tmp/entente-pulse-XXXXXX"};
    arena_init(&d->a, 0);
    cr_assert_not_null(mkdtemp(d->dir));
    (void)snprintf(d->file, sizeof d->file, "%s/pulse/trust-20000", d->dir);
}

static void desk_deinit(struct desk *d)
{
    char folder[128], voices[128];
    (void)snprintf(folder, sizeof folder, "%s/pulse", d->dir);
    (void)snprintf(voices, sizeof voices, "%s/voices", d->dir);
    (void)unlink(d->file);
    (void)unlink(voices);
    (void)rmdir(folder);
    cr_expect_eq(rmdir(d->dir), 0, "something else was written into %s", d->dir);
    arena_deinit(&d->a);
}

static struct hash key(uint8_t n)
{
    struct hash k = {{n, 1, 2, 3}};
    return k;
}

/* 0: kept, 1: changed, -1: refused. */
static int give(struct desk *d, uint8_t who, uint64_t score, uint64_t at_ms)
{
    struct hash k = key(who);
    bool changed;
    enum status st = pulse_give(d->dir, span_str("trust"), 20000, &k, score, at_ms, &d->a, &changed, &d->err);
    return st == ST_OK ? changed : st == ST_REFUSED ? -1 : -2;
}

static struct pulse_box closed(struct desk *d, uint64_t least)
{
    struct pulse_box b = {0};
    cr_assert_eq(pulse_close(d->dir, span_str("trust"), 20000, least, &d->a, &b, &d->err), ST_OK, "%s", d->err.text);
    cr_expect(b.closed);
    return b;
}

static struct span content(struct desk *d)
{
    struct span s = {NULL, 0};
    cr_assert_eq(file_read(d->file, 1 << 20, &d->a, &s, &d->err), ST_OK, "%s", d->err.text);
    return s;
}

Test(pulse, one_voice_a_key)
{
    struct desk d;
    desk_init(&d);
    cr_expect_eq(give(&d, 1, 5, 100), 0);
    cr_expect_eq(give(&d, 2, 1, 100), 0);
    cr_expect_eq(give(&d, 3, 2, 100), 0);
    cr_expect_eq(give(&d, 1, 4, 101), 1);
    cr_expect_eq(give(&d, 1, 5, 100), -1, "an old voice is played again");
    cr_expect_str_eq(d.err.text, "a voice of this key that was signed later is there already; is your clock right?");
    struct pulse_box b = closed(&d, 3);
    cr_expect_eq(b.count, 3);
    cr_assert_eq(b.histogram.n, 5);
    static const uint64_t expected[] = {1, 1, 0, 1, 0};
    cr_expect_arr_eq(b.histogram.v, expected, sizeof expected);
    desk_deinit(&d);
}

Test(pulse, too_few_stay_a_number)
{
    struct desk d;
    desk_init(&d);
    cr_expect_eq(give(&d, 1, 5, 100), 0);
    cr_expect_eq(give(&d, 2, 5, 100), 0);
    struct pulse_box b = closed(&d, 3);
    cr_expect_eq(b.count, 2);
    cr_expect_not(HAS(&b, pulse_box_key_histogram));
    /* Nor does asking again with a lower bound bring back what they said. */
    b = closed(&d, 1);
    cr_expect_eq(b.count, 2);
    cr_expect_not(HAS(&b, pulse_box_key_histogram));
    desk_deinit(&d);
}

Test(pulse, nobody_spoke)
{
    struct desk d;
    desk_init(&d);
    cr_expect_eq(closed(&d, 3).count, 0);
    cr_expect_eq(give(&d, 1, 5, 100), -1);
    cr_expect_str_eq(d.err.text, "this pulse of trust is closed; no voice is taken or changed any more");
    desk_deinit(&d);
}

/* The file never holds a key as it is, and nothing of one when it is closed. */
Test(pulse, what_is_kept)
{
    struct desk d;
    struct stat sb;
    struct pulse_box box = {0};
    desk_init(&d);
    for (uint8_t i = 1; i <= 4; i++) {
        struct hash k = key(i);
        cr_expect_eq(give(&d, i, 3, 100), 0);
        struct span s = content(&d);
        cr_expect_null(memmem(s.p, s.n, k.b, sizeof k.b));
    }
    cr_assert_eq(stat(d.file, &sb), 0);
    cr_expect_eq(sb.st_mode & 0777, 0600);
    cr_assert_eq(codec_decode(&pulse_box_desc, content(&d), &d.a, &box, &d.err), ST_OK);
    cr_expect_eq(box.voices.n, 4);
    struct hash tag = box.voices.v[0].tag, salt = box.salt;
    (void)closed(&d, 3);
    struct span s = content(&d);
    cr_expect_null(memmem(s.p, s.n, tag.b, sizeof tag.b));
    cr_expect_null(memmem(s.p, s.n, salt.b, sizeof salt.b));
    cr_assert_eq(codec_decode(&pulse_box_desc, s, &d.a, &box, &d.err), ST_OK);
    cr_expect_not(HAS(&box, pulse_box_key_voices) || HAS(&box, pulse_box_key_salt));
    desk_deinit(&d);
}

Test(pulse, a_damaged_file_is_told)
{
    struct desk d;
    char expected[300];
    desk_init(&d);
    cr_expect_eq(give(&d, 1, 5, 100), 0);
    cr_assert_eq(truncate(d.file, 20), 0);
    cr_expect_eq(give(&d, 2, 5, 100), -2);
    (void)snprintf(expected, sizeof expected, "%s is damaged", d.file);
    cr_expect_eq(strncmp(d.err.text, expected, strlen(expected)), 0, "%s", d.err.text);
    cr_expect_not_null(strstr(d.err.text, "move it away, and ask for the voices again"));
    desk_deinit(&d);
}

Test(pulse, who_has_a_voice_without_a_seat)
{
    static const char line[] = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE2Bk8CxrtF82fXLZCvGipauEq8nblxgQkrcjlKXJHMj";
    struct desk d;
    struct public_key k, other;
    struct span comment;
    char path[128], text[400];
    bool may = true;
    desk_init(&d);
    (void)snprintf(path, sizeof path, "%s/voices", d.dir);
    cr_assert_eq(sshpub_parse(span_str(line), &k, &comment, &d.err), ST_OK);
    other = k;
    other.key.b[0] ^= 1;
    cr_expect_eq(pulse_may_speak(d.dir, &k, &d.a, &may, &d.err), ST_OK);
    cr_expect_not(may, "there is no list");
    (void)snprintf(text, sizeof text, "# staff\n\n%s the third shift\n", line);
    cr_assert_eq(file_write(path, span_str(text), 0600, true, &d.err), ST_OK);
    cr_expect_eq(pulse_may_speak(d.dir, &k, &d.a, &may, &d.err), ST_OK, "%s", d.err.text);
    cr_expect(may);
    cr_expect_eq(pulse_may_speak(d.dir, &other, &d.a, &may, &d.err), ST_OK);
    cr_expect_not(may);
    cr_assert_eq(file_write(path, span_str("# staff\nssh-rsa AAAA\n"), 0600, true, &d.err), ST_OK);
    cr_expect_eq(pulse_may_speak(d.dir, &k, &d.a, &may, &d.err), ST_FORMAT);
    (void)snprintf(text, sizeof text, "%s:2: ", path);
    cr_expect_eq(strncmp(d.err.text, text, strlen(text)), 0, "%s", d.err.text);
    desk_deinit(&d);
}
