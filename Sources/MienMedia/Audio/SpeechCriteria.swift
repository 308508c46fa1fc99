/// When sound counts as speech, and where it is cut. Durations are in milliseconds.
package struct SpeechCriteria: Sendable, Hashable {
    /// Probability from which a window is speech.
    package var threshold = 0.5
    /// Probability below which a window is silence; between the two, things stay as they are. nil: 0.15 below `threshold`, but at least 0.01.
    package var silenceThreshold: Double? = nil
    /// Speech has to last longer than this.
    package var minimumSpeech = 250
    /// Silence of this length ends a segment.
    package var minimumSilence = 100
    /// How far a segment reaches beyond its speech on both sides; neighbours meet in the middle of a silence that is too short for both.
    package var padding = 30
    /// Longest segment, padding included, or nil for any: a longer one is cut at its longest silence, or at once if there is none.
    package var maximumSpeech: Int? = nil
    /// Silence inside of speech that is longer than this may become such a cut.
    package var minimumSplitSilence = 98

    package init() {}
}

/// Criteria that contradict themselves.
package struct SpeechCriteriaError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String
}

extension SpeechCriteria {
    /// The criteria in samples.
    struct Limits: Sendable {
        let threshold: Double, silenceThreshold: Double
        let minimumSpeech: Int, minimumSilence: Int, padding: Int, minimumSplitSilence: Int
        /// Length of speech from which it is cut.
        let maximumSpeech: Int
    }

    /// A day: longer than any sensible duration, and small enough to compute with.
    private static let longest = 86_400_000

    func limits(sampleRate: Int, windowLength: Int) throws(SpeechCriteriaError) -> Limits {
        guard sampleRate.isMultiple(of: 1000), (1000...192_000).contains(sampleRate), (1...sampleRate).contains(windowLength) else {
            throw SpeechCriteriaError(description: "windows of \(windowLength) samples at \(sampleRate) Hz: the rate is a multiple of 1000 Hz "
                                      + "up to 192000, and a window at most a second")
        }
        let silence = silenceThreshold ?? max(threshold - 0.15, 0.01)
        guard threshold > 0, threshold <= 1, silence >= 0, silence <= threshold else {
            throw SpeechCriteriaError(description: "thresholds of \(threshold) for speech and \(silence) for silence: both are probabilities, "
                                      + "and that for speech is not the lower one")
        }
        func samples(_ duration: Int, _ name: String) throws(SpeechCriteriaError) -> Int {
            guard (0...Self.longest).contains(duration) else {
                throw SpeechCriteriaError(description: "a \(name) of \(duration) ms is not from 0 to \(Self.longest) ms")
            }
            return duration * (sampleRate / 1000)
        }
        let padding = try samples(padding, "padding")
        var maximum = Int.max
        if let longest = maximumSpeech {
            maximum = try samples(longest, "maximum speech") - windowLength - 2 * padding
            guard maximum > 0 else {
                throw SpeechCriteriaError(description: "a maximum speech of \(longest) ms leaves no room for a window and the padding")
            }
        }
        return Limits(
            threshold: threshold, silenceThreshold: silence, minimumSpeech: try samples(minimumSpeech, "minimum speech"),
            minimumSilence: try samples(minimumSilence, "minimum silence"), padding: padding,
            minimumSplitSilence: try samples(minimumSplitSilence, "minimum split silence"), maximumSpeech: maximum)
    }
}
