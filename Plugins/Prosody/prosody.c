/* Prosody: measures how a voice sounds, without any network. What each number means, and what it is worth, MODEL_CARD.md says.
 *
 * Pitch is found by YIN (A. de Cheveigne and H. Kawahara, J. Acoust. Soc. Am. 111, 2002, 1917-1930), steps 1 to 5, in frames of 40 ms every 10 ms. */
#include "mien_plugin.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    RATE = 16000,
    HOP = 160,
    SHORTEST = 32,  /* samples of a period: 500 Hz */
    LONGEST = 320,  /* 50 Hz */
    WINDOW = 320,   /* samples whose differences are summed: 20 ms */
    FRAME = WINDOW + LONGEST + 1
};

/* A dip of the normalised difference below this is a period (step 4 of YIN): about the share of the power that is not periodic. */
static const float THRESHOLD = 0.15f;
/* Frames more quiet than this against the loudest are not speech, and nor are those below the floor of a silent recording. */
static const float QUIETEST = 1e-4f; /* of the power: -40 dB */
static const float FLOOR = 1e-8f;    /* mean square: -80 dBFS */

/* One frame: its mean square, and its period in samples, 0 if it is not voiced. */
typedef struct frame {
    float power;
    float period;
} frame;

typedef struct clip_work {
    const mien_host *host;
    const mien_question *question;
    const float *samples;
    frame *frames;
} clip_work;

static float mean_square(const float *x, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += (double)x[i] * x[i];
    return (float)(sum / (double)count);
}

/* Where the parabola through three neighbouring values has its least one, from the middle: -0.5..0.5. */
static float least_between(float before, float middle, float after) {
    const float curvature = before - 2 * middle + after;
    if (!(curvature > 0)) return 0;
    const float place = 0.5f * (before - after) / curvature;
    return place < -0.5f ? -0.5f : place > 0.5f ? 0.5f : place;
}

/* The period of FRAME samples, or 0. */
static float period(const float *x) {
    float difference[LONGEST + 2], normal[LONGEST + 2];
    /* Step 2: how far the frame is from itself a lag later. The lags are the inner loop, so that compilers compute several at once. */
    memset(difference, 0, sizeof difference);
    for (int i = 0; i < WINDOW; i++) {
        for (int lag = 0; lag <= LONGEST + 1; lag++) {
            const float d = x[i] - x[i + lag];
            difference[lag] += d * d;
        }
    }
    /* Step 3: against the mean of all shorter lags, so that lag 0 is no dip, and no scale is left. */
    double total = 0;
    normal[0] = 1;
    for (int lag = 1; lag <= LONGEST + 1; lag++) {
        total += difference[lag];
        normal[lag] = total > 0 ? (float)(difference[lag] * lag / total) : 1;
    }
    /* Step 4: the first dip that is deep enough, down to its bottom. A deeper one later is a multiple of the period. */
    for (int lag = SHORTEST; lag <= LONGEST; lag++) {
        if (normal[lag] >= THRESHOLD) continue;
        while (lag < LONGEST && normal[lag + 1] < normal[lag]) lag++;
        /* Step 5, on the differences themselves, whose least value is not shifted by the normalisation. */
        return (float)lag + least_between(difference[lag - 1], difference[lag], difference[lag + 1]);
    }
    return 0;
}

/* Frames begin..<end, on one of the host's threads. */
static void look_at_frames(void *context, size_t begin, size_t end) {
    const clip_work *work = context;
    for (size_t i = begin; i < end; i++) {
        if (work->host->is_cancelled(work->question)) return;
        const float *x = work->samples + i * HOP;
        work->frames[i].power = mean_square(x, FRAME);
        work->frames[i].period = work->frames[i].power > FLOOR ? period(x) : 0;
    }
}

typedef struct measures {
    bool has_pitch;
    bool has_jitter;
    float pitch;  /* Hz */
    float range;  /* semitones */
    float voiced; /* 0..1 */
    float level;  /* dBFS */
    float jitter; /* percent */
} measures;

static int ascending(const void *a, const void *b) {
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Value below which a share of sorted values lies, between neighbours where it falls there. */
static float quantile(const float *sorted, size_t count, float share) {
    const float place = share * (float)(count - 1);
    const size_t below = (size_t)place;
    const float rest = place - (float)below;
    return below + 1 < count ? sorted[below] + rest * (sorted[below + 1] - sorted[below]) : sorted[below];
}

/* Sums up frames. `pitches` has room for as many floats. */
static measures sum_up(const frame *frames, size_t count, float *pitches) {
    measures result = { 0 };
    float loudest = 0;
    for (size_t i = 0; i < count; i++) loudest = fmaxf(loudest, frames[i].power);
    const float least = fmaxf(loudest * QUIETEST, FLOOR);
    size_t voiced = 0, steps = 0, spoken = 0;
    double logarithms = 0, power = 0, changes = 0, periods = 0;
    float before = 0;
    for (size_t i = 0; i < count; i++) {
        const bool is_spoken = frames[i].power > least;
        const float now = is_spoken ? frames[i].period : 0;
        if (is_spoken) {
            spoken++;
            power += frames[i].power;
        }
        if (now > 0) {
            pitches[voiced++] = RATE / now;
            logarithms += log(RATE / (double)now);
            /* A jump of more than a fifth is a mistake of an octave, or the beginning of another voice. */
            if (before > 0 && fabsf(now - before) < 0.2f * before) {
                changes += fabsf(now - before);
                periods += 0.5 * ((double)now + before);
                steps++;
            }
        }
        before = now;
    }
    /* Silence is as soft as the scale goes. */
    result.level = spoken > 0 ? (float)(10 * log10(power / (double)spoken)) : -80;
    result.voiced = spoken > 0 ? (float)voiced / (float)spoken : 0;
    if (voiced > 0) {
        result.has_pitch = true;
        result.pitch = (float)exp(logarithms / (double)voiced);
        qsort(pitches, voiced, sizeof *pitches, ascending);
        result.range = 12 * log2f(quantile(pitches, voiced, 0.95f) / quantile(pitches, voiced, 0.05f));
    }
    if (steps > 0) {
        result.has_jitter = true;
        result.jitter = (float)(100 * changes / periods);
    }
    return result;
}

static mien_status say(const mien_host *host, mien_answer *answer, size_t item, const measures *m) {
    const mien_scale hertz = { 50, 500, "Hz, geometric mean of voiced frames" };
    const mien_scale semitones = { 0, 36, "semitones between the 5th and the 95th percentile" };
    const mien_scale share = { 0, 1, "share of the frames with sound" };
    const mien_scale decibels = { -80, 0, "dBFS, mean power of frames with sound" };
    const mien_scale percent = { 0, 20, "percent, mean change of the period between frames of 10 ms" };
    mien_status status = MIEN_OK;
    if (m->has_pitch) {
        status = host->add_attribute(answer, item, "Mean pitch", m->pitch, &hertz, "low", "high");
        if (status == MIEN_OK) status = host->add_attribute(answer, item, "Pitch range", m->range, &semitones, "monotonous", "melodious");
    }
    if (status == MIEN_OK) status = host->add_attribute(answer, item, "Voiced share", m->voiced, &share, "unvoiced", "voiced");
    if (status == MIEN_OK) status = host->add_attribute(answer, item, "Mean level", m->level, &decibels, "soft", "loud");
    if (status == MIEN_OK && m->has_jitter) status = host->add_attribute(answer, item, "Jitter", m->jitter, &percent, "steady", "shaky");
    if (status == MIEN_OK && !m->has_pitch) {
        status = host->add_warning(answer, item, "NOTHING_VOICED", "no voiced sound was found, so that there is no pitch");
    }
    return status;
}

static mien_status listen(void *state, const mien_question *question, mien_answer *answer, char *message, size_t message_size) {
    const mien_host *host = *(const mien_host **)state;
    for (size_t item = 0; item < question->clip_count; item++) {
        const mien_clip *clip = &question->clips[item];
        if (clip->rate != RATE) {
            snprintf(message, message_size, "clips have %u Hz, and %d are needed", (unsigned)clip->rate, (int)RATE);
            return MIEN_INVALID;
        }
        /* A clip that is shorter than one frame is followed by silence. */
        const float *samples = clip->samples;
        size_t count = clip->count;
        if (count < FRAME) {
            float *padded = host->scratch(question, FRAME * sizeof *padded);
            if (!padded) return MIEN_NO_MEMORY;
            memset(padded, 0, FRAME * sizeof *padded);
            memcpy(padded, samples, count * sizeof *padded);
            samples = padded;
            count = FRAME;
        }
        const size_t frame_count = (count - FRAME) / HOP + 1;
        frame *frames = host->scratch(question, frame_count * sizeof *frames);
        float *pitches = host->scratch(question, frame_count * sizeof *pitches);
        if (!frames || !pitches) return MIEN_NO_MEMORY;
        clip_work work = { host, question, samples, frames };
        mien_status status = host->parallel_for(host, frame_count, look_at_frames, &work);
        if (status != MIEN_OK) return status;
        /* Frames that nobody looked at any more are not there. */
        if (host->is_cancelled(question)) return MIEN_CANCELLED;
        const measures found = sum_up(frames, frame_count, pitches);
        status = say(host, answer, item, &found);
        if (status != MIEN_OK) return status;
    }
    return MIEN_OK;
}

/* The state is where the host's table is: a library may be loaded for two hosts at once. */
static mien_status begin(const mien_host *host, const char *estimator, void **state, char *message, size_t message_size) {
    (void)estimator;
    const mien_host **place = malloc(sizeof *place);
    if (!place) {
        snprintf(message, message_size, "there is no memory");
        return MIEN_NO_MEMORY;
    }
    *place = host;
    *state = place;
    return MIEN_OK;
}

static void end(void *state) { free(state); }

static const char *const estimators[] = { "prosody" };

static const mien_plugin plugin = {
    .abi = MIEN_PLUGIN_ABI,
    .size = sizeof(mien_plugin),
    .lowest_abi = 1,
    .highest_abi = MIEN_PLUGIN_ABI,
    .id = "prosody",
    .version = "1",
    .estimators = estimators,
    .estimator_count = 1,
    .flags = MIEN_PLUGIN_THREAD_SAFE,
    .open = begin,
    .estimate_voices = listen,
    .close = end,
};

const mien_plugin *mien_plugin_entry(const mien_host *host) {
    /* All that is used here is there since version 1. */
    return MIEN_HAS(mien_host, host, add_warning) ? &plugin : NULL;
}
