import MienEstimation
import MienMedia
import MienMessages
import MienWire

/// mien.v1.Estimation/WatchVoice.
///
/// Each piece of sound is one short job on a lane, and the next one is only read when its events are on their way: a caller that sends faster
/// than the host estimates, or does not read, finds its credit used up.
struct VoiceWatching: Sendable {
    let registry: EstimatorRegistry
    let kernels: String
    let log: HostLog

    var methods: [String: MethodHandler] {
        ["WatchVoice": .bidirectional { call, requests, answers in try await watch(call, requests, answers) }]
    }

    private func watch(_ call: IncomingCall, _ requests: RequestStream, _ answers: AnswerWriter) async throws {
        var account = Account()
        defer { account.write(to: call, kernels: kernels) }
        var messages = requests.makeAsyncIterator()
        guard let first = try await messages.next() else {
            throw RequestField.invalid("start", "FIELD_MISSING", "the stream ended before its first message, which must be start")
        }
        guard case .start(let start)? = try decode(first, as: Proto.WatchVoiceRequest.self).kind else {
            throw RequestField.invalid("start", "FIELD_MISSING", "the first message must be start: it says what the samples are")
        }
        let layout = try RawPCM(start.format, field: "start.format")
        let answer = try AnswerOptions(categories: start.categories, minimumReliability: start.minimumReliability, neutral: start.neutral, in: "start")
        var options = try Self.options(start)
        let routing = try RoutingRequest(estimator: start.estimator, start.routing, field: "start.routing")
        let (route, estimator, interpreter) = try await registry.answer(routing, .voice, answer, call, log) { ($0, try await registry.voiceEstimator($0), $1) }
        options.reading = VoiceReadingOptions(route.answer)
        account.models = interpreter.madeBy.models
        let lanes = registry.lanes(of: route)
        let session = try Session(layout, LiveAnalysis(estimator, options, context: EstimationContext(deadline: call.deadline) { call.isCancelled }))
        try await answers.send(encode(Proto.WatchVoiceEvent(kind: .ready(.init(estimator: interpreter.madeBy.estimator, version: interpreter.madeBy.version)))))
        for warning in interpreter.warnings { try await answers.send(encode(Proto.WatchVoiceEvent(kind: .warning(warning)))) }

        func send(_ work: @escaping @Sendable (Session) throws -> [VoiceEvent]) async throws {
            let outcome = try await lanes.run { _ in
                let start = ContinuousClock.now
                let events = try work(session)
                return (events: events, time: seconds(session.position), compute: ContinuousClock.now - start)
            }
            account.add(Account(queued: outcome.queued, compute: outcome.value.compute))
            for event in outcome.value.events {
                try await answers.send(encode(Proto.WatchVoiceEvent(event, time: outcome.value.time, by: interpreter)))
            }
        }
        while let bytes = try await messages.next() {
            guard case .samples(let samples)? = try decode(bytes, as: Proto.WatchVoiceRequest.self).kind else {
                throw RequestField.invalid("samples", "FIELD_MISSING", "only the first message is start; the others bring samples")
            }
            try await send { try $0.push(samples) }
        }
        try await send { try $0.finish() }
    }

    private static func options(_ start: Proto.WatchVoiceStart) throws(CallError) -> LiveAnalysis.Options {
        var options = LiveAnalysis.Options()
        try options.criteria.apply(start.activity, field: "start.activity")
        if let interval = start.interval, interval == 0 {
            options.interval = nil
        } else if let interval = try RequestField.number(start.interval, "start.interval", in: 0.2...30) {
            options.interval = samples(interval)
        }
        if let window = try RequestField.number(start.window, "start.window", in: 1...30) { options.window = samples(window) }
        return options
    }

    /// What a stream has behind it. One job at a time uses it: the handler waits for each.
    private final class Session: @unchecked Sendable {
        private let feed: AudioFeed
        private var analysis: LiveAnalysis

        init(_ layout: RawPCM, _ analysis: LiveAnalysis) throws(AudioError) {
            feed = try AudioFeed(layout)
            self.analysis = analysis
        }

        var position: Int { analysis.position }

        /// In pieces: a message may hold an hour, and brought to 16 kHz it may become 16 times as large.
        func push(_ bytes: [UInt8]) throws -> [VoiceEvent] {
            var events: [VoiceEvent] = []
            for start in stride(from: 0, to: bytes.count, by: Self.piece) {
                events += try analysis.push(feed.push(bytes[start..<min(start + Self.piece, bytes.count)]))
            }
            return events
        }

        private static let piece = 64 << 10

        func finish() throws -> [VoiceEvent] { try analysis.push(feed.finish()) + analysis.finish() }
    }
}

extension Proto.WatchVoiceEvent {
    init(_ event: VoiceEvent, time: Double, by interpreter: Interpreter) {
        let kind: Kind = switch event {
        case .speechStart(let sample): .speechStart(Proto.SpeechStart(start: seconds(sample)))
        case .interval(let estimate): .interval(Proto.Estimate(estimate, by: interpreter))
        case .utterance(let estimate): .utterance(Proto.Estimate(estimate, by: interpreter))
        case .warning(let warning): .warning(Proto.Warning(warning))
        }
        self.init(kind: kind, time: time)
    }
}
