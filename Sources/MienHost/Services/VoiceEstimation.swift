import MienEstimation
import MienMedia
import MienMessages
import MienWire

/// mien.v1.Estimation, its methods about recordings.
///
/// A recording is one job on one lane, which reads, listens and estimates as it goes on.
struct VoiceEstimation: Sendable {
    let registry: EstimatorRegistry
    let log: HostLog

    func estimate(_ request: VoiceRequest, _ call: IncomingCall, _ account: inout Account) async throws -> Proto.EstimateVoiceResponse {
        let answer: Proto.EstimateVoiceResponse
        (answer, account) = try await registry.answer(request.routing, .voice, request.answer, call, log) { try await estimate(request, by: $0, $1, call) }
        return answer
    }

    private func estimate(_ request: VoiceRequest, by route: Route, _ interpreter: Interpreter, _ call: IncomingCall) async throws -> (Proto.EstimateVoiceResponse, Account) {
        let estimator = try await registry.voiceEstimator(route)
        let outcome = try await registry.lanes(of: route).run { isCancelled in
            let context = EstimationContext(deadline: call.deadline) { isCancelled() || call.isCancelled }
            try context.checkCancellation()
            let start = ContinuousClock.now
            var (source, info) = try request.open()
            var analysis = try RecordingAnalysis(estimator, request.granularity, request.criteria, options: VoiceReadingOptions(route.answer),
                                                 context: context)
            let answer = try analysis.run(source)
            info.duration = seconds(answer.duration)
            info.quality = Proto.VoiceQuality(answer.quality)
            return (answer: answer, info: info, compute: ContinuousClock.now - start)
        }
        // Decoding goes hand in hand with the rest.
        return (Proto.EstimateVoiceResponse(requestId: request.id, audio: outcome.value.info, answer: outcome.value.answer, by: interpreter),
                Account(queued: outcome.queued, compute: outcome.value.compute, models: interpreter.madeBy.models))
    }
}

extension VoiceReadingOptions {
    init(_ options: AnswerOptions) { self.init(categories: options.categories, neutral: options.neutral) }
}
