#include "faults.h"

#include <unistd.h>
#ifdef __linux__
#include <malloc.h>
#endif

void faulty_fork(void) {
    if (fork() != 0) return;
    for (;;) sleep(1000);
}

void faulty_crash(void) {
    *(volatile int *)8 = 1;
}

void faulty_use_one_heap(void) {
#ifdef __GLIBC__
    mallopt(M_ARENA_MAX, 1);
#endif
}

size_t faulty_heap_in_use(void) {
#ifdef __GLIBC__
    const struct mallinfo2 heap = mallinfo2();
    return heap.uordblks + heap.hblkhd;
#else
    return 0;
#endif
}
