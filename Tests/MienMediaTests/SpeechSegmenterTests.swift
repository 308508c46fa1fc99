import Foundation
import MienMedia
import Testing

/// Segments against those of silero-vad itself, from Scripts/reference/make_voice_activity.py.
@Suite struct SpeechSegmenterTests {
    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        var name: String
        var probabilities: [Float]
        var samples: Int
        var segments: [[Int]]
        var threshold: Double?, silenceThreshold: Double?
        var minimumSpeech: Int?, minimumSilence: Int?, padding: Int?, maximumSpeech: Int?, minimumSplitSilence: Int?

        var ranges: [Range<Int>] { segments.map { $0[0]..<$0[1] } }
        var testDescription: String { name }

        var criteria: SpeechCriteria {
            var criteria = SpeechCriteria()
            criteria.threshold = threshold ?? criteria.threshold
            criteria.silenceThreshold = silenceThreshold
            criteria.minimumSpeech = minimumSpeech ?? criteria.minimumSpeech
            criteria.minimumSilence = minimumSilence ?? criteria.minimumSilence
            criteria.padding = padding ?? criteria.padding
            criteria.maximumSpeech = maximumSpeech
            criteria.minimumSplitSilence = minimumSplitSilence ?? criteria.minimumSplitSilence
            return criteria
        }
    }

    static let cases: [Case] = {
        let data = try! Data(contentsOf: Fixture.folder.appendingPathComponent("speech-segments.json"))
        return try! JSONDecoder().decode([Case].self, from: data)
    }()

    @Test func agreesWithSilero() throws {
        #expect(Self.cases.count > 50 && Self.cases.contains { $0.segments.count > 2 && $0.maximumSpeech != nil })
        for one in Self.cases {
            #expect(try SpeechSegmenter.segments(one.probabilities, sampleCount: one.samples, one.criteria) == one.ranges, "\(one.name)")
        }
    }

    @Test func eventsAlternateNeverGoBackAndTellNothingOfTheFuture() throws {
        for one in Self.cases {
            var segmenter = try SpeechSegmenter(one.criteria), last = -1, isOpen = false
            func check(_ events: [SpeechEvent], by now: Int) {
                for event in events {
                    switch event {
                    case .start(let sample):
                        #expect(!isOpen && sample >= last && sample < now, "\(one.name)")
                        (last, isOpen) = (sample, true)
                    case .end(let sample):
                        #expect(isOpen && sample >= last && sample <= now, "\(one.name)")
                        (last, isOpen) = (sample, false)
                    }
                }
            }
            var now = 0
            for probability in one.probabilities {
                let samples = min(512, one.samples - now)
                now += samples
                check(segmenter.push(probability, samples: samples), by: now)
            }
            check(segmenter.finish(), by: now)
            #expect(!isOpen)
        }
    }

    @Test func speechIsAnnouncedOnceItIsLongEnoughAndItsEndAfterTheSilence() throws {
        var segmenter = try SpeechSegmenter()
        for _ in 0..<10 { #expect(segmenter.push(0.1).isEmpty) }
        for _ in 0..<7 { #expect(segmenter.push(0.9).isEmpty) } // 3584 samples; 4000 are 250 ms
        #expect(segmenter.push(0.9) == [.start(10 * 512 - 480)])
        for _ in 0..<20 { #expect(segmenter.push(0.4).isEmpty) } // between the thresholds
        for _ in 0..<4 { #expect(segmenter.push(0.2).isEmpty) } // the fifth window begins 2048 samples after the first, which is over 100 ms
        #expect(segmenter.push(0.2) == [.end(38 * 512 + 480)])
        #expect(segmenter.finish().isEmpty)
    }

    @Test func endOfASegmentWaitsForANeighbourThatMayShareItsPadding() throws {
        var criteria = SpeechCriteria()
        (criteria.minimumSpeech, criteria.minimumSilence, criteria.padding) = (0, 30, 200) // 3200 samples of padding
        var segmenter = try SpeechSegmenter(criteria), events: [SpeechEvent] = []
        for probability: Float in [1, 1, 0, 0, 0, 0, 1, 1] { events += segmenter.push(probability) }
        #expect(events == [.start(0), .end(1024 + 1024), .start(3072 - 1024)])
        // 13 windows of silence are more than twice the padding.
        events = (0..<13).flatMap { _ in segmenter.push(0) }
        #expect(events == [.end(8 * 512 + 3200)])
    }

    @Test func beginsAnewAfterTheEndAndAfterReset() throws {
        let one = try #require(Self.cases.first { $0.segments.count > 2 })
        var segmenter = try SpeechSegmenter(one.criteria)
        for _ in 0..<3 {
            var events: [SpeechEvent] = []
            for (index, probability) in one.probabilities.enumerated() { events += segmenter.push(probability, samples: min(512, one.samples - index * 512)) }
            #expect(SpeechSegmenter.segments(events + segmenter.finish()) == one.ranges)
            _ = (0..<9).map { _ in segmenter.push(1) }
            segmenter.reset()
        }
    }

    @Test func probabilitiesThatAreNoneAreNeitherSpeechNorSilence() throws {
        #expect(try SpeechSegmenter.segments([Float](repeating: .nan, count: 30), sampleCount: 30 * 512).isEmpty)
        let track = [Float](repeating: 1, count: 10) + [Float](repeating: .nan, count: 10) + [Float](repeating: 0, count: 10)
        #expect(try SpeechSegmenter.segments(track, sampleCount: 30 * 512) == [0..<20 * 512 + 480])
    }

    private static func with(_ change: (inout SpeechCriteria) -> Void) -> SpeechCriteria {
        var criteria = SpeechCriteria()
        change(&criteria)
        return criteria
    }

    @Test(arguments: [
        (with { $0.threshold = 0 }, "thresholds of 0.0"), (with { $0.threshold = 1.5 }, "thresholds of 1.5"), (with { $0.threshold = .nan }, "thresholds of nan"),
        (with { $0.silenceThreshold = 0.6 }, "0.6 for silence"), (with { $0.silenceThreshold = -0.1 }, "-0.1 for silence"),
        (with { $0.silenceThreshold = .nan }, "nan for silence"),
        (with { $0.minimumSpeech = -1 }, "minimum speech of -1 ms"), (with { $0.minimumSilence = .max }, "minimum silence of 9223372036854775807 ms"),
        (with { $0.padding = -30 }, "padding of -30 ms"), (with { $0.minimumSplitSilence = 86_400_001 }, "minimum split silence of 86400001 ms"),
        (with { $0.maximumSpeech = 92 }, "maximum speech of 92 ms leaves no room"), (with { $0.maximumSpeech = .min }, "maximum speech of -9223372036854775808 ms"),
    ])
    func refusesCriteriaThatContradictThemselves(criteria: SpeechCriteria, reason: String) {
        let error = #expect(throws: SpeechCriteriaError.self) { try SpeechSegmenter(criteria) }
        #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
    }

    @Test func refusesRatesWindowsAndLengthsThatDoNotFit() {
        for (rate, window) in [(0, 512), (16001, 512), (384_000, 512), (16000, 0), (16000, 16001), (.min, .min)] {
            #expect(throws: SpeechCriteriaError.self) { try SpeechSegmenter(sampleRate: rate, windowLength: window) }
        }
        for count in [-1, 0, 1024, 1537, Int.max] {
            #expect(throws: SpeechCriteriaError.self) { try SpeechSegmenter.segments([1, 1, 1], sampleCount: count) }
        }
    }
}
