import Synchronization

/// One call as the side that answers sees it.
package final class IncomingCall: Sendable {
    package let id: UInt32
    /// "/package.Service/Method".
    package let method: String
    package let metadata: [MetadataEntry]
    /// When the caller stops waiting; nil: never.
    package let deadline: ContinuousClock.Instant?
    /// When the frame that opened the call was read.
    package let timeReceived: ContinuousClock.Instant

    private struct State {
        var trailing: [MetadataEntry] = []
        var hasEnded = false
        /// Why the call ended before its handler did.
        var cause: CallError?
    }

    private let cancelled = Atomic<Bool>(false)
    private let state = Locked(State())

    init(id: UInt32, method: String, metadata: [MetadataEntry], deadline: ContinuousClock.Instant?, timeReceived: ContinuousClock.Instant) {
        self.id = id
        self.method = method
        self.metadata = metadata
        self.deadline = deadline
        self.timeReceived = timeReceived
    }

    /// Cancelled by the caller, past its deadline, or the connection is gone. (The task of the handler is cancelled as well.)
    package var isCancelled: Bool { cancelled.load(ordering: .acquiring) }

    /// Adds trailing metadata; callable from anywhere. Without effect once the call has ended or when 8 KiB are exceeded.
    package func addTrailingMetadata(_ name: String, _ value: String) {
        state.withLock { if !$0.hasEnded { $0.trailing.append(MetadataEntry(name, value)) } }
    }

    /// Why the call ended early; "cancelled" if it ended otherwise.
    var cause: CallError { state.withLock { $0.cause } ?? CallError(.cancelled, "the call has ended") }

    /// Closes the call for further trailing metadata, which is returned. `cause`: it ends before its handler.
    func end(_ cause: CallError?) -> [MetadataEntry] {
        if cause != nil { cancelled.store(true, ordering: .releasing) }
        return state.withLock { state in
            if state.cause == nil { state.cause = cause }
            state.hasEnded = true
            return state.trailing
        }
    }
}

/// The caller's messages, in order, for one reader. Ends after half-close; throws CallError (cancelled, deadlineExceeded, unavailable ...).
package struct RequestStream: AsyncSequence, Sendable {
    package typealias Element = [UInt8]
    let connection: Connection
    let call: IncomingCall

    package struct AsyncIterator: AsyncIteratorProtocol {
        let connection: Connection
        let call: IncomingCall

        package mutating func next() async throws -> [UInt8]? {
            try await connection.nextRequest(of: call)
        }
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(connection: connection, call: call) }
}

/// Sends messages of an answer.
package struct AnswerWriter: Sendable {
    let connection: Connection
    let call: IncomingCall

    /// Returns once the message is on its way; suspends while there is no credit (back-pressure).
    ///
    /// - Throws: `CallError`: resourceExhausted if the message is larger than the caller accepts (the call can go on), or why the
    ///   call has ended.
    package func send(_ message: [UInt8]) async throws {
        try await connection.send(message, on: call.id) { [call] in call.cause }
    }
}
