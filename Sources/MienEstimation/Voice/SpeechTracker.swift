#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
import MienMedia

/// Follows a sound that goes on: where it has speech, and its last samples.
struct SpeechTracker {
    private let detector: any SpeechDetector
    private var listener: any SpeechListener
    private var segmenter: SpeechSegmenter
    private let threshold: Float
    private(set) var history = SampleHistory()
    /// Windows with and without speech, and the sum of their powers.
    private var speech = (count: 0, power: 0.0), pause = (count: 0, power: 0.0)
    /// Windows judged so far, and whether each of the last ones is speech.
    private var judged = 0
    private var isSpeech: [Bool] = []

    init(_ detector: any SpeechDetector, _ criteria: SpeechCriteria) throws(SpeechCriteriaError) {
        self.detector = detector
        listener = detector.listen()
        segmenter = try SpeechSegmenter(criteria, windowLength: detector.windowLength)
        threshold = Float(criteria.threshold)
    }

    /// Takes the next samples; gives the beginnings and ends of speech that they make certain.
    mutating func push(_ samples: [Float]) throws -> [SpeechEvent] {
        history.append(samples)
        return judge(try listener.push(samples))
    }

    mutating func finish() -> [SpeechEvent] {
        judge(listener.finish()) + segmenter.finish()
    }

    private mutating func judge(_ probabilities: [Float]) -> [SpeechEvent] {
        var events: [SpeechEvent] = []
        for probability in probabilities {
            let start = judged * detector.windowLength
            judged += 1
            isSpeech.append(probability >= threshold)
            count(history[start..<start + detector.windowLength], isSpeech: probability >= threshold)
            events += segmenter.push(probability, samples: min(detector.windowLength, history.end - start))
        }
        return events
    }

    /// By how much speech stands above the noise in all that was heard, in decibels; nil with less than half a
    /// second of pauses, or if these are digital silence.
    var signalToNoise: Float? {
        guard speech.count > 0, pause.count * detector.windowLength >= AudioSource.sampleRate / 2, pause.power > 0 else { return nil }
        let noise = pause.power / Double(pause.count), both = speech.power / Double(speech.count)
        return both > noise ? Float(10 * log10((both - noise) / noise)) : 0
    }

    private mutating func count(_ window: [Float], isSpeech: Bool) {
        guard !window.isEmpty else { return }
        let power = window.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(window.count)
        if isSpeech { speech = (speech.count + 1, speech.power + power) } else { pause = (pause.count + 1, pause.power + power) }
    }

    /// Samples of speech among `range`, as far as the windows at hand tell.
    func speech(in range: Range<Int>) -> Int {
        let length = detector.windowLength, first = judged - isSpeech.count
        var sum = 0
        for window in max(range.lowerBound / length, first)..<max(range.lowerBound / length, first, min((range.upperBound + length - 1) / length, judged))
        where isSpeech[window - first] {
            sum += range.clamped(to: window * length..<(window + 1) * length).count
        }
        return sum
    }

    /// Lets go of everything before `position`.
    mutating func forget(before position: Int) {
        history.forget(before: position)
        let first = judged - isSpeech.count, keep = min(history.start / detector.windowLength, judged)
        if keep - first >= 1024 { isSpeech.removeFirst(keep - first) }
    }
}

/// The last samples of a sound, by their position since its beginning.
struct SampleHistory {
    private var samples: [Float] = []
    /// Of `samples`, those that are let go of but not yet removed.
    private var spent = 0
    /// Position after the last sample.
    private(set) var end = 0

    /// Position of the first sample that is kept.
    var start: Int { end - (samples.count - spent) }

    mutating func append(_ more: [Float]) {
        samples += more
        end += more.count
    }

    /// - Parameter range: What is not kept any more is left out.
    subscript(range: Range<Int>) -> [Float] {
        let kept = range.clamped(to: start..<end), origin = end - samples.count
        return Array(samples[kept.lowerBound - origin..<kept.upperBound - origin])
    }

    mutating func forget(before position: Int) {
        spent += max(0, min(position, end) - start)
        // Removal moves the rest, so it waits until it is worth it.
        guard spent > 16_384, 2 * spent > samples.count else { return }
        samples.removeFirst(spent)
        spent = 0
    }
}
