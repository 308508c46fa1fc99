import MienMessages

// What the tasks of handlers and callers ask for.
extension ConnectionState {
    /// Messages this far ahead of the writer do not suspend their senders.
    private static let readAheadBytes = 1 << 20

    // MARK: Both roles

    /// Queues a message. The waiter is told when it is on its way. False if the call is not there any more.
    mutating func send(_ message: [UInt8], on id: UInt32, _ waiter: SendWaiter) -> Bool {
        guard let call = calls[id], !call.isAnswered else { return false }
        if let error = tooLarge(message) {
            actions.append(.resumeSend(waiter, error))
            return true
        }
        guard !call.outbound.isClosed else {
            actions.append(.resumeSend(waiter, CallError(.failedPrecondition, "a message after the half-close", reason: "HALF_CLOSED")))
            return true
        }
        let isAhead = call.outbound.pendingBytes + message.count <= call.outbound.credit
            && queuedMessageBytes + message.count <= min(connectionCredit, Self.readAheadBytes)
        queuedMessageBytes += message.count
        call.outbound.append(message, waiter: isAhead ? nil : waiter)
        if isAhead { actions.append(.resumeSend(waiter, nil)) }
        schedule(call)
        return true
    }

    /// The task that waits has been cancelled; its message stays.
    mutating func removeSendWaiter(_ id: UInt32, _ number: UInt64) {
        guard let waiter = calls[id]?.outbound.removeWaiter(number) else { return }
        actions.append(.resumeSend(waiter, CallError(.cancelled, "the task that sent was cancelled")))
    }

    mutating func removeMessageWaiter(_ id: UInt32, _ number: UInt64) {
        guard let call = calls[id], let waiter = call.messageWaiter, waiter.number == number else { return }
        call.messageWaiter = nil
        actions.append(.resumeMessage(waiter, .failure(CallError(.cancelled, "the task that waited was cancelled"))))
    }

    /// Gives the next message to the waiter, now or when it arrives.
    private mutating func wait(_ call: Call, _ waiter: MessageWaiter) {
        if call.messageWaiter != nil {
            actions.append(.resumeMessage(waiter, .failure(CallError(.failedPrecondition, "two tasks read the messages of one call"))))
        } else if let message = take(call) {
            actions.append(.resumeMessage(waiter, .success(message)))
        } else if call.inbound.isComplete {
            actions.append(.resumeMessage(waiter, .success(nil)))
        } else {
            call.messageWaiter = waiter
        }
    }

    // MARK: Handlers

    mutating func wait(for call: IncomingCall, _ waiter: MessageWaiter) {
        guard let record = calls[call.id], !record.isAnswered else {
            actions.append(.resumeMessage(waiter, .failure(call.cause)))
            return
        }
        wait(record, waiter)
    }

    /// An immediate handler has answered with more than fits into a status: its call gets into the table after all.
    mutating func finishUncounted(_ call: IncomingCall, _ answer: [UInt8]) {
        adopt(call)
        finish(call.id, .success(answer))
    }

    /// Takes a call that an immediate handler could not answer at once into the table.
    mutating func adopt(_ call: IncomingCall) {
        let record = newCall(call.id)
        record.incoming = call
        record.hasStarted = true
        // Its one message came with the half-close.
        try? record.inbound.halfClose()
        calls[call.id] = record
        runningHandlers += 1
        if let deadline = call.deadline { setDeadline(call.id, deadline) }
    }

    // MARK: Callers

    private mutating func openOwn(_ method: String, _ metadata: [MetadataEntry], _ deadline: ContinuousClock.Instant?, now: ContinuousClock.Instant)
        throws(CallError) -> (Call, Proto.Open) {
        guard role == .caller else { throw CallError(.failedPrecondition, "only the caller opens calls") }
        switch phase {
        case .open: break
        case .draining: throw CallError(.unavailable, "the connection is being closed by this side", reason: "DRAINING")
        default: throw CallError(.unavailable, "the connection is closed", reason: "CONNECTION_CLOSED")
        }
        if let goneAway {
            let why = goneAway.reason.isEmpty ? "" : ": \(goneAway.reason)"
            throw CallError(.unavailable, "the host is shutting down\(why); the call was not begun and can be repeated", reason: "NOT_PROCESSED")
        }
        guard calls.count < peer!.limits.maxOpenCalls else {
            throw CallError(.resourceExhausted, "\(calls.count) calls are open already, the most the host allows", reason: "TOO_MANY_CALLS",
                            facts: [MetadataEntry("limit", "\(peer!.limits.maxOpenCalls)")])
        }
        guard nextOwnCall <= UInt32.max - 2 else { throw CallError(.unavailable, "the connection has used up its call numbers", reason: "CONNECTION_WORN_OUT") }
        var open = Proto.Open(method: method, metadata: .init(metadata))
        if let deadline {
            let (seconds, attoseconds) = (deadline - now).components
            guard deadline > now else { throw CallError(.deadlineExceeded, "the deadline had passed before the call was sent") }
            open.timeoutUs = UInt64(min(seconds, 1 << 30)) * 1_000_000 + UInt64(attoseconds / 1_000_000_000_000)
            // 0 would mean that it has passed.
            if open.timeoutUs == 0 { open.timeoutUs = 1 }
        }
        let call = newCall(nextOwnCall)
        nextOwnCall += 2
        calls[call.id] = call
        if let deadline { setDeadline(call.id, deadline) }
        return (call, open)
    }

    /// Opens a unary call; nil if that failed and the continuation will hear of it.
    mutating func openUnary(_ method: String, _ message: [UInt8], _ metadata: [MetadataEntry], _ deadline: ContinuousClock.Instant?,
                            now: ContinuousClock.Instant, _ continuation: CheckedContinuation<UnaryAnswer, any Error>) -> UInt32? {
        do throws(CallError) {
            if let error = tooLarge(message) { throw error }
            var (call, open) = try openOwn(method, metadata, deadline, now: now)
            call.unaryWaiter = continuation
            if message.count <= min(peer!.limits.chunkBytes, call.outbound.credit, connectionCredit) {
                open.message = message
                open.halfClose = true
                call.outbound.spend(message.count)
                call.outbound.closeSilently()
                connectionCredit -= message.count
                emit(Proto.Frame(call: call.id, kind: .open(open)))
            } else {
                emit(Proto.Frame(call: call.id, kind: .open(open)))
                queuedMessageBytes += message.count
                call.outbound.append(message)
                call.outbound.close(with: Proto.Frame(call: call.id, kind: .halfClose(.init())).framed)
                schedule(call)
            }
            return call.id
        } catch {
            actions.append(.resumeUnary(continuation, .failure(error)))
            return nil
        }
    }

    mutating func openStream(_ method: String, _ metadata: [MetadataEntry], _ deadline: ContinuousClock.Instant?, now: ContinuousClock.Instant,
                             _ inbox: OutgoingCall.Inbox) -> Result<UInt32, CallError> {
        do throws(CallError) {
            let (call, open) = try openOwn(method, metadata, deadline, now: now)
            call.inbox = inbox
            emit(Proto.Frame(call: call.id, kind: .open(open)))
            return .success(call.id)
        } catch {
            return .failure(error)
        }
    }

    mutating func halfCloseOwn(_ id: UInt32) {
        guard let call = calls[id], call.incoming == nil, !call.outbound.isClosed else { return }
        call.outbound.close(with: Proto.Frame(call: id, kind: .halfClose(.init())).framed)
        schedule(call)
    }

    mutating func waitForAnswer(_ id: UInt32, _ inbox: OutgoingCall.Inbox, _ waiter: MessageWaiter) {
        guard let call = calls[id], call.incoming == nil else {
            actions.append(.resumeMessage(waiter, inbox.next()))
            return
        }
        wait(call, waiter)
    }
}
