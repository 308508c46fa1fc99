
/// The answer of a unary call.
package struct UnaryAnswer: Sendable {
    package var message: [UInt8]
    /// Trailing metadata.
    package var metadata: [MetadataEntry]
}

/// One call as the caller sees it. A call that is let go before it has ended is cancelled.
package final class OutgoingCall: Sendable {
    package let id: UInt32
    let connection: Connection
    let inbox: Inbox

    init(id: UInt32, connection: Connection, inbox: Inbox) {
        self.id = id
        self.connection = connection
        self.inbox = inbox
    }

    deinit {
        if !inbox.hasEnded { connection.cancel(id, "the caller let the call go") }
    }

    /// Returns once the message is on its way; suspends while there is no credit (back-pressure).
    ///
    /// - Throws: `CallError`: resourceExhausted if the message is larger than the host accepts (the call can go on), failedPrecondition
    ///   after `halfClose`, or why the call has ended.
    package func send(_ message: [UInt8]) async throws {
        try await withTaskCancellationHandler {
            try await connection.send(message, on: id) { [inbox] in inbox.error }
        } onCancel: {
            cancel()
        }
    }

    /// Says that no further message follows.
    package func halfClose() { connection.halfClose(id) }

    /// The answers, in order, for one reader; nil after an OK status; throws CallError for any other.
    package func next() async throws -> [UInt8]? {
        try await withTaskCancellationHandler {
            try await connection.nextAnswer(of: id, inbox)
        } onCancel: {
            cancel()
        }
    }

    /// Trailing metadata, once `next()` has returned nil or thrown.
    package var trailingMetadata: [MetadataEntry] { inbox.trailingMetadata }

    /// Ends the call with `cancelled`, here at once and on the other side as soon as it hears of it.
    package func cancel(reason: String = "") { connection.cancel(id, reason) }

    /// What is left of a call when the connection has forgotten it: answers not yet read, and how it ended.
    final class Inbox: Sendable {
        struct Contents: Sendable {
            var messages: [[UInt8]] = []
            var end: Result<[MetadataEntry], CallError>?
        }

        private let contents = Locked(Contents())

        var hasEnded: Bool { contents.withLock { $0.end != nil } }

        var error: CallError {
            contents.withLock { if case .failure(let error) = $0.end { error } else { CallError(.failedPrecondition, "the call has ended") } }
        }

        var trailingMetadata: [MetadataEntry] {
            contents.withLock { contents in
                switch contents.end {
                case .success(let metadata): metadata
                case .failure(let error): error.metadata
                case nil: []
                }
            }
        }

        func close(_ messages: [[UInt8]], _ end: Result<[MetadataEntry], CallError>) {
            contents.withLock { contents in
                guard contents.end == nil else { return }
                contents.messages = messages.reversed()
                contents.end = end
            }
        }

        /// Drops what has not been read.
        func cancel(_ error: CallError) {
            contents.withLock { contents in
                guard contents.end == nil || !contents.messages.isEmpty else { return }
                contents.messages = []
                contents.end = .failure(error)
            }
        }

        func next() -> Result<[UInt8]?, CallError> {
            contents.withLock { contents in
                if let message = contents.messages.popLast() { return .success(message) }
                switch contents.end {
                case .failure(let error): return .failure(error)
                case .success, nil: return .success(nil)
                }
            }
        }
    }
}
