/* To be preloaded: counts fsync and fdatasync of a process, and writes the number to the file that BENCH_SYNCS names, each
 * time it grows. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int fsync(int fd);
int fdatasync(int fd);

static _Atomic unsigned long *count;

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("BENCH_SYNCS");
    int fd = path == NULL ? -1 : open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, sizeof *count) != 0)
        return;
    void *p = mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    (void)close(fd);
    if (p != MAP_FAILED)
        count = p;
}

static int counted(const char *name, int fd)
{
    int (*real)(int) = NULL;
    *(void **)(&real) = dlsym(RTLD_NEXT, name);
    if (count != NULL)
        atomic_fetch_add(count, 1);
    return real(fd);
}

int fsync(int fd)
{
    return counted("fsync", fd);
}

int fdatasync(int fd)
{
    return counted("fdatasync", fd);
}
