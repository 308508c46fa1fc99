// Round trips of 1 KiB over a pair of pipes: bare (a child that returns length-prefixed bytes) or against `mien serve`
// (unary calls of mien.v1.Diagnostics/Echo).
//
//   wire_bench pipe                   CPU CHILD_CPU
//   wire_bench host COMMAND ARG... -- CPU CHILD_CPU
//
// Answers every line "go" on stdin with one line of JSON: median and 99th percentile of the latency in microseconds, and the rate of
// round trips with 64 in flight. CPU -1 leaves the choice to the system.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum { payload_bytes = 1024, rounds = 4000, in_flight = 64, pipelined = 40000, buffer_bytes = 1 << 20 };

static int to_child, from_child;
static uint8_t inbox[buffer_bytes];
static size_t inbox_begin, inbox_end;

static void fail(const char *what) {
    fprintf(stderr, "wire_bench: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double microseconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e6 + t.tv_nsec * 1e-3;
}

static void pin(int cpu) {
    if (cpu < 0) return;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (sched_setaffinity(0, sizeof set, &set)) fail("sched_setaffinity");
}

static void write_all(int fd, const uint8_t *bytes, size_t count) {
    while (count > 0) {
        ssize_t n = write(fd, bytes, count);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) fail("write");
        bytes += n;
        count -= (size_t)n;
    }
}

/// The next length-prefixed frame, without its prefix. Valid until the next call.
static const uint8_t *next_frame(uint32_t *length) {
    for (;;) {
        size_t have = inbox_end - inbox_begin;
        if (have >= 4) {
            const uint8_t *p = inbox + inbox_begin;
            *length = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
            if (*length > buffer_bytes - 4) { errno = EMSGSIZE; fail("frame"); }
            if (have >= 4 + *length) {
                inbox_begin += 4 + *length;
                return p + 4;
            }
        }
        if (inbox_begin > buffer_bytes / 2 || have == 0) {
            memmove(inbox, inbox + inbox_begin, have);
            inbox_begin = 0;
            inbox_end = have;
        }
        ssize_t n = read(from_child, inbox + inbox_end, buffer_bytes - inbox_end);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) fail("read");
        inbox_end += (size_t)n;
    }
}

static size_t put_varint(uint8_t *out, uint64_t value) {
    size_t n = 0;
    for (; value >= 0x80; value >>= 7) out[n++] = (uint8_t)(value | 0x80);
    out[n++] = (uint8_t)value;
    return n;
}

static size_t put_bytes(uint8_t *out, int field, const void *bytes, size_t count) {
    size_t n = put_varint(out, (uint64_t)(field << 3 | 2));
    n += put_varint(out + n, count);
    memcpy(out + n, bytes, count);
    return n + count;
}

static uint32_t next_call = 1;

/// Frame { call, open { method, message, half_close } }, with its length prefix.
static size_t echo_frame(uint8_t *out) {
    static uint8_t open[payload_bytes + 128];
    static size_t open_bytes;
    if (open_bytes == 0) {
        static uint8_t payload[payload_bytes], request[payload_bytes + 16];
        const char *method = "/mien.v1.Diagnostics/Echo";
        memset(payload, 'x', sizeof payload);
        size_t request_bytes = put_bytes(request, 1, payload, sizeof payload);
        open_bytes = put_bytes(open, 1, method, strlen(method));
        open_bytes += put_bytes(open + open_bytes, 4, request, request_bytes);
        open[open_bytes++] = 6 << 3;
        open[open_bytes++] = 1;
    }
    size_t n = 4;
    out[n++] = 1 << 3;
    n += put_varint(out + n, next_call);
    next_call += 2;
    n += put_bytes(out + n, 3, open, open_bytes);
    uint32_t length = (uint32_t)(n - 4);
    out[0] = (uint8_t)(length >> 24), out[1] = (uint8_t)(length >> 16), out[2] = (uint8_t)(length >> 8), out[3] = (uint8_t)length;
    return n;
}

static size_t plain_frame(uint8_t *out) {
    uint32_t length = payload_bytes;
    out[0] = (uint8_t)(length >> 24), out[1] = (uint8_t)(length >> 16), out[2] = (uint8_t)(length >> 8), out[3] = (uint8_t)length;
    memset(out + 4, 'x', length);
    return 4 + length;
}

static int host;

static size_t request(uint8_t *out) { return host ? echo_frame(out) : plain_frame(out); }

/// Waits for one answer. Frames about the connection (credit) are passed over.
static void answer(void) {
    for (;;) {
        uint32_t length;
        const uint8_t *frame = next_frame(&length);
        if (!host) {
            if (length != payload_bytes) { errno = EPROTO; fail("answer"); }
            return;
        }
        // A frame of a call begins with field 1; a successful Echo is a status (field 7) with the payload in it.
        if (length < 4 || frame[0] != 1 << 3) continue;
        size_t at = 1;
        while (frame[at++] & 0x80) {}
        if (frame[at] == (8 << 3 | 2)) continue;
        if (frame[at] != (7 << 3 | 2) || length < payload_bytes) { errno = EPROTO; fail("answer"); }
        return;
    }
}

static void echo_child(int in, int out) {
    uint8_t buffer[4 + payload_bytes];
    for (;;) {
        size_t have = 0;
        while (have < sizeof buffer) {
            ssize_t n = read(in, buffer + have, sizeof buffer - have);
            if (n <= 0) _exit(0);
            have += (size_t)n;
        }
        write_all(out, buffer, sizeof buffer);
    }
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure(void) {
    static double latency[rounds];
    static uint8_t out[(payload_bytes + 256) * in_flight];
    for (int i = 0; i < rounds; i++) {
        double start = microseconds();
        write_all(to_child, out, request(out));
        answer();
        latency[i] = microseconds() - start;
    }
    qsort(latency, rounds, sizeof *latency, by_value);
    // Half a window at a time, so that there is always work in the pipe.
    double start = microseconds();
    int sent = 0, received = 0;
    while (received < pipelined) {
        size_t bytes = 0;
        while (sent < pipelined && sent - received < in_flight) { bytes += request(out + bytes); sent++; }
        if (bytes) write_all(to_child, out, bytes);
        for (int i = 0; i < in_flight / 2 && received < sent; i++, received++) answer();
    }
    double rate = pipelined / (microseconds() - start) * 1e6;
    printf("{\"median_us\": %.2f, \"p99_us\": %.2f, \"calls_per_s\": %.0f}\n", latency[rounds / 2], latency[rounds * 99 / 100], rate);
    fflush(stdout);
}

int main(int count, char **arguments) {
    if (count < 4) { fprintf(stderr, "usage: wire_bench pipe|host [COMMAND ARG... --] CPU CHILD_CPU\n"); return 64; }
    host = strcmp(arguments[1], "host") == 0;
    int down[2], up[2];
    if (pipe(down) || pipe(up)) fail("pipe");
    pid_t child = fork();
    if (child < 0) fail("fork");
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        pin(atoi(arguments[count - 1]));
        close(down[1]), close(up[0]);
        if (!host) echo_child(down[0], up[1]);
        dup2(down[0], 0), dup2(up[1], 1);
        close(down[0]), close(up[1]);
        arguments[count - 3] = NULL;
        execvp(arguments[2], arguments + 2);
        fail(arguments[2]);
    }
    close(down[0]), close(up[1]);
    to_child = down[1], from_child = up[0];
    pin(atoi(arguments[count - 2]));
    if (host) {
        const uint8_t hello[] = { 0, 0, 0, 12, 2 << 3 | 2, 10, 1 << 3 | 2, 4, 'm', 'i', 'e', 'n', 2 << 3, 1, 3 << 3, 1 };
        uint32_t length;
        write_all(to_child, hello, sizeof hello);
        next_frame(&length);
    }
    printf("ready\n");
    fflush(stdout);
    char line[64];
    while (fgets(line, sizeof line, stdin)) measure();
    return 0;
}
