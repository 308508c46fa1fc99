import MienMessages
import MienWire

/// mien.v1.Diagnostics: the four call shapes with nothing behind them.
enum Diagnostics {
    static let name = "mien.v1.Diagnostics"
    /// Largest answer that `Expand` makes.
    static let largestAnswer = 64 << 20

    static let methods: [String: MethodHandler] = [
        "Echo": .immediate { _, bytes in
            let request: Proto.EchoRequest = try decode(bytes)
            if request.delayMs > 0 { throw AnswerLater { try await answer(request) } }
            return try answerNow(request)
        },
        "Collect": .clientStreaming { _, requests in
            var sum = Proto.CollectResponse()
            for try await bytes in requests {
                let request: Proto.EchoRequest = try decode(bytes)
                _ = try await answer(request)
                sum.messages += 1
                sum.bytes += UInt64(request.payload.count)
            }
            return encode(sum)
        },
        "Expand": .serverStreaming { _, bytes, answers in
            let request: Proto.ExpandRequest = try decode(bytes)
            guard request.bytes <= largestAnswer else {
                throw CallError(.invalidArgument, "bytes is \(request.bytes); at most \(largestAnswer) are made", reason: "FIELD_OUT_OF_RANGE", field: "bytes")
            }
            let message = encode(Proto.EchoResponse(payload: [UInt8](repeating: 0x6d, count: Int(request.bytes))))
            for index in 0..<request.count {
                if index > 0, request.intervalMs > 0 { try await Task.sleep(for: .milliseconds(Int64(request.intervalMs))) }
                try Task.checkCancellation()
                try await answers.send(message)
            }
        },
        "EchoStream": .bidirectional { _, requests, answers in
            for try await bytes in requests {
                let request: Proto.EchoRequest = try decode(bytes)
                try await answers.send(try await answer(request))
            }
        },
    ]

    private static func answer(_ request: Proto.EchoRequest) async throws -> [UInt8] {
        if request.delayMs > 0 { try await Task.sleep(for: .milliseconds(Int64(request.delayMs))) }
        return try answerNow(request)
    }

    private static func answerNow(_ request: Proto.EchoRequest) throws(CallError) -> [UInt8] {
        guard request.statusCode == 0 else { throw CallError(StatusCode(rawValue: request.statusCode), request.statusMessage) }
        return encode(Proto.EchoResponse(payload: request.payload))
    }
}
