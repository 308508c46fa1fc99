#pragma once
// Not spawn.h: the system has one, and whoever includes that would find ours in its place.
#include <stdint.h>

// Starting children that the host does not trust: plugins are other people's programs and get no more than they need.

#ifdef __cplusplus
extern "C" {
#endif

/// No sockets but those of the Unix family, no way out of the process group (setsid, setpgid), no hand on another process's memory or
/// descriptors. From Linux 6.12 also no abstract Unix sockets of processes outside.
#define MIEN_CONFINE_NETWORK 1u
/// Everything can be read and executed, nothing but `writable` and /dev/null be written, made, removed, renamed or truncated; modes, owners
/// and times of files can still be changed. From Linux 6.12 also no signals to processes outside, the host among them.
#define MIEN_CONFINE_FILES 2u

/// What `mien_spawn` is to start. Limits hold for each process of the group by itself, not for their sum; one that is above what the host
/// itself may have becomes what the host may have.
struct mien_child {
    /// Absolute path of the executable.
    const char *path;
    /// Ends with NULL; the first is the program's name.
    const char *const *arguments;
    /// Ends with NULL. All of it: nothing of ours is added.
    const char *const *environment;
    /// Working folder, or NULL for ours.
    const char *folder;
    /// Become 0, 1 and 2 of the child, whatever their numbers are here. They stay open here.
    int input, output, errors;
    /// Becomes 3 of the child; above 2, or 0 for none. It stays open here.
    int media;
    /// Bytes of memory that can be written (RLIMIT_DATA: heap and private mappings). 0: no limit.
    uint64_t memory_bytes;
    /// Seconds of processor time: SIGXCPU ends the child then, SIGKILL one second later (RLIMIT_CPU). 0: no limit.
    uint64_t cpu_seconds;
    /// How many descriptors can be open (RLIMIT_NOFILE). 0: as many as here.
    uint64_t descriptors;
    /// MIEN_CONFINE_* flags. What the kernel cannot do is left out: see mien_confinement_available().
    uint32_t confinement;
    /// Folders (or files) that stay writable under MIEN_CONFINE_FILES. They have to exist. Ends with NULL, or is NULL.
    const char *const *writable;
};

/// Starts a child: leader of a process group of its own, without any descriptor but 0 to 2 and what `media` is, with the default of every signal and none
/// blocked, unable to gain privileges through setuid programs, without core files.
/// On Linux it is killed when the *thread* that called this ends, so call from a thread that lives as long as the process: never from a
/// pool whose threads come and go. Its own children are not: for them there is their stdin, and mien_kill_group().
/// Costs the same however much memory is mapped here, and can be called from several threads at once.
/// Elsewhere than on Linux there are no limits and no confinement.
/// Returns 0 and the child's pid, or an errno value; `*stage` (if `stage` is not NULL) then names the step that failed, in a string that
/// stays. Nothing is left behind after a failure.
int mien_spawn(const struct mien_child *child, int *pid, const char **stage);

/// Makes memory of so many bytes that a child can read, `media` of mien_child: `*start` is where it is mapped here, to be written to, until munmap; `*media` is to be closed once the
/// child has it. The child cannot write to it (from Linux 5.1 on) and cannot take it away. It costs memory only where it has been written to.
/// Returns 0 or an errno value: ENOSYS elsewhere than on Linux.
int mien_shared_memory(uint64_t bytes, void **start, int *media);

/// Which parts of confinement this kernel can enforce, as MIEN_CONFINE_* flags. Asks the kernel each time, which is a few system calls.
uint32_t mien_confinement_available(void);

/// Waits until a child has ended, and leaves it to mien_wait() to collect it: until then its number belongs to nobody else, and
/// mien_kill_group() reaches what it has left behind.
/// Returns 0 or an errno value.
int mien_await_end(int pid);

/// Waits for the end of a child. Then either `*signal` is 0 and `*code` the exit code, or `*signal` the signal that ended it and `*code`
/// -1. Either pointer may be NULL.
/// Returns 0 or an errno value.
int mien_wait(int pid, int *code, int *signal);

/// Kills what is left of the process group that child `pid` leads. That nothing is left is success.
/// Call it before mien_wait(): from then on the number may belong to somebody else.
/// Returns 0 or an errno value.
int mien_kill_group(int pid);

#ifdef __cplusplus
}
#endif
