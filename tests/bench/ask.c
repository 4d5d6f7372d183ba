/* ask: how long a node takes to answer what people ask, over its socket: --node DIR, --count N rounds. The middle decision and
 * item are asked for, and the newest. --mode QUESTION: that one alone (none: none). JSON on standard output: for each question the
 * median and the longest, in ms. */
#include "api/client.h"
#include "bench/common.h"

static const uint64_t DAY_MS = 86400000;

struct question {
    const char *name;
    enum method method;
    const void *request;
};

static void ask(struct client *c, const struct question *q, uint64_t rounds)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    uint64_t *us = malloc(rounds * sizeof *us);
    void *reply = malloc(client_reply_desc(q->method)->size);
    struct err err;
    ASSERT(us != NULL && reply != NULL);
    for (uint64_t i = 0; i < rounds; i++) {
        arena_reset(&a);
        uint64_t start = bench_us();
        enum status st = client_ask(c, q->method, q->request, &a, reply, &err);
        us[i] = bench_us() - start;
        if (st != ST_OK)
            bench_die("%s: %s", q->name, err.text);
    }
    uint64_t p50 = bench_percentile(us, rounds, 50), most = us[rounds - 1]; /* sorted by the first */
    (void)printf(", \"%s\": {\"p50_ms\": %.3f, \"most_ms\": %.3f}", q->name, (double)p50 / 1e3, (double)most / 1e3);
    free(reply);
    free(us);
}

int main(int argc, char **argv)
{
    static struct bench_options o;
    struct client *c;
    struct err err;
    struct arena a CLEANUP(arena_deinit);
    struct rpc_boundary_reply at;
    struct query_decisions d;
    arena_init(&a, 0);
    bench_options(argc, argv, &o);
    if (o.n_nodes == 0 || o.count == 0)
        bench_die("usage: ask --node DIR [--count N]");
    BENCH_MUST(client_open(o.nodes[0], 120000, &c, &err), err);
    BENCH_MUST(client_ask(c, METHOD_boundary, NULL, &a, &at, &err), err);
    uint64_t newest = 1;
    struct rpc_range from = {.from = 1, .count = 1000};
    for (;; from.from = newest + 1) {
        BENCH_MUST(client_ask(c, METHOD_decisions, &from, &a, &d, &err), err);
        if (d.list.n == 0)
            break;
        newest = d.list.v[d.list.n - 1].number;
    }
    struct span finance = span_str("maker/finance");
    struct rpc_inbox org = {.org = span_str("maker")}, seat = {.org = span_str("maker"), .seats = {1, &finance}};
    SET_HAS(&seat, rpc_inbox_key_seats);
    struct rpc_number middle = {.number = newest / 2 + 1}, last = {.number = newest};
    struct item_ref item = {.type = ITEM_ACTION, .number = newest / 2 + 1};
    struct rpc_items items = {.type = ITEM_ACTION, .from = 1, .count = 1000, .live = true};
    struct rpc_scorecard card = {0};
    struct rpc_period week = {.from_ms = at.time_ms - 7 * DAY_MS, .to_ms = at.time_ms},
                      quarter = {.from_ms = at.time_ms - 90 * DAY_MS, .to_ms = at.time_ms};
    const struct question list[] = {
        {"status", METHOD_status, NULL},         {"inbox_partner", METHOD_inbox, &org},         {"inbox_seat", METHOD_inbox, &seat},
        {"news_week", METHOD_news, &week},       {"show", METHOD_decision, &middle},            {"show_newest", METHOD_decision, &last},
        {"readiness", METHOD_readiness, &middle}, {"readiness_newest", METHOD_readiness, &last}, {"item", METHOD_item, &item},
        {"items_live", METHOD_items, &items},    {"scorecard", METHOD_scorecard, &card},        {"pace_quarter", METHOD_pace, &quarter},
        {"health_quarter", METHOD_health, &quarter}, {"regulars", METHOD_regulars, NULL}};
    (void)printf("{\"what\": \"ask\", \"entries\": %" PRIu64 ", \"decisions\": %" PRIu64, at.size, newest);
    bool all = strcmp(o.mode, "notes") == 0; /* none was given */
    for (size_t i = 0; i < ARRAY_LEN(list); i++)
        if (all || strcmp(o.mode, list[i].name) == 0)
            ask(c, &list[i], o.count);
    (void)puts("}");
    client_close(c);
    return 0;
}
