import MienClient
import MienEstimation
@testable import MienHost
import MienMessages
import MienWire
import Testing
import VoiceFakes

private func bytes(_ samples: [Float]) -> [UInt8] { samples.flatMap { withUnsafeBytes(of: $0.bitPattern.littleEndian, Array.init) } }

private let start = Proto.WatchVoiceStart(format: Proto.AudioFormat(samples: .f32le, rate: 16_000))

@Suite(.timeLimit(.minutes(3))) struct VoiceWatchingTests {
    typealias Stream = MessageStream<Proto.WatchVoiceRequest, Proto.WatchVoiceEvent>

    /// Sends everything, and gives what came back.
    private func watch(_ pair: HostPair, _ start: Proto.WatchVoiceStart, _ chunks: [[UInt8]]) async throws -> [Proto.WatchVoiceEvent] {
        let stream = try await pair.client.watchVoice()
        let sending = Task {
            try await stream.send(.init(kind: .start(start)))
            for chunk in chunks { try await stream.send(.init(kind: .samples(chunk))) }
            stream.halfClose()
        }
        var events: [Proto.WatchVoiceEvent] = []
        while let event = try await stream.next() { events.append(event) }
        try await sending.value
        return events
    }

    private func kinds(_ events: [Proto.WatchVoiceEvent]) -> [String] {
        events.map { event in
            switch event.kind {
            case .ready?: "ready"
            case .speechStart?: "start"
            case .interval?: "interval"
            case .utterance?: "utterance"
            case .warning(let warning)?: warning.reason
            case nil: "nothing"
            }
        }
    }

    @Test func eventsComeInOrderWithTheirTimes() async throws {
        let pair = HostPair([FakeVoice().factory])
        let sound = bytes(FakeVoice.sound([(0.5, 0), (2.5, 0.5), (1, 0)]))
        // Chunks that end within samples.
        let chunks = stride(from: 0, to: sound.count, by: 1001).map { Array(sound[$0..<min($0 + 1001, sound.count)]) }
        let events = try await watch(pair, start, chunks)
        #expect(kinds(events) == ["ready", "start", "interval", "interval", "utterance"])
        #expect(zip(events, events.dropFirst()).allSatisfy { $0.time <= $1.time })
        guard case .speechStart(let begin)? = events[1].kind, case .utterance(let estimate)? = events[4].kind, case .voice(let segment)? = estimate.subject else {
            return #expect(Bool(false), "these kinds")
        }
        #expect(abs(begin.start - 0.5) < 0.07 && begin.start == segment.start)
        #expect(abs(segment.end - 3) < 0.07 && segment.end * 16_000 == (segment.end * 16_000).rounded())
        #expect(estimate.madeBy?.estimator == "fake-voice")
        await pair.close()
    }

    @Test func otherFormatsAreBroughtTo16kHz() async throws {
        let pair = HostPair([FakeVoice().factory])
        let sound = FakeVoice.sound([(1, 0), (4, 0.5), (2, 0)])
        // Taken as 32 kHz stereo with both channels alike, the sound has the same length in seconds.
        let integers = sound.flatMap { sample in (0..<2).flatMap { _ in (0..<2).flatMap { _ in withUnsafeBytes(of: Int16(sample * 32_767).littleEndian, Array.init) } } }
        var stereo = start
        stereo.format = Proto.AudioFormat(samples: .s16le, rate: 32_000, channels: 2)
        stereo.interval = 0
        let events = try await watch(pair, stereo, [integers])
        #expect(kinds(events) == ["ready", "start", "utterance"])
        guard case .utterance(let estimate)? = events[2].kind, case .voice(let segment)? = estimate.subject else { return #expect(Bool(false), "an utterance") }
        #expect(abs(segment.start - 1) < 0.07 && abs(segment.end - 5) < 0.07)
        await pair.close()
    }

    @Test func speechThatGoesOnAtTheEndIsEstimated() async throws {
        let pair = HostPair([FakeVoice().factory])
        let events = try await watch(pair, start, [bytes(FakeVoice.sound([(0.8, 0.5)]))])
        #expect(kinds(events) == ["ready", "start", "utterance"])
        await pair.close()
    }

    @Test func aCallerThatDoesNotReadHoldsTheHostBack() async throws {
        let pair = HostPair([FakeVoice().factory], callWindow: 32 << 10)
        let stream = try await pair.client.watchVoice()
        var often = start
        often.interval = 0.2
        try await stream.send(.init(kind: .start(often)))
        let sound = bytes(FakeVoice.sound([(1, 0.5)]))
        let sent = Counter()
        let sending = Task {
            for _ in 0..<4000 {
                try await stream.send(.init(kind: .samples(sound)))
                sent.increment()
            }
        }
        // The host stops reading; how far it gets is a matter of windows, not of speed.
        var before = -1
        while sent.value != before || sent.value == 0 {
            before = sent.value
            try await Task.sleep(for: .milliseconds(300))
        }
        #expect(sent.value < 4000)
        stream.cancel()
        _ = await sending.result
        await pair.close()
    }

    @Test(arguments: [
        (Proto.WatchVoiceRequest(kind: .samples([0, 0])), "the first message must be start"),
        (Proto.WatchVoiceRequest(), "the first message must be start"),
        (Proto.WatchVoiceRequest(kind: .start(.init())), "start.format is not set"),
        (Proto.WatchVoiceRequest(kind: .start(.init(format: .init(samples: .s16le, rate: 10)))), "start.format.rate is 10"),
        (Proto.WatchVoiceRequest(kind: .start(.init(format: .init(samples: .s16le, rate: 16_000), interval: 0.1))), "start.interval is 0.1"),
        (Proto.WatchVoiceRequest(kind: .start(.init(format: .init(samples: .s16le, rate: 16_000), window: 31))), "start.window is 31"),
        (Proto.WatchVoiceRequest(kind: .start(.init(format: .init(samples: .s16le, rate: 16_000), estimator: "none"))), "none"),
    ])
    func mistakesAreNamed(_ first: Proto.WatchVoiceRequest, _ message: String) async throws {
        let pair = HostPair([FakeVoice().factory])
        let stream = try await pair.client.watchVoice()
        try? await stream.send(first)
        do {
            while try await stream.next() != nil {}
            #expect(Bool(false), "an error is due")
        } catch let error as CallError {
            #expect(error.message.contains(message), "\(error.message)")
        }
        await pair.close()
    }

    @Test func aSecondStartIsAMistake() async throws {
        let pair = HostPair([FakeVoice().factory])
        let stream = try await pair.client.watchVoice()
        try await stream.send(.init(kind: .start(start)))
        try? await stream.send(.init(kind: .start(start)))
        await #expect(throws: CallError.self) { while try await stream.next() != nil {} }
        await pair.close()
    }
}
