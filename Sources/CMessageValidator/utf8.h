#pragma once
// UTF-8 as strings of protobuf must be: no overlong forms, no surrogates, nothing above U+10FFFF; and, for C, no NUL.

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum utf8_fault { utf8_fine = 0, utf8_invalid, utf8_nul };

// Checks `size` bytes; on a fault stores the offset of the character that is at fault.
static inline enum utf8_fault utf8_check(const uint8_t *text, size_t size, size_t *fault) {
    const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
    size_t i = 0;
    while (i < size) {
        uint64_t word;
        // Eight ASCII characters at once; (word - ones) & ~word has a top bit set exactly if some byte is 0.
        while (size - i >= 8 && (memcpy(&word, text + i, 8), ((word | ((word - ones) & ~word)) & tops) == 0)) i += 8;
        if (i == size) break;
        const uint8_t lead = text[i];
        *fault = i;
        if (lead == 0) return utf8_nul;
        if (lead < 0x80) {
            i++;
            continue;
        }
        // Ranges of the second byte keep out overlong forms (E0, F0), surrogates (ED) and what lies above U+10FFFF (F4).
        size_t more;
        uint8_t low = 0x80, high = 0xbf;
        if (lead >= 0xc2 && lead <= 0xdf) more = 1;
        else if (lead >= 0xe0 && lead <= 0xef) {
            more = 2;
            if (lead == 0xe0) low = 0xa0;
            if (lead == 0xed) high = 0x9f;
        } else if (lead >= 0xf0 && lead <= 0xf4) {
            more = 3;
            if (lead == 0xf0) low = 0x90;
            if (lead == 0xf4) high = 0x8f;
        } else return utf8_invalid;
        if (size - i <= more || text[i + 1] < low || text[i + 1] > high) return utf8_invalid;
        for (size_t k = 2; k <= more; k++) {
            if ((text[i + k] & 0xc0) != 0x80) return utf8_invalid;
        }
        i += more + 1;
    }
    return utf8_fine;
}
