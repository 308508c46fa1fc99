import MienMessages

// MARK: - Calls of the other side

extension Connection {
    func handle(_ call: IncomingCall, _ handler: MethodHandler, _ request: [UInt8]) {
        switch handler {
        case .immediate(let body):
            let result: Result<[UInt8]?, CallError>
            do {
                result = .success(try body(call, request))
            } catch let later as AnswerLater {
                return spawn(call) { try await later.answer() }
            } catch {
                result = .failure(CallError(converting: error))
            }
            // On the reader's thread, which flushes when it has handled what it has read.
            perform { $0.finish(call.id, result) }
        case .unary(let body):
            spawn(call) { try await body(call, request) }
        case .serverStreaming(let body):
            spawn(call) {
                try await body(call, request, AnswerWriter(connection: self, call: call))
                return nil
            }
        case .clientStreaming(let body):
            spawn(call) { try await body(call, RequestStream(connection: self, call: call)) }
        case .bidirectional(let body):
            spawn(call) {
                try await body(call, RequestStream(connection: self, call: call), AnswerWriter(connection: self, call: call))
                return nil
            }
        }
    }

    func spawn(_ call: IncomingCall, _ body: @escaping @Sendable () async throws -> [UInt8]?) {
        let task = Task {
            let result: Result<[UInt8]?, CallError>
            do {
                result = .success(try await body())
            } catch {
                result = .failure(CallError(converting: error))
            }
            self.perform { $0.finish(call.id, result) }
            self.flush()
        }
        perform { state in
            if let record = state.calls[call.id], !record.isAnswered {
                record.task = task
            } else if call.isCancelled {
                state.actions.append(.cancel(task))
            }
        }
    }

    func nextRequest(of call: IncomingCall) async throws -> [UInt8]? {
        let number = perform { $0.number() }
        return try await withTaskCancellationHandler {
            let message = try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<[UInt8]?, any Error>) in
                let waiter = MessageWaiter(number: number, continuation: continuation)
                perform { $0.wait(for: call, waiter) }
                // The handler below may have run before there was a waiter.
                if Task.isCancelled { perform { $0.removeMessageWaiter(call.id, number) } }
            }
            flush()
            return message
        } onCancel: {
            perform { $0.removeMessageWaiter(call.id, number) }
        }
    }

    func send(_ message: [UInt8], on id: UInt32, whyEnded: @Sendable () -> CallError) async throws {
        let number = perform { $0.number() }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let waiter = SendWaiter(number: number, continuation: continuation)
                if !perform({ $0.send(message, on: id, waiter) }) { continuation.resume(throwing: whyEnded()) }
                if Task.isCancelled { perform { $0.removeSendWaiter(id, number) } }
                flush()
            }
        } onCancel: {
            perform { $0.removeSendWaiter(id, number) }
        }
    }
}

// MARK: - Calls of ours

extension Connection {
    /// A call with one message and one answer; in one frame each way if they are small.
    ///
    /// - Throws: `CallError`. A cancelled task cancels the call.
    package func unary(_ method: String, _ message: [UInt8], metadata: [MetadataEntry] = [], timeout: Duration? = nil) async throws -> UnaryAnswer {
        let deadline = timeout.map { ContinuousClock.now + $0 }
        try check(method, metadata)
        _ = try await peer()
        let ticket = Ticket()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let id = perform { $0.openUnary(method, message, metadata, deadline, now: .now, continuation) }
                if let id, ticket.wasCancelled(beforeOpening: id) { cancel(id, "") }
                flush()
            }
        } onCancel: {
            if let id = ticket.cancel() { cancel(id, "") }
        }
    }

    /// A call of any shape.
    ///
    /// - Throws: `CallError` if it cannot be opened.
    package func call(_ method: String, metadata: [MetadataEntry] = [], timeout: Duration? = nil) async throws -> OutgoingCall {
        let deadline = timeout.map { ContinuousClock.now + $0 }
        try check(method, metadata)
        _ = try await peer()
        let inbox = OutgoingCall.Inbox()
        let id = try perform { $0.openStream(method, metadata, deadline, now: .now, inbox) }.get()
        flush()
        return OutgoingCall(id: id, connection: self, inbox: inbox)
    }

    private func check(_ method: String, _ metadata: [MetadataEntry]) throws(CallError) {
        guard method.utf8.count <= 1024 else { throw CallError(.invalidArgument, "a method name of \(method.utf8.count) bytes") }
        try Metadata.check(metadata)
    }

    func nextAnswer(of id: UInt32, _ inbox: OutgoingCall.Inbox) async throws -> [UInt8]? {
        let message = try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<[UInt8]?, any Error>) in
            perform { $0.waitForAnswer(id, inbox, MessageWaiter(number: $0.number(), continuation: continuation)) }
        }
        flush()
        return message
    }

    func halfClose(_ id: UInt32) {
        perform { $0.halfCloseOwn(id) }
        flush()
    }

    func cancel(_ id: UInt32, _ reason: String) {
        perform { $0.cancelOwn(id, CallError(.cancelled, reason.isEmpty ? "cancelled" : reason.cut(toBytes: 1024))) }
        flush()
    }

    /// Brings together a call's number and a cancellation, whichever comes first.
    private final class Ticket: Sendable {
        private let state = Locked<(id: UInt32?, isCancelled: Bool)>((nil, false))

        func wasCancelled(beforeOpening id: UInt32) -> Bool {
            state.withLock { $0.id = id; return $0.isCancelled }
        }

        func cancel() -> UInt32? {
            state.withLock { $0.isCancelled = true; return $0.id }
        }
    }
}
