#include "noise.h"

#include <stdio.h>
#include <unistd.h>

void make_noise(void) {
    printf("noise from printf\n");
    fflush(stdout);
    puts("noise from puts, left in the buffer");
    static const char text[] = "noise from write\n";
    if (write(STDOUT_FILENO, text, sizeof text - 1) < 0) perror("write");
}
