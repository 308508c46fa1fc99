// The weights of the voice emotion estimator, voice.safetensors, as part of the binary.
#pragma once
#include <stddef.h>

/// At the start of a cache line.
const void *mien_voice_emotion_weights(void);
size_t mien_voice_emotion_weights_count(void);
