import MienMessages
import MienWire

/// A question of mien.v1.Estimation about one picture or recording, every field checked.
protocol EstimationRequest: Sendable {
    associatedtype Message: ProtoMessage
    associatedtype Answer: ProtoMessage

    /// - Throws: `CallError` `invalidArgument`, with the field that is to blame.
    init(_ message: Message) throws(CallError)
    /// Bytes that the request keeps in memory while it waits.
    var bytes: Int { get }
    static func id(of message: Message) -> String
    /// The answer in a stream to a request that failed.
    static func failure(_ failure: Proto.Failure, id: String) -> Answer
}

/// mien.v1.Estimation: what its methods about pictures and about recordings have in common. One call with one request, or a stream of
/// requests that are answered as they finish.
struct Estimation<Request: EstimationRequest>: Sendable {
    let lanes: ComputeLanes
    let budget: ByteBudget
    let kernels: String
    let log: HostLog
    let estimate: @Sendable (Request, IncomingCall, inout Account) async throws -> Request.Answer

    func methods(one: String, many: String) -> [String: MethodHandler] {
        [
            one: .unary { call, bytes in
                let request = try Request(try decode(bytes))
                // One call, one request: a caller beyond the bound can come again, which is better than waiting with its bytes in our memory.
                guard budget.tryAcquire(request.bytes) else { throw busy() }
                defer { budget.release(request.bytes) }
                var account = Account()
                defer { account.write(to: call, kernels: kernels) }
                return encode(try await estimate(request, call, &account))
            },
            many: .bidirectional { call, requests, answers in
                let total = Locked(Account())
                defer { total.withLock { $0.write(to: call, kernels: kernels) } }
                try await answerAll(requests, answers, depth: max(lanes.count * 2, 4)) { try decode($0, as: Request.Message.self) } answer: { message in
                    var account = Account()
                    let answer = try await answerOrFailure(message, call, many, &account)
                    total.withLock { $0.add(account) }
                    return encode(answer)
                }
            },
        ]
    }

    /// - Throws: only what ends the whole stream: cancellation and deadline.
    private func answerOrFailure(_ message: Request.Message, _ call: IncomingCall, _ method: String, _ account: inout Account) async throws -> Request.Answer {
        do {
            let request = try Request(message)
            try await budget.acquire(request.bytes)
            defer { budget.release(request.bytes) }
            return try await estimate(request, call, &account)
        } catch {
            if call.isCancelled || Task.isCancelled { throw error }
            let failure = callError(error, doing: "\(estimationService)/\(method)", log)
            return Request.failure(Proto.Failure(code: failure.code.rawValue, message: failure.message, reason: failure.reason),
                                   id: String(Request.id(of: message).prefix(RequestField.longestID)))
        }
    }

    private func busy() -> CallError {
        CallError(.resourceExhausted, "\(budget.held) bytes of pictures and recordings wait already, and the limit is \(budget.limit); try again in a moment",
                  reason: Reason.hostBusy, facts: [MetadataEntry("limit", String(budget.limit))])
    }
}

/// Full name of the service.
let estimationService = "mien.v1.Estimation"
