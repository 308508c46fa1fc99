import MienClient
import MienEstimation
@testable import MienHost
import MienMessages
import MienWire
import Testing
import VoiceFakes

extension Proto.EstimateVoiceRequest {
    /// Sound as 32-bit floats, mono, 16 kHz.
    static func sound(_ samples: [Float], id: String = "", estimator: String = "", options: Proto.VoiceOptions? = nil) -> Self {
        let raw = Proto.RawAudio(format: .init(samples: .f32le, rate: 16_000, channels: 1), samples: samples.flatMap { withUnsafeBytes(of: $0.bitPattern.littleEndian, Array.init) })
        return Self(requestId: id, audio: .raw(raw), estimator: estimator, options: options)
    }
}

private let sound = FakeVoice.sound([(0.5, 0), (1.5, 0.5), (0.5, 0)])

@Suite(.timeLimit(.minutes(3))) struct VoiceEstimationTests {
    @Test func everyPartOfAnEstimateArrives() async throws {
        let pair = HostPair([FakeVoice(models: ["m"]).factory])
        let answer = try await pair.client.estimateVoice(.sound(sound, id: "tag")).message
        #expect(answer.requestId == "tag")
        let audio = try #require(answer.audio)
        #expect((audio.duration, audio.rate, audio.channels) == (2.5, 16_000, 1))
        #expect(audio.format == "raw")
        #expect(answer.utterances.count == 1)
        let estimate = try #require(answer.estimates.first)
        #expect(estimate.madeBy == Proto.MadeBy(estimator: "fake-voice", version: "5", models: ["m@3"]))
        guard case .voice(let segment)? = estimate.subject else { return #expect(Bool(false), "the subject is a voice") }
        #expect(segment.start == 0 && segment.end == 2.5 && segment.speech == answer.utterances[0].speech)
        #expect(estimate.categories == [Proto.CategoryEstimate(name: "Anger", intensity: 0.5, nativeScore: 0.5,
                                                               nativeScale: Proto.NativeScale(minimum: 0, maximum: 1, meaning: "test"), calibratedProbability: 0.5,
                                                               rank: 1)])
        #expect(estimate.dimensions == [Proto.DimensionEstimate(name: "arousal", value: 0)])
        #expect(estimate.nativeScores == [Proto.NativeScore(label: "angry", score: 0.5), Proto.NativeScore(label: "neutral", score: 0.5)])
        #expect(estimate.coveredCategories == ["Anger"])
        #expect(estimate.predictionSet == Proto.PredictionSet(labels: ["neutral"], coverage: 0.9))
        #expect((estimate.voiceQuality?.overall ?? 0) > 0.9)
        #expect(estimate.baseline == nil)
        await pair.close()
    }

    @Test func granularityIsAsAsked() async throws {
        let pair = HostPair([FakeVoice().factory])
        let utterances = try await pair.client.estimateVoice(.sound(sound + sound, options: .init(granularity: .utterance))).message
        #expect(utterances.estimates.count == 2)
        let windows = try await pair.client.estimateVoice(.sound(sound, options: .init(granularity: .window, window: 1, hop: 0.5))).message
        #expect(windows.estimates.compactMap { if case .voice(let segment)? = $0.subject { segment.start } else { nil } } == [0, 0.5, 1, 1.5])
        // One pause of a second counts as one utterance if pauses may last two.
        let joined = try await pair.client.estimateVoice(.sound(sound + sound, options: .init(granularity: .utterance, activity: .init(minimumSilence: 2)))).message
        #expect(joined.estimates.count == 1)
        await pair.close()
    }

    // MARK: What a caller can get wrong

    struct Mistake: Sendable, CustomTestStringConvertible {
        var request: Proto.EstimateVoiceRequest
        var reason: String, field: String, message: String
        var testDescription: String { "\(reason) \(field)" }

        init(_ audio: Proto.EstimateVoiceRequest.Audio?, options: Proto.VoiceOptions? = nil, id: String = "", _ reason: String, _ field: String, _ message: String) {
            request = Proto.EstimateVoiceRequest(requestId: id, audio: audio, options: options)
            (self.reason, self.field, self.message) = (reason, field, message)
        }

        static func raw(_ samples: Proto.SampleFormat, _ rate: UInt32, _ channels: UInt32 = 1, bytes: Int = 4) -> Proto.EstimateVoiceRequest.Audio {
            .raw(Proto.RawAudio(format: Proto.AudioFormat(samples: samples, rate: rate, channels: channels), samples: [UInt8](repeating: 0, count: bytes)))
        }

        static let good = raw(.f32le, 16_000)
    }

    @Test(arguments: [
        Mistake(nil, "AUDIO_MISSING", "audio", "the request has no recording; set one of data, path and raw"),
        Mistake(.data([]), "AUDIO_EMPTY", "data", "data is empty; it must hold a WAV, FLAC, Ogg, MP3 or AIFF file"),
        Mistake(.data(Array("hello, world".utf8)), "AUDIO_FORMAT_UNSUPPORTED", "audio", "text"),
        Mistake(.path(""), "PATH_EMPTY", "path", "path is empty; it must name a WAV, FLAC, Ogg, MP3 or AIFF file"),
        Mistake(.path("call.wav"), "PATH_NOT_ABSOLUTE", "path", "is not absolute"),
        Mistake(.raw(Proto.RawAudio(samples: [0])), "FIELD_MISSING", "raw.format", "raw.format is not set; raw samples need it"),
        Mistake(Mistake.raw(.unspecified, 16_000), "FIELD_MISSING", "raw.format.samples", "must be SAMPLE_FORMAT_S16LE or SAMPLE_FORMAT_F32LE"),
        Mistake(Mistake.raw(.init(rawValue: 77), 16_000), "FIELD_OUT_OF_RANGE", "raw.format.samples", "raw.format.samples is 77"),
        Mistake(Mistake.raw(.s16le, 0), "FIELD_OUT_OF_RANGE", "raw.format.rate", "raw.format.rate is 0; it must be from 1000 to 768000 Hz"),
        Mistake(Mistake.raw(.s16le, 4_000_000_000), "FIELD_OUT_OF_RANGE", "raw.format.rate", "must be from 1000 to 768000 Hz"),
        Mistake(Mistake.raw(.s16le, 16_000, 4_000_000_000), "AUDIO_LAYOUT", "raw.format", "channels"),
        Mistake(Mistake.raw(.s16le, 16_000, bytes: 0), "AUDIO_EMPTY", "raw.samples", "raw.samples is empty"),
        Mistake(Mistake.good, options: .init(granularity: .init(rawValue: 9)), "FIELD_OUT_OF_RANGE", "options.granularity", "options.granularity is 9"),
        Mistake(Mistake.good, options: .init(granularity: .window, window: 0.5), "FIELD_OUT_OF_RANGE", "options.window", "must be from 1 to 30 seconds"),
        Mistake(Mistake.good, options: .init(hop: .nan), "FIELD_OUT_OF_RANGE", "options.hop", "options.hop is nan"),
        Mistake(Mistake.good, options: .init(activity: .init(threshold: 1)), "FIELD_OUT_OF_RANGE", "options.activity.threshold", "must be from 0.01 to 0.99"),
        Mistake(Mistake.good, options: .init(activity: .init(minimumSilence: -1)), "FIELD_OUT_OF_RANGE", "options.activity.minimum_silence", "must be from 0 to 10"),
        Mistake(Mistake.good, options: .init(activity: .init(padding: 1, maximumSpeech: 1)), "FIELD_OUT_OF_RANGE", "options.activity", "leaves no room"),
        Mistake(Mistake.good, id: String(repeating: "x", count: 1025), "FIELD_TOO_LONG", "request_id", "request_id has 1025 bytes"),
    ])
    func mistakesAreNamed(_ mistake: Mistake) async throws {
        let pair = HostPair([FakeVoice().factory])
        do {
            _ = try await pair.client.estimateVoice(mistake.request)
            #expect(Bool(false), "an error is due")
        } catch let error as CallError {
            #expect(error.code == .invalidArgument)
            #expect(error.reason == mistake.reason)
            #expect(error.field == mistake.field)
            #expect(error.message.contains(mistake.message), "\(error.message)")
        }
        await pair.close()
    }

    @Test func aFaceEstimatorReadsNoVoices() async throws {
        let pair = HostPair([FakeFaces.factory("faces"), FakeVoice().factory])
        await #expect(throws: CallError.self) { _ = try await pair.client.estimateVoice(.sound(sound, estimator: "faces")) }
        let answer = try await pair.client.estimateVoice(.sound(sound, estimator: "fake-voice")).message
        #expect(answer.estimates.count == 1)
        await pair.close()
    }

    @Test func aStreamGoesOnAfterAFailure() async throws {
        let pair = HostPair([FakeVoice().factory])
        let stream = try await pair.client.estimateVoices()
        for index in 0..<12 {
            try await stream.send(index % 3 == 1 ? Proto.EstimateVoiceRequest(requestId: "\(index)", audio: .path("/none/\(index).wav")) : .sound(sound, id: "\(index)"))
        }
        stream.halfClose()
        var answers: [String: Proto.EstimateVoiceResponse] = [:]
        while let answer = try await stream.next() { answers[answer.requestId] = answer }
        #expect(answers.count == 12)
        for (id, answer) in answers {
            if Int(id)! % 3 == 1 {
                #expect(answer.failure?.code == StatusCode.notFound.rawValue && answer.estimates.isEmpty)
            } else {
                #expect(answer.failure == nil && answer.estimates.count == 1)
            }
        }
        await pair.close()
    }

    @Test func cancellingACallStopsItsWork() async throws {
        let gate = Gate(), stopped = Gate()
        let pair = HostPair([FakeVoice { _, context in
            gate.open()
            while !context.isCancelled {}
            stopped.open()
            try context.checkCancellation()
        }.factory])
        let call = Task { try await pair.client.estimateVoice(.sound(sound)) }
        await gate.opened()
        call.cancel()
        await stopped.opened()
        #expect(await call.result.isFailure)
        await pair.close()
    }
}

extension Result {
    fileprivate var isFailure: Bool { if case .failure = self { true } else { false } }
}
