/* driver: runs a target without libFuzzer: every file of its corpus once, then changed copies of them from a fixed
 * seed, so that ordinary test runs, by any compiler, keep what the fuzzer found. What it runs is the same each time.
 *
 *   fuzz_TARGET [--runs N] [--seed S] FILE-OR-DIRECTORY...
 *
 * An input on which the target dies is written to crash-TARGET-N (N: number of the run) in the current directory. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>
#include "fuzz/fuzz.h"

#pragma weak LLVMFuzzerCustomMutator

enum { INPUT_MAX = 1 << 17, GROWTH = 64, FILES_MAX = 8192 };

static struct span files[FILES_MAX];
static size_t n_files;
static uint64_t state = 1;
static uint8_t *input; /* of exactly its size, so that a sanitizer sees what reads past it */
static size_t input_n;
static char crash_path[512];

static void keep_input(int sig)
{
    int fd = open(crash_path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (fd >= 0 && write(fd, input, input_n) == (ssize_t)input_n) {
        static const char said[] = "the input is in ";
        (void)!write(STDERR_FILENO, said, sizeof said - 1);
        (void)!write(STDERR_FILENO, crash_path, strlen(crash_path));
        (void)!write(STDERR_FILENO, "\n", 1);
    }
    (void)signal(sig, SIG_DFL);
    (void)raise(sig);
}

static void run(const char *name, uint64_t number, const uint8_t *p, size_t n)
{
    (void)snprintf(crash_path, sizeof crash_path, "crash-%s-%" PRIu64, name, number);
    input = malloc(n == 0 ? 1 : n);
    ASSERT(input != NULL);
    if (n != 0)
        memcpy(input, p, n);
    input_n = n;
    (void)LLVMFuzzerTestOneInput(input, n);
    free(input);
}

static size_t below(size_t n)
{
    return (size_t)(draw(&state) % n);
}

static void put_part_of_another(uint8_t *p, size_t *n, size_t most)
{
    struct span other = files[below(n_files)];
    if (other.n == 0)
        return;
    size_t from = below(other.n), k = 1 + below(other.n - from), at = below(*n + 1);
    if (k > most - at)
        k = most - at;
    memcpy(p + at, other.p + from, k);
    if (at + k > *n)
        *n = at + k;
}

static void insert(uint8_t *p, size_t *n, size_t most)
{
    size_t k = 1 + below(8), at = below(*n + 1);
    if (*n + k > most)
        return;
    memmove(p + at + k, p + at, *n - at);
    uint8_t b = (uint8_t)draw(&state);
    for (size_t i = 0; i < k; i++)
        p[at + i] = (k & 1) != 0 ? (uint8_t)draw(&state) : b;
    *n += k;
}

size_t LLVMFuzzerMutate(uint8_t *p, size_t n, size_t most)
{
    static const uint8_t edges[] = {0, 1, 0x7f, 0x80, 0xff, 0x20, 0x0a, 0xc0, 0xdf};
    for (size_t changes = 1 + below(4); changes > 0; changes--) {
        if (n == 0) {
            insert(p, &n, most);
            continue;
        }
        size_t at = below(n), k = 1 + below(n - at < 16 ? n - at : 16);
        switch (below(7)) {
        case 0:
            p[at] ^= (uint8_t)(1u << below(8));
            break;
        case 1:
            p[at] = (uint8_t)draw(&state);
            break;
        case 2:
            p[at] = edges[below(sizeof edges)];
            break;
        case 3:
            p[at] = (uint8_t)(p[at] + below(9) - 4);
            break;
        case 4:
            memmove(p + at, p + at + k, n - at - k);
            n -= k;
            break;
        case 5:
            insert(p, &n, most);
            break;
        default:
            put_part_of_another(p, &n, most);
        }
    }
    return n;
}

static void add_file(const char *path, struct arena *a)
{
    struct err err;
    struct span s;
    if (n_files == FILES_MAX || file_read(path, INPUT_MAX, a, &s, &err) != ST_OK) {
        (void)fprintf(stderr, "%s\n", n_files == FILES_MAX ? "too many files" : err.text);
        exit(2);
    }
    files[n_files++] = s;
}

static void add(const char *path, struct arena *a)
{
    struct stat sb;
    struct dirent **list;
    if (stat(path, &sb) == 0 && S_ISREG(sb.st_mode)) {
        add_file(path, a);
        return;
    }
    int n = scandir(path, &list, NULL, alphasort);
    if (n < 0) {
        (void)fprintf(stderr, "%s: no such file or directory\n", path);
        exit(2);
    }
    for (int i = 0; i < n; i++) {
        if (list[i]->d_name[0] != '.')
            add_file(file_join(a, path, list[i]->d_name), a);
        free(list[i]);
    }
    free(list);
}

static void run_changed(const char *name, uint64_t runs, struct arena *a)
{
    uint8_t *p = arena_alloc(a, INPUT_MAX + GROWTH);
    for (uint64_t i = 0; i < runs; i++) {
        struct span s = files[below(n_files)];
        if (s.n != 0)
            memcpy(p, s.p, s.n);
        size_t n = s.n, most = s.n + GROWTH;
        if (LLVMFuzzerCustomMutator != NULL)
            n = LLVMFuzzerCustomMutator(p, n, most, (unsigned)draw(&state));
        else
            n = LLVMFuzzerMutate(p, n, most);
        run(name, n_files + i, p, n);
    }
}

int main(int argc, char **argv)
{
    uint64_t runs = 0;
    struct arena a;
    arena_init(&a, 0);
    const char *name = strrchr(argv[0], '/') == NULL ? argv[0] : strrchr(argv[0], '/') + 1;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--runs") == 0 && i + 1 < argc)
            runs = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
            state = strtoull(argv[++i], NULL, 10);
        else
            add(argv[i], &a);
    }
    if (n_files == 0) { /* an empty corpus tests nothing */
        (void)fprintf(stderr, "%s: no inputs; usage: %s [--runs N] [--seed S] FILE-OR-DIRECTORY...\n", name, name);
        return 2;
    }
    static const int signals[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
    for (size_t i = 0; i < ARRAY_LEN(signals); i++)
        (void)signal(signals[i], keep_input);
    for (size_t i = 0; i < n_files; i++)
        run(name, i, files[i].p, files[i].n);
    run_changed(name, runs, &a);
    (void)printf("%s: %zu inputs of the corpus, %" PRIu64 " changed copies: clean\n", name, n_files, runs);
    arena_deinit(&a);
    return 0;
}
