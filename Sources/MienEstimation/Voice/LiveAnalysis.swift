package import MienMedia

/// What is heard in a stream, as soon as it is certain.
package enum VoiceEvent: Sendable {
    /// Someone speaks, from this sample on.
    case speechStart(Int)
    /// While they speak: the last seconds.
    case interval(VoiceEstimate)
    /// When they have finished: all they said.
    case utterance(VoiceEstimate)
    case warning(EstimateWarning)
}

/// Reads a stream while it goes on, in memory that does not grow with its length.
package struct LiveAnalysis {
    package struct Options: Sendable {
        package var criteria: SpeechCriteria = {
            var criteria = SpeechCriteria()
            // A breath does not end what someone says.
            criteria.minimumSilence = 400
            criteria.maximumSpeech = 30_000
            return criteria
        }()
        /// Samples at 16 kHz between two estimates while someone speaks; nil: none.
        package var interval: Int? = AudioSource.sampleRate
        /// Samples that such an estimate looks back.
        package var window = 5 * AudioSource.sampleRate
        package var reading = VoiceReadingOptions()
        package init() {}
    }

    private let estimator: any VoiceEstimator
    private let options: Options
    private let context: EstimationContext
    private var tracker: SpeechTracker
    private var baseline = NeutralBaseline()
    /// Beginning of the utterance that goes on.
    private var utterance: Int?
    /// Position of the next estimate within it.
    private var due = 0
    /// When a warning of this reason was last given.
    private var warned: [String: Int] = [:]

    private static let lookBack = 2 * AudioSource.sampleRate
    private static let warningPause = 10 * AudioSource.sampleRate

    /// - Throws: `SpeechCriteriaError`.
    package init(_ estimator: any VoiceEstimator, _ options: Options, context: EstimationContext) throws(SpeechCriteriaError) {
        self.estimator = estimator
        self.options = options
        self.context = context
        tracker = try SpeechTracker(estimator.detector, options.criteria)
    }

    /// Samples heard so far.
    package var position: Int { tracker.history.end }

    /// Takes the next samples: mono at 16 kHz, finite.
    ///
    /// - Throws: `CancellationError`; what the estimator throws.
    package mutating func push(_ samples: [Float]) throws -> [VoiceEvent] {
        try context.checkCancellation()
        var events: [VoiceEvent] = []
        // In steps that begin and end at the same places whatever the pieces, so that these do not change what is estimated.
        var start = 0
        while start < samples.count {
            let end = min(start + Self.step - position % Self.step, samples.count)
            try take(tracker.push(Array(samples[start..<end])), &events)
            start = end
            guard position.isMultiple(of: Self.step) else { continue }
            if let interval = options.interval, let begin = utterance, position >= due {
                events.append(.interval(try estimate(max(begin, position - options.window)..<position)))
                due = position + interval
            }
            tracker.forget(before: min(utterance ?? Int.max, position - Self.lookBack))
        }
        return events
    }

    private static let step = 512

    /// Ends the stream.
    package mutating func finish() throws -> [VoiceEvent] {
        var events: [VoiceEvent] = []
        try take(tracker.finish(), &events)
        return events
    }

    private mutating func take(_ speech: [SpeechEvent], _ events: inout [VoiceEvent]) throws {
        for event in speech {
            switch event {
            case .start(let sample):
                utterance = sample
                due = sample + (options.interval ?? 0)
                events.append(.speechStart(sample))
            case .end(let sample):
                guard let begin = utterance, begin < sample else { continue }
                utterance = nil
                var estimate = try estimate(begin..<sample)
                estimate.baseline = baseline.difference(of: estimate.reading)
                baseline.add(estimate.reading)
                for warning in estimate.warnings where warning.reason.hasPrefix("AUDIO_") {
                    guard warned[warning.reason].map({ position - $0 >= Self.warningPause }) ?? true else { continue }
                    warned[warning.reason] = position
                    events.append(.warning(warning))
                }
                events.append(.utterance(estimate))
            }
        }
    }

    private func estimate(_ segment: Range<Int>) throws -> VoiceEstimate {
        let samples = tracker.history[segment]
        return VoiceEstimate(segment: segment, speech: tracker.speech(in: segment),
                             reading: try estimator.read([samples], options: options.reading, context: context)[0],
                             sound: AudioQuality(samples), signalToNoise: tracker.signalToNoise)
    }
}
