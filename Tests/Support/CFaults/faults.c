#include "faults.h"

#include <unistd.h>

void faulty_fork(void) {
    if (fork() != 0) return;
    for (;;) sleep(1000);
}

void faulty_crash(void) {
    *(volatile int *)8 = 1;
}
