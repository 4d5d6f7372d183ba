/* The audit of packs and ranges: on any bytes it ends with a verdict, and it says "verified" of nothing but the record that it is. The
 * input is a list of changes to one of the packs of tests/verifier/packs, or to the range there, or, with a first byte from 0x80 on,
 * a whole file. What verifies must have the frames of the original, but for a pack's checkpoints, which are no part of the record:
 * one of them may be absent or there twice. */
#include "audit/range.h"
#include "audit/verify.h"
#include "codec/reader.h"
#include "fuzz/fuzz.h"
#include "fuzz/known.h"

enum { INPUT_MAX = 1 << 17, SEEDS = 5, FRAMES_MAX = 256, CHANGES_MAX = 6 };

static const char *const names[SEEDS] = {"decisions.pack", "items.pack", "readings.pack", "sharing.pack", "audit/part.range"};

struct seed {
    struct span bytes;
    size_t at[FRAMES_MAX], n; /* where frames begin; at[n] is the end */
};
static struct seed seeds[SEEDS];
static_assert(sizeof PACK_MAGIC == sizeof RANGE_MAGIC, "split skips either first line");

static size_t split(struct span s, size_t *at)
{
    size_t n = 0, p = strlen(PACK_MAGIC);
    while (p + 4 <= s.n && n + 1 < FRAMES_MAX) {
        size_t k = load_u32(s.p + p);
        if (k > s.n - p - 4)
            break;
        at[n++] = p;
        p += 4 + k;
    }
    at[n] = p;
    return n;
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
        (void)snprintf(path, sizeof path, "%s/tests/verifier/packs/%s", ENTENTE_SOURCE_DIR, names[i]);
        REQUIRE(file_read(path, INPUT_MAX, &a, &seeds[i].bytes, &err) == ST_OK, "%s", err.text);
        seeds[i].n = split(seeds[i].bytes, seeds[i].at);
        REQUIRE(seeds[i].n > 3 && seeds[i].at[seeds[i].n] == seeds[i].bytes.n, "%s has frames", names[i]);
    }
}

static bool is_checkpoint(struct span frame)
{
    return frame.n > 7 && frame.p[4] == 0x82 && frame.p[5] == pack_frame_key_kind && frame.p[6] == pack_checkpoint_number_;
}

/* All frames but checkpoints, one behind the other. */
static void essence(struct span pack, struct buf *b)
{
    size_t at[FRAMES_MAX], n = split(pack, at);
    for (size_t i = 0; i < n; i++) {
        struct span frame = span_of(pack.p + at[i], at[i + 1] - at[i]);
        if (!is_checkpoint(frame))
            buf_put_span(b, frame);
    }
}

static void check(struct span pack)
{
    struct verify_report r;
    struct range_report part;
    struct verify_failure fail = {0};
    struct arena a;
    struct err err = {0};
    uint8_t nothing = 0;
    FILE *f = fmemopen(pack.n == 0 ? &nothing : (void *)(uintptr_t)pack.p, pack.n == 0 ? 1 : pack.n, "rb");
    REQUIRE(f != NULL, "a stream");
    arena_init(&a, 0);
    enum status st = range_is(f) ? range_check(f, NULL, NULL, &a, &part, &fail, &err)
                                 : verify_pack(f, &(struct verify_how){0}, &a, &r, &fail, &err);
    (void)fclose(f);
    REQUIRE(st == ST_OK || st == ST_BADSIG, "a verdict: %d %s", st, err.text);
    if (st == ST_BADSIG)
        REQUIRE(fail.region != NULL && fail.why[0] != 0, "it says where and why");
    bool known = false;
    for (size_t i = 0; i < SEEDS && st == ST_OK && !known; i++) {
        struct buf x, y;
        buf_init(&x, INPUT_MAX);
        buf_init(&y, INPUT_MAX);
        essence(pack, &x);
        essence(seeds[i].bytes, &y);
        known = span_eq(buf_span(&x), buf_span(&y));
        buf_deinit(&x);
        buf_deinit(&y);
    }
    REQUIRE(st != ST_OK || known, "verified, and it is none of the packs");
    arena_deinit(&a);
}

static void replace(struct buf *b, size_t at, size_t drop, struct span with)
{
    struct buf out;
    buf_init(&out, INPUT_MAX);
    buf_put(&out, b->p, at);
    buf_put_span(&out, with);
    buf_put(&out, b->p + at + drop, b->n - at - drop);
    if (out.failed == ST_OK) {
        buf_reset(b);
        buf_put_span(b, buf_span(&out));
    }
    buf_deinit(&out);
}

/* One change; where is the frame and the offset in it, so that small inputs reach every part. */
static void change(struct buf *b, struct span *in)
{
    size_t at[FRAMES_MAX], n = split(buf_span(b), at);
    uint8_t how = take_u8(in);
    if (n == 0)
        return;
    size_t i = take_u8(in) % n, size = at[i + 1] - at[i], offset = (size_t)(take_u8(in) << 8 | take_u8(in)) % size;
    struct arena a;
    arena_init(&a, 0);
    struct span frame = arena_dup(&a, span_of(b->p + at[i], size));
    uint8_t k = take_u8(in);
    size_t left = size - offset;
    switch (how % 8) {
    case 0:
        b->p[at[i] + offset] ^= k;
        break;
    case 1:
        replace(b, at[i] + offset, k < left ? k : left, span_of(NULL, 0));
        break;
    case 2:
        replace(b, at[i] + offset, 0, take_bytes(in, k));
        break;
    case 3: {
        struct span s = take_bytes(in, k);
        replace(b, at[i] + offset, s.n < left ? s.n : left, s);
        break;
    }
    case 4:
        replace(b, at[i], size, span_of(NULL, 0));
        break;
    case 5:
        replace(b, at[k % n], 0, frame);
        break;
    case 6: { /* a frame of another pack */
        const struct seed *s = &seeds[k % SEEDS];
        size_t j = offset % s->n;
        replace(b, at[i], size, span_of(s->bytes.p + s->at[j], s->at[j + 1] - s->at[j]));
        break;
    }
    default: /* its length follows: the frame is whole, its content shorter or longer */
        store_u32(b->p + at[i], (uint32_t)(size - 4 + k % 3 - 1));
    }
    if ((how & 0x80) != 0 && (how % 8 == 1 || how % 8 == 2)) { /* and the length prefix goes with it */
        size_t now = size + b->n - at[n];
        store_u32(b->p + at[i], (uint32_t)(now > 4 ? now - 4 : 0));
    }
    arena_deinit(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in = span_of(data, size);
    if (size == 0 || size > INPUT_MAX)
        return 0;
    init();
    uint8_t which = take_u8(&in);
    if (which >= 0x80) {
        check(in);
        return 0;
    }
    struct buf b;
    buf_init(&b, INPUT_MAX);
    buf_put_span(&b, seeds[which % SEEDS].bytes);
    for (int i = 0; i < CHANGES_MAX && in.n > 0; i++)
        change(&b, &in);
    check(buf_span(&b));
    buf_deinit(&b);
    return 0;
}
