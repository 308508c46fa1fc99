import MienEstimation
import MienMedia
import MienMessages
import MienWire

/// mien.v1.Estimation, its methods about recordings.
///
/// A recording is one job on one lane, which reads, listens and estimates as it goes on.
struct VoiceEstimation: Sendable {
    let registry: EstimatorRegistry
    let lanes: ComputeLanes

    func estimate(_ request: VoiceRequest, _ call: IncomingCall, _ account: inout Account) async throws -> Proto.EstimateVoiceResponse {
        let (description, estimator) = try await registry.voiceEstimator(request.estimator)
        let outcome = try await lanes.run { isCancelled in
            let context = EstimationContext { isCancelled() || call.isCancelled }
            try context.checkCancellation()
            let start = ContinuousClock.now
            var (source, info) = try request.open()
            var analysis = try RecordingAnalysis(estimator, request.granularity, request.criteria, context: context)
            let answer = try analysis.run(source)
            info.duration = seconds(answer.duration)
            info.quality = Proto.VoiceQuality(answer.quality)
            return (answer: answer, info: info, compute: ContinuousClock.now - start)
        }
        let models = registry.models(of: description)
        // Decoding goes hand in hand with the rest.
        account = Account(queued: outcome.queued, compute: outcome.value.compute, models: models)
        return Proto.EstimateVoiceResponse(requestId: request.id, audio: outcome.value.info, answer: outcome.value.answer, by: description, models: models)
    }
}

extension EstimatorRegistry {
    /// - Parameter id: Empty for the default.
    func voiceEstimator(_ id: String) async throws -> (EstimatorDescription, any VoiceEstimator) {
        let description = try resolve(id, modality: .voice)
        guard let estimator = try await estimator(description.id) as? any VoiceEstimator else {
            throw CallError(.internalError, "estimator \(description.id) calls itself a voice estimator and is none", reason: Reason.internalDefect)
        }
        return (description, estimator)
    }
}
