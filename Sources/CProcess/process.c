#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__linux__)
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

int mien_take_standard_streams(int *input, int *output) {
    // dup2 keeps no close-on-exec flag: children shall inherit the replacements.
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0) return errno;
    int status = 0, in = -1, out = -1;
    // open() takes the lowest free number: a closed standard stream shows here.
    if (null <= 1) {
        status = EBADF;
        goto fail;
    }
    if (fcntl(2, F_GETFD) < 0 && dup2(null, 2) < 0) goto fail_errno;
    if ((in = fcntl(0, F_DUPFD_CLOEXEC, 3)) < 0) goto fail_errno;
    if ((out = fcntl(1, F_DUPFD_CLOEXEC, 3)) < 0) goto fail_errno;
    if (dup2(null, 0) < 0 || dup2(2, 1) < 0) goto fail_errno;
    if (null == 2) {
        // Stderr was closed and /dev/null took its place: it stays, for us and for children.
        if (fcntl(2, F_SETFD, 0) < 0) goto fail_errno;
    } else {
        close(null);
    }
    *input = in;
    *output = out;
    return 0;
fail_errno:
    status = errno;
fail:
    if (in >= 0) close(in);
    if (out >= 0) close(out);
    close(null);
    return status;
}

int mien_pipe(int ends[2]) {
#if defined(__linux__)
    if (pipe2(ends, O_CLOEXEC) != 0) return errno;
#else
    if (pipe(ends) != 0) return errno;
    for (int i = 0; i < 2; i++) fcntl(ends[i], F_SETFD, FD_CLOEXEC);
#endif
    for (int i = 0; i < 2; i++) {
        if (ends[i] > 2) continue;
        int moved = fcntl(ends[i], F_DUPFD_CLOEXEC, 3), status = errno;
        close(ends[i]);
        ends[i] = moved;
        if (moved >= 0) continue;
        close(ends[1 - i]);
        return status;
    }
    return 0;
}

int mien_signal_on_parent_death(int signal) {
#if defined(__linux__)
    return prctl(PR_SET_PDEATHSIG, (unsigned long)signal, 0, 0, 0) == 0 ? 0 : errno;
#else
    (void)signal;
    return 0;
#endif
}

int mien_process_descriptor(int pid) {
#if defined(__linux__) && defined(SYS_pidfd_open)
    return (int)syscall(SYS_pidfd_open, pid, 0);
#else
    (void)pid;
    return -1;
#endif
}

void mien_name_thread(const char *name) {
#if defined(__linux__)
    char cut[16];
    strncpy(cut, name, sizeof cut - 1);
    cut[sizeof cut - 1] = 0;
    pthread_setname_np(pthread_self(), cut);
#elif defined(__APPLE__)
    pthread_setname_np(name);
#else
    (void)name;
#endif
}

struct thread_start {
    char name[16];
    void (*run)(void *);
    void *argument;
};

static void *thread_main(void *start) {
    const struct thread_start here = *(struct thread_start *)start;
    free(start);
    mien_name_thread(here.name);
    here.run(here.argument);
    return NULL;
}

int mien_start_thread(const char *name, size_t stack_bytes, void (*run)(void *), void *argument) {
    struct thread_start *start = malloc(sizeof *start);
    if (!start) return ENOMEM;
    *start = (struct thread_start){.run = run, .argument = argument};
    strncpy(start->name, name, sizeof start->name - 1);
    pthread_attr_t attributes;
    int status = pthread_attr_init(&attributes);
    if (status == 0) {
        pthread_t thread;
        pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
        pthread_attr_setstacksize(&attributes, stack_bytes);
        status = pthread_create(&thread, &attributes, thread_main, start);
        pthread_attr_destroy(&attributes);
    }
    if (status != 0) free(start);
    return status;
}
