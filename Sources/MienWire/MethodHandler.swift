/// How a method answers. The connection finds the handler of each incoming call through a `MethodResolver`.
package enum MethodHandler: Sendable {
    /// Answers at once on the reader's thread: for methods that take microseconds and never block. One that finds that this request will take
    /// longer throws `AnswerLater`.
    case immediate(@Sendable (IncomingCall, [UInt8]) throws -> [UInt8])
    /// One message in, one out.
    case unary(@Sendable (IncomingCall, [UInt8]) async throws -> [UInt8])
    /// One message in, many out.
    case serverStreaming(@Sendable (IncomingCall, [UInt8], AnswerWriter) async throws -> Void)
    /// Many messages in, one out.
    case clientStreaming(@Sendable (IncomingCall, RequestStream) async throws -> [UInt8])
    /// Many in, many out, in any order.
    case bidirectional(@Sendable (IncomingCall, RequestStream, AnswerWriter) async throws -> Void)
}

/// Thrown by an immediate handler: the call goes on in a task, as a unary one.
package struct AnswerLater: Error {
    let answer: @Sendable () async throws -> [UInt8]
    package init(_ answer: @escaping @Sendable () async throws -> [UInt8]) { self.answer = answer }
}

/// Finds the handler of "/package.Service/Method".
///
/// - Throws: `CallError` with `unimplemented` and a message that names what is missing: the service or the method.
package typealias MethodResolver = @Sendable (_ method: String) throws(CallError) -> MethodHandler
