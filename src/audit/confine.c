#include "audit/confine.h"
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include "base/base.h"

#if defined __x86_64__
#define ARCH AUDIT_ARCH_X86_64
#elif defined __aarch64__
#define ARCH AUDIT_ARCH_AARCH64
#endif

#if defined ENTENTE_NOT_CONFINED
const char *confine(void)
{
    return "this build is instrumented, and its instruments open files";
}
#elif !defined ARCH
const char *confine(void)
{
    return "no filter was written for this processor";
}
#else

#define AT(member)      ((uint32_t)offsetof(struct seccomp_data, member))
#define LOAD(member)    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, AT(member)) /* of an argument the low half: little-endian */
#define GIVE(what)      BPF_STMT(BPF_RET | BPF_K, (what))
#define REFUSE          GIVE(SECCOMP_RET_ERRNO | EPERM)
#define PERMIT(name)    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##name, 0, 1), GIVE(SECCOMP_RET_ALLOW)
#define NO_EXEC(name)                                                                                        \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##name, 0, 4), LOAD(args[2]),                                   \
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1), REFUSE, GIVE(SECCOMP_RET_ALLOW)
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "LOAD takes the low half of an argument first");

static const struct sock_filter program[] = {
    LOAD(arch),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0),
    GIVE(SECCOMP_RET_KILL_PROCESS),
    LOAD(nr),
    /* what is open */
    PERMIT(read),
    PERMIT(readv),
    PERMIT(write),
    PERMIT(writev),
    PERMIT(lseek),
    PERMIT(fstat),
    PERMIT(newfstatat), /* fstat of newer C libraries */
    PERMIT(ftruncate),
    PERMIT(close),
    /* memory */
    PERMIT(brk),
    PERMIT(munmap),
    PERMIT(mremap),
    PERMIT(madvise),
    NO_EXEC(mmap),
    LOAD(nr),
    NO_EXEC(mprotect),
    LOAD(nr),
    /* threads, but no other processes: clone3 hides its flags, and the C library then asks clone */
    PERMIT(futex),
    PERMIT(set_robust_list),
    PERMIT(rseq),
    PERMIT(sched_yield),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone3, 0, 1),
    GIVE(SECCOMP_RET_ERRNO | ENOSYS),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone, 0, 4),
    LOAD(args[0]),
    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 1, 0),
    REFUSE,
    GIVE(SECCOMP_RET_ALLOW),
    /* time, memory size (asked by qsort), an end, and one that is heard of */
    PERMIT(clock_gettime),
    PERMIT(sysinfo),
    PERMIT(getrandom),
    PERMIT(rt_sigprocmask),
    PERMIT(rt_sigaction),
    PERMIT(rt_sigreturn),
    PERMIT(getpid),
    PERMIT(gettid),
    PERMIT(tgkill),
    PERMIT(exit),
    PERMIT(exit_group),
    REFUSE,
};

const char *confine(void)
{
    struct sock_fprog f = {.len = ARRAY_LEN(program), .filter = (struct sock_filter *)(uintptr_t)program};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &f) != 0)
        return "this kernel has no seccomp filters, or does not allow one here";
    return NULL;
}
#endif
