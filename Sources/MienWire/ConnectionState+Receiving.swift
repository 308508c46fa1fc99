import MienMessages

/// What becomes of a call that the other side opens.
enum OpenOutcome {
    case done
    case violation(ProtocolViolation)
    /// The reader answers at once; the call is not in the table, only counted as open.
    case immediate(IncomingCall, [UInt8], @Sendable (IncomingCall, [UInt8]) throws -> [UInt8])
}

extension ConnectionState {
    /// Takes in one frame, any but `open`.
    mutating func receive(_ frame: Proto.Frame, now: ContinuousClock.Instant) -> ProtocolViolation? {
        do throws(ProtocolViolation) {
            if peer == nil {
                guard case .hello(let hello) = frame.kind else {
                    throw ProtocolViolation("the first frame was \(frame.kindName) and not a Hello")
                }
                try receiveHello(hello, frame.call)
                return nil
            }
            switch frame.kind {
            case .hello: throw ProtocolViolation("a second Hello")
            case .goAway, .ping, .pong:
                guard frame.call == 0 else { throw ProtocolViolation("\(frame.kindName) names call \(frame.call), but is about the connection") }
            case .open, .message, .halfClose, .cancel, .status:
                guard frame.call != 0 else { throw ProtocolViolation("\(frame.kindName) without a call's number") }
                guard isKnown(frame.call) else { throw ProtocolViolation("\(frame.kindName) for call \(frame.call), which was never opened") }
            case .credit, .log:
                guard frame.call == 0 || isKnown(frame.call) else {
                    throw ProtocolViolation("\(frame.kindName) for call \(frame.call), which was never opened")
                }
            // A kind from a newer version.
            case nil: return nil
            }
            switch frame.kind {
            case .message(let message): try receiveMessage(frame.call, message)
            case .halfClose: try receiveHalfClose(frame.call)
            case .cancel(let cancel): try receiveCancel(frame.call, cancel)
            case .status(let status): try receiveStatus(frame.call, status)
            case .credit(let credit): try receiveCredit(frame.call, credit.bytes)
            case .goAway(let goAway): receiveGoAway(goAway)
            case .ping(let ping): emit(Proto.Frame(kind: .pong(.init(token: ping.token))))
            case .pong(let pong):
                if let ping = pings.removeValue(forKey: pong.token) { actions.append(.resumePing(ping.continuation, .success(now - ping.start))) }
            case .log(let log):
                actions.append(.log(call: frame.call, level: UInt32(bitPattern: log.level.rawValue), source: log.source, message: log.message))
            case .hello, .open, nil: break
            }
            return nil
        } catch {
            return error
        }
    }

    /// Whether a call with this number has been opened, in the direction of this connection.
    private func isKnown(_ call: UInt32) -> Bool {
        switch role {
        case .host: call % 2 == 1 && call <= highestPeerCall
        case .caller: call % 2 == 1 && call < nextOwnCall
        }
    }

    private mutating func receiveHello(_ hello: Proto.Hello, _ call: UInt32) throws(ProtocolViolation) {
        guard call == 0 else { throw ProtocolViolation("the Hello names call \(call)") }
        let peer = try Handshake.accept(hello)
        self.peer = peer
        connectionCredit = peer.limits.connectionWindowBytes
        if case .handshaking = phase { phase = .open }
        actions.append(.resumePeer(peerWaiters, .success(peer)))
        peerWaiters = []
    }

    // MARK: Calls of the other side

    /// The other side opens a call. `handler` is what the resolver has said.
    mutating func receiveOpen(_ id: UInt32, _ open: Proto.Open, _ handler: Result<MethodHandler, CallError>, now: ContinuousClock.Instant) -> OpenOutcome {
        guard peer != nil else { return .violation(ProtocolViolation("the first frame was an Open and not a Hello")) }
        guard role == .host else { return .violation(ProtocolViolation("the host opened call \(id), which this version has no room for")) }
        guard id % 2 == 1 else { return .violation(ProtocolViolation("the caller opened call \(id): its calls have odd numbers")) }
        guard id > highestPeerCall else {
            return .violation(ProtocolViolation(calls[id] == nil ? "call \(id) was opened after call \(highestPeerCall): numbers must rise"
                                                : "call \(id) was opened twice"))
        }
        highestPeerCall = id
        let size = open.message?.count ?? 0
        guard budget.receive(size) else { return .violation(windowViolation(size)) }
        openCount += 1

        let metadata = [MetadataEntry](open.metadata)
        let deadline = open.timeoutUs.map { now + .microseconds(Int64(clamping: min($0, 1 << 50))) }
        let call = IncomingCall(id: id, method: open.method, metadata: metadata, deadline: deadline, timeReceived: now)
        let method: MethodHandler
        do throws(CallError) {
            try admit(metadata, open)
            method = try handler.get()
        } catch {
            return refuse(call, error)
        }
        if case .immediate(let answer) = method, open.halfClose, !open.continues, let message = open.message {
            grantToConnection()
            return .immediate(call, message, answer)
        }

        let record = newCall(id)
        record.incoming = call
        record.handler = method
        calls[id] = record
        if let deadline { setDeadline(id, deadline) }
        if record.isStreamedIn { start(record, []) }
        if let message = open.message {
            // Counted against the connection above.
            accept(record, message, continues: open.continues, halfClose: open.halfClose)
        } else if open.continues {
            return .violation(ProtocolViolation("call \(id) was opened with a message that continues, but without its beginning"))
        } else if open.halfClose {
            accept(record, nil, continues: false, halfClose: true)
        }
        return .done
    }

    private func admit(_ metadata: [MetadataEntry], _ open: Proto.Open) throws(CallError) {
        switch phase {
        case .open: break
        case .draining: throw CallError(.unavailable, "the host is shutting down", reason: "DRAINING")
        default: throw CallError(.unavailable, "the connection is closing", reason: "DRAINING")
        }
        guard openCount <= limits.maxOpenCalls, runningHandlers < 2 * limits.maxOpenCalls else {
            throw CallError(.resourceExhausted, "\(limits.maxOpenCalls) calls are open already", reason: "TOO_MANY_CALLS",
                            facts: [MetadataEntry("limit", "\(limits.maxOpenCalls)")])
        }
        try Metadata.check(metadata)
        if open.timeoutUs == 0 { throw CallError(.deadlineExceeded, "the call arrived after its deadline") }
    }

    /// Ends a call that never got into the table.
    private mutating func refuse(_ call: IncomingCall, _ error: CallError) -> OpenOutcome {
        _ = call.end(error)
        emit(Proto.Frame(call: call.id, kind: .status(error.status)))
        controlEnds += 1
        grantToConnection()
        return .done
    }

    private mutating func start(_ call: Call, _ request: [UInt8]) {
        guard let incoming = call.incoming, let handler = call.handler else { return }
        call.hasStarted = true
        runningHandlers += 1
        actions.append(.run(incoming, handler, request: request))
    }

    // MARK: Messages

    private func windowViolation(_ bytes: Int) -> ProtocolViolation {
        ProtocolViolation("\(bytes) bytes of message were sent with \(budget.allowance) bytes of the connection's credit left")
    }

    private mutating func receiveMessage(_ id: UInt32, _ message: Proto.Message) throws(ProtocolViolation) {
        guard budget.receive(message.data.count) else { throw windowViolation(message.data.count) }
        guard let call = calls[id], !call.isAnswered else {
            // A late frame of a call that has ended: gone, and its credit goes back.
            grantToConnection()
            return
        }
        if call.inbound.isComplete { throw ProtocolViolation("a message on call \(id) after its half-close") }
        accept(call, message.data, continues: message.continues, halfClose: false)
    }

    private mutating func receiveHalfClose(_ id: UInt32) throws(ProtocolViolation) {
        guard role == .host else { throw ProtocolViolation("the host half-closed call \(id): only callers do that") }
        guard let call = calls[id], !call.isAnswered else { return }
        if call.inbound.isHalfClosed { throw ProtocolViolation("call \(id) was half-closed twice") }
        if call.inbound.isUnfinished { throw ProtocolViolation("call \(id) was half-closed inside a message") }
        accept(call, nil, continues: false, halfClose: true)
    }

    /// A chunk (already counted against the connection) or the end of the messages, or both.
    private mutating func accept(_ call: Call, _ chunk: [UInt8]?, continues: Bool, halfClose: Bool) {
        let wasUnfinished = call.inbound.isUnfinished
        do throws(InboundMessages.Fault) {
            if let chunk, let size = try call.inbound.receive(chunk, continues: continues) {
                if call.inbound.hasReservation {
                    large.settle(call.id, size)
                    call.inbound.endReservation()
                    call.largeHeld = size
                    grantToWaiting()
                } else {
                    budget.hold(size)
                    call.held += size
                }
            }
            if halfClose { try call.inbound.halfClose(afterFirst: chunk != nil) }
        } catch {
            return fail(call, callError(error, call))
        }
        if call.inbound.isUnfinished != wasUnfinished { unfinishedInbound += wasUnfinished ? -1 : 1 }
        guard unfinishedInbound <= Self.maxUnfinishedMessages else {
            return fail(call, CallError(.resourceExhausted, "more than \(Self.maxUnfinishedMessages) messages are unfinished at once",
                                        reason: "TOO_MANY_UNFINISHED_MESSAGES"))
        }
        if call.isStreamedIn {
            deliver(call)
        } else if call.incoming != nil {
            if call.inbound.messageCount > 1 {
                return fail(call, CallError(.invalidArgument, "\(call.incoming!.method) takes one message and got more", reason: "MESSAGE_COUNT"))
            }
            if call.inbound.isComplete {
                guard let request = call.inbound.take() else {
                    return fail(call, CallError(.invalidArgument, "\(call.incoming!.method) takes one message and got none", reason: "MESSAGE_COUNT"))
                }
                // Its bytes stay accounted for until the call ends: that bounds what lies in the queues of the workers.
                start(call, request)
            }
        }
        grantCredit(call)
        grantToConnection()
    }

    private func callError(_ fault: InboundMessages.Fault, _ call: Call) -> CallError {
        switch fault {
        case .windowExceeded:
            CallError(.internalError, "more bytes were sent than the call's credit of \(call.inbound.allowance) allowed", reason: "CREDIT_EXCEEDED")
        case .messageTooLarge:
            CallError(.resourceExhausted, "a message exceeds the limit of \(limits.maxMessageBytes) bytes", reason: "MESSAGE_TOO_LARGE",
                      facts: [MetadataEntry("limit", "\(limits.maxMessageBytes)")])
        case .tooManyEmptyMessages:
            CallError(.resourceExhausted, "more than \(InboundMessages.maxUnreadEmptyMessages) empty messages wait to be read", reason: "TOO_MANY_EMPTY_MESSAGES")
        case .afterHalfClose, .halfCloseInsideMessage:
            CallError(.internalError, "a message was sent after the half-close", reason: "HALF_CLOSED")
        }
    }

    /// Hands a message, or the end, to whoever waits for it.
    private mutating func deliver(_ call: Call) {
        guard let waiter = call.messageWaiter else { return }
        if let message = take(call) {
            call.messageWaiter = nil
            actions.append(.resumeMessage(waiter, .success(message)))
        } else if call.inbound.isComplete {
            call.messageWaiter = nil
            actions.append(.resumeMessage(waiter, .success(nil)))
        }
    }

    // MARK: The rest

    private mutating func receiveCancel(_ id: UInt32, _ cancel: Proto.Cancel) throws(ProtocolViolation) {
        guard role == .host else { throw ProtocolViolation("the host cancelled call \(id): only callers do that") }
        guard let call = calls[id] else { return }
        fail(call, CallError(.cancelled, cancel.reason.isEmpty ? "cancelled by the caller" : "cancelled by the caller: \(cancel.reason)"))
    }

    private mutating func receiveStatus(_ id: UInt32, _ status: Proto.Status) throws(ProtocolViolation) {
        guard role == .caller else { throw ProtocolViolation("the caller sent a status for call \(id): only hosts do that") }
        guard let call = calls[id] else { return }
        guard status.code == StatusCode.ok.rawValue else { return finishOwn(call, .failure(CallError(status))) }
        if call.inbound.isUnfinished {
            return finishOwn(call, .failure(CallError(.internalError, "the status OK came inside a message", reason: "MESSAGE_UNFINISHED")))
        }
        finishOwn(call, .success((status.answer, .init(status.metadata))))
    }

    private mutating func receiveCredit(_ id: UInt32, _ bytes: UInt64) throws(ProtocolViolation) {
        guard id != 0 else {
            guard bytes <= 1 << 50, connectionCredit <= 1 << 50 else { throw ProtocolViolation("absurd credit of \(bytes) bytes") }
            connectionCredit += Int(bytes)
            return
        }
        guard let call = calls[id] else { return }
        guard call.outbound.grant(bytes) else { throw ProtocolViolation("absurd credit of \(bytes) bytes for call \(id)") }
        if call.isBlocked, call.outbound.credit > 0 {
            call.isBlocked = false
            blockedOutbound -= 1
        }
        schedule(call)
    }

    private mutating func receiveGoAway(_ goAway: Proto.GoAway) {
        guard goneAway == nil else { return }
        goneAway = (goAway.lastCall, goAway.reason)
        guard role == .caller else { return }
        let text = "the host is shutting down" + (goAway.reason.isEmpty ? "" : ": \(goAway.reason)")
        for call in calls.values where call.incoming == nil && call.id > goAway.lastCall {
            finishOwn(call, .failure(CallError(.unavailable, "\(text); the call was not begun and can be repeated", reason: "NOT_PROCESSED")))
        }
    }
}

extension Proto.Frame {
    /// For error messages: "a Status frame".
    var kindName: String {
        switch kind {
        case .hello: "a Hello"
        case .open: "an Open"
        case .message: "a Message"
        case .halfClose: "a HalfClose"
        case .cancel: "a Cancel"
        case .status: "a Status"
        case .credit: "a Credit"
        case .goAway: "a GoAway"
        case .ping: "a Ping"
        case .pong: "a Pong"
        case .log: "a Log"
        case nil: unknownFields.isEmpty ? "an empty frame" : "a frame of unknown kind"
        }
    }
}
