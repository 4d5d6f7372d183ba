#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/base.h"
#include "crypto/sshkeygen.h"
#include "crypto/sshpub.h"
#include "crypto/sshsig.h"
#include "tools.h"

TestSuite(sshkeygen, .init = suite_init, .fini = suite_fini);

static const struct span message = {(const uint8_t *)"approved: D-12\n", 15};

static void script(const struct place *p, const char *text)
{
    place_write(p, "program", span_str(text));
    cr_assert_eq(chmod(place_path(p, "program"), 0700), 0);
}

Test(sshkeygen, private_key_file)
{
    struct place p = place_make();
    struct err err = {0};
    struct signature s = {0};
    cr_assert_eq(place_run(&p, "ssh-keygen -q -t ed25519 -N '' -f k"), 0);
    cr_assert_eq(sshkeygen_sign(NULL, place_path(&p, "k"), SSHSIG_ENTRY, message, &s, &err), ST_OK, "%s",
                 err.text);
    cr_assert_eq(s.alg, SIG_ED25519);
    cr_assert_eq(sshsig_verify(&s, SSHSIG_ENTRY, message), ST_OK);
    /* the largest entry */
    static uint8_t big[65535];
    memset(big, 0x5a, sizeof big);
    cr_assert_eq(sshkeygen_sign(NULL, place_path(&p, "k"), SSHSIG_ENTRY, span_of(big, sizeof big), &s, &err),
                 ST_OK);
    cr_assert_eq(sshsig_verify(&s, SSHSIG_ENTRY, span_of(big, sizeof big)), ST_OK);
    cr_assert_eq(sshkeygen_sign(NULL, place_path(&p, "k"), SSHSIG_ENTRY, span_of(big, 0), &s, &err), ST_OK);
    cr_assert_eq(sshsig_verify(&s, SSHSIG_ENTRY, span_of(big, 0)), ST_OK);
    place_remove(&p);
}

/* The private key is in an agent only; the agent is this test's own. */
Test(sshkeygen, agent)
{
    struct place p = place_make();
    struct arena a;
    struct err err = {0};
    struct signature s = {0};
    arena_init(&a, 0);
    cr_assert_eq(place_run(&p, "ssh-keygen -q -t ed25519 -N '' -f k && ssh-agent -a agent.sock"), 0);
    const char *out = place_read(&p, "out", &a, NULL);
    const char *at = strstr(out, "SSH_AGENT_PID=");
    cr_assert_not_null(at);
    pid_t pid = (pid_t)strtol(at + 14, NULL, 10);
    cr_assert_gt(pid, 1);
    cr_assert_eq(setenv("SSH_AUTH_SOCK", place_path(&p, "agent.sock"), 1), 0);
    int added = place_run(&p, "ssh-add -q k && rm k");
    enum status st = sshkeygen_sign(NULL, place_path(&p, "k.pub"), SSHSIG_ENTRY, message, &s, &err);
    cr_assert_eq(kill(pid, SIGTERM), 0);
    cr_assert_eq(added, 0);
    cr_assert_eq(st, ST_OK, "%s", err.text);
    cr_assert_eq(sshsig_verify(&s, SSHSIG_ENTRY, message), ST_OK);
    size_t n = 0;
    struct public_key pub;
    struct span comment;
    const char *line = place_read(&p, "k.pub", &a, &n);
    cr_assert_eq(sshpub_parse(span_of(line, n), &pub, &comment, &err), ST_OK);
    cr_assert(hash_eq(&pub.key, &s.key));
    arena_deinit(&a);
    place_remove(&p);
}

Test(sshkeygen, its_words_are_passed_on)
{
    struct place p = place_make();
    struct err err = {0};
    struct signature s = {.counter = 5};
    const char *path = place_path(&p, "none");
    cr_assert_eq(sshkeygen_sign(NULL, path, SSHSIG_ENTRY, message, &s, &err), ST_BADKEY);
    cr_assert_not_null(strstr(err.text, "ssh-keygen could not sign with "), "%s", err.text);
    cr_assert_not_null(strstr(err.text, "No such file or directory"), "%s", err.text);
    cr_assert_eq(s.counter, 5);
    cr_assert_eq(place_run(&p, "ssh-keygen -q -t rsa -b 2048 -N '' -f r"), 0);
    cr_assert_eq(sshkeygen_sign(NULL, place_path(&p, "r"), SSHSIG_ENTRY, message, &s, &err), ST_UNSUPPORTED);
    struct sshkeygen how = {.program = place_path(&p, "no-such-program")};
    cr_assert_eq(sshkeygen_sign(&how, path, SSHSIG_ENTRY, message, &s, &err), ST_NOTFOUND);
    cr_assert_not_null(strstr(err.text, "no-such-program: not found; it comes with OpenSSH"));
    place_remove(&p);
}

static void collect(void *ctx, struct span text)
{
    buf_put_span(ctx, text);
}

/* What the program gets as arguments and on standard input; what it says is heard while it runs. */
Test(sshkeygen, how_it_is_called)
{
    struct place p = place_make();
    struct arena a;
    struct buf heard;
    struct err err = {0};
    struct signature s;
    arena_init(&a, 0);
    buf_init(&heard, 4096);
    struct sshkeygen how = {.program = place_path(&p, "program"), .said = collect, .ctx = &heard};
    script(&p, "#!/bin/sh\n"
               "cd \"${0%/*}\"\n"
               "printf '%s|' \"$@\" > args\n"
               "cat > input\n"
               "printf 'Confirm user presence\\033[31m for key\\n' >&2\n"
               "exit 3\n");
    cr_assert_eq(sshkeygen_sign(&how, "/a b/$(k)", SSHSIG_ENTRY, message, &s, &err), ST_BADKEY);
    cr_assert_str_eq(err.text,
                     "ssh-keygen could not sign with /a b/$(k): Confirm user presence [31m for key");
    cr_assert_str_eq(place_read(&p, "args", &a, NULL), "-Y|sign|-n|entry@entente|-f|/a b/$(k)|");
    cr_assert_str_eq(place_read(&p, "input", &a, NULL), "approved: D-12\n");
    cr_assert_str_eq(buf_cstr(&heard), "Confirm user presence\033[31m for key\n");
    buf_deinit(&heard);
    arena_deinit(&a);
    place_remove(&p);
}

static bool gone(const char *pid_text)
{
    pid_t pid = (pid_t)strtol(pid_text, NULL, 10);
    cr_assert_gt(pid, 1);
    return kill(pid, 0) != 0 && errno == ESRCH;
}

Test(sshkeygen, time_is_bounded)
{
    struct place p = place_make();
    struct arena a;
    struct err err = {0};
    struct signature s;
    arena_init(&a, 0);
    struct sshkeygen how = {.program = place_path(&p, "program"), .timeout_ms = 300};
    /* one that waits, one that closed its output and waits, one that also ignores being asked to end */
    static const char *const bodies[] = {"echo touch >&2; exec sleep 30", "exec >&- 2>&-; exec sleep 30",
                                         "trap '' TERM; exec sleep 30"};
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        char text[200];
        (void)snprintf(text, sizeof text, "#!/bin/sh\necho $$ > \"${0%%/*}/pid\"\n%s\n", bodies[i]);
        script(&p, text);
        uint64_t from = clock_mono_ms(&clock_system);
        cr_assert_eq(sshkeygen_sign(&how, "k", SSHSIG_ENTRY, message, &s, &err), ST_TIMEOUT, "%s", err.text);
        uint64_t took = clock_mono_ms(&clock_system) - from;
        cr_assert_geq(took, 300);
        cr_assert_lt(took, 5000);
        cr_assert_not_null(strstr(err.text, "ssh-keygen did not sign with k in time, and was ended"));
        cr_assert(gone(place_read(&p, "pid", &a, NULL)), "%s", bodies[i]);
    }
    arena_deinit(&a);
    place_remove(&p);
}

/* A program that does not read its input, talks without end, or lies. */
Test(sshkeygen, output_is_bounded_and_checked)
{
    struct place p = place_make();
    struct err err = {0};
    struct signature s;
    static uint8_t big[1 << 20];
    struct sshkeygen how = {.program = place_path(&p, "program"), .timeout_ms = 10000};
    script(&p, "#!/bin/sh\nexec yes\n");
    cr_assert_eq(sshkeygen_sign(&how, "k", SSHSIG_ENTRY, span_of(big, sizeof big), &s, &err), ST_LIMIT);
    script(&p, "#!/bin/sh\nhead -c 100000 /dev/zero >&2\nexit 1\n");
    cr_assert_eq(sshkeygen_sign(&how, "k", SSHSIG_ENTRY, span_of(big, sizeof big), &s, &err), ST_BADKEY);
    cr_assert_not_null(strstr(err.text, "it gave no reason"));
    script(&p, "#!/bin/sh\nexit 0\n");
    cr_assert_eq(sshkeygen_sign(&how, "k", SSHSIG_ENTRY, span_of(big, sizeof big), &s, &err), ST_FORMAT);
    cr_assert_eq(place_run(&p,
                           "ssh-keygen -q -t ed25519 -N '' -f k && echo other > m && ssh-keygen -Y sign -n "
                           "entry@entente -f k m"),
                 0);
    script(&p, "#!/bin/sh\ncat \"${0%/*}/m.sig\"\n");
    cr_assert_eq(sshkeygen_sign(&how, "k", SSHSIG_ENTRY, message, &s, &err), ST_BADSIG);
    cr_assert_str_eq(err.text, "the signature that ssh-keygen made with k does not verify");
    place_remove(&p);
}

/* A sealed key, with the passphrase from SSH_ASKPASS: no terminal is needed. */
Test(sshkeygen, sealed_key_with_askpass)
{
    struct place p = place_make();
    struct err err = {0};
    struct signature s;
    cr_assert_eq(place_run(&p, "ssh-keygen -q -t ed25519 -N secret -f k"), 0);
    script(&p, "#!/bin/sh\necho secret\n");
    cr_assert_eq(setenv("SSH_ASKPASS", place_path(&p, "program"), 1), 0);
    cr_assert_eq(setenv("SSH_ASKPASS_REQUIRE", "force", 1), 0);
    cr_assert_eq(sshkeygen_sign(NULL, place_path(&p, "k"), SSHSIG_ENTRY, message, &s, &err), ST_OK, "%s",
                 err.text);
    script(&p, "#!/bin/sh\necho wrong\n");
    cr_assert_eq(sshkeygen_sign(NULL, place_path(&p, "k"), SSHSIG_ENTRY, message, &s, &err), ST_BADKEY);
    cr_assert_not_null(strstr(err.text, "incorrect passphrase"), "%s", err.text);
    place_remove(&p);
}
