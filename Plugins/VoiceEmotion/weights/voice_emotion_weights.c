#include "voice_emotion_weights.h"

// A C23 directive, which the compiler that comes with Swift has had since before that.
#pragma clang diagnostic ignored "-Wc23-extensions"

static _Alignas(64) const unsigned char weights[] = {
#embed "voice.safetensors"
};

const void *mien_voice_emotion_weights(void) { return weights; }
size_t mien_voice_emotion_weights_count(void) { return sizeof weights; }
