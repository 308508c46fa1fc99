import MienMedia
import Testing
import VoiceFakes

@testable import MienEstimation

@Suite("Live streams") struct LiveAnalysisTests {
    private func events(_ samples: [Float], pieces: Int, _ options: LiveAnalysis.Options = .init()) throws -> [VoiceEvent] {
        var analysis = try LiveAnalysis(FakeVoice(), options, context: EstimationContext())
        var events: [VoiceEvent] = []
        for start in stride(from: 0, to: samples.count, by: pieces) {
            events += try analysis.push(Array(samples[start..<min(start + pieces, samples.count)]))
        }
        #expect(analysis.position == samples.count)
        return events + (try analysis.finish())
    }

    private func text(_ events: [VoiceEvent]) -> [String] {
        events.map { event in
            switch event {
            case .speechStart(let sample): "start \(sample)"
            case .interval(let estimate): "interval \(estimate.segment) \(estimate.reading.categories[0].intensity)"
            case .utterance(let estimate): "utterance \(estimate.segment) \(estimate.reading.categories[0].intensity)"
            case .warning(let warning): "warning \(warning.reason)"
            }
        }
    }

    @Test func thePiecesDoNotMatter() throws {
        let sound = FakeVoice.sound([(0.5, 0), (3.2, 0.5), (1, 0), (0.1, 0.5), (1, 0), (0.7, 0.25), (0.5, 0)])
        let wanted = text(try events(sound, pieces: sound.count))
        for pieces in [1, 160, 511, 512, 4097] { #expect(text(try events(sound, pieces: pieces)) == wanted, "\(pieces)") }
    }

    @Test func speechIsFollowed() throws {
        let sound = FakeVoice.sound([(0.5, 0), (3.2, 0.5), (1, 0), (0.1, 0.5), (1, 0), (0.7, 0.25), (0.5, 0)])
        let kinds = text(try events(sound, pieces: 1600)).map { $0.split(separator: " ")[0] }
        // Three seconds give three estimates, and 0.7 s with the pause that ends them one; the click of a tenth of a second gives nothing.
        #expect(kinds == ["start", "interval", "interval", "interval", "utterance", "start", "interval", "utterance"])
    }

    @Test func anIntervalLooksBackAsFarAsTheWindow() throws {
        var options = LiveAnalysis.Options()
        options.interval = 8_000
        options.window = 16_000
        let intervals: [Range<Int>] = try events(FakeVoice.sound([(4, 0.5), (1, 0)]), pieces: 800, options).compactMap {
            if case .interval(let estimate) = $0 { estimate.segment } else { nil }
        }
        #expect(intervals.count >= 6)
        #expect(intervals.dropFirst(2).allSatisfy { $0.count == 16_000 })
        // Estimates are made at the detector's windows.
        #expect(zip(intervals, intervals.dropFirst()).allSatisfy { (8_000...8_511).contains($1.upperBound - $0.upperBound) })
    }

    @Test func withoutAnIntervalThereAreOnlyUtterances() throws {
        var options = LiveAnalysis.Options()
        options.interval = nil
        let kinds = text(try events(FakeVoice.sound([(4, 0.5), (1, 0)]), pieces: 800, options)).map { $0.split(separator: " ")[0] }
        #expect(kinds == ["start", "utterance"])
    }

    @Test func speechThatDoesNotEndIsCut() throws {
        var options = LiveAnalysis.Options()
        options.criteria.maximumSpeech = 5_000
        options.interval = nil
        let utterances: [Range<Int>] = try events(FakeVoice.sound([(18, 0.5)]), pieces: 1600, options).compactMap {
            if case .utterance(let estimate) = $0 { estimate.segment } else { nil }
        }
        #expect(utterances.count >= 4)
        #expect(utterances.allSatisfy { $0.count <= 80_000 })
        #expect(utterances.first?.lowerBound == 0 && utterances.last?.upperBound == 288_000)
    }

    @Test func theSameWarningWaits() throws {
        let sound = FakeVoice.sound((0..<20).flatMap { _ in [(1.0, Float(1)), (0.6, 0)] })
        let warnings = text(try events(sound, pieces: 1600)).filter { $0.hasPrefix("warning") }
        // 32 seconds: at the first utterance, and again after 10 and 20 seconds.
        #expect(warnings == ["warning AUDIO_CLIPPED", "warning AUDIO_CLIPPED", "warning AUDIO_CLIPPED"])
    }

    @Test func whatIsUsualIsTheMedianOfWhatWasBefore() throws {
        var baseline = NeutralBaseline()
        #expect(baseline.difference(of: FakeVoice.reading(0.5, length: 1)) == nil)
        for value: Float in [0.25, 0.5, 1] { baseline.add(FakeVoice.reading(value, length: 1)) }
        let difference = try #require(baseline.difference(of: FakeVoice.reading(0.75, length: 1)))
        #expect(difference.utterances == 3)
        #expect(difference.categories.map(\.value) == [0.25])
        #expect(difference.dimensions.map(\.value) == [0.5])
        for _ in 0..<100 { baseline.add(FakeVoice.reading(0.125, length: 1)) }
        #expect(baseline.difference(of: FakeVoice.reading(0.75, length: 1))?.utterances == 32)
        #expect(baseline.difference(of: FakeVoice.reading(0.125, length: 1))?.categories.map(\.value) == [0])
    }
}
