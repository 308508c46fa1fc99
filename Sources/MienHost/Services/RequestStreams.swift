import MienWire

/// Answers the requests of a stream, several at a time, in the order in which they finish.
///
/// - Parameters:
///   - depth: Requests that are worked on at a time: enough to keep every lane busy, few enough that a caller which does not read its
///     answers is soon not read from either.
///   - decode: Makes a request of a message; what it throws ends the stream.
///   - answer: What it throws ends the stream, so it turns what is wrong with one request into an answer.
func answerAll<Request: Sendable>(
    _ requests: RequestStream, _ answers: AnswerWriter, depth: Int, decode: ([UInt8]) throws -> Request,
    answer: @escaping @Sendable (Request) async throws -> [UInt8]
) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        var running = 0
        for try await bytes in requests {
            let request = try decode(bytes)
            if running == depth {
                try await group.next()
                running -= 1
            }
            running += 1
            group.addTask { try await answers.send(answer(request)) }
        }
        try await group.waitForAll()
    }
}

/// Checks that requests of every kind share.
enum RequestField {
    /// Longest path that a request may name (PATH_MAX, its terminator counted).
    static let longestPath = 4095
    /// Longest request id that is returned.
    static let longestID = 1024

    /// - Throws: `CallError` `invalidArgument`, as all of these do.
    static func id(_ id: String) throws(CallError) -> String {
        guard id.utf8.count <= longestID else {
            throw invalid("request_id", "FIELD_TOO_LONG", "request_id has \(id.utf8.count) bytes; at most \(longestID) are returned")
        }
        return id
    }

    /// - Parameter what: What the path must name: "a JPEG or PNG file".
    static func path(_ path: String, of what: String) throws(CallError) -> String {
        guard !path.isEmpty else { throw invalid("path", "PATH_EMPTY", "path is empty; it must name \(what)") }
        guard path.utf8.first == UInt8(ascii: "/") else {
            throw invalid("path", "PATH_NOT_ABSOLUTE", "path \(quoted(path)) is not absolute, and the host's working directory need not be the caller's")
        }
        guard path.utf8.count <= longestPath, !path.utf8.contains(0) else {
            throw invalid("path", "PATH_MALFORMED", "path is longer than \(longestPath) bytes or contains a NUL")
        }
        return path
    }

    /// A number within limits; NaN never is.
    static func number(_ value: Float?, _ field: String, in range: ClosedRange<Float>, unit: String = "seconds") throws(CallError) -> Float? {
        guard let value else { return nil }
        guard range.contains(value) else {
            throw invalid(field, "FIELD_OUT_OF_RANGE", "\(field) is \(text(value)); it must be from \(text(range.lowerBound)) to \(text(range.upperBound))\(unit.isEmpty ? "" : " " + unit)")
        }
        return value
    }

    /// "1" rather than "1.0".
    private static func text(_ value: Float) -> String { Int(exactly: value).map(String.init) ?? "\(value)" }

    static func invalid(_ field: String, _ reason: String, _ message: String) -> CallError {
        CallError(.invalidArgument, message, reason: reason, field: field)
    }
}
