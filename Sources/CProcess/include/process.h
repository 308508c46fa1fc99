#pragma once
#include <stddef.h>

// What Swift cannot call itself (variadic functions, macros) or should not do between two signals.

#ifdef __cplusplus
extern "C" {
#endif

/// Moves the process's stdin and stdout out of the reach of libraries: the real ones are duplicated to descriptors that children do
/// not inherit, fd 0 becomes /dev/null and fd 1 becomes stderr. A closed stderr becomes /dev/null first.
/// Returns 0, or an errno value if stdin or stdout is closed or no descriptor is left.
int mien_take_standard_streams(int *input, int *output);

/// A pipe, `ends[0]` to read from and `ends[1]` to write to, neither of which children inherit, from the first moment where the system can do that.
/// The numbers are above 2: a parent may have left those closed, and a child's dup2 would trip over them.
/// Returns 0 or an errno value.
int mien_pipe(int ends[2]);

/// Asks the kernel for `signal` when the thread that spawned this process ends (Linux; elsewhere does nothing). That the thread has
/// ended does not mean that the process has: who gets the signal has to look at getppid().
/// Returns 0 or an errno value.
int mien_signal_on_parent_death(int signal);

/// A descriptor that becomes readable when process `pid` ends, or -1 where there is no such thing.
int mien_process_descriptor(int pid);

/// Names the calling thread, for debuggers and top. At most 15 bytes are kept.
void mien_name_thread(const char *name);

/// Starts a thread that nobody waits for, which has that name and so much stack and calls `run(argument)`.
/// Returns 0 or an errno value.
int mien_start_thread(const char *name, size_t stack_bytes, void (*run)(void *), void *argument);

#ifdef __cplusplus
}
#endif
