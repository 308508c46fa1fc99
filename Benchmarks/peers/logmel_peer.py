"""One resident peer: `logmel_peer.py transformers|librosa|kaldi-native-fbank THREADS REPEATS`, 80 log-mels of 30 s of noise at 16 kHz.

Every line "go" on stdin is answered with the seconds of a first run and with the median of REPEATS further ones. Each peer is called as
its users would, with what can be made beforehand made beforehand; kaldi-native-fbank's features have Kaldi's frames (no mirrored ends) and no
dynamic range limit, so it does a little less.
"""
import os
import sys

peer, threads, repeats = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[variable] = str(threads)

import numpy as np

import resident

x = (np.random.default_rng(1).random(480_000) - 0.5).astype(np.float32)

if peer == "transformers":
    import torch
    from transformers import WhisperFeatureExtractor
    torch.set_num_threads(threads)
    extractor = WhisperFeatureExtractor(feature_size=80)
    run = lambda: extractor(x, sampling_rate=16_000, return_tensors="np")["input_features"]
elif peer == "librosa":
    import librosa

    def run():
        mels = librosa.feature.melspectrogram(y=x, sr=16_000, n_fft=400, hop_length=160, n_mels=80, pad_mode="reflect")[:, :-1]
        logs = np.log10(np.maximum(mels, 1e-10))
        return (np.maximum(logs, logs.max() - 8) + 4) / 4
elif peer == "kaldi-native-fbank":
    import kaldi_native_fbank as knf
    options = knf.FbankOptions()
    options.frame_opts.samp_freq, options.frame_opts.dither, options.frame_opts.snip_edges = 16_000, 0, False
    options.frame_opts.frame_length_ms, options.frame_opts.frame_shift_ms, options.frame_opts.window_type = 25, 10, "hann"
    # Hann frames of 25 ms as they are; its FFT then has 512 points. Its OnlineWhisperFbank is several times slower.
    options.frame_opts.preemph_coeff, options.frame_opts.remove_dc_offset = 0, False
    options.mel_opts.num_bins, options.mel_opts.low_freq, options.mel_opts.high_freq = 80, 0, 8000

    def run():
        fbank = knf.OnlineFbank(options)
        fbank.accept_waveform(16_000, x)
        fbank.input_finished()
        return np.stack([fbank.get_frame(i) for i in range(fbank.num_frames_ready)])
else:
    sys.exit(f"unknown peer {peer}")

resident.answer(run, repeats)
