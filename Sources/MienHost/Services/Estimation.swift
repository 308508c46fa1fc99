import MienEstimation
import MienMedia
import MienMessages
import MienWire

/// mien.v1.Estimation.
///
/// A picture is one job on one lane: decoding, detection and classification follow each other there, and the inference core spreads each step
/// over the processors. Pictures of several calls are not put together: the detector is nearly all of the work, and it gains nothing
/// from a batch on a CPU; the faces within one picture are batched by the estimator.
struct Estimation: Sendable {
    static let name = "mien.v1.Estimation"

    let registry: EstimatorRegistry
    let lanes: ComputeLanes
    let budget: ByteBudget
    let kernels: String
    let log: HostLog

    var methods: [String: MethodHandler] {
        [
            "EstimateFace": .unary { call, bytes in
                let request = try FaceRequest(try decode(bytes))
                // One call, one picture: a caller beyond the bound can come again, which is better than waiting with its bytes in our memory.
                guard budget.tryAcquire(request.bytes) else { throw busy() }
                defer { budget.release(request.bytes) }
                var account = Account()
                defer { account.write(to: call, kernels: kernels) }
                return encode(try await estimate(request, call, &account))
            },
            "EstimateFaces": .bidirectional { call, requests, answers in
                try await estimateAll(call, requests, answers)
            },
        ]
    }

    /// Pictures of one stream that are worked on at a time: enough to keep every lane busy, few enough that a caller which does not read its
    /// answers is soon not read from either.
    private var depth: Int { max(lanes.count * 2, 4) }

    private func estimateAll(_ call: IncomingCall, _ requests: RequestStream, _ answers: AnswerWriter) async throws {
        let total = Locked(Account())
        defer { total.withLock { $0.write(to: call, kernels: kernels) } }
        try await withThrowingTaskGroup(of: Void.self) { group in
            var running = 0
            for try await bytes in requests {
                let message: Proto.EstimateFaceRequest = try decode(bytes)
                if running == depth {
                    try await group.next()
                    running -= 1
                }
                running += 1
                group.addTask {
                    var account = Account()
                    let answer = try await answerOrFailure(message, call, &account)
                    total.withLock { $0.add(account) }
                    try await answers.send(encode(answer))
                }
            }
            try await group.waitForAll()
        }
    }

    /// - Throws: only what ends the whole stream: cancellation and deadline.
    private func answerOrFailure(_ message: Proto.EstimateFaceRequest, _ call: IncomingCall,
                                 _ account: inout Account) async throws -> Proto.EstimateFaceResponse {
        do {
            let request = try FaceRequest(message)
            try await budget.acquire(request.bytes)
            defer { budget.release(request.bytes) }
            return try await estimate(request, call, &account)
        } catch {
            if call.isCancelled || Task.isCancelled { throw error }
            let failure = callError(error, doing: Self.name + "/EstimateFaces", log)
            return Proto.EstimateFaceResponse(requestId: String(message.requestId.prefix(FaceRequest.longestID)),
                                              failure: Proto.Failure(code: failure.code.rawValue, message: failure.message, reason: failure.reason))
        }
    }

    private func estimate(_ request: FaceRequest, _ call: IncomingCall, _ account: inout Account) async throws -> Proto.EstimateFaceResponse {
        let description = try registry.resolve(request.estimator, modality: .face)
        guard let estimator = try await registry.estimator(description.id) as? any FaceEstimator else {
            throw CallError(.internalError, "estimator \(description.id) calls itself a face estimator and is none", reason: Reason.internalDefect)
        }
        let outcome = try await lanes.run { isCancelled in
            let context = EstimationContext { isCancelled() || call.isCancelled }
            try context.checkCancellation()
            let start = ContinuousClock.now
            let (picture, format) = try request.read(sufficientSide: sufficientSide(for: request.options))
            let decoded = ContinuousClock.now
            try context.checkCancellation()
            let answer = try estimator.estimate(picture, options: request.options, context: context)
            let info = Proto.PictureInfo(width: UInt32(picture.originalWidth), height: UInt32(picture.originalHeight), format: format)
            return (answer: answer, info: info, decode: decoded - start, compute: ContinuousClock.now - decoded)
        }
        let models = registry.models(of: description)
        account = Account(queued: outcome.queued, decode: outcome.value.decode, compute: outcome.value.compute, models: models)
        return Proto.EstimateFaceResponse(requestId: request.id, picture: outcome.value.info, answer: outcome.value.answer,
                                          by: description, models: models)
    }

    /// A JPEG much larger than this is scaled down while it is decoded, which saves most of the time. Detectors look at 640 pixels or so; the
    /// rest is for the sake of small faces, which are cut out of the picture.
    private func sufficientSide(for options: FaceOptions) -> Int { options.wholePicture ? 512 : 1600 }

    private func busy() -> CallError {
        CallError(.resourceExhausted, "\(budget.held) bytes of pictures wait already, and the limit is \(budget.limit); try again in a moment",
                  reason: Reason.hostBusy, facts: [MetadataEntry("limit", String(budget.limit))])
    }
}

/// What a call has cost, for its trailing metadata. For a stream, the sums.
struct Account: Sendable {
    var queued = Duration.zero
    var decode = Duration.zero
    var compute = Duration.zero
    /// Each "id@version".
    var models: [String] = []

    mutating func add(_ other: Account) {
        queued += other.queued
        decode += other.decode
        compute += other.compute
        for model in other.models where !models.contains(model) { models.append(model) }
    }

    func write(to call: IncomingCall, kernels: String) {
        call.addTrailingMetadata("mien-queue-us", String(queued.microseconds))
        call.addTrailingMetadata("mien-decode-us", String(decode.microseconds))
        call.addTrailingMetadata("mien-compute-us", String(compute.microseconds))
        call.addTrailingMetadata("mien-kernels", kernels)
        if !models.isEmpty { call.addTrailingMetadata("mien-models", models.joined(separator: ",")) }
    }
}
