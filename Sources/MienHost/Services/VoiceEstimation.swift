import MienEstimation
import MienMedia
import MienMessages
import MienWire

/// mien.v1.Estimation, its methods about recordings.
///
/// A recording is one job on one lane, which reads, listens and estimates as it goes on.
struct VoiceEstimation: Sendable {
    let registry: EstimatorRegistry

    func estimate(_ request: VoiceRequest, _ call: IncomingCall, _ account: inout Account) async throws -> Proto.EstimateVoiceResponse {
        let description = try registry.resolve(request.estimator, modality: .voice, covering: request.answer.categories)
        try request.answer.check(description)
        let estimator = try await registry.voiceEstimator(description)
        let outcome = try await registry.lanes(of: description.id).run { isCancelled in
            let context = EstimationContext(deadline: call.deadline) { isCancelled() || call.isCancelled }
            try context.checkCancellation()
            let start = ContinuousClock.now
            var (source, info) = try request.open()
            var analysis = try RecordingAnalysis(estimator, request.granularity, request.criteria, options: VoiceReadingOptions(request.answer),
                                                 context: context)
            let answer = try analysis.run(source)
            info.duration = seconds(answer.duration)
            info.quality = Proto.VoiceQuality(answer.quality)
            return (answer: answer, info: info, compute: ContinuousClock.now - start)
        }
        let models = registry.models(of: description)
        // Decoding goes hand in hand with the rest.
        account = Account(queued: outcome.queued, compute: outcome.value.compute, models: models)
        return Proto.EstimateVoiceResponse(requestId: request.id, audio: outcome.value.info, answer: outcome.value.answer,
                                           by: Interpreter(description, models: models, request.answer))
    }
}

extension EstimatorRegistry {
    func voiceEstimator(_ description: EstimatorDescription) async throws -> any VoiceEstimator {
        guard let estimator = try await estimator(description.id) as? any VoiceEstimator else {
            throw CallError(.internalError, "estimator \(description.id) calls itself a voice estimator and is none", reason: Reason.internalDefect)
        }
        return estimator
    }
}

extension VoiceReadingOptions {
    init(_ options: AnswerOptions) { self.init(categories: options.categories, neutral: options.neutral) }
}
