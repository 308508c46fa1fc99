import MienMedia

/// What an estimator answers about one recording.
package struct VoiceAnswer: Sendable {
    /// In the order of time.
    package var estimates: [VoiceEstimate]
    /// All speech found, in samples at 16 kHz from the beginning.
    package var utterances: [Range<Int>]
    package var duration: Int
    package var quality: VoiceQuality
    /// About the recording as a whole.
    package var warnings: [EstimateWarning]
}

/// The emotions that one stretch of sound shows, according to one estimator.
package struct VoiceEstimate: Sendable {
    /// In samples at 16 kHz from the beginning of the recording or stream.
    package var segment: Range<Int>
    /// Samples of speech in it.
    package var speech: Int
    package var reading: VoiceReading
    package var quality: VoiceQuality
    package var warnings: [EstimateWarning]
    package var baseline: BaselineDifference?

    /// - Parameters:
    ///   - segment: As above.
    ///   - speech: As above.
    ///   - sound: The segment's.
    ///   - signalToNoise: As in `VoiceQuality`.
    init(segment: Range<Int>, speech: Int, reading: VoiceReading, sound: AudioQuality, signalToNoise: Float?) {
        self.segment = segment
        self.speech = speech
        self.reading = reading
        quality = VoiceQuality(sound, signalToNoise: signalToNoise)
        warnings = quality.warnings + reading.warnings
        if speech < Self.shortSpeech {
            warnings.append(EstimateWarning(reason: "SPEECH_SHORT", message: "less than a second of speech says little about emotions"))
        }
    }

    private static let shortSpeech = 16_000
}
