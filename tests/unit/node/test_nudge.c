/* Goal: a seat reminds another of a thing once a day; what is kept is bounded and whole after a restart; a nudge is for those who are
 * asked and for nobody else; what comes from outside and is no nudge is refused with words. */
#include <criterion/criterion.h>
#include "crypto/hash.h"
#include "document/message.h"
#include "node/nudge.h"

enum { H = 3600000 };
static const uint64_t T = UINT64_C(1767261600000);

struct desk {
    struct arena a;
    struct nudge_box box;
    struct err err;
};

static void desk_init(struct desk *d)
{
    *d = (struct desk){.box = {.n = 0}};
    arena_init(&d->a, 0);
}

static void desk_deinit(struct desk *d)
{
    nudge_box_deinit(&d->box);
    arena_deinit(&d->a);
}

static struct span bytes_of(struct desk *d, const char *seat, const char *subject, const char *org, const char *asked, uint64_t at_ms)
{
    struct nudge n = {.alliance = {{7}}, .seat = span_str(seat), .subject = span_str(subject), .org = span_str(org), .at_ms = at_ms};
    struct buf b CLEANUP(buf_deinit);
    if (asked != NULL) {
        n.asked = span_str(asked);
        SET_HAS(&n, nudge_key_asked);
    }
    buf_init(&b, 4096);
    cr_assert_eq(codec_encode(&nudge_desc, &n, &b), ST_OK);
    return arena_dup(&d->a, buf_span(&b));
}

/* 1: added, 0: refused, 2: there already. */
static int add(struct desk *d, bool got, const char *seat, const char *subject, const char *org, const char *asked, uint64_t now)
{
    static const struct signature none = {.alg = SIG_ED25519};
    struct span bytes = bytes_of(d, seat, subject, org, asked, now);
    struct nudge n;
    struct hash id;
    sha256(bytes, &id);
    cr_assert_eq(nudge_parse(bytes, &n, &d->err), ST_OK, "%s", d->err.text);
    enum status st = nudge_may(&d->box, &n, &id, got, now, &d->err);
    if (st == ST_EXISTS)
        return 2;
    if (st != ST_OK)
        return 0;
    struct nudge_kept *k = nudge_add(&d->box, bytes, &none, got, now);
    cr_assert_eq(nudge_find(&d->box, &id, got), k);
    return 1;
}

/* NUD-4 */
Test(nudge, once_a_day)
{
    struct desk d;
    desk_init(&d);
    cr_assert_eq(add(&d, false, "maker/pm", "D-1", "clinics", NULL, T), 1);
    cr_assert_eq(add(&d, false, "maker/pm", "D-1", "clinics", NULL, T), 2);
    cr_assert_eq(add(&d, false, "maker/pm", "D-1", "clinics", NULL, T + 23 * H), 0);
    cr_assert_str_eq(d.err.text, "clinics was reminded of D-1 by maker/pm at 2026-01-01T10:00:00.000Z already; the next may go from "
                                 "2026-01-02T10:00:00.000Z on");
    cr_assert_eq(add(&d, false, "maker/pm", "D-1", "clinics", "clinics/pm", T + 23 * H), 0, "one of its seats is among them");
    cr_assert_eq(add(&d, false, "maker/pm", "D-2", "clinics", NULL, T), 1);
    cr_assert_eq(add(&d, false, "maker/sponsor", "D-1", "clinics", NULL, T), 1);
    cr_assert_eq(add(&d, false, "maker/pm", "D-1", "brand", "brand/pm", T), 1);
    cr_assert_eq(add(&d, false, "maker/pm", "D-1", "brand", "brand/sponsor", T), 1);
    cr_assert_eq(add(&d, false, "maker/pm", "D-1", "brand", "brand/pm", T + H), 0);
    cr_assert_eq(add(&d, false, "maker/pm", "D-1", "clinics", NULL, T - 100 * H), 0, "a clock that was set back gives no second one");
    cr_assert_eq(d.box.n, 5);
    cr_assert_eq(add(&d, false, "maker/pm", "D-1", "clinics", NULL, T + 24 * H), 1);
    cr_assert_eq(d.box.n, 5, "it stands for the one before");
    cr_assert_eq(add(&d, true, "maker/pm", "D-1", "clinics", NULL, T + 24 * H), 1, "what was got is another list");
    desk_deinit(&d);
}

Test(nudge, bounds)
{
    struct desk d;
    char subject[32], org[32];
    size_t n = 0;
    desk_init(&d);
    for (int i = 0; i < NUDGES_PER_ORG; i++) {
        (void)snprintf(subject, sizeof subject, "D-%d", i + 1);
        cr_assert_eq(add(&d, true, "maker/pm", subject, "clinics", NULL, T), 1);
    }
    cr_assert_eq(add(&d, true, "maker/sponsor", "I-1", "clinics", NULL, T), 0);
    cr_assert_str_eq(d.err.text, "there are 64 nudges of maker already; no more until some of it is done");
    cr_assert_eq(add(&d, true, "brand/pm", "I-1", "clinics", NULL, T), 1, "another partner has its own room");
    for (int o = 0; o < 9; o++)
        for (int i = 0; i < NUDGES_PER_ORG; i++) {
            (void)snprintf(subject, sizeof subject, "D-%d", i + 1);
            (void)snprintf(org, sizeof org, "p%d", o);
            n += (size_t)add(&d, false, "clinics/pm", subject, org, NULL, T);
        }
    cr_assert_eq(d.box.n, NUDGES_MAX);
    cr_assert_eq(n, NUDGES_MAX - NUDGES_PER_ORG - 1);
    cr_assert_str_eq(d.err.text, "the node keeps 512 nudges already; no more until some of it is done");
    struct buf b CLEANUP(buf_deinit); /* all of them fit into the file */
    buf_init(&b, NUDGE_FILE_MAX);
    cr_assert_eq(nudge_save(&d.box, &b), ST_OK);
    nudge_remove(&d.box, d.box.v[7]);
    cr_assert_eq(d.box.n, NUDGES_MAX - 1);
    desk_deinit(&d);
}

/* To a seat of one's own it is kept twice, and there must be room for both. */
Test(nudge, one_to_the_own_organisation_needs_room_for_two)
{
    struct desk d;
    char subject[32], org[32];
    struct hash id;
    struct nudge n;
    desk_init(&d);
    for (int i = 0; i < NUDGES_MAX - 1; i++) {
        (void)snprintf(subject, sizeof subject, "D-%d", i + 1);
        (void)snprintf(org, sizeof org, "p%d", i / NUDGES_PER_ORG);
        cr_assert_eq(add(&d, false, "clinics/pm", subject, org, NULL, T), 1);
    }
    struct span bytes = bytes_of(&d, "maker/pm", "D-1", "maker", NULL, T);
    sha256(bytes, &id);
    cr_assert_eq(nudge_parse(bytes, &n, &d.err), ST_OK);
    cr_assert_eq(nudge_may(&d.box, &n, &id, false, T, &d.err), ST_OK);
    cr_assert_eq(nudge_may(&d.box, &n, &id, true, T, &d.err), ST_OK);
    cr_assert_eq(nudge_may_own(&d.box, &n, &id, false, T, &d.err), ST_OK, "to others there is room");
    cr_assert_eq(nudge_may_own(&d.box, &n, &id, true, T, &d.err), ST_REFUSED);
    cr_assert_str_eq(d.err.text, "the node keeps 511 nudges already, and has no room for two; no more until some of it is done");
    nudge_remove(&d.box, d.box.v[0]);
    cr_assert_eq(nudge_may_own(&d.box, &n, &id, true, T, &d.err), ST_OK);
    desk_deinit(&d);
}

/* What one replaces is there again when it cannot be saved, and gone when it was. */
Test(nudge, what_is_replaced_stays_until_the_next_is_saved)
{
    struct desk d;
    desk_init(&d);
    cr_assert_eq(add(&d, false, "maker/pm", "D-1", "brand", "brand/pm", T), 1);
    cr_assert_eq(add(&d, false, "maker/pm", "D-1", "brand", "brand/sponsor", T), 1);
    cr_assert_eq(add(&d, false, "maker/pm", "D-1", "brand", NULL, T + 24 * H), 1);
    cr_assert_eq(d.box.n, 1, "one to all of them stands for both");
    nudge_undo(&d.box, d.box.v[0]);
    cr_assert_eq(d.box.n, 2);
    cr_assert(span_eqs(d.box.v[0]->is.asked, "brand/pm") && span_eqs(d.box.v[1]->is.asked, "brand/sponsor"));
    cr_assert_eq(add(&d, false, "maker/pm", "D-1", "brand", NULL, T + 24 * H), 1);
    nudge_settle(d.box.v[0]);
    nudge_undo(&d.box, d.box.v[0]);
    cr_assert_eq(d.box.n, 0);
    cr_assert_eq(add(&d, false, "maker/pm", "D-1", "brand", NULL, T), 1);
    cr_assert_eq(add(&d, false, "maker/pm", "D-1", "brand", NULL, T + 24 * H), 1);
    desk_deinit(&d); /* frees what was replaced, too */
}

/* NUD-5 */
Test(nudge, the_file)
{
    struct desk d;
    struct nudge_box again = {.n = 0};
    struct hash ours = {{7}}, theirs = {{8}};
    struct buf b CLEANUP(buf_deinit), c CLEANUP(buf_deinit);
    desk_init(&d);
    buf_init(&b, NUDGE_FILE_MAX);
    buf_init(&c, NUDGE_FILE_MAX);
    cr_assert_eq(add(&d, false, "maker/pm", "D-1", "clinics", "clinics/pm", T), 1);
    cr_assert_eq(add(&d, true, "clinics/pm", "I-3", "maker", NULL, T + 1), 1);
    d.box.v[0]->state = NUDGE_FAILED;
    (void)snprintf(d.box.v[0]->words, sizeof d.box.v[0]->words, "no");
    d.box.v[1]->told = true;
    cr_assert_eq(nudge_save(&d.box, &b), ST_OK);
    cr_assert_eq(nudge_load(&again, buf_span(&b), &ours, &d.err), ST_OK, "%s", d.err.text);
    cr_assert_eq(again.n, 2);
    cr_assert(again.v[1]->told && again.v[1]->got && !again.v[0]->got);
    cr_assert_eq(again.v[0]->state, NUDGE_FAILED);
    cr_assert_str_eq(again.v[0]->words, "no");
    cr_assert(span_eqs(again.v[0]->is.asked, "clinics/pm"));
    cr_assert_eq(again.v[1]->here_ms, T + 1);
    cr_assert_eq(nudge_save(&again, &c), ST_OK);
    cr_assert(span_eq(buf_span(&b), buf_span(&c)));
    nudge_box_deinit(&again);
    cr_assert_eq(nudge_load(&again, buf_span(&b), &theirs, &d.err), ST_FORMAT);
    cr_assert_not_null(strstr(d.err.text, "row 1 is no nudge of this alliance"), "%s", d.err.text);
    cr_assert_eq(again.n, 0);
    for (size_t n = 0; n < b.n; n++) /* cut anywhere */
        cr_assert_eq(nudge_load(&again, span_of(b.p, n), &ours, &d.err), ST_FORMAT, "%zu bytes of it", n);
    cr_assert_eq(again.n, 0);
    desk_deinit(&d);
}

/* NUD-2 */
Test(nudge, who_is_asked)
{
    struct desk d;
    struct span two[2] = {span_str("clinics/pm"), span_str("clinics/legal")}, one[1] = {span_str("clinics/pm")};
    struct query_owed owed[3] = {{.id = span_str("D-1"), .task = span_str("ballot"), .seats = {1, one}},
                                 {.id = span_str("D-1"), .task = span_str("input"), .seats = {2, two}},
                                 {.id = span_str("D-2"), .seats = {2, two}}};
    struct query_owed_list all = {3, owed};
    const struct query_owed *first = NULL;
    struct nudge n;
    desk_init(&d);
    cr_assert_eq(nudge_parse(bytes_of(&d, "maker/pm", "D-1", "clinics", NULL, T), &n, &d.err), ST_OK);
    struct span_list l = nudge_asked(&n, &all, &d.a, &first);
    cr_assert_eq(l.n, 2);
    cr_assert_eq(first, &owed[0]);
    cr_assert(span_eqs(l.v[0], "clinics/pm") && span_eqs(l.v[1], "clinics/legal"));
    cr_assert_eq(nudge_parse(bytes_of(&d, "maker/pm", "D-1", "clinics", "clinics/legal", T), &n, &d.err), ST_OK);
    l = nudge_asked(&n, &all, &d.a, &first);
    cr_assert_eq(l.n, 1);
    cr_assert_eq(first, &owed[1]);
    cr_assert_eq(nudge_parse(bytes_of(&d, "maker/pm", "D-3", "clinics", NULL, T), &n, &d.err), ST_OK);
    cr_assert_eq(nudge_asked(&n, &all, &d.a, NULL).n, 0);
    cr_assert_eq(nudge_parse(bytes_of(&d, "maker/pm", "D-1", "brand", NULL, T), &n, &d.err), ST_OK);
    cr_assert_eq(nudge_asked(&n, &all, &d.a, NULL).n, 0, "seats of another organisation");
    desk_deinit(&d);
}

/* NUD-1 */
Test(nudge, what_is_no_nudge)
{
    struct desk d;
    struct nudge n;
    struct span s;
    uint8_t more[600] = {0};
    desk_init(&d);
    cr_assert_eq(nudge_parse(span_of(more, sizeof more), &n, &d.err), ST_RANGE);
    cr_assert_str_eq(d.err.text, "a nudge of 600 bytes; at most 512 are expected");
    cr_assert_eq(nudge_parse(bytes_of(&d, "maker/pm", "D-1", "clinics", "brand/pm", T), &n, &d.err), ST_FORMAT);
    cr_assert_str_eq(d.err.text, "brand/pm is no seat of clinics");
    s = bytes_of(&d, "maker/pm", "D-1", "clinics", NULL, T);
    for (size_t k = 0; k < s.n; k++)
        cr_assert_neq(nudge_parse(span_of(s.p, k), &n, &d.err), ST_OK, "%zu bytes of it", k);
    desk_deinit(&d);
}

/* NUD-3 */
Test(nudge, messages)
{
    struct desk d;
    struct nudge_message m;
    struct buf b CLEANUP(buf_deinit), c CLEANUP(buf_deinit);
    desk_init(&d);
    buf_init(&b, 4096);
    buf_init(&c, 4096);
    struct msg_nudge one = {.nudge = bytes_of(&d, "maker/pm", "D-1", "clinics", NULL, T), .signature = {.alg = SIG_ED25519}};
    struct msg_nudge_answer two = {.answer = NUDGE_LATER, .words = span_str("not yet")};
    SET_HAS(&two, msg_nudge_answer_key_words);
    cr_assert_eq(message_encode(&msg_nudge_desc, &one, &b), ST_OK);
    cr_assert_eq(message_encode(&msg_nudge_answer_desc, &two, &c), ST_OK);
    cr_assert(nudge_is_message(buf_span(&b)) && nudge_is_message(buf_span(&c)));
    cr_assert_not(message_is(buf_span(&b)), "it is not about documents");
    cr_assert_eq(nudge_message_decode(buf_span(&b), &m, &d.err), ST_OK, "%s", d.err.text);
    cr_assert(!m.answer && span_eq(m.nudge.nudge, one.nudge));
    cr_assert_eq(nudge_message_decode(buf_span(&c), &m, &d.err), ST_OK, "%s", d.err.text);
    cr_assert(m.answer && m.reply.answer == NUDGE_LATER && span_eqs(m.reply.words, "not yet"));
    for (size_t k = 0; k < b.n; k++)
        cr_assert_neq(nudge_message_decode(span_of(b.p, k), &m, &d.err), ST_OK);
    b.p[2] = msg_document_ask_number_;
    cr_assert_not(nudge_is_message(buf_span(&b)));
    cr_assert_eq(nudge_message_decode(buf_span(&b), &m, &d.err), ST_UNSUPPORTED);
    desk_deinit(&d);
}
