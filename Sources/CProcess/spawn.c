#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include "mien_spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static int failed(const char **stage, const char *name, int error) {
    if (stage) *stage = name;
    return error;
}

int mien_await_end(int pid) {
    siginfo_t info;
    while (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) != 0) {
        if (errno != EINTR) return errno;
    }
    return 0;
}

int mien_wait(int pid, int *code, int *signal) {
    // Zero and below would mean any child.
    if (pid <= 0) return EINVAL;
    int status = 0;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) return errno;
    }
    const int killed = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (code) *code = killed ? -1 : WEXITSTATUS(status);
    if (signal) *signal = killed;
    return 0;
}

int mien_kill_group(int pid) {
    // Zero would mean our own group, and -1 everything that we may kill.
    if (pid <= 1) return EINVAL;
    if (kill(-pid, SIGKILL) == 0 || errno == ESRCH) return 0;
#if defined(__APPLE__)
    // So it says when there are only zombies.
    if (errno == EPERM) return 0;
#endif
    return errno;
}

#if defined(__linux__)

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

// The same numbers on every architecture; not every libc's headers are as new as the kernel that we run on.
#ifndef SYS_io_uring_setup
#define SYS_io_uring_setup 425
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

#if defined(__x86_64__)
#define OUR_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__) && defined(__AARCH64EL__)
#define OUR_ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

// MARK: Landlock

// Our own names and layouts, as <linux/landlock.h> has those of the kernel that libc was built for. The kernel takes a structure that is
// longer than its own as long as the rest is zero.
enum {
    write_file = 1 << 1,
    remove_folder = 1 << 4,
    remove_file = 1 << 5,
    make_character_device = 1 << 6,
    make_folder = 1 << 7,
    make_file = 1 << 8,
    make_socket = 1 << 9,
    make_fifo = 1 << 10,
    make_block_device = 1 << 11,
    make_link = 1 << 12,
    move_between_folders = 1 << 13, // ABI 2; always refused before
    truncate_file = 1 << 14,        // ABI 3
    control_device = 1 << 15,       // ABI 5: ioctl, with which a terminal can be made to type

    bind_tcp = 1 << 0, // ABI 4
    connect_tcp = 1 << 1,

    abstract_unix_sockets = 1 << 0, // ABI 6: those of processes outside
    signals = 1 << 1,               // ABI 6: to processes outside, such as the host
};
enum { rights_of_files = write_file | truncate_file | control_device };

struct ruleset_attributes {
    uint64_t files, network, scoped;
};
struct __attribute__((packed)) path_rule {
    uint64_t allowed;
    int32_t folder;
};

/// The version of Landlock, or 0 without it.
static int landlock_version(void) {
    const long version = syscall(SYS_landlock_create_ruleset, NULL, 0, 1u /* ask for the version */);
    return version > 0 ? (int)version : 0;
}

static int allow_changes(int ruleset, const char *path, uint64_t rights) {
    const int folder = open(path, O_PATH | O_CLOEXEC);
    if (folder < 0) return errno;
    struct stat information;
    int status = fstat(folder, &information) == 0 ? 0 : errno;
    if (status == 0) {
        // A rule with a folder's rights on a file is an error.
        if (!S_ISDIR(information.st_mode)) rights &= rights_of_files;
        const struct path_rule rule = {.allowed = rights, .folder = folder};
        if (syscall(SYS_landlock_add_rule, ruleset, 1 /* path beneath */, &rule, 0) != 0) status = errno;
    }
    close(folder);
    return status;
}

/// Makes the rules that `confinement` asks for: `*ruleset` is -1 if there are none.
static int make_ruleset(uint32_t confinement, int version, const char *const *writable, int *ruleset, const char **stage) {
    *ruleset = -1;
    struct ruleset_attributes attributes = {0};
    if (confinement & MIEN_CONFINE_FILES) {
        attributes.files = write_file | remove_folder | remove_file | make_character_device | make_folder | make_file | make_socket | make_fifo |
            make_block_device | make_link;
        if (version >= 2) attributes.files |= move_between_folders;
        if (version >= 3) attributes.files |= truncate_file;
        if (version >= 5) attributes.files |= control_device;
        if (version >= 6) attributes.scoped |= signals;
    }
    if (confinement & MIEN_CONFINE_NETWORK) {
        // The filter below lets nobody make such sockets, but one could be handed over through a Unix socket.
        if (version >= 4) attributes.network = bind_tcp | connect_tcp;
        if (version >= 6) attributes.scoped |= abstract_unix_sockets;
    }
    if (!(attributes.files | attributes.network | attributes.scoped)) return 0;

    const long made = syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0);
    if (made < 0) return failed(stage, "landlock", errno);
    int status = 0;
    if (attributes.files) {
        status = allow_changes((int)made, "/dev/null", attributes.files);
        if (status != 0) failed(stage, "landlock", status);
        for (; status == 0 && writable && *writable; writable++) {
            status = allow_changes((int)made, *writable, attributes.files);
            if (status != 0) failed(stage, "writable folder", status);
        }
    }
    if (status != 0) {
        close((int)made);
        return status;
    }
    *ruleset = (int)made;
    return 0;
}

// MARK: System call filter

struct filter {
    struct sock_filter code[96];
    unsigned short length;
};

static void add(struct filter *filter, uint16_t code, uint32_t operand, uint8_t if_true, uint8_t if_false) {
    filter->code[filter->length++] = (struct sock_filter){.code = code, .jt = if_true, .jf = if_false, .k = operand};
}
static void load(struct filter *filter, size_t offset) { add(filter, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0); }
static void load_argument(struct filter *filter, size_t index) {
    // The lower half, as arguments of type int have it. Both architectures are little-endian.
    load(filter, offsetof(struct seccomp_data, args) + 8 * index);
}
/// Goes on if the accumulator is `value`, else skips so many instructions.
static void if_equal(struct filter *filter, uint32_t value, uint8_t else_skip) { add(filter, BPF_JMP | BPF_JEQ | BPF_K, value, 0, else_skip); }
static void allow(struct filter *filter) { add(filter, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0); }
/// Programs are told, not killed: they may well do without.
static void refuse(struct filter *filter, int error) { add(filter, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)error, 0, 0); }

static void refuse_call(struct filter *filter, long number, int error) {
    if_equal(filter, (uint32_t)number, 1);
    refuse(filter, error);
}

static void refuse_other_families(struct filter *filter, long number) {
    if_equal(filter, (uint32_t)number, 4);
    load_argument(filter, 0);
    if_equal(filter, AF_UNIX, 1);
    allow(filter);
    refuse(filter, EACCES);
}

/// Refuses to open with truncation but without writing, which Landlock does not see as a change before version 3.
static void refuse_hidden_truncation(struct filter *filter, long number, size_t flags) {
    // Not O_ACCMODE, which has more bits in musl.
    const uint32_t access_mode = 3;
    if_equal(filter, (uint32_t)number, 7);
    load_argument(filter, flags);
    add(filter, BPF_ALU | BPF_AND | BPF_K, O_TRUNC | access_mode, 0, 0);
    if_equal(filter, O_TRUNC | O_RDONLY, 1);
    refuse(filter, EACCES);
    // The fourth access mode, which neither reads nor writes, truncates all the same.
    if_equal(filter, O_TRUNC | access_mode, 1);
    refuse(filter, EACCES);
    allow(filter);
}

static int has_filters(void) {
#if defined(OUR_ARCHITECTURE)
    const uint32_t action = SECCOMP_RET_ERRNO;
    return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
#else
    return 0;
#endif
}

/// Makes the filter that `confinement` asks for; it is empty if there is nothing to refuse.
static void make_filter(uint32_t confinement, int version, struct filter *filter) {
    filter->length = 0;
#if defined(OUR_ARCHITECTURE)
    const int network = (confinement & MIEN_CONFINE_NETWORK) != 0;
    const int truncation = (confinement & MIEN_CONFINE_FILES) && version < 3;
    if (!network && !truncation) return;

    // Other architectures have other numbers for the same calls: who makes such a call gets nothing at all.
    load(filter, offsetof(struct seccomp_data, arch));
    add(filter, BPF_JMP | BPF_JEQ | BPF_K, OUR_ARCHITECTURE, 1, 0);
    refuse(filter, ENOSYS);
    load(filter, offsetof(struct seccomp_data, nr));
#if defined(__x86_64__)
    // x32 has the same architecture, and this bit in the number.
    add(filter, BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1);
    refuse(filter, ENOSYS);
#endif
    // A ring makes sockets and opens files without any of the calls that are looked at here.
    refuse_call(filter, SYS_io_uring_setup, ENOSYS);
    if (network) {
        refuse_other_families(filter, SYS_socket);
        refuse_other_families(filter, SYS_socketpair);
        // What another process of this user could do or has opened.
        refuse_call(filter, SYS_ptrace, EPERM);
        refuse_call(filter, SYS_process_vm_readv, EPERM);
        refuse_call(filter, SYS_process_vm_writev, EPERM);
        refuse_call(filter, SYS_pidfd_getfd, EPERM);
        // The host kills the group: nobody leaves it.
        refuse_call(filter, SYS_setsid, EPERM);
        refuse_call(filter, SYS_setpgid, EPERM);
    }
    if (truncation) {
        refuse_call(filter, SYS_truncate, EACCES);
        refuse_hidden_truncation(filter, SYS_openat, 2);
#if defined(SYS_open)
        refuse_hidden_truncation(filter, SYS_open, 1);
#endif
        // Its flags are in memory, where a filter cannot look. Everybody falls back to openat.
        refuse_call(filter, SYS_openat2, ENOSYS);
    }
    allow(filter);
#else
    (void)confinement;
    (void)version;
    (void)refuse_call;
    (void)refuse_other_families;
    (void)refuse_hidden_truncation;
#endif
}

uint32_t mien_confinement_available(void) {
    const int filters = has_filters(), landlock = landlock_version();
    uint32_t available = filters ? MIEN_CONFINE_NETWORK : 0;
    // An early Landlock keeps files from being truncated only together with a filter.
    if (landlock >= 3 || (landlock > 0 && filters)) available |= MIEN_CONFINE_FILES;
    return available;
}

int mien_shared_memory(uint64_t bytes, void **start, int *media) {
    // Who makes a file larger than this gets a signal that ends it.
    struct rlimit largest;
    if (getrlimit(RLIMIT_FSIZE, &largest) == 0 && bytes > largest.rlim_cur) return EFBIG;
    int file = (int)syscall(SYS_memfd_create, "mien-media", 3u /* close-on-exec, sealable */);
    if (file < 0) return errno;
    if (file <= 2) {
        const int moved = fcntl(file, F_DUPFD_CLOEXEC, 3), error = errno;
        close(file);
        if (moved < 0) return error;
        file = moved;
    }
    int error = 0;
    void *mapped = MAP_FAILED;
    if (ftruncate(file, (off_t)bytes) != 0) error = errno;
    if (error == 0) mapped = mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (error == 0 && mapped == MAP_FAILED) error = errno;
    // That it keeps its size is what protects us: touching what is behind the end of a file would end this process. That nobody else writes to it from here on is good manners,
    // and not known before Linux 5.1.
    const int sizes = 1 /* seals */ | 2 /* shrinking */ | 4 /* growing */, writes = 16;
    if (error == 0 && fcntl(file, 1033 /* F_ADD_SEALS */, sizes | writes) != 0 && fcntl(file, 1033, sizes) != 0) error = errno;
    if (error != 0) {
        if (mapped != MAP_FAILED) munmap(mapped, (size_t)bytes);
        close(file);
        return error;
    }
    *start = mapped;
    *media = file;
    return 0;
}

// MARK: The child

/// What parent and child share while the parent waits.
struct start {
    const struct mien_child *child;
    pid_t parent;
    int ruleset; // -1: none
    struct sock_fprog program;
    const char *stage;
    int error;
};

// The child runs in our memory, on a stack of its own, in the name of a thread that waits. So nothing of libc with state or locks may be
// called, no cancellation point, and nothing that a sanitizer intercepts or counts: system calls, and that is all.
#if defined(__clang__)
#define IN_CHILD __attribute__((disable_sanitizer_instrumentation))
#else
#define IN_CHILD __attribute__((no_sanitize("address,thread,undefined")))
#endif

// The thread sanitizer takes clone for fork, and unlocks in the child (in our memory) what it locked in the parent.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer) && defined(__GLIBC__)
extern int __clone(int (*run)(void *), void *stack, int flags, void *argument, ...);
#define clone __clone
#endif
#endif

enum { stack_bytes = 64 << 10, bytes_of_mask = 8, highest_signal = 64 };

IN_CHILD static int child_failed(struct start *start, const char *stage) {
    start->stage = stage;
    start->error = errno;
    return 127;
}

/// Sets both limits, or as much of them as we may.
IN_CHILD static int limit(int resource, uint64_t soft, uint64_t hard) {
    // The kernel's layout, whatever libc takes rlim_t for.
    struct { uint64_t soft, hard; } old, new;
    if (syscall(SYS_prlimit64, 0, resource, NULL, &old) != 0) return -1;
    new.hard = hard < old.hard ? hard : old.hard;
    new.soft = soft < new.hard ? soft : new.hard;
    return (int)syscall(SYS_prlimit64, 0, resource, &new, NULL);
}

/// Closes all descriptors from `first` up where the kernel does not do it in one call (before 5.9): by the list of those that are open. A loop
/// up to the limit would miss those from before the limit was lowered, and the limit may be a thousand million.
IN_CHILD static int close_one_by_one(long first) {
    const long list = syscall(SYS_openat, AT_FDCWD, "/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (list < 0) return -1;
    // Entries as getdents64 writes them: inode, offset, length of the entry at 16, type at 18, name from 19.
    __attribute__((aligned(8))) char entries[2048];
    long filled;
    while ((filled = syscall(SYS_getdents64, list, entries, sizeof entries)) > 0) {
        for (long at = 0; at < filled;) {
            uint16_t length;
            __builtin_memcpy(&length, entries + at + 16, sizeof length);
            long number = 0;
            for (const char *name = entries + at + 19; *name; name++) {
                // "." and "..", which are numbers below 3 then.
                if (*name < '0' || *name > '9') break;
                number = 10 * number + (*name - '0');
            }
            if (number >= first && number != list) syscall(SYS_close, number);
            at += length;
        }
    }
    const int status = filled == 0 ? 0 : -1, error = errno;
    syscall(SYS_close, list);
    errno = error;
    return status;
}

IN_CHILD static int child_main(void *argument) {
    struct start *start = argument;
    const struct mien_child *child = start->child;

    // Before the filter, which refuses it to everybody after us.
    if (syscall(SYS_setpgid, 0, 0) != 0) return child_failed(start, "process group");
    if (syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return child_failed(start, "parent death signal");
    // Whose parent died before that gets no signal any more.
    if (syscall(SYS_getppid) != start->parent) {
        errno = ESRCH;
        return child_failed(start, "parent death signal");
    }
    // Our handlers must not run in the child, and what we ignore is our affair. All zero is the default action in every architecture's
    // layout. SIGKILL and SIGSTOP refuse, as they have to.
    const uint64_t action[8] = {0};
    for (int number = 1; number <= highest_signal; number++) syscall(SYS_rt_sigaction, number, action, NULL, bytes_of_mask);

    if (syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return child_failed(start, "no new privileges");
    // Before the streams: if one of ours was closed, the rules may have its number.
    if (start->ruleset >= 0 && syscall(SYS_landlock_restrict_self, start->ruleset, 0) != 0) return child_failed(start, "landlock");
    if (child->folder && syscall(SYS_chdir, child->folder) != 0) return child_failed(start, "working folder");

    // First out of the way of each other. dup3 would refuse a number onto itself, and the flag close-on-exec would stay. No stream keeps the number of `media`: it is open.
    int streams[3] = {child->input, child->output, child->errors};
    for (int stream = 0; stream < 3; stream++) {
        if (streams[stream] >= 3) continue;
        streams[stream] = (int)syscall(SYS_fcntl, streams[stream], F_DUPFD_CLOEXEC, 3);
        if (streams[stream] < 0) return child_failed(start, "standard streams");
    }
    for (int stream = 0; stream < 3; stream++) {
        if (syscall(SYS_dup3, streams[stream], stream, 0) < 0) return child_failed(start, "standard streams");
    }
    long first = 3;
    if (child->media > 2) {
        first = 4;
        // dup3 would refuse a number onto itself.
        const long kept = child->media == 3 ? syscall(SYS_fcntl, 3, F_SETFD, 0) : syscall(SYS_dup3, child->media, 3, 0);
        if (kept < 0) return child_failed(start, "media");
    }
    if (syscall(SYS_close_range, first, ~0u, 0) != 0 && close_one_by_one(first) != 0) return child_failed(start, "descriptors");

    if (limit(RLIMIT_CORE, 0, 0) != 0) return child_failed(start, "core limit");
    if (child->memory_bytes && limit(RLIMIT_DATA, child->memory_bytes, child->memory_bytes) != 0) return child_failed(start, "memory limit");
    const uint64_t seconds = child->cpu_seconds, and_one = seconds + (seconds != UINT64_MAX);
    if (seconds && limit(RLIMIT_CPU, seconds, and_one) != 0) return child_failed(start, "processor time limit");
    if (child->descriptors && limit(RLIMIT_NOFILE, child->descriptors, child->descriptors) != 0) return child_failed(start, "descriptor limit");

    if (start->program.len && syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &start->program) != 0) return child_failed(start, "seccomp");

    const uint64_t none = 0;
    if (syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, bytes_of_mask) != 0) return child_failed(start, "signal mask");
    syscall(SYS_execve, child->path, child->arguments, child->environment);
    return child_failed(start, "exec");
}

int mien_spawn(const struct mien_child *child, int *pid, const char **stage) {
    if (stage) *stage = NULL;
    const uint32_t confinement = child->confinement & mien_confinement_available();
    const int version = confinement ? landlock_version() : 0;
    struct filter filter;
    make_filter(confinement, version, &filter);

    struct start start = {.child = child, .parent = getpid(), .program = {.len = filter.length, .filter = filter.code}};
    const int unruled = make_ruleset(confinement, version, child->writable, &start.ruleset, stage);
    if (unruled != 0) return unruled;

    // No guard page: what runs on it is above, and fixed.
    char *stack = mmap(NULL, stack_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (stack == MAP_FAILED) {
        const int error = errno;
        if (start.ruleset >= 0) close(start.ruleset);
        return failed(stage, "stack", error);
    }
    // All of them, also those that libc keeps for itself and would leave out: a handler in the child would be one in our memory.
    const uint64_t all = ~UINT64_C(0);
    uint64_t before = 0;
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, bytes_of_mask);
    // Our memory is shared, not copied, and this thread waits until the child has left it by exec or exit.
    const int made = clone(child_main, stack + stack_bytes, CLONE_VM | CLONE_VFORK | SIGCHLD, &start);
    int error = made < 0 ? errno : start.error;
    const char *where = made < 0 ? "clone" : start.stage;
    if (made > 0 && error != 0) {
        while (waitpid(made, NULL, 0) < 0 && errno == EINTR) {}
    }
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL, bytes_of_mask);
    munmap(stack, stack_bytes);
    if (start.ruleset >= 0) close(start.ruleset);
    if (error != 0) return failed(stage, where, error);
    *pid = made;
    return 0;
}

#else

#include <spawn.h>

uint32_t mien_confinement_available(void) { return 0; }

int mien_shared_memory(uint64_t bytes, void **start, int *media) {
    (void)bytes, (void)start, (void)media;
    return ENOSYS;
}

int mien_spawn(const struct mien_child *child, int *pid, const char **stage) {
    if (stage) *stage = NULL;
    // Out of the way of 0 to 2, which are replaced one after the other.
    const int given[3] = {child->input, child->output, child->errors};
    int streams[3] = {-1, -1, -1}, error = 0;
    for (int stream = 0; stream < 3 && error == 0; stream++) {
        streams[stream] = fcntl(given[stream], F_DUPFD_CLOEXEC, 3);
        if (streams[stream] < 0) error = failed(stage, "standard streams", errno);
    }
    if (error == 0) {
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        sigset_t none, all;
        sigemptyset(&none);
        sigfillset(&all);
        sigdelset(&all, SIGKILL);
        sigdelset(&all, SIGSTOP);
        posix_spawn_file_actions_init(&actions);
        posix_spawnattr_init(&attributes);
        for (int stream = 0; stream < 3; stream++) posix_spawn_file_actions_adddup2(&actions, streams[stream], stream);
        if (child->folder) posix_spawn_file_actions_addchdir_np(&actions, child->folder);
        posix_spawnattr_setpgroup(&attributes, 0);
        posix_spawnattr_setsigmask(&attributes, &none);
        posix_spawnattr_setsigdefault(&attributes, &all);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_CLOEXEC_DEFAULT);
        pid_t made = 0;
        error = posix_spawn(&made, child->path, &actions, &attributes, (char *const *)child->arguments, (char *const *)child->environment);
        posix_spawnattr_destroy(&attributes);
        posix_spawn_file_actions_destroy(&actions);
        // Which of its steps failed is not told.
        if (error != 0) failed(stage, "exec", error);
        else *pid = made;
    }
    for (int stream = 0; stream < 3; stream++) {
        if (streams[stream] >= 0) close(streams[stream]);
    }
    return error;
}

#endif
