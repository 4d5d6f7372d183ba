/* Pages of the map that this process has touched count as its memory until the system wants them. */
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "store/store_lmdb_internal.h"

/* Where data.mdb is mapped: LMDB does not tell. Known by its inode, for its path may have been renamed since. */
static bool find_map(struct lmdb *m, void **ret_start, size_t *ret_bytes)
{
    mdb_filehandle_t fd;
    struct stat sb;
    char line[4096];
    bool found = false;
    FILE *f = fopen("/proc/self/maps", "re");
    if (f == NULL)
        return false;
    if (mdb_env_get_fd(m->env, &fd) == 0 && fstat(fd, &sb) == 0)
        while (!found && fgets(line, sizeof line, f) != NULL) {
            unsigned long start, end, inode;
            found = sscanf(line, "%lx-%lx %*s %*s %*s %lu", &start, &end, &inode) == 3 && inode == sb.st_ino &&
                    strstr(line, "/data.mdb") != NULL;
            if (found) {
                *ret_start = (void *)start;
                *ret_bytes = end - start;
            }
        }
    (void)fclose(f);
    return found;
}

/* Mapped files in this process's memory: the store's and, a few MiB, its programs'. 0: the system does not say. */
static uint64_t file_bytes(void)
{
    unsigned long shared = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (f == NULL)
        return 0;
    if (fscanf(f, "%*u %*u %lu", &shared) != 1)
        shared = 0;
    (void)fclose(f);
    return (uint64_t)shared * (uint64_t)sysconf(_SC_PAGESIZE);
}

void store_lmdb_trim(struct store *s, uint64_t most_bytes)
{
    ASSERT(s->ops == &lmdb_ops);
    void *start;
    size_t bytes;
    if (file_bytes() > most_bytes && find_map((struct lmdb *)s, &start, &bytes))
        (void)madvise(start, bytes, MADV_DONTNEED); /* the map is shared and never written through: pages come back from the file */
}
