#pragma once
#include <stddef.h>

// What Swift does not let one do.

/// Leaves a child behind that sleeps and keeps all descriptors.
void faulty_fork(void);

/// Writes where nothing is.
void faulty_crash(void);

/// From now on there is one heap for all threads, which can be looked at as a whole.
void faulty_use_one_heap(void);

/// Bytes of it that somebody has and has not given back. 0 if the C library cannot tell.
size_t faulty_heap_in_use(void);
