import MienMedia
import Synchronization
import Testing
import VoiceFakes

@testable import MienEstimation

/// Half a second of silence, a second at 0.5, half a second of silence, two seconds at 0.25, half a second of silence.
private let parts: [(Double, Float)] = [(0.5, 0), (1, 0.5), (0.5, 0), (2, 0.25), (0.5, 0)]

private func analyse(
    _ samples: [Float], _ granularity: Granularity, rate: Int = 16_000, estimator: FakeVoice = FakeVoice(), context: EstimationContext = EstimationContext()
) throws -> VoiceAnswer {
    let bytes = samples.flatMap { withUnsafeBytes(of: $0.bitPattern.littleEndian, Array.init) }
    let source = try AudioSource(RawPCMReader(RawPCM(.f32le, sampleRate: rate, channels: 1), bytes), blockLength: 1000)
    var analysis = try RecordingAnalysis(estimator, granularity, SpeechCriteria(), context: context)
    return try analysis.run(source)
}

/// Places are those of windows of 512 samples, and 480 samples (30 ms) of padding.
private func isClose(_ range: Range<Int>, _ start: Double, _ end: Double) -> Bool {
    abs(Double(range.lowerBound) / 16_000 - start) < 0.07 && abs(Double(range.upperBound) / 16_000 - end) < 0.07
}

@Suite("Recordings") struct RecordingAnalysisTests {
    @Test func utterancesAreReadEach() throws {
        let answer = try analyse(FakeVoice.sound(parts), .utterance)
        #expect(answer.duration == 72_000)
        #expect(answer.utterances.count == 2)
        #expect(answer.estimates.map(\.segment) == answer.utterances)
        #expect(isClose(answer.utterances[0], 0.5, 1.5))
        #expect(isClose(answer.utterances[1], 2, 4))
        #expect(answer.estimates.map { $0.reading.categories[0].intensity } == [0.5, 0.25])
        #expect(answer.estimates.map { $0.reading.length } == answer.utterances.map(\.count))
        // What was measured as speech are whole windows, so up to two more than the sound itself.
        #expect((16_000...17_024).contains(answer.estimates[0].speech))
        #expect(answer.warnings.isEmpty)
    }

    @Test func aClipIsAllItsSpeechTogether() throws {
        let answer = try analyse(FakeVoice.sound(parts), .clip)
        #expect(answer.estimates.count == 1)
        let estimate = try #require(answer.estimates.first)
        #expect(estimate.segment == 0..<72_000)
        #expect(estimate.speech == answer.utterances.reduce(0) { $0 + $1.count })
        // 1 s at 0.5 and 2 s at 0.25, padding aside.
        #expect(abs(estimate.reading.categories[0].intensity - 1 / 3) < 0.01)
    }

    @Test func windowsSlideAndThoseWithoutSpeechAreLeftOut() throws {
        let sound = FakeVoice.sound([(1, 0.5), (3, 0), (1.25, 0.25)])
        let answer = try analyse(sound, .window(length: 16_000, hop: 8_000))
        let starts = answer.estimates.map { $0.segment.lowerBound }
        // Windows begin every half second; those from 1 s to 3 s hear nothing. The last one, from 4.5 s, is shorter.
        #expect(starts == [0, 8_000, 56_000, 64_000, 72_000])
        #expect(answer.estimates.last?.segment == 72_000..<84_000)
        #expect(answer.estimates.map { $0.reading.categories[0].intensity } == [0.5, 0.5, 0.25, 0.25, 0.25])
    }

    @Test func aRecordingShorterThanAWindowIsOneWindow() throws {
        let answer = try analyse(FakeVoice.sound([(0.6, 0.5)]), .window(length: 80_000, hop: 16_000))
        #expect(answer.estimates.map(\.segment) == [0..<9_600])
    }

    @Test(arguments: [Granularity.clip, .utterance, .window(length: 16_000, hop: 16_000)])
    func silenceIsAnAnswer(_ granularity: Granularity) throws {
        let answer = try analyse(FakeVoice.sound([(2, 0)]), granularity)
        #expect(answer.estimates.isEmpty)
        #expect(answer.utterances.isEmpty)
        #expect(answer.warnings.map(\.reason).contains("NO_SPEECH"))
    }

    @Test func noSamplesAreAnAnswer() throws {
        let answer = try analyse([], .clip)
        #expect(answer.duration == 0)
        #expect(answer.warnings.map(\.reason).contains("NO_SPEECH"))
    }

    @Test func samplesThatAreNoNumbersAreTold() throws {
        var sound = FakeVoice.sound(parts)
        sound[20_000] = .nan
        sound[20_001] = .infinity
        let answer = try analyse(sound, .utterance)
        #expect(answer.warnings.contains { $0.reason == "AUDIO_NOT_FINITE" && $0.message.hasPrefix("2 ") })
        #expect(answer.estimates.allSatisfy { $0.reading.categories[0].intensity.isFinite })
    }

    @Test func qualityIsTold() throws {
        let clipped = try analyse(FakeVoice.sound([(2, 1)]), .utterance)
        #expect(clipped.estimates[0].warnings.map(\.reason) == ["AUDIO_CLIPPED"])
        #expect(clipped.estimates[0].quality.clipping < 0.1)
        // Noise at 0.04 beside speech at 0.1: 8 dB, or 7 without the noise that is in the speech as well.
        let noisy = try analyse(FakeVoice.sound([(1, 0.04), (2, 0.1), (1, 0.04)]), .utterance)
        #expect(abs(noisy.estimates[0].quality.signalToNoise! - 7.2) < 0.2)
        #expect(noisy.estimates[0].warnings.map(\.reason) == ["AUDIO_NOISY"])
        let short = try analyse(FakeVoice.sound([(0.5, 0.3), (1, 0)]), .utterance)
        #expect(short.estimates[0].warnings.map(\.reason) == ["SPEECH_SHORT"])
    }

    @Test func aDeviceThatIsNotGoodEnoughIsTold() throws {
        let telephone = try analyse(FakeVoice.sound([(2, 0.25)]), .clip, rate: 8_000)
        #expect(telephone.warnings.map(\.reason) == ["AUDIO_NARROWBAND"])
        #expect(telephone.duration == 64_000)
        let shifted = try analyse(FakeVoice.sound([(2, 0.25)]).map { $0 + 0.1 }, .clip)
        #expect(shifted.warnings.map(\.reason) == ["AUDIO_OFFSET"])
    }

    @Test func aLongRecordingTakesNoMoreMemoryThanAShortOne() throws {
        // The parts that an estimator gets at a time are bounded, whatever there is.
        let largest = Mutex((clips: 0, samples: 0))
        let estimator = FakeVoice { lengths, _ in
            largest.withLock { $0 = (max($0.clips, lengths.count), max($0.samples, lengths.reduce(0, +))) }
        }
        let answer = try analyse(FakeVoice.sound((0..<200).flatMap { _ in [(1.0, Float(0.5)), (0.5, 0)] }), .utterance, estimator: estimator)
        #expect(answer.estimates.count == 200)
        #expect(largest.withLock { $0.clips } <= 8)
        var history = SampleHistory()
        for step in 0..<1000 {
            history.append([Float](repeating: Float(step), count: 1000))
            history.forget(before: history.end - 5000)
        }
        #expect(history.start == 995_000 && history.end == 1_000_000)
        #expect(history[996_999..<997_001] == [996, 997])
        #expect(history[0..<995_001] == [995])
    }

    @Test func cancellationEndsIt() throws {
        let reads = Mutex(0)
        let estimator = FakeVoice { _, _ in reads.withLock { $0 += 1 } }
        let context = EstimationContext { reads.withLock { $0 } >= 2 }
        #expect(throws: CancellationError.self) {
            _ = try analyse(FakeVoice.sound((0..<60).flatMap { _ in [(1.0, Float(0.5)), (0.5, 0)] }), .utterance, estimator: estimator, context: context)
        }
        #expect(reads.withLock { $0 } == 2)
    }
}
