/* Goal: a command gets its input, is bounded in time and output, and how it ended is told in words. */
#include <criterion/criterion.h>
#include <signal.h>
#include <unistd.h>
#include "node/child.h"

TestSuite(child, .timeout = 60);

static struct child_result g_r;

static enum status run(const char *command, const char *input, uint64_t limit_ms)
{
    (void)signal(SIGPIPE, SIG_IGN); /* as in the node */
    return child_run(command, "/", span_str(input), limit_ms, NULL, &g_r);
}

Test(child, input_output_directory)
{
    cr_assert_eq(run("cat; pwd; echo error >&2", "one\ttwo\n", 10000), ST_OK);
    cr_assert_str_eq(g_r.output, "one two / error ");
    cr_assert_str_eq(g_r.why, "");
}

Test(child, how_it_ended)
{
    cr_assert_eq(run("echo no address; exit 3", "x", 10000), ST_REFUSED);
    cr_assert_str_eq(g_r.why, "it ended with status 3");
    cr_assert_str_eq(g_r.output, "no address ");
    cr_assert_eq(run("kill -TERM $$", "x", 10000), ST_REFUSED);
    cr_assert_str_eq(g_r.why, "it was ended by signal 15");
    cr_assert_eq(run("no-such-program", "x", 10000), ST_REFUSED);
    cr_assert_str_eq(g_r.why, "it ended with status 127");
}

/* With all that it has started. */
Test(child, a_time_limit)
{
    char path[] = "/tmp/entente-child-XXXXXX", command[200];
    int fd = mkstemp(path);
    cr_assert(fd >= 0);
    (void)snprintf(command, sizeof command, "(sleep 2; echo late >>%s) & sleep 100", path);
    cr_assert_eq(run(command, "x", 300), ST_REFUSED);
    cr_assert_str_eq(g_r.why, "it was killed after 300 ms");
    (void)sleep(3);
    char c;
    cr_assert_eq(read(fd, &c, 1), 0, "what it started went on");
    (void)close(fd);
    (void)unlink(path);
}

Test(child, stopped_with_the_node)
{
    atomic_bool stop;
    atomic_init(&stop, true);
    cr_assert_eq(child_run("sleep 100", "/", span_str(""), 100000, &stop, &g_r), ST_REFUSED);
    cr_assert_str_eq(g_r.why, "it was killed, because the node stops");
}

Test(child, output_is_capped_and_input_need_not_be_read)
{
    size_t n = 300000;
    char *big = malloc(n + 1);
    cr_assert_not_null(big);
    memset(big, 'x', n);
    big[n] = 0;
    cr_assert_eq(run("head -c 1000000 /dev/zero | tr '\\0' 'y'", big, 20000), ST_OK);
    cr_assert_eq(strlen(g_r.output), CHILD_OUTPUT_MAX);
    cr_assert_eq(run("true", big, 20000), ST_OK);
    cr_assert_eq(run("wc -c", big, 20000), ST_OK);
    cr_assert_str_eq(g_r.output, "300000 ");
    free(big);
}

/* It inherits no file of ours, and signals as usual, though the node blocks them. */
Test(child, inherits_nothing)
{
    sigset_t set, old;
    int fd = dup(1);
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    cr_assert_eq(sigprocmask(SIG_BLOCK, &set, &old), 0);
    cr_assert_eq(run("ls /proc/self/fd | wc -l; kill -TERM $$; echo blocked", "x", 10000), ST_REFUSED);
    cr_assert_str_eq(g_r.output, "4 "); /* 0, 1, 2, and what ls opens */
    cr_assert_str_eq(g_r.why, "it was ended by signal 15");
    (void)sigprocmask(SIG_SETMASK, &old, NULL);
    (void)close(fd);
}

/* A daemon that it leaves behind keeps the pipe open; nobody waits for it. */
Test(child, the_background_is_not_waited_for)
{
    uint64_t began = clock_mono_ms(&clock_system);
    cr_assert_eq(run("sleep 5 & echo sent", "x", 20000), ST_OK);
    cr_assert_str_eq(g_r.output, "sent ");
    cr_assert_lt(clock_mono_ms(&clock_system) - began, 4000);
}
