#include "plugin_loading.h"
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef const mien_plugin *(*entry_function)(const mien_host *);

static void say(char *message, size_t size, const char *text) {
    if (message && size > 0) snprintf(message, size, "%s", text ? text : "");
}

// Copies what there is of a table. The first four numbers are the same in all versions of the ABI.
static enum mien_loading read_table(const mien_plugin *theirs, uint32_t abi, mien_plugin *ours) {
    memset(ours, 0, sizeof *ours);
    const size_t beginning = offsetof(mien_plugin, highest_abi) + sizeof theirs->highest_abi;
    if ((uintptr_t)theirs % _Alignof(mien_plugin) != 0 || theirs->size < beginning) return MIEN_LOADING_NO_TABLE;
    const bool speaks = theirs->lowest_abi <= abi && abi <= theirs->highest_abi;
    // What another version has behind its beginning is not known here.
    const size_t known = speaks ? sizeof *ours : beginning;
    memcpy(ours, theirs, theirs->size < known ? theirs->size : known);
    if (!speaks) return MIEN_LOADING_OTHER_ABI;
    // A member that the size cuts through is not there.
    const size_t members[] = {
        offsetof(mien_plugin, id), offsetof(mien_plugin, version), offsetof(mien_plugin, estimators), offsetof(mien_plugin, estimator_count),
        offsetof(mien_plugin, open), offsetof(mien_plugin, estimate_faces), offsetof(mien_plugin, estimate_voices), offsetof(mien_plugin, close),
    };
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        if (members[i] + sizeof(void *) > theirs->size) memset((char *)ours + members[i], 0, sizeof(void *));
    }
    return MIEN_LOADING_DONE;
}

enum mien_loading mien_load_plugin(const char *path, const mien_host *host, mien_plugin *table, char *message, size_t message_size) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        say(message, message_size, dlerror());
        return MIEN_LOADING_NO_LIBRARY;
    }
    void *symbol = dlsym(library, "mien_plugin_entry");
    if (!symbol) {
        say(message, message_size, dlerror());
        return MIEN_LOADING_NO_ENTRY;
    }
    // POSIX says that a function's address fits; ISO C has no cast for it.
    entry_function entry;
    memcpy(&entry, &symbol, sizeof entry);
    const mien_plugin *given = entry(host);
    return given ? read_table(given, host->abi, table) : MIEN_LOADING_REFUSED;
}

size_t mien_text_length(const char *text, size_t limit) {
    size_t length = 0;
    while (length <= limit && text[length]) length++;
    return length;
}
