// Whether products can be made with AMX tiles at all: Linux saves them for a process that asks, and the compiler has to know them.
#pragma once

#if defined(__x86_64__) && defined(__linux__) && (defined(__clang__) ? __clang_major__ >= 12 : __GNUC__ >= 11)
#define MIEN_AMX
#endif
