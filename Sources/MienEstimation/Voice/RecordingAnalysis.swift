package import MienMedia

/// Reads a recording from its beginning to its end, in memory that does not grow with its length.
package struct RecordingAnalysis {
    private let estimator: any VoiceEstimator
    private let granularity: Granularity
    private let options: VoiceReadingOptions
    private let context: EstimationContext
    private var tracker: SpeechTracker

    private var parts: [(segment: Range<Int>, speech: Int, reading: VoiceReading, sound: AudioQuality)] = []
    private var utterances: [Range<Int>] = []
    /// Beginning of the utterance that goes on.
    private var utterance: Int?
    /// Beginning of the next window.
    private var window = 0
    private var pending: [Part] = []
    /// Readings of all utterances, for the clip as a whole.
    private var readings: [VoiceReading] = []

    /// A stretch that waits to be read together with others.
    private struct Part {
        let segment: Range<Int>
        let speech: Int
        let samples: [Float]
    }

    /// Parts that are read together: enough for the products to run at full speed, little enough memory.
    private static let partsAtOnce = 8, samplesAtOnce = 60 * AudioSource.sampleRate
    /// Windows with less speech are passed over: 0.25 s.
    private static let leastSpeech = AudioSource.sampleRate / 4
    /// How far before the last sample an utterance may turn out to have begun: a second and more.
    private static let lookBack = 2 * AudioSource.sampleRate

    /// - Throws: `SpeechCriteriaError`.
    package init(_ estimator: any VoiceEstimator, _ granularity: Granularity, _ criteria: SpeechCriteria, options: VoiceReadingOptions = VoiceReadingOptions(),
                 context: EstimationContext) throws(SpeechCriteriaError) {
        self.estimator = estimator
        self.granularity = granularity
        self.options = options
        self.context = context
        tracker = try SpeechTracker(estimator.detector, criteria)
    }

    /// - Throws: What `source` throws; `CancellationError`; what the estimator throws.
    package mutating func run(_ source: AudioSource) throws -> VoiceAnswer {
        while let block = try source.next() {
            try context.checkCancellation()
            try take(tracker.push(block.samples))
            try takeWindows(upTo: tracker.history.end)
            tracker.forget(before: min(utterance ?? Int.max, tracker.history.end - Self.lookBack, neededByWindows))
        }
        try take(tracker.finish())
        try takeLastWindow(tracker.history.end)
        try readPending()
        return finish(source)
    }

    private mutating func take(_ events: [SpeechEvent]) throws {
        for event in events {
            switch event {
            case .start(let sample): utterance = sample
            case .end(let sample):
                let segment = (utterance ?? sample)..<sample
                utterance = nil
                utterances.append(segment)
                if !isWindowed { try add(segment) }
            }
        }
    }

    private var isWindowed: Bool { if case .window = granularity { true } else { false } }
    private var neededByWindows: Int { isWindowed ? window : Int.max }

    private mutating func takeWindows(upTo end: Int) throws {
        guard case .window(let length, let hop) = granularity else { return }
        while window + length <= end {
            try add(window..<window + length)
            window += hop
        }
    }

    /// What follows the last whole window is one as well, a shorter one.
    private mutating func takeLastWindow(_ duration: Int) throws {
        guard case .window(let length, let hop) = granularity else { return }
        let covered = window == 0 ? 0 : window - hop + length
        if covered < duration { try add(window..<duration) }
    }

    private mutating func add(_ segment: Range<Int>) throws {
        let speech = tracker.speech(in: segment)
        guard !segment.isEmpty, !isWindowed || speech >= Self.leastSpeech else { return }
        pending.append(Part(segment: segment, speech: speech, samples: tracker.history[segment]))
        if pending.count >= Self.partsAtOnce || pending.reduce(0, { $0 + $1.samples.count }) >= Self.samplesAtOnce { try readPending() }
    }

    private mutating func readPending() throws {
        guard !pending.isEmpty else { return }
        for (part, reading) in zip(pending, try estimator.read(pending.map(\.samples), options: options, context: context)) {
            if granularity == .clip {
                readings.append(reading)
                // A day of speech is some ten thousand utterances: joined now and then, they take no memory.
                if readings.count >= 256 { readings = [estimator.combine(readings, options: options)] }
            } else {
                parts.append((part.segment, part.speech, reading, AudioQuality(part.samples)))
            }
        }
        pending = []
    }

    private func finish(_ source: AudioSource) -> VoiceAnswer {
        let sound = source.quality, duration = tracker.history.end, noise = tracker.signalToNoise
        var parts = parts
        if !readings.isEmpty { parts = [(0..<duration, utterances.reduce(0) { $0 + $1.count }, estimator.combine(readings, options: options), sound)] }
        var answer = VoiceAnswer(
            estimates: parts.map { VoiceEstimate(segment: $0.segment, speech: $0.speech, reading: $0.reading, sound: $0.sound, signalToNoise: noise) },
            utterances: utterances, duration: duration, quality: VoiceQuality(sound, signalToNoise: noise), warnings: [])
        answer.warnings = source.warnings.map { EstimateWarning(reason: $0.reason.rawValue, message: $0.message) } + sound.deviceWarnings
        if utterances.isEmpty { answer.warnings.append(EstimateWarning(reason: "NO_SPEECH", message: "no speech was found")) }
        // Otherwise the estimates say it.
        if answer.estimates.isEmpty { answer.warnings += answer.quality.warnings }
        return answer
    }
}
