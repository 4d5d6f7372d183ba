/* Goal: a document comes whole from whoever has it, goes on where it stopped, and who gives wrong bytes is found out
 * (DOC-7 to DOC-9). */
#include <criterion/criterion.h>
#include "fetch_world.h"

enum { CHUNK = LIMIT_DOCUMENT_CHUNK_BYTES };

static struct world *fresh(size_t chunks)
{
    struct world *w = calloc(1, sizeof *w);
    cr_assert_not_null(w);
    world_init(w, chunks);
    return w;
}

static void done(struct world *w)
{
    world_deinit(w);
    free(w);
}

static struct fetch_peer_status peer(const struct world *w, const char *org)
{
    struct fetch_peer_status p;
    for (size_t i = 0; fetch_peer_status(w->f, i, &p); i++)
        if (span_eqs(p.org, org))
            return p;
    cr_assert_fail("no peer %s", org);
    return p;
}

Test(fetch, doc7_whoever_named_it_is_asked_first_then_the_others_then_later_and_later)
{
    struct world *w = fresh(1);
    uint64_t size;
    enum document_state state;
    world_peer(w, "brand", true);
    world_peer(w, "clinics", true);
    world_want(w, 0, "clinics");
    world_tick(w, 0);
    world_expect(w, "clinics", 0, 0);
    world_none(w, "clinics", 0);
    world_expect(w, "brand", 0, 0);
    world_none(w, "brand", 0);
    cr_assert(fetch_look(w->f, &w->docs[0].digest, &size, &state));
    cr_assert_eq(state, DOCUMENT_ABSENT);
    for (uint64_t pause = FETCH_AGAIN_MS; pause < FETCH_AGAIN_MAX_MS; pause *= 2) {
        world_tick(w, pause - 1);
        cr_assert_eq(w->n_asks, 0, "asked again too early");
        world_tick(w, 1);
        world_expect(w, "clinics", 0, 0);
        world_none(w, "clinics", 0);
        world_expect(w, "brand", 0, 0);
        world_none(w, "brand", 0);
    }
    world_tick(w, FETCH_AGAIN_MAX_MS); /* and never less often than that */
    world_expect(w, "clinics", 0, 0);
    done(w);
}

Test(fetch, doc7_a_node_that_comes_and_an_entry_that_names_it_again_are_asked_at_once)
{
    struct world *w = fresh(1);
    world_peer(w, "brand", true);
    world_want(w, 0, "maker");
    world_tick(w, 0);
    world_expect(w, "brand", 0, 0);
    world_none(w, "brand", 0);
    world_tick(w, 1);
    cr_assert_eq(w->n_asks, 0);
    world_peer(w, "maker", true);
    world_tick(w, 1);
    world_expect(w, "brand", 0, 0);
    world_none(w, "brand", 0);
    world_expect(w, "maker", 0, 0);
    world_none(w, "maker", 0);
    world_want(w, 0, "maker");
    world_tick(w, 1);
    world_expect(w, "maker", 0, 0);
    world_settle(w);
    done(w);
}

Test(fetch, doc8_one_chunk_of_two_documents_at_a_time)
{
    struct world *w = fresh(2);
    struct asked q[DOCS];
    world_peer(w, "brand", true);
    for (size_t i = 0; i < DOCS; i++)
        world_want(w, i, "brand");
    world_tick(w, 0);
    cr_assert_eq(w->n_asks, LIMIT_DOCUMENT_FETCHES);
    for (int turns = 0; turns < 100 && w->n_asks > 0; turns++) {
        size_t n = 0;
        while (world_asked(w, &q[n]))
            n++;
        cr_assert_leq(n, LIMIT_DOCUMENT_FETCHES);
        for (size_t i = 0; i < n; i++)
            world_answer(w, &q[i]);
        world_tick(w, 1);
    }
    for (size_t i = 0; i < DOCS; i++)
        cr_assert(w->docs[i].whole, "document %zu", i);
    cr_assert_eq(fetch_wanted(w->f), 0);
    cr_assert_eq(w->next, UINT64_MAX, "nothing is due");
    done(w);
}

Test(fetch, doc8_a_link_that_breaks_loses_nothing)
{
    struct world *w = fresh(3);
    struct asked q;
    world_peer(w, "brand", true);
    world_want(w, 0, "brand");
    world_tick(w, 0);
    cr_assert(world_asked(w, &q));
    world_answer(w, &q);
    world_expect(w, "brand", 0, CHUNK);
    world_peer(w, "brand", false);
    cr_assert_eq(w->n_asks, 0);
    world_peer(w, "clinics", true);
    world_tick(w, 1);
    world_expect(w, "clinics", 0, CHUNK); /* goes on with another */
    q = (struct asked){"clinics", w->docs[0].digest, CHUNK};
    world_answer(w, &q);
    world_expect(w, "clinics", 0, 2 * CHUNK);
    fetch_free(w->f); /* a restart: nothing is left but the disk */
    struct world *again = fresh(3);
    memcpy(again->docs, w->docs, sizeof w->docs);
    world_peer(again, "brand", true);
    world_want(again, 0, "brand");
    world_tick(again, 0);
    world_expect(again, "brand", 0, 2 * CHUNK);
    q = (struct asked){"brand", w->docs[0].digest, 2 * CHUNK};
    world_answer(again, &q);
    world_settle(again);
    cr_assert(again->docs[0].whole);
    cr_assert_eq(again->restarts, 0);
    free(w);
    done(again);
}

Test(fetch, doc8_silence_is_waited_for_ten_seconds)
{
    struct world *w = fresh(1);
    world_peer(w, "brand", true);
    world_peer(w, "clinics", true);
    world_want(w, 0, "brand");
    world_tick(w, 0);
    world_expect(w, "brand", 0, 0);
    world_tick(w, FETCH_WAIT_MS - 1);
    cr_assert_eq(w->n_asks, 0);
    world_tick(w, 1);
    world_expect(w, "clinics", 0, 0);
    struct asked late = {"brand", w->docs[0].digest, 0};
    world_answer(w, &late); /* late is no fault, and is not taken: each gives its own */
    cr_assert_eq(w->n_faults, 0);
    cr_assert_eq(w->docs[0].have, 0);
    late = (struct asked){"clinics", w->docs[0].digest, 0};
    world_answer(w, &late);
    world_settle(w);
    cr_assert(w->docs[0].whole);
    done(w);
}

Test(fetch, doc8_what_is_here_goes_beyond_the_end)
{
    struct world *w = fresh(1);
    struct asked q;
    w->docs[0].have = 5 * CHUNK; /* somebody once gave other bytes */
    world_peer(w, "brand", true);
    world_want(w, 0, "brand");
    world_tick(w, 0);
    cr_assert(world_asked(w, &q));
    cr_assert_eq(q.offset, 5 * CHUNK);
    world_answer(w, &q);
    cr_assert_eq(w->restarts, 1);
    world_settle(w);
    cr_assert(w->docs[0].whole);
    cr_assert_eq(w->n_faults, 0);
    done(w);
}

Test(fetch, doc9_a_node_that_gives_other_bytes_is_named_and_another_asked)
{
    struct world *w = fresh(1);
    static uint8_t wrong[CHUNK];
    world_peer(w, "liar", true);
    world_peer(w, "brand", true);
    world_want(w, 0, "liar");
    world_tick(w, 0);
    world_expect(w, "liar", 0, 0);
    world_give(w, "liar", &w->docs[0].digest, 100, 0, span_of(wrong, 100));
    cr_assert_eq(w->n_faults, 1);
    cr_assert_str_eq(w->faulty, "liar");
    cr_assert_str_eq(w->fault, "the document that it gave has another SHA-256; it lies, or its disk is damaged");
    cr_assert_eq(peer(w, "liar").faults, 1);
    world_expect(w, "brand", 0, 0);
    world_want(w, 1, "liar");
    world_tick(w, 1);
    world_expect(w, "brand", 1, 0); /* the liar is asked for nothing for a while */
    struct asked q = {"brand", w->docs[0].digest, 0};
    world_answer(w, &q);
    q.digest = w->docs[1].digest;
    world_answer(w, &q);
    world_settle(w);
    cr_assert(w->docs[0].whole && w->docs[1].whole);
    world_tick(w, FETCH_SHUN_MS);
    world_want(w, 2, "liar");
    world_tick(w, 1);
    world_expect(w, "liar", 2, 0); /* then it is again */
    done(w);
}

Test(fetch, doc9_of_several_that_gave_bytes_none_is_blamed_and_one_alone_is_asked)
{
    struct world *w = fresh(2);
    static uint8_t wrong[CHUNK];
    world_peer(w, "liar", true);
    world_want(w, 0, "liar");
    world_tick(w, 0);
    world_expect(w, "liar", 0, 0);
    world_give(w, "liar", &w->docs[0].digest, w->docs[0].n, 0, span_of(wrong, CHUNK));
    world_expect(w, "liar", 0, CHUNK);
    world_peer(w, "liar", false); /* it hides behind another */
    world_peer(w, "brand", true);
    world_tick(w, 1);
    world_expect(w, "brand", 0, CHUNK);
    struct asked q = {"brand", w->docs[0].digest, CHUNK};
    world_answer(w, &q);
    world_peer(w, "liar", true);
    world_expect(w, "brand", 0, 2 * CHUNK);
    q.offset = 2 * CHUNK;
    world_answer(w, &q); /* whole, and wrong */
    cr_assert_eq(w->n_faults, 0, "the honest one is blamed: %s", w->fault);
    world_expect(w, "liar", 0, 0); /* anew */
    world_give(w, "liar", &w->docs[0].digest, w->docs[0].n, 0, span_of(wrong, CHUNK));
    world_expect(w, "liar", 0, CHUNK);
    world_none(w, "liar", 0);
    cr_assert_eq(w->restarts, 1, "its bytes stayed");
    world_expect(w, "brand", 0, 0);
    q.offset = 0;
    world_answer(w, &q);
    world_settle(w);
    cr_assert(w->docs[0].whole);
    done(w);
}

Test(fetch, doc8_chunks_that_do_not_fit_are_faults)
{
    static uint8_t bytes[CHUNK];
    const struct {
        uint64_t size;
        size_t n;
        const char *text;
    } bad[] = {
        {CHUNK * 2, 100, "a chunk at 0 of a document of 131072 bytes has 100 bytes; 65536 were expected"},
        {100, 101, "a chunk at 0 of a document of 100 bytes has 101 bytes; 100 were expected"},
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct world *w = fresh(1);
        world_peer(w, "liar", true);
        world_peer(w, "brand", true);
        world_want(w, 0, "liar");
        world_tick(w, 0);
        world_expect(w, "liar", 0, 0);
        world_give(w, "liar", &w->docs[0].digest, bad[i].size, 0, span_of(bytes, bad[i].n));
        cr_assert_str_eq(w->fault, bad[i].text);
        cr_assert_eq(w->docs[0].have, 0, "something was kept");
        world_expect(w, "brand", 0, 0);
        done(w);
    }
}

Test(fetch, doc8_a_size_that_changes_is_a_fault)
{
    struct world *w = fresh(2);
    struct asked q;
    world_peer(w, "liar", true);
    world_want(w, 0, "liar");
    world_tick(w, 0);
    cr_assert(world_asked(w, &q));
    world_answer(w, &q);
    world_expect(w, "liar", 0, CHUNK);
    world_give(w, "liar", &w->docs[0].digest, 3 * CHUNK, CHUNK, span_of(w->docs[0].bytes, CHUNK));
    cr_assert_str_eq(w->fault, "it said that a document has 131073 bytes, and then 196608");
    done(w);
}

Test(fetch, doc8_a_chunk_that_nobody_asked_for_is_a_fault)
{
    struct world *w = fresh(1);
    world_peer(w, "liar", true);
    world_give(w, "liar", &w->docs[0].digest, w->docs[0].n, 0, span_of(w->docs[0].bytes, CHUNK));
    cr_assert_str_eq(w->fault, "it sent a chunk of a document that it was not asked for");
    cr_assert_eq(w->docs[0].have, 0);
    done(w);
}

Test(fetch, doc5_without_room_it_is_said_and_tried_again)
{
    struct world *w = fresh(1);
    struct asked q;
    uint64_t size;
    enum document_state state;
    world_peer(w, "brand", true);
    world_want(w, 0, "brand");
    w->take = ST_NOSPACE;
    world_tick(w, 0);
    cr_assert(world_asked(w, &q));
    world_answer(w, &q);
    cr_assert(fetch_look(w->f, &w->docs[0].digest, &size, &state));
    cr_assert_eq(state, DOCUMENT_NO_ROOM);
    cr_assert_eq(size, w->docs[0].n);
    cr_assert_eq(w->n_faults, 0);
    w->take = ST_LIMIT;
    world_tick(w, FETCH_AGAIN_MS);
    cr_assert(world_asked(w, &q));
    world_answer(w, &q);
    cr_assert(fetch_look(w->f, &w->docs[0].digest, &size, &state));
    cr_assert_eq(state, DOCUMENT_TOO_LARGE);
    w->take = ST_OK;
    w->finish = ST_IO;
    for (int i = 0; i < 3; i++) { /* the disk fails at the end: nothing is believed, and it is tried again */
        world_tick(w, FETCH_AGAIN_MAX_MS);
        while (world_asked(w, &q))
            world_answer(w, &q);
    }
    cr_assert_not(w->docs[0].whole);
    w->finish = ST_OK;
    world_tick(w, FETCH_AGAIN_MAX_MS);
    world_settle(w);
    cr_assert(w->docs[0].whole);
    done(w);
}

Test(fetch, what_comes_by_another_way_is_dropped)
{
    struct world *w = fresh(2);
    struct asked q;
    world_peer(w, "brand", true);
    world_want(w, 0, "brand");
    world_tick(w, 0);
    cr_assert(world_asked(w, &q));
    w->docs[0].have = CHUNK + 5; /* a person hands it in at the same time */
    world_answer(w, &q);
    world_expect(w, "brand", 0, CHUNK + 5);
    world_want(w, 1, "brand");
    world_tick(w, 1);
    world_expect(w, "brand", 1, 0);
    w->take = ST_EXISTS;
    struct asked whole = {"brand", w->docs[1].digest, 0};
    world_answer(w, &whole);
    cr_assert_eq(fetch_wanted(w->f), 1, "what is whole is still wanted");
    w->take = ST_OK;
    fetch_drop(w->f, &w->docs[0].digest);
    q.offset = CHUNK + 5;
    world_answer(w, &q);
    cr_assert_eq(w->n_faults, 0);
    cr_assert_eq(fetch_wanted(w->f), 0);
    world_tick(w, 1);
    cr_assert_eq(w->n_asks, 0);
    done(w);
}

Test(fetch, doc9_bytes_that_a_person_handed_in_are_not_the_nodes)
{
    struct world *w = fresh(2);
    struct asked q;
    world_peer(w, "brand", true);
    world_want(w, 0, "brand");
    world_tick(w, 0);
    cr_assert(world_asked(w, &q));
    w->docs[0].have = CHUNK; /* zeros, meanwhile */
    world_answer(w, &q);
    world_settle(w);
    cr_assert_eq(w->n_faults, 0, "the honest node is blamed: %s", w->fault);
    cr_assert(w->docs[0].whole);
    done(w);
}

Test(fetch, doc8_a_slow_one_holds_up_nobody_elses_documents)
{
    struct world *w = fresh(5);
    struct asked q;
    world_peer(w, "slow", true);
    world_peer(w, "brand", true);
    world_want(w, 0, "slow");
    world_want(w, 1, "slow");
    world_want(w, 2, "slow");
    world_tick(w, 0);
    world_want(w, 3, "brand"); /* both places are taken */
    uint64_t began = w->now;
    while (!w->docs[3].whole && w->now < began + 10 * FETCH_SLICE_MS) {
        world_tick(w, 9000); /* just in time */
        for (size_t n = w->n_asks; n > 0; n--) {
            cr_assert(world_asked(w, &q));
            world_answer(w, &q);
        }
        world_tick(w, 1); /* who is fast is answered at once */
        for (size_t n = 3 * w->n_asks; n > 0 && world_asked(w, &q); n--) {
            if (strcmp(q.org, "brand") == 0)
                world_answer(w, &q);
            else
                w->asks[w->n_asks++] = q;
        }
    }
    cr_assert(w->docs[3].whole, "it waits behind the slow one's");
    cr_assert_leq(w->now, began + 3 * FETCH_SLICE_MS);
    world_settle(w);
    for (size_t i = 0; i < DOCS; i++)
        cr_assert(w->docs[i].whole, "document %zu", i);
    cr_assert_eq(w->restarts + w->n_faults, 0, "what had come was lost");
    done(w);
}

Test(fetch, doc9_what_left_its_place_goes_on_with_the_same_node)
{
    struct world *w = fresh(5);
    static uint8_t wrong[CHUNK];
    struct asked q;
    world_peer(w, "liar", true);
    world_want(w, 0, "liar");
    world_want(w, 1, "liar");
    world_want(w, 2, "liar");
    world_tick(w, 0);
    for (int i = 0; i < 40 && w->n_faults == 0; i++) { /* its bytes are wrong, and it is slow */
        world_tick(w, 9000);
        for (size_t n = w->n_asks; n > 0; n--) {
            cr_assert(world_asked(w, &q));
            uint64_t left = w->docs[0].n - q.offset;
            world_give(w, q.org, &q.digest, w->docs[0].n, q.offset, span_of(wrong, left < CHUNK ? (size_t)left : CHUNK));
        }
    }
    cr_assert_str_eq(w->faulty, "liar", "turns hide who gave wrong bytes");
    done(w);
}
