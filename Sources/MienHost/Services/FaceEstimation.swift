import MienEstimation
import MienMedia
import MienMessages
import MienWire

/// mien.v1.Estimation, its methods about faces.
///
/// A picture is one job on one lane: decoding, detection and classification follow each other there, and the inference core spreads each step
/// over the processors. Pictures of several calls are not put together: the detector is nearly all of the work, and it gains nothing
/// from a batch on a CPU; the faces within one picture are batched by the estimator.
struct FaceEstimation: Sendable {
    let registry: EstimatorRegistry
    let log: HostLog

    func estimate(_ request: FaceRequest, _ call: IncomingCall, _ account: inout Account) async throws -> Proto.EstimateFaceResponse {
        let answer: Proto.EstimateFaceResponse
        (answer, account) = try await registry.answer(request.routing, .face, request.answer, call, log) { try await estimate(request, by: $0, $1, call) }
        return answer
    }

    private func estimate(_ request: FaceRequest, by route: Route, _ interpreter: Interpreter, _ call: IncomingCall) async throws -> (Proto.EstimateFaceResponse, Account) {
        let estimator = try await registry.faceEstimator(route)
        let outcome = try await registry.lanes(of: route).run { isCancelled in
            let context = EstimationContext(deadline: call.deadline) { isCancelled() || call.isCancelled }
            try context.checkCancellation()
            let start = ContinuousClock.now
            let (picture, format) = try request.read(sufficientSide: sufficientSide(for: request.options))
            let decoded = ContinuousClock.now
            try context.checkCancellation()
            let answer = try estimator.estimate(picture, options: request.options, context: context)
            let info = Proto.PictureInfo(width: UInt32(picture.originalWidth), height: UInt32(picture.originalHeight), format: format)
            return (answer: answer, info: info, decode: decoded - start, compute: ContinuousClock.now - decoded)
        }
        return (Proto.EstimateFaceResponse(requestId: request.id, picture: outcome.value.info, answer: outcome.value.answer, by: interpreter),
                Account(queued: outcome.queued, decode: outcome.value.decode, compute: outcome.value.compute, models: interpreter.madeBy.models))
    }

    /// A JPEG much larger than this is scaled down while it is decoded, which saves most of the time. Detectors look at 640 pixels or so; the
    /// rest is for the sake of small faces, which are cut out of the picture.
    private func sufficientSide(for options: FaceOptions) -> Int { options.wholePicture ? 512 : 1600 }
}
