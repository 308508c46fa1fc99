/* NAME: a plugin for Mien. Say here what it estimates, from what, and how far that can be trusted.
 *
 *     cc -std=c99 -O2 -Wall -Wextra -shared -fPIC -o LIBRARY plugin.c -lm
 */
#include "mien_plugin.h"

#include <math.h>

static const mien_host *host;

/* A place to begin: loudness, which is not arousal. */
static mien_status estimate(void *state, const mien_question *question, mien_answer *answer, char *message, size_t message_size) {
    (void)state, (void)message, (void)message_size;
    for (size_t item = 0; item < question->clip_count; item++) {
        const mien_clip *clip = &question->clips[item];
        double sum = 0;
        for (size_t i = 0; i < clip->count; i++) sum += (double)clip->samples[i] * clip->samples[i];
        double loud = fmin(1, 10 * sqrt(sum / (double)clip->count));
        mien_status status = host->add_dimension(answer, item, "arousal", (float)(2 * loud - 1));
        if (status != MIEN_OK) return status;
    }
    return MIEN_OK;
}

static const char *const estimators[] = {"NAME"};
static const mien_plugin plugin = {
    .abi = MIEN_PLUGIN_ABI, .size = sizeof(mien_plugin), .lowest_abi = 1, .highest_abi = MIEN_PLUGIN_ABI,
    .id = "NAME", .version = "0.1", .estimators = estimators, .estimator_count = 1,
    .flags = MIEN_PLUGIN_THREAD_SAFE, .estimate_voices = estimate,
};

const mien_plugin *mien_plugin_entry(const mien_host *given) {
    host = given;
    return &plugin;
}
