/* tls: two sides in memory, without a network (NET-1). */
#include <criterion/criterion.h>
#include <mbedtls/pk.h>
#include "tools.h"

TestSuite(tls, .init = suite_init, .fini = suite_fini);

enum { ROUNDS = 20 };

struct side {
    struct member m;
    struct tls_own *own;
    struct tls_config *config;
    struct tls *tls;
    struct buf heard, out;
    enum status st; /* ST_OK so far, or how it ended */
};

static void side_make(struct side *s, const char *org)
{
    struct err err;
    *s = (struct side){0};
    member_make(&s->m, org);
    cr_assert_eq(tls_own_new(span_of(s->m.tls->cert, s->m.tls->cert_n), s->m.tls->key_pem, &s->own, &err), ST_OK);
    buf_init(&s->heard, 1 << 22);
    buf_init(&s->out, TLS_OUT_MAX);
}

static void side_free(struct side *s)
{
    tls_free(s->tls);
    tls_config_free(s->config);
    tls_own_free(s->own);
    buf_deinit(&s->heard);
    buf_deinit(&s->out);
    member_free(&s->m);
}

static struct span cert(const struct side *s)
{
    return span_of(s->m.tls->cert, s->m.tls->cert_n);
}

static void dial(struct side *s, const struct side *expected, const char *name)
{
    struct err err;
    cr_assert_eq(tls_config_dial(s->own, cert(expected), name, &s->config, &err), ST_OK);
    cr_assert_eq(tls_new(s->config, &s->tls), ST_OK);
}

static void listen_for(struct side *s, const struct side *expected)
{
    struct err err;
    cr_assert_eq(tls_config_listen(s->own, &s->config, &err), ST_OK);
    cr_assert_eq(tls_config_add(s->config, cert(expected), expected->m.org, &err), ST_OK);
    cr_assert_eq(tls_new(s->config, &s->tls), ST_OK);
}

/* What `from` has to send arrives in parts of at most n bytes. */
static void carry(struct side *from, struct side *to, size_t n)
{
    uint8_t plain[1000];
    tls_take(from->tls, &from->out);
    for (size_t at = 0; at < from->out.n && to->st == ST_OK; at += n) {
        struct span in = span_of(from->out.p + at, from->out.n - at < n ? from->out.n - at : n);
        enum status st;
        size_t k;
        while ((st = tls_read(to->tls, &in, plain, sizeof plain, &k)) == ST_OK)
            buf_put(&to->heard, plain, k);
        if (st != ST_END)
            to->st = st;
        else
            cr_assert_eq(in.n, 0);
    }
}

static void shake_hands(struct side *a, struct side *b, size_t n)
{
    for (int i = 0; i < ROUNDS && (tls_has_output(a->tls) || tls_has_output(b->tls)); i++) {
        carry(a, b, n);
        carry(b, a, n);
    }
}

static void say(struct side *from, struct side *to, size_t length, size_t n)
{
    uint8_t *text = malloc(length);
    cr_assert_not_null(text);
    memset(text, 'x', length);
    buf_reset(&to->heard);
    cr_assert_eq(tls_write(from->tls, span_of(text, length)), ST_OK);
    carry(from, to, n);
    cr_assert_eq(to->st, ST_OK);
    cr_assert_eq(to->heard.n, length);
    cr_assert_eq(memcmp(to->heard.p, text, length), 0);
    free(text);
}

Test(tls, NET_1_members_talk)
{
    static const size_t parts[] = {SIZE_MAX, 1000, 7, 1};
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        struct side a, b;
        side_make(&a, "alpha");
        side_make(&b, "beta");
        listen_for(&b, &a);
        dial(&a, &b, "beta");
        cr_assert_not(tls_is_up(a.tls));
        shake_hands(&a, &b, parts[i]);
        cr_assert(tls_is_up(a.tls) && tls_is_up(b.tls));
        say(&a, &b, 1, parts[i]);
        say(&b, &a, 100, parts[i]);
        say(&a, &b, TLS_RECORD_MAX, parts[i]);
        say(&b, &a, 3 * TLS_RECORD_MAX + 5, parts[i]);
        side_free(&a);
        side_free(&b);
    }
}

/* Its configuration goes when the members change; the connection goes on. */
Test(tls, outlives_its_configuration)
{
    struct side a, b;
    side_make(&a, "alpha");
    side_make(&b, "beta");
    listen_for(&b, &a);
    dial(&a, &b, "beta");
    tls_config_free(b.config);
    b.config = NULL;
    shake_hands(&a, &b, SIZE_MAX);
    say(&a, &b, 10, SIZE_MAX);
    side_free(&a);
    side_free(&b);
}

static void assert_fails(struct side *s, const char *words)
{
    char why[TLS_TEXT_MAX];
    cr_assert_eq(s->st, ST_TLS);
    tls_why(s->tls, why);
    cr_assert_str_eq(why, words);
    cr_assert_not(tls_is_up(s->tls));
}

static void assert_saw(struct side *s, const struct side *other)
{
    char words[TLS_TEXT_MAX];
    (void)snprintf(words, sizeof words, "it showed the certificate %s", net_fingerprint(cert(other)).s);
    assert_fails(s, words);
}

Test(tls, NET_1_another_certificate_of_the_listener)
{
    struct side a, b, card;
    side_make(&a, "alpha");
    side_make(&b, "beta");
    side_make(&card, "beta");
    listen_for(&b, &a);
    dial(&a, &card, "beta");
    shake_hands(&a, &b, SIZE_MAX);
    assert_saw(&a, &b);
    assert_fails(&b, "it ended TLS with an alert");
    side_free(&a);
    side_free(&b);
    side_free(&card);
}

Test(tls, NET_1_a_member_under_anothers_name)
{
    struct side a, b;
    side_make(&a, "alpha");
    side_make(&b, "beta");
    listen_for(&b, &a);
    dial(&a, &b, "gamma");
    shake_hands(&a, &b, SIZE_MAX);
    assert_saw(&a, &b);
    side_free(&a);
    side_free(&b);
}

Test(tls, NET_1_another_certificate_of_the_caller)
{
    struct side a, b, card;
    side_make(&a, "alpha");
    side_make(&b, "beta");
    side_make(&card, "alpha");
    listen_for(&b, &card);
    dial(&a, &b, "beta");
    shake_hands(&a, &b, SIZE_MAX);
    assert_saw(&b, &a);
    cr_assert_eq(a.st, ST_TLS);
    side_free(&a);
    side_free(&b);
    side_free(&card);
}

/* A record that was changed on the way. */
Test(tls, changed_on_the_way)
{
    struct side a, b;
    struct span in;
    uint8_t plain[100];
    size_t n;
    char why[TLS_TEXT_MAX];
    side_make(&a, "alpha");
    side_make(&b, "beta");
    listen_for(&b, &a);
    dial(&a, &b, "beta");
    shake_hands(&a, &b, SIZE_MAX);
    cr_assert_eq(tls_write(a.tls, span_str("hello")), ST_OK);
    tls_take(a.tls, &a.out);
    a.out.p[a.out.n - 1] ^= 1;
    in = buf_span(&a.out);
    cr_assert_eq(tls_read(b.tls, &in, plain, sizeof plain, &n), ST_TLS);
    tls_why(b.tls, why);
    cr_assert_str_eq(why, "SSL - Verification of the message MAC failed");
    cr_assert(tls_has_output(b.tls), "an alert");
    in = span_of(NULL, 0);
    cr_assert_eq(tls_read(b.tls, &in, plain, sizeof plain, &n), ST_TLS, "for good");
    side_free(&a);
    side_free(&b);
}

Test(tls, not_tls_at_all)
{
    struct side a, b;
    struct span in = span_str("GET / HTTP/1.1\r\nHost: example\r\n\r\n");
    uint8_t plain[100];
    size_t n;
    side_make(&a, "alpha");
    side_make(&b, "beta");
    listen_for(&b, &a);
    cr_assert_eq(tls_read(b.tls, &in, plain, sizeof plain, &n), ST_TLS);
    side_free(&a);
    side_free(&b);
}

Test(tls, not_a_key)
{
    static const char *const bad[] = {"", "nonsense", "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n"};
    struct err err;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct tls_own *own = NULL;
        cr_assert_eq(tls_own_new(span_str("x"), bad[i], &own, &err), ST_BADKEY, "%zu", i);
        cr_assert_str_eq(err.text, "the node's TLS key is not a P-256 key in PEM");
        cr_assert_null(own);
    }
}

Test(tls, not_a_certificate)
{
    struct side a;
    struct err err;
    struct tls_own *own = NULL;
    side_make(&a, "alpha");
    cr_assert_eq(tls_config_dial(a.own, span_str("junk"), "beta", &a.config, &err), ST_BADKEY);
    cr_assert_not_null(strstr(err.text, "the TLS certificate on the card of 'beta' cannot be used for TLS: "), "%s", err.text);
    cr_assert_null(a.config);
    cr_assert_eq(tls_own_new(span_str("junk"), a.m.tls->key_pem, &own, &err), ST_BADKEY);
    cr_assert_not_null(strstr(err.text, "the certificate or key of 'this node' cannot be used for TLS: "), "%s", err.text);
    side_free(&a);
}
