#pragma once
#include "mien_plugin.h"

// The host's side of mien_plugin.h: what Swift cannot do, such as to call what was looked up by name, or to look at a table only as far as it goes.

#ifdef __cplusplus
extern "C" {
#endif

enum mien_loading {
    MIEN_LOADING_DONE = 0,
    /// The file is no library that can be loaded here; the message says why.
    MIEN_LOADING_NO_LIBRARY,
    /// It does not export mien_plugin_entry.
    MIEN_LOADING_NO_ENTRY,
    /// Its entry gave no table.
    MIEN_LOADING_REFUSED,
    /// Its table is too small to say which versions it speaks, or not aligned.
    MIEN_LOADING_NO_TABLE,
    /// It does not speak the host's version; `table` has the range that it speaks.
    MIEN_LOADING_OTHER_ABI,
};

/// Loads a library for good, and calls its entry. Of its table, as much is copied as there is; what it lacks is 0.
enum mien_loading mien_load_plugin(const char *path, const mien_host *host, mien_plugin *table, char *message, size_t message_size);

/// Length of text that ends within `limit` bytes, or `limit + 1`; its caller has checked that there is any.
size_t mien_text_length(const char *text, size_t limit);

#ifdef __cplusplus
}
#endif
