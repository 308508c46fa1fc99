/* Plugins of Mien in a library: C99, ABI version 1.
 *
 * A plugin is a folder with a plugin.json of the kind "library" and a shared library that exports one function, mien_plugin_entry. It gets a table
 * of what the host offers and gives a table of what the plugin does. The host finds faces and speech, cuts them as plugin.json asks, and ranks and
 * filters what the plugin says; the plugin sees nothing but the faces and clips. A whole plugin, in short:
 *
 *     static const mien_host *host;
 *
 *     static mien_status look(void *state, const mien_question *question, mien_answer *answer, char *message, size_t message_size) {
 *         for (size_t i = 0; i < question->face_count; i++) {
 *             float anger = ...question->faces[i].pixels...;
 *             mien_status status = host->add_category(answer, i, "Anger", anger);
 *             if (status != MIEN_OK) return status;
 *         }
 *         return MIEN_OK;
 *     }
 *     static const char *const estimators[] = { "my-faces" };
 *     static const mien_plugin plugin = { .abi = MIEN_PLUGIN_ABI, .size = sizeof(mien_plugin), .lowest_abi = 1, .highest_abi = 1, .id = "my-plugin",
 *         .version = "1", .estimators = estimators, .estimator_count = 1, .estimate_faces = look };
 *     const mien_plugin *mien_plugin_entry(const mien_host *given) { host = given; return &plugin; }
 *
 *     cc -std=c99 -O2 -shared -fPIC -I INCLUDE -o libmine.so mine.c
 *
 * RULES THAT HOLD EVERYWHERE
 *
 * Process. The library runs in the host's process, with its rights. A crash of the plugin ends the host. It must not call exit() or fork(), change
 * signal handlers, the locale, the rounding mode or the working folder, or let C++ exceptions out of its functions. What it prints to stdout goes
 * to stderr. It is never unloaded.
 *
 * Text is UTF-8 that ends with NUL, at most 500 bytes unless stated otherwise. Names are as in plugin.json.
 *
 * Ownership. What a caller passes is valid during that call only; the callee copies what it wants to keep. Tables and the texts that they point to
 * are the exception: those of the plugin and the host stay valid and unchanged as long as the process.
 *
 * Errors. Functions return MIEN_OK or another mien_status, and do nothing else in that case. A message buffer (message, message_size) takes words
 * for people, in English, one sentence without a full stop; it may be NULL if its size is 0, is written only on failure, and then always ends with
 * NUL. What the host refuses without a buffer to say why is a warning in its log.
 * NULL where something is needed, an index that is too large and a handle that is not (or no longer) one are errors, never crashes. Pointers to
 * too little memory cannot be noticed.
 *
 * Threads. Without MIEN_PLUGIN_THREAD_SAFE the host calls one function of the plugin at a time, though not always on the same thread; with it,
 * estimate_* on any number of threads at once. open and close are called one at a time in any case, and close never while a question about its
 * state runs. Functions of the host may be called from any thread, at once, also from threads of the plugin's own; those that take a question or an
 * answer only until the plugin's function that got it has returned. The plugin's own threads must have ended, or not touch the host any more, when
 * close has returned. Stacks of the host's threads hold 4 MiB.
 *
 * Numbers are finite. Arrays are row-major: the last extent varies fastest.
 *
 * VERSIONS
 *
 * Both tables begin with abi and size, the plugin's with the range of versions that it speaks besides; this beginning is the same in all versions.
 * Later versions only append. Whoever reads a table must not touch what lies beyond its size: MIEN_HAS says whether a member is there. Bits and
 * bytes called reserved are 0. The host refuses a plugin whose range does not hold the host's version. A plugin may look at host->abi in
 * mien_plugin_entry and give another table.
 */
#ifndef MIEN_PLUGIN_H
#define MIEN_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version that this header describes. */
#define MIEN_PLUGIN_ABI 1

#if defined(__GNUC__)
#define MIEN_PLUGIN_EXPORT __attribute__((visibility("default")))
#else
#define MIEN_PLUGIN_EXPORT
#endif

/* Whether a table reaches as far as a member, and so has it: MIEN_HAS(mien_host, host, network_run). */
#define MIEN_HAS(type, table, member) ((table)->size >= offsetof(type, member) + sizeof((table)->member))

/* -- Words ------------------------------------------------------------------------------------------------------------------------------------- */

typedef int32_t mien_status;
enum {
    MIEN_OK = 0,
    /* It cannot be done, for the reason in the message if there is one. */
    MIEN_FAILED = 1,
    /* NULL, a wrong index or size, text that is not UTF-8 or too long, a handle that is none. */
    MIEN_INVALID = 2,
    /* More than is taken: of an answer's items, of scratch memory, of a tensor's elements. */
    MIEN_TOO_MUCH = 3,
    /* No file or name like that. */
    MIEN_NOT_FOUND = 4,
    MIEN_NO_MEMORY = 5,
    /* Nobody waits for the answer any more: what a plugin returns when is_cancelled has told it so. */
    MIEN_CANCELLED = 6,
    /* This plugin does not do that. */
    MIEN_UNSUPPORTED = 7
};

/* Levels of log lines. */
typedef int32_t mien_level;
enum { MIEN_TRACE = 1, MIEN_DEBUG = 2, MIEN_INFO = 3, MIEN_NOTICE = 4, MIEN_WARNING = 5, MIEN_ERROR = 6, MIEN_CRITICAL = 7 };

/* How weights are stored and multiplied. F16 halves the memory and rounds each weight by at most 2^-11 of it; INT8 quarters it, with a scale for
 * each output and for each row of x, and is the fastest on most processors. Totals are f32. */
typedef int32_t mien_precision;
enum { MIEN_F32 = 0, MIEN_F16 = 1, MIEN_INT8 = 2 };

/* How pictures are resized. Both to the bit as other programs do it, because networks were trained on what those made. */
typedef int32_t mien_resize;
enum {
    /* A triangle as wide as a pixel of the result: no aliasing. Pillow's BILINEAR. */
    MIEN_RESIZE_SMOOTH = 0,
    /* Between the four nearest pixels, without smoothing: OpenCV's INTER_LINEAR. */
    MIEN_RESIZE_BILINEAR = 1
};

typedef struct mien_host mien_host;
typedef struct mien_plugin mien_plugin;
/* Handles. Not addresses: they are looked up. */
/* Where an answer is put together. */
typedef struct mien_answer mien_answer;
/* They belong to the plugin, for all of its estimators, until it frees them or is closed as a whole. */
typedef struct mien_matrix mien_matrix;
typedef struct mien_network mien_network;

/* The elements of arrays, such as mien_face, keep their size as long as the version of the ABI is the same. */

/* One face: rows from top to bottom without padding, on a 64-byte boundary. Extents and channels (1: grey, 3: red, green, blue) as plugin.json
 * asks. */
typedef struct mien_face {
    const uint8_t *pixels; /* [height, width, channels] */
    uint32_t width;
    uint32_t height;
    uint32_t channels;
    uint32_t reserved;
} mien_face;

/* One clip of speech: mono, full scale -1..1, on a 64-byte boundary. At least one sample, at most the maximum_seconds of plugin.json. */
typedef struct mien_clip {
    const float *samples;
    size_t count;
    uint32_t rate; /* Hz: 16000 */
    uint32_t reserved;
} mien_clip;

typedef struct mien_score {
    const char *label;
    float score;
    uint32_t reserved;
} mien_score;

/* What a number can be. */
typedef struct mien_scale {
    float minimum;
    float maximum;       /* greater than minimum */
    const char *meaning; /* "softmax probability", "Hz" */
} mien_scale;

/* What is asked. At most as many faces or clips as the batch in plugin.json. */
typedef struct mien_question {
    uint32_t abi;
    uint32_t size;
    const char *estimator; /* its id */
    /* estimate_faces */
    const mien_face *faces;
    size_t face_count;
    /* estimate_voices */
    const mien_clip *clips;
    size_t clip_count;
    /* Canonical names of the only categories that anyone asks for: others may be left out, and need not. None: all. */
    const char *const *categories;
    size_t category_count;
    /* Native scores of the same speaker's neutral voice, for estimators with uses_neutral. None: not known. */
    const mien_score *neutral;
    size_t neutral_count;
} mien_question;

/* f32 values in memory. Pictures and maps are [batch, height, width, channels], others [batch, features]. */
typedef struct mien_tensor {
    float *values;
    uint32_t rank; /* 1..8 */
    uint32_t reserved;
    size_t extents[8]; /* each at least 1; those beyond rank are 0 */
} mien_tensor;

/* A file in memory, read-only, on a page boundary. */
typedef struct mien_file {
    const void *bytes;
    size_t size;
} mien_file;

/* A 2-D convolution (cross-correlation, as networks use the word) over [batch, height, width, channels]. */
typedef struct mien_convolution {
    uint32_t size; /* bytes of this struct */
    uint32_t input_channels;
    uint32_t output_channels;
    uint32_t groups; /* 1: dense; both numbers of channels are multiples of it */
    uint32_t height, width; /* of the window, 1..64 */
    uint32_t stride_y, stride_x; /* 1..64 */
    uint32_t dilation; /* 1..64 */
    /* Zeros around the picture, fewer than the window reaches: at most (height - 1) * dilation, (width - 1) * dilation. */
    uint32_t top, left, bottom, right;
    const float *weights; /* [output_channels, input_channels / groups, height, width], the order of ONNX and PyTorch */
    const float *bias; /* [output_channels], or NULL for zeros */
} mien_convolution;

/* Of a category, beside its intensity. */
typedef int32_t mien_category_number;
enum {
    /* 0..1; only from an estimator that was calibrated on held-out people. */
    MIEN_CALIBRATED_PROBABILITY = 1,
    /* The native score minus that of a neutral face or voice. */
    MIEN_ABOVE_NEUTRAL = 2,
    /* How far human raters agree about it, -1..1. */
    MIEN_RATER_RELIABILITY = 3
};

/* -- What the host offers ---------------------------------------------------------------------------------------------------------------------- */

struct mien_host {
    uint32_t abi;  /* 1 */
    uint32_t size; /* bytes of this table */
    /* Threads that work on a parallel_for, the caller included. */
    uint32_t threads;
    uint32_t reserved;

    /* Writes a line to the host's log, under the plugin's name. Too many lines in a second cost lines. */
    void (*log)(const mien_host *host, mien_level level, const char *text);

    /* Calls body(context, begin, end) for ranges that together are 0..<count, on the host's threads and this one, at once; returns when all are
     * done. The ranges depend on the number of threads. A parallel_for within another, or while the threads are busy for somebody else, runs on
     * this thread alone. */
    mien_status (*parallel_for)(const mien_host *host, size_t count, void (*body)(void *context, size_t begin, size_t end), void *context);

    /* -- A question -- */

    /* Whether the answer is of no use any more. To be asked every few milliseconds of work; then return MIEN_CANCELLED. Also true for what is no
     * question. */
    bool (*is_cancelled)(const mien_question *question);
    /* Microseconds until the caller stops waiting: 0 afterwards, INT64_MAX if he never does. */
    int64_t (*time_left)(const mien_question *question);
    /* Memory on a 64-byte boundary, not initialised, which is freed when the question has been answered. NULL if bytes is 0, if it is more than 1
     * GiB for one question together, or if there is none. */
    void *(*scratch)(const mien_question *question, size_t bytes);

    /* -- Its answer: of each item, the index of a face or clip --
     * What is given is copied. Whether it makes sense (names that plugin.json announces, finite numbers within their range, nothing twice) is
     * checked when the plugin has returned MIEN_OK; if it does not, the question fails with words that say why. */

    /* intensity: 0..1, comparable between estimators. At most 40. */
    mien_status (*add_category)(mien_answer *answer, size_t item, const char *name, float intensity);
    /* The model's own score of a category that was added before, and its scale; without it, the intensity is taken for it. */
    mien_status (*set_category_native)(mien_answer *answer, size_t item, const char *name, float score, const mien_scale *scale);
    /* A further number of a category that was added before. */
    mien_status (*set_category_number)(mien_answer *answer, size_t item, const char *name, mien_category_number which, float value);
    /* "valence", "arousal" or "dominance", -1..1. At most 3. */
    mien_status (*add_dimension)(mien_answer *answer, size_t item, const char *name, float value);
    /* What the ends of the scale mean: "cold" and "warm". At most 256. */
    mien_status (*add_attribute)(mien_answer *answer, size_t item, const char *name, float value, const mien_scale *scale, const char *low_end,
                                 const char *high_end);
    /* Of an attribute that was added before: the value minus that of a neutral face or voice. */
    mien_status (*set_attribute_above_neutral)(mien_answer *answer, size_t item, const char *name, float value);
    /* Of one of the native labels. All, in their order, or none. At most 512. */
    mien_status (*add_native_score)(mien_answer *answer, size_t item, const char *label, float score);
    /* Labels that hold the right one with a probability of coverage, 0..1; only from an estimator that was calibrated on held-out people. */
    mien_status (*set_prediction_set)(mien_answer *answer, size_t item, const char *const *labels, size_t count, float coverage);
    /* Doubts about the input. reason: UPPER_SNAKE_CASE, for programs. At most 16. */
    mien_status (*add_warning)(mien_answer *answer, size_t item, const char *reason, const char *message);

    /* -- Pictures and sound -- */

    /* Resizes [height, width, channels] bytes to [target_height, target_width, channels]. Channels 1 or 3; extents 1..16384. */
    mien_status (*resize)(const mien_host *host, mien_resize how, const uint8_t *pixels, uint32_t width, uint32_t height, uint32_t channels,
                          uint8_t *target, uint32_t target_width, uint32_t target_height);

    /* The log-mel spectrogram that Whisper wants, of samples at 16000 Hz: [frames, mels], time-major, 100 frames a second.
     * Frame t is centred on sample 160 t and covers 400 under a periodic Hann window; ends are mirrored. mels triangular filters on Slaney's scale
     * from 0 to 8000 Hz; log10, no less than 1e-10 and no less than 8 below the largest of all, plus 4, over 4.
     * mels: 1..128, 80 for most. window: frames to make, the clip being cut or padded with silence before (3000 for Whisper's 30 s), at most
     * 8640000; 0: what the clip has, count / 160 rounded down. target_count: room for exactly so many frames. MIEN_FAILED if samples are not finite
     * or far too large. */
    mien_status (*log_mel)(const mien_host *host, const float *samples, size_t count, uint32_t mels, size_t window, float *target,
                           size_t target_count);

    /* -- Files and networks -- */

    /* Maps a file of the plugin's folder that plugin.json lists in files, and whose SHA-256 is the one there. name: as listed. Links are not
     * followed. It stays until file_unmap, or until the plugin is closed as a whole. Nobody may write to the file meanwhile. */
    mien_status (*file_map)(const mien_host *host, const char *name, mien_file *file, char *message, size_t message_size);
    mien_status (*file_unmap)(const mien_host *host, const mien_file *file);

    /* Reads an ONNX file, one that file_map would map, of at most 512 MiB, and packs its weights for this processor. What operators are covered
     * docs/plugins/in-mien.md says; the message names the one that is not. */
    mien_status (*network_open)(const mien_host *host, const char *name, mien_network **network, char *message, size_t message_size);
    /* A network of one convolution, with the input "x" and the output "y". Weights are copied. */
    mien_status (*network_convolution)(const mien_host *host, const mien_convolution *convolution, mien_network **network, char *message,
                                       size_t message_size);
    /* Position of an input or an output by its name in the file. */
    mien_status (*network_input)(const mien_host *host, const mien_network *network, const char *name, size_t *index);
    mien_status (*network_output)(const mien_host *host, const mien_network *network, const char *name, size_t *index);
    /* Runs it, on all threads. One tensor for each of its inputs, in the file's order, maps channels last whatever the file says; one for each of
     * its outputs, which the host fills in: the values are the question's scratch memory. Batch, height and width are free as far as the file
     * leaves them so. Results do not depend on what else is in the batch. At most 2^28 elements in a tensor. */
    mien_status (*network_run)(const mien_question *question, const mien_network *network, const mien_tensor *inputs, size_t input_count,
                               mien_tensor *outputs, size_t output_count, char *message, size_t message_size);
    mien_status (*network_free)(const mien_host *host, mien_network *network);

    /* -- Products -- */

    /* Packs weights [outputs, inputs] and bias [outputs] (NULL: zeros), all finite, for this processor. Both are copied. At most 2^28 weights; with
     * MIEN_INT8 at most 66000 inputs. */
    mien_status (*matrix_pack)(const mien_host *host, const float *weights, const float *bias, size_t outputs, size_t inputs,
                               mien_precision precision, mien_matrix **matrix);
    /* y [rows, outputs] = x [rows, inputs] * weights^T + bias, on all threads. y must not overlap x. At most 2^28 elements each. */
    mien_status (*matrix_multiply)(const mien_host *host, const mien_matrix *matrix, const float *x, size_t rows, float *y);
    mien_status (*matrix_free)(const mien_host *host, mien_matrix *matrix);
};

/* -- What a plugin does ------------------------------------------------------------------------------------------------------------------------ */

/* estimate_* may be called on several threads at once, also for the same state. */
#define MIEN_PLUGIN_THREAD_SAFE 1u

struct mien_plugin {
    uint32_t abi;  /* of this table: MIEN_PLUGIN_ABI */
    uint32_t size; /* bytes of this table: sizeof(mien_plugin) */
    /* The versions of hosts that it works with, both included. */
    uint32_t lowest_abi;
    uint32_t highest_abi;

    /* As in plugin.json, which is compared with them. */
    const char *id;
    const char *version;
    const char *const *estimators; /* their ids, in any order */
    size_t estimator_count;        /* 1..64 */

    uint32_t flags; /* MIEN_PLUGIN_THREAD_SAFE */
    uint32_t reserved;

    /* Loads what an estimator needs, so that its first question takes no longer than the others. *state is NULL before and may stay so. Called
     * before the first question about an estimator, and once; again if it has failed. The message says why it cannot. NULL: there is nothing to
     * load. */
    mien_status (*open)(const mien_host *host, const char *estimator, void **state, char *message, size_t message_size);
    /* Says what it sees in each face. NULL if no estimator reads faces. */
    mien_status (*estimate_faces)(void *state, const mien_question *question, mien_answer *answer, char *message, size_t message_size);
    /* Says what it hears in each clip. NULL if no estimator reads voices. */
    mien_status (*estimate_voices)(void *state, const mien_question *question, mien_answer *answer, char *message, size_t message_size);
    /* Lets go of what open made. NULL if there is nothing to let go of. Not called if the host has to end while a question is being answered. */
    void (*close)(void *state);
};

/* The function that a plugin's library defines. Called before anything else, again if the same library is loaded twice in one process, maybe with
 * another host table: those who keep the host in their state, from open, never mix them up. Returns NULL if it does not want to work with this
 * host. */
MIEN_PLUGIN_EXPORT const mien_plugin *mien_plugin_entry(const mien_host *host);

#ifdef __cplusplus
}
#endif

#endif
