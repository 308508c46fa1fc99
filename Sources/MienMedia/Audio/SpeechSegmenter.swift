/// Where speech begins or ends, in samples from the beginning of the sound.
package enum SpeechEvent: Hashable, Sendable {
    /// The first sample of a segment.
    case start(Int)
    /// The sample after its last.
    case end(Int)
}

/// Turns probabilities of speech, window by window, into segments: those of Silero's `get_speech_timestamps`, but while the sound goes on.
///
/// Positions are exact, not early: speech is announced once it is certain to last long enough, and its end once the silence has lasted long
/// enough and what follows cannot move it any more. Starts and ends alternate, and positions never go back.
package struct SpeechSegmenter: Sendable {
    private let windowLength: Int
    private let limits: SpeechCriteria.Limits
    /// Samples so far.
    private var now = 0
    /// Speech that goes on, without padding. What silences it holds belongs to it, until they are long enough to end it.
    private var speech: Speech?
    /// End of the last segment, without padding, if it is not announced yet.
    private var pendingEnd: Int?

    private struct Speech {
        let start: Int
        /// Begin of the silence that goes on.
        var silence: Int?
        /// The longest silence that speech came back from, the first of equals.
        var longestSilence: Range<Int>?
        var isAnnounced = false
    }

    /// - Throws: `SpeechCriteriaError`.
    package init(_ criteria: SpeechCriteria = SpeechCriteria(), sampleRate: Int = 16000, windowLength: Int = 512) throws(SpeechCriteriaError) {
        self.windowLength = windowLength
        limits = try criteria.limits(sampleRate: sampleRate, windowLength: windowLength)
    }

    /// Takes the probability of the next window; NaN is neither speech nor silence.
    ///
    /// - Parameter samples: How much of the window lies within the sound, 1...windowLength: less than all only in the last.
    package mutating func push(_ probability: Float, samples: Int? = nil) -> [SpeechEvent] {
        let at = now, samples = samples ?? windowLength
        precondition((1...windowLength).contains(samples), "\(samples) samples of a window of \(windowLength)")
        now += samples
        var events: [SpeechEvent] = []
        update(at: at, isSpeech: Double(probability) >= limits.threshold, isSilence: Double(probability) < limits.silenceThreshold, &events)
        if let speech, !speech.isAnnounced, (speech.silence ?? now) - speech.start > limits.minimumSpeech { announce(&events) }
        // The next segment begins here at the earliest.
        if let end = pendingEnd, (speech?.start ?? now) - end >= 2 * limits.padding { settle(end + limits.padding, &events) }
        return events
    }

    /// Ends the sound and begins anew. Speech that has not ended does so with the last sample.
    package mutating func finish() -> [SpeechEvent] {
        var events: [SpeechEvent] = []
        if let speech, speech.isAnnounced || now - speech.start > limits.minimumSpeech { close(at: now, &events) }
        if let end = pendingEnd { settle(min(end + limits.padding, now), &events) }
        reset()
        return events
    }

    /// Forgets everything, as if newly made.
    package mutating func reset() { (now, speech, pendingEnd) = (0, nil, nil) }

    /// The segments of a whole sound.
    ///
    /// - Parameters:
    ///   - probabilities: One for each window.
    ///   - sampleCount: Length of the sound, which ends within the last window.
    /// - Throws: `SpeechCriteriaError`, also for a length that does not fit.
    package static func segments(
        _ probabilities: [Float], sampleCount: Int, _ criteria: SpeechCriteria = SpeechCriteria(), sampleRate: Int = 16000, windowLength: Int = 512
    ) throws(SpeechCriteriaError) -> [Range<Int>] {
        var segmenter = try SpeechSegmenter(criteria, sampleRate: sampleRate, windowLength: windowLength)
        guard sampleCount >= 0, sampleCount / windowLength + (sampleCount % windowLength == 0 ? 0 : 1) == probabilities.count else {
            throw SpeechCriteriaError(description: "\(probabilities.count) windows of \(windowLength) samples are not \(sampleCount) samples")
        }
        var events: [SpeechEvent] = []
        for (index, probability) in probabilities.enumerated() {
            events += segmenter.push(probability, samples: min(windowLength, sampleCount - index * windowLength))
        }
        return segments(events + segmenter.finish())
    }

    /// The segments that a sound's events tell of, from its beginning to its end.
    package static func segments(_ events: [SpeechEvent]) -> [Range<Int>] {
        var segments: [Range<Int>] = [], start = 0
        for event in events {
            switch event {
            case .start(let sample): start = sample
            case .end(let sample): segments.append(start..<sample)
            }
        }
        return segments
    }

    // MARK: Steps

    private mutating func update(at: Int, isSpeech: Bool, isSilence: Bool, _ events: inout [SpeechEvent]) {
        guard speech != nil else {
            if isSpeech { speech = Speech(start: at) }
            return
        }
        if isSpeech, let silence = speech!.silence {
            let length = at - silence
            if length > max(limits.minimumSplitSilence, speech!.longestSilence?.count ?? 0) { speech!.longestSilence = silence..<at }
            speech!.silence = nil
        }
        if at - speech!.start > limits.maximumSpeech {
            guard let silence = speech!.longestSilence else {
                close(at: at, &events)
                return
            }
            close(at: silence.lowerBound, &events)
            speech = Speech(start: silence.upperBound)
        }
        guard isSilence else { return }
        let silence = speech!.silence ?? at
        speech!.silence = silence
        guard at - silence >= limits.minimumSilence else { return }
        if speech!.isAnnounced || silence - speech!.start > limits.minimumSpeech { close(at: silence, &events) }
        speech = nil
    }

    /// Makes the speech that goes on a segment, and ends it.
    private mutating func close(at end: Int, _ events: inout [SpeechEvent]) {
        announce(&events)
        speech = nil
        pendingEnd = end
    }

    private mutating func announce(_ events: inout [SpeechEvent]) {
        guard let start = speech?.start, speech?.isAnnounced == false else { return }
        speech?.isAnnounced = true
        var padding = limits.padding
        if let end = pendingEnd {
            padding = min(padding, (start - end) / 2)
            settle(end + padding, &events)
        }
        events.append(.start(max(0, start - padding)))
    }

    private mutating func settle(_ end: Int, _ events: inout [SpeechEvent]) {
        pendingEnd = nil
        events.append(.end(end))
    }
}
