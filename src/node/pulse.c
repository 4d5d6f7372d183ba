#include "node/pulse.h"

#include <sys/stat.h>

#include "base/base.h"
#include "crypto/hash.h"
#include "crypto/sshpub.h"

enum { BOX_MAX = 1 << 20, VOICES_MAX = 10000, VOICES_FILE_MAX = 4 << 20 };

static const char *path_of(const char *dir, struct span metric, uint64_t period, struct arena *a)
{
    char name[120];
    (void)snprintf(name, sizeof name, "pulse/%.*s-%" PRIu64, SPAN_FMT(metric), period);
    return file_join(a, dir, name);
}

/* An empty one when there is no file. */
static enum status load(const char *path, struct span metric, uint64_t period, struct arena *a, struct pulse_box *ret,
                        struct err *err)
{
    struct span bytes;
    enum status st = file_read(path, BOX_MAX, a, &bytes, err);
    if (st == ST_NOTFOUND) {
        struct pulse_box b = {.metric = metric, .period = period};
        rng_fill(&rng_system, b.salt.b, sizeof b.salt.b);
        SET_HAS(&b, pulse_box_key_salt);
        *ret = b;
        return ST_OK;
    }
    if (st != ST_OK)
        return st;
    struct err why = {0};
    if (codec_decode(&pulse_box_desc, bytes, a, ret, &why) != ST_OK || !span_eq(ret->metric, metric) || ret->period != period ||
        (!ret->closed && !HAS(ret, pulse_box_key_salt)) || (ret->closed && !HAS(ret, pulse_box_key_count)))
        return err_set(err, ST_CORRUPT, "%s is damaged%s%s; move it away, and ask for the voices again", path,
                       why.text[0] == 0 ? "" : ": ", why.text);
    return ST_OK;
}

static enum status save(const char *dir, const char *path, const struct pulse_box *box, struct arena *a, struct err *err)
{
    struct buf b CLEANUP(buf_deinit);
    struct stat sb;
    buf_init(&b, BOX_MAX);
    const char *folder = file_join(a, dir, "pulse");
    enum status st = stat(folder, &sb) == 0 ? ST_OK : file_make_dir(folder, 0700, err);
    if (st == ST_OK && codec_encode(&pulse_box_desc, box, &b) != ST_OK)
        st = err_set(err, ST_LIMIT, "%s would be too large", path);
    return st == ST_OK ? file_write(path, buf_span(&b), 0600, true, err) : st;
}

static void tag_of(const struct hash *salt, const struct hash *key, struct hash *ret)
{
    struct sha256 h;
    sha256_init(&h);
    sha256_update(&h, span_hash(salt));
    sha256_update(&h, span_hash(key));
    sha256_final(&h, ret);
}

enum status pulse_give(const char *dir, struct span metric, uint64_t period, const struct hash *key, uint64_t score,
                       uint64_t at_ms, struct arena *a, bool *ret_changed, struct err *err)
{
    const char *path = path_of(dir, metric, period, a);
    struct pulse_box box;
    struct hash tag;
    size_t at = 0;
    enum status st = load(path, metric, period, a, &box, err);
    if (st != ST_OK)
        return st;
    if (box.closed)
        return err_set(err, ST_REFUSED, "this pulse of %.*s is closed; no voice is taken or changed any more", SPAN_FMT(metric));
    tag_of(&box.salt, key, &tag);
    while (at < box.voices.n && memcmp(box.voices.v[at].tag.b, tag.b, sizeof tag.b) < 0)
        at++;
    bool there = at < box.voices.n && hash_eq(&box.voices.v[at].tag, &tag);
    if (there && box.voices.v[at].at_ms > at_ms)
        return err_set(err, ST_REFUSED, "a voice of this key that was signed later is there already; is your clock right?");
    if (!there && box.voices.n == VOICES_MAX)
        return err_set(err, ST_REFUSED, "there are %d voices already; no pulse takes more", VOICES_MAX);
    struct pulse_box_voice *v = arena_array(a, box.voices.n + 1, sizeof *v);
    if (v == NULL)
        return err_set(err, ST_NOMEM, "the pulse is too large");
    for (size_t i = 0; i < box.voices.n; i++)
        v[i + (!there && i >= at)] = box.voices.v[i];
    v[at] = (struct pulse_box_voice){.tag = tag, .score = score, .at_ms = at_ms};
    box.voices = (struct pulse_box_voice_list){box.voices.n + !there, v};
    SET_HAS(&box, pulse_box_key_voices);
    st = save(dir, path, &box, a, err);
    if (st == ST_OK)
        *ret_changed = there;
    return st;
}

enum status pulse_close(const char *dir, struct span metric, uint64_t period, uint64_t least, struct arena *a,
                        struct pulse_box *ret, struct err *err)
{
    const char *path = path_of(dir, metric, period, a);
    struct pulse_box box, end = {.metric = metric, .period = period, .closed = true};
    enum status st = load(path, metric, period, a, &box, err);
    if (st != ST_OK)
        return st;
    if (box.closed) {
        *ret = box;
        return ST_OK;
    }
    end.count = box.voices.n;
    SET_HAS(&end, pulse_box_key_count);
    uint64_t *h = arena_array(a, 5, sizeof *h);
    if (h == NULL)
        return err_set(err, ST_NOMEM, "the pulse is too large");
    for (size_t i = 0; i < box.voices.n; i++)
        h[box.voices.v[i].score - 1]++;
    if (end.count >= least) {
        end.histogram = (struct uint_list){5, h};
        SET_HAS(&end, pulse_box_key_histogram);
    }
    st = save(dir, path, &end, a, err);
    if (st == ST_OK)
        *ret = end;
    return st;
}

enum status pulse_may_speak(const char *dir, const struct public_key *key, struct arena *a, bool *ret_may, struct err *err)
{
    struct span text;
    const char *path = file_join(a, dir, "voices");
    enum status st = file_read(path, VOICES_FILE_MAX, a, &text, err);
    *ret_may = false;
    if (st != ST_OK)
        return st == ST_NOTFOUND ? ST_OK : st;
    size_t line = 1;
    for (size_t at = 0; at < text.n; line++) {
        const uint8_t *end = memchr(text.p + at, '\n', text.n - at);
        size_t n = end == NULL ? text.n - at : (size_t)(end - (text.p + at));
        struct span one = span_of(text.p + at, n), comment;
        struct public_key k;
        at += n + 1;
        if (one.n == 0 || one.p[0] == '#')
            continue;
        if (sshpub_parse(one, &k, &comment, err) != ST_OK)
            return err_wrap(err, ST_FORMAT, "%s:%zu: ", path, line);
        if (k.alg == key->alg && hash_eq(&k.key, &key->key))
            *ret_may = true;
    }
    return ST_OK;
}
