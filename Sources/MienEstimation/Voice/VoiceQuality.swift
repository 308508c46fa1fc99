package import MienMedia

/// How far a recording can carry an estimate. The first four 0...1, 1 is best.
package struct VoiceQuality: Sendable, Hashable {
    package var overall: Float
    /// Loud enough.
    package var level: Float
    /// Free of clipping.
    package var clipping: Float
    /// Speech stands out from the noise.
    package var noise: Float
    /// In decibels relative to full scale.
    package var rms: Float
    package var peak: Float
    /// In decibels, of the whole recording or stream; nil where there was too little beside speech to tell.
    package var signalToNoise: Float?
    /// Share of samples at the limits of the format, 0...1.
    package var clipped: Float

    /// - Parameters:
    ///   - sound: What is judged.
    ///   - signalToNoise: In decibels, of the whole recording or stream; nil if it has no pauses in which to hear the noise.
    package init(_ sound: AudioQuality, signalToNoise: Float?) {
        rms = sound.level
        peak = sound.peak
        self.signalToNoise = signalToNoise
        clipped = sound.clipped
        // Speech at a usual distance has -30 to -15 dBFS; below -55 the steps of 16 bits begin to show.
        level = ramp(sound.level, from: -65, to: -40)
        // A percent of clipped samples is heard as distortion throughout.
        clipping = 1 - ramp(sound.clipped, from: 0.0005, to: 0.02)
        noise = signalToNoise.map { ramp($0, from: 3, to: 20) } ?? 1
        overall = min(level, clipping, noise)
    }

    package var warnings: [EstimateWarning] {
        var warnings: [EstimateWarning] = []
        func warn(_ reason: String, _ message: String) { warnings.append(EstimateWarning(reason: reason, message: message)) }
        if level < 0.5 { warn("AUDIO_QUIET", "the sound is very quiet (\(decibels(rms)) relative to full scale)") }
        if clipping < 0.75 { warn("AUDIO_CLIPPED", "the sound is overdriven: some of its peaks are cut off") }
        if noise < 0.4, let signalToNoise { warn("AUDIO_NOISY", "speech hardly stands out from the noise (by \(decibels(signalToNoise)))") }
        return warnings
    }

    private func decibels(_ value: Float) -> String { "\(Int(value.rounded())) dB" }
}

extension AudioQuality {
    /// What to say about a whole recording beside its `VoiceQuality`.
    var deviceWarnings: [EstimateWarning] {
        var warnings: [EstimateWarning] = []
        func warn(_ reason: String, _ message: String) { warnings.append(EstimateWarning(reason: reason, message: message)) }
        if unusableSamples > 0 { warn("AUDIO_NOT_FINITE", "\(unusableSamples) samples are no numbers or absurdly large; they count as silence") }
        if abs(offset) > 0.05 { warn("AUDIO_OFFSET", "the sound has a constant offset, as from a faulty device") }
        if sampleRate < 12_000 { warn("AUDIO_NARROWBAND", "there is no sound above \(sampleRate / 2) Hz, like on the telephone") }
        return warnings
    }
}

/// 0 up to `low`, 1 from `high` on, straight in between.
private func ramp(_ value: Float, from low: Float, to high: Float) -> Float { min(max((value - low) / (high - low), 0), 1) }
