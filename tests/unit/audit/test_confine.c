/* A confined process reads, prints, counts on threads and ends; it opens nothing, connects nowhere, runs nothing. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "audit/confine.h"
#include "base/base.h"

static void *one(void *ctx)
{
    *(int *)ctx = 1;
    return NULL;
}

/* 0, or the number of the check that failed. */
static int child(int in, int out)
{
    char byte = 0;
    int seen = 0;
    pthread_t t;
    char *const argv[] = {(char *)(uintptr_t) "true", NULL};
    if (confine() != NULL)
        return 1;
    if (read(in, &byte, 1) != 1 || write(out, &byte, 1) != 1)
        return 2;
    char *p = malloc(8 << 20);
    if (p == NULL)
        return 3;
    memset(p, 1, 8 << 20);
    free(p);
    if (pthread_create(&t, NULL, one, &seen) != 0 || pthread_join(t, NULL) != 0 || seen != 1)
        return 4;
    if (clock_wall_ms(&clock_system) == 0)
        return 5;
    if (open("/proc/self/status", O_RDONLY) != -1 || errno != EPERM)
        return 6;
    if (open("confined", O_WRONLY | O_CREAT, 0600) != -1 || errno != EPERM)
        return 7;
    if (socket(AF_INET, SOCK_STREAM, 0) != -1 || errno != EPERM)
        return 8;
    if (socket(AF_UNIX, SOCK_STREAM, 0) != -1 || errno != EPERM)
        return 9;
    if (fork() != -1 || errno != EPERM)
        return 10;
    if (execv("/bin/true", argv) != -1 || errno != EPERM)
        return 11;
    if (mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED || errno != EPERM)
        return 12;
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED || mprotect(page, 4096, PROT_READ | PROT_EXEC) != -1 || errno != EPERM)
        return 13;
    if (unlink("confined") != -1 || errno != EPERM)
        return 14;
    return kill(getppid(), 0) != -1 ? 15 : 0;
}

#if defined ENTENTE_NOT_CONFINED
Test(confine, an_instrumented_build_says_that_it_is_not)
{
    cr_assert_not_null(confine());
    (void)child;
}
#else
Test(confine, what_is_needed_works_and_nothing_else_does)
{
    int in[2], out[2], status = 0;
    char byte = 0;
    cr_assert_eq(pipe(in), 0);
    cr_assert_eq(pipe(out), 0);
    pid_t pid = fork();
    cr_assert_geq(pid, 0);
    if (pid == 0)
        _exit(child(in[0], out[1]));
    cr_assert_eq(write(in[1], "x", 1), 1);
    cr_assert_eq(close(out[1]), 0);
    (void)!read(out[0], &byte, 1);
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_assert(WIFEXITED(status), "it was ended by signal %d", WTERMSIG(status));
    cr_assert_eq(WEXITSTATUS(status), 0, "check %d", WEXITSTATUS(status));
    cr_assert_eq(byte, 'x');
}
#endif
