import MienMessages

/// What the reader does next.
enum ReaderPlan {
    /// Waits for bytes, at most until then.
    case read(until: ContinuousClock.Instant?)
    /// Reads nothing, because too much waits to be written or nothing is to come.
    case wait(until: ContinuousClock.Instant?)
    case finish(ConnectionEnd)
}

extension ConnectionState {
    /// Does what is due at this time and says how to go on. For the reader.
    mutating func plan(now: ContinuousClock.Instant, handshakeDeadline: ContinuousClock.Instant?, drainLimit: Duration) -> ReaderPlan {
        while let id = deadlines.popExpired(now) { expire(id) }
        if let failure = outputFailure { close(failure, CallError(.unavailable, "the connection is gone"), now: now) }
        switch phase {
        case .handshaking:
            if let handshakeDeadline, handshakeDeadline <= now {
                close(.protocolViolation("no Hello arrived in time"), CallError(.unavailable, "no Hello arrived in time", reason: "HANDSHAKE"), now: now)
            }
        case .draining(let limit) where calls.isEmpty || limit <= now:
            close(.drained, CallError(.unavailable, "the host has shut down", reason: "DRAINING"), now: now)
        case .inputEnded(let limit) where calls.isEmpty || limit <= now:
            close(.endOfStream, CallError(.cancelled, "the caller closed the connection"), now: now)
        default: break
        }

        var until = deadlines.earliest
        func atLatest(_ limit: ContinuousClock.Instant) { until = min(until ?? limit, limit) }
        defer { readerSleepsUntil = until }
        isReaderPaused = false
        switch phase {
        case .handshaking:
            if let handshakeDeadline { atLatest(handshakeDeadline) }
        case .open: break
        case .draining(let limit): atLatest(limit)
        case .inputEnded(let limit):
            atLatest(limit)
            return .wait(until: until)
        case .closing(let end, let limit):
            if outputFailure != nil || isFlushed || limit <= now { return .finish(end) }
            atLatest(limit)
            return .wait(until: until)
        case .ended(let end): return .finish(end)
        }
        // The caller must go on reading, or two sides could wait for each other; what it has to write is bounded by its own calls.
        if role == .host, controlBytes > Self.maxControlBytes {
            isReaderPaused = true
            return .wait(until: until)
        }
        return .read(until: until)
    }

    private mutating func expire(_ id: UInt32) {
        guard let call = calls[id] else { return }
        let error = CallError(.deadlineExceeded, "the call was not done before its deadline")
        if call.incoming != nil { fail(call, error) } else { cancelOwn(id, error) }
    }

    /// Ends all calls and lets what is queued be written.
    mutating func close(_ end: ConnectionEnd, _ error: CallError, now: ContinuousClock.Instant) {
        switch phase {
        case .closing, .ended: return
        default: break
        }
        let time = if case .ioError = end { Duration.zero } else { Self.closingTime }
        phase = .closing(end, until: now + time)
        mustWakeReader = true
        for call in calls.values { fail(call, error) }
        for ping in pings.values { actions.append(.resumePing(ping.continuation, .failure(error))) }
        pings = [:]
        if peer == nil { actions.append(.resumePeer(peerWaiters, .failure(handshakeError(end)))) }
        peerWaiters = []
    }

    /// Why nobody answered our Hello.
    func handshakeError(_ end: ConnectionEnd) -> CallError {
        let why = switch end {
        case .endOfStream: "the other side closed the connection before its Hello"
        case .drained: "the connection was closed before the other side's Hello"
        case .protocolViolation(let text), .ioError(let text): text
        }
        return CallError(.unavailable, why, reason: "HANDSHAKE")
    }

    /// The other side broke the protocol: tells it, and closes.
    mutating func violate(_ violation: ProtocolViolation, now: ContinuousClock.Instant) {
        switch phase {
        case .closing, .ended: return
        default: break
        }
        let text = violation.description.cut(toBytes: 1024)
        emit(Proto.Frame(kind: .goAway(.init(lastCall: highestPeerCall, reason: "protocol violation: \(text)"))))
        close(.protocolViolation(text), CallError(.unavailable, "protocol violation: \(text)", reason: "PROTOCOL_VIOLATION"), now: now)
    }

    /// The input has ended between two frames.
    mutating func endInput(now: ContinuousClock.Instant, drainLimit: Duration) {
        guard role == .host, peer != nil else {
            // A host that says why it goes leaves its words in GoAway.
            let reason = goneAway.map { $0.reason.isEmpty ? "" : ": \($0.reason)" } ?? ""
            return close(.endOfStream, CallError(.unavailable, "the other side closed the connection\(reason)", reason: "CONNECTION_CLOSED"), now: now)
        }
        var limit = now + drainLimit
        switch phase {
        case .draining(let earlier): limit = min(limit, earlier)
        case .closing, .ended, .inputEnded: return
        case .handshaking, .open: break
        }
        phase = .inputEnded(until: limit)
        for call in calls.values where !(call.isUnary && call.hasStarted || call.isAnswered) {
            fail(call, CallError(.cancelled, "the caller closed the connection"))
        }
    }

    /// Accepts no further calls.
    mutating func drain(until limit: ContinuousClock.Instant, reason: String) {
        switch phase {
        case .open:
            emit(Proto.Frame(kind: .goAway(.init(lastCall: highestPeerCall, reason: reason.cut(toBytes: 1024)))))
            phase = .draining(until: limit)
        case .handshaking: phase = .draining(until: limit)
        case .draining(let earlier): phase = .draining(until: min(limit, earlier))
        case .inputEnded(let earlier): phase = .inputEnded(until: min(limit, earlier))
        case .closing, .ended: break
        }
        mustWakeReader = true
    }

    // MARK: Whose turn it is to write

    /// Makes the caller the writer if there is something to write and nobody does.
    mutating func beginWriting() -> Batch? {
        guard writer == .idle, !hasEnded, let batch = takeBatch() else { return nil }
        writer = .passing
        writingBytes = batch.bytes.count
        return batch
    }

    /// The writer has written its batch; the next, or nil when it is not the writer any more.
    mutating func continueWriting() -> Batch? {
        writingBytes = 0
        if !hasEnded, let batch = takeBatch() {
            writingBytes = batch.bytes.count
            wakePausedReader()
            return batch
        }
        writer = .idle
        wakePausedReader()
        return nil
    }

    /// A passing thread leaves the rest to the writer thread. False if there is no rest.
    mutating func handOver(_ rest: ArraySlice<UInt8>) -> Bool {
        writingBytes = 0
        residue = rest
        let isNeeded = !hasEnded && (!rest.isEmpty || !control.isEmpty || !ring.isEmpty)
        writer = isNeeded ? .thread : .idle
        wakePausedReader()
        return isNeeded
    }

    /// Nothing can be written any more.
    mutating func failOutput(_ end: ConnectionEnd) {
        if outputFailure == nil { outputFailure = end }
        writingBytes = 0
        writer = .idle
        dropOutput()
        mustWakeReader = true
    }

    private mutating func wakePausedReader() {
        if case .open = phase {
            if isReaderPaused, controlBytes <= Self.maxControlBytes / 2 { mustWakeReader = true }
        } else {
            mustWakeReader = true
        }
    }

    var hasEnded: Bool { if case .ended = phase { true } else { false } }
}
