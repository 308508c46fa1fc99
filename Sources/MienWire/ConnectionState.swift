import MienMessages

/// The bookkeeping of a connection: calls, credit, what is to be written. A value under the connection's lock; its methods never call
/// out and never resume anybody, they leave `actions` to be done after the lock has been released.
struct ConnectionState {
    enum Phase {
        case handshaking
        case open
        /// GoAway has been sent; running calls may finish until the given time.
        case draining(until: ContinuousClock.Instant)
        /// Nothing more will arrive; unary calls may finish until the given time.
        case inputEnded(until: ContinuousClock.Instant)
        /// Nothing runs any more; what is queued may be written until the given time.
        case closing(ConnectionEnd, until: ContinuousClock.Instant)
        case ended(ConnectionEnd)
    }

    /// Messages of several chunks that may be under way at once in one direction: a receiver must be able to rely on a bound.
    static let maxUnfinishedMessages = 64
    /// Of those, how many take turns when none waits for credit. Fewer finish sooner.
    static let maxActiveMessages = 16
    /// Bytes of replies and control frames that may wait before the host stops reading.
    static let maxControlBytes = 4 << 20
    /// Time for the last words.
    static let closingTime = Duration.milliseconds(500)

    let role: ConnectionConfiguration.Role
    let limits: WireLimits
    var phase = Phase.handshaking
    var peer: PeerInfo?
    var actions: [Action] = []
    /// The reader has to look at its plan again.
    var mustWakeReader = false
    var readerSleepsUntil: ContinuousClock.Instant?

    var calls: [UInt32: Call] = [:]
    var highestPeerCall: UInt32 = 0
    var nextOwnCall: UInt32 = 1
    /// Calls of the peer whose status has not been written.
    var openCount = 0
    /// Handlers that run, those of calls that have ended included.
    var runningHandlers = 0
    var deadlines = Deadlines()
    var goneAway: (lastCall: UInt32, reason: String)?

    var budget: ReceiveBudget
    var large: LargeMessages
    var unfinishedInbound = 0

    /// Framed bytes that need no credit, and how many calls end with them.
    var control: [UInt8] = []
    var controlEnds = 0
    /// Calls with something to send, in turn.
    var ring = Queue<UInt32>()
    var deferred = Queue<UInt32>()
    var connectionCredit = 0
    var unfinishedOutbound = 0
    /// Unfinished messages whose call has no credit.
    var blockedOutbound = 0
    var queuedMessageBytes = 0
    /// Bytes that were taken for writing and could not be written without blocking.
    var residue: ArraySlice<UInt8> = []
    var writer = WriterRole.idle
    /// Of `control`, what is being written.
    var writingBytes = 0
    var isReaderPaused = false
    /// The threads are done and the descriptors closed.
    var isGone = false
    var outputFailure: ConnectionEnd?

    var nextNumber: UInt64 = 1
    var pings: [UInt64: (start: ContinuousClock.Instant, continuation: CheckedContinuation<Duration, any Error>)] = [:]
    var peerWaiters: [CheckedContinuation<PeerInfo, any Error>] = []
    var endWaiters: [CheckedContinuation<ConnectionEnd, Never>] = []
    var logLimiter = LogLimiter()

    init(role: ConnectionConfiguration.Role, limits: WireLimits) {
        self.role = role
        self.limits = limits
        budget = ReceiveBudget(window: limits.connectionWindowBytes)
        large = LargeMessages(maxMessageBytes: limits.maxMessageBytes)
    }

    mutating func number() -> UInt64 {
        nextNumber += 1
        return nextNumber
    }

    mutating func emit(_ frame: Proto.Frame) { frame.append(to: &control, framed: true) }

    func newCall(_ id: UInt32) -> Call {
        Call(id: id, inbound: InboundMessages(window: limits.callWindowBytes, maxMessageBytes: limits.maxMessageBytes),
             outbound: OutboundMessages(credit: peer?.limits.callWindowBytes ?? 0))
    }

    mutating func setDeadline(_ call: UInt32, _ deadline: ContinuousClock.Instant) {
        deadlines.insert(call, at: deadline)
        if readerSleepsUntil.map({ deadline < $0 }) ?? true { mustWakeReader = true }
    }

    // MARK: The end of calls

    /// Takes a call out of the table and settles its accounts.
    mutating func remove(_ call: Call) {
        calls[call.id] = nil
        deadlines.remove(call.id)
        budget.release(call.held)
        call.held = 0
        large.remove(call.id)
        if call.inbound.isUnfinished { unfinishedInbound -= 1 }
        grantToWaiting()
        grantToConnection()
        if case .open = phase {} else { mustWakeReader = true }
    }

    /// Forgets what the call still had to send.
    mutating func discardOutbound(_ call: Call, _ error: CallError) {
        queuedMessageBytes -= call.outbound.pendingBytes
        if call.outbound.isInsideMessage {
            unfinishedOutbound -= 1
            if call.isBlocked { blockedOutbound -= 1 }
            call.isBlocked = false
            resumeDeferred()
        }
        for waiter in call.outbound.discard() { actions.append(.resumeSend(waiter, error)) }
    }

    /// Ends a call of the peer with an error, whatever its handler is doing.
    mutating func fail(_ call: Call, _ error: CallError) {
        guard let incoming = call.incoming else { return finishOwn(call, .failure(error)) }
        discardOutbound(call, error)
        var error = error
        error.metadata += incoming.end(error)
        emit(Proto.Frame(call: call.id, kind: .status(error.status)))
        controlEnds += 1
        if let waiter = call.messageWaiter { actions.append(.resumeMessage(waiter, .failure(error))) }
        if let task = call.task { actions.append(.cancel(task)) }
        remove(call)
    }

    /// The handler of a call is done.
    mutating func finish(_ id: UInt32, _ result: Result<[UInt8]?, CallError>) {
        runningHandlers -= 1
        guard let call = calls[id], let incoming = call.incoming, !call.isAnswered else { return }
        var result = result
        if case .success(let answer?) = result, let error = tooLarge(answer) { result = .failure(error) }
        let trailing = incoming.end(nil)
        var status: Proto.Status
        switch result {
        case .success(let answer):
            status = Proto.Status(metadata: .init(Metadata.fitting(trailing)))
            if let answer {
                if call.outbound.isEmpty, answer.count <= peer!.limits.chunkBytes {
                    status.answer = answer
                } else {
                    queuedMessageBytes += answer.count
                    call.outbound.append(answer)
                }
            }
        case .failure(var error):
            error.metadata += trailing
            status = error.status
        }
        call.task = nil
        if let waiter = call.messageWaiter {
            call.messageWaiter = nil
            actions.append(.resumeMessage(waiter, .failure(incoming.cause)))
        }
        let frame = Proto.Frame(call: id, kind: .status(status))
        if call.outbound.isEmpty {
            emit(frame)
            controlEnds += 1
            remove(call)
        } else {
            call.isAnswered = true
            call.outbound.close(with: frame.framed)
            schedule(call)
        }
    }

    /// A message that the peer would refuse is refused here.
    func tooLarge(_ message: [UInt8]) -> CallError? {
        guard let limit = peer?.limits.maxMessageBytes, message.count > limit else { return nil }
        return CallError(.resourceExhausted, "a message of \(message.count) bytes exceeds the other side's limit of \(limit)", reason: "MESSAGE_TOO_LARGE",
                         facts: [MetadataEntry("limit", "\(limit)"), MetadataEntry("size", "\(message.count)")])
    }

    /// Ends a call of ours.
    mutating func finishOwn(_ call: Call, _ result: Result<(answer: [UInt8]?, metadata: [MetadataEntry]), CallError>) {
        let reason: CallError = if case .failure(let error) = result { error } else { CallError(.failedPrecondition, "the call has ended") }
        discardOutbound(call, reason)
        if let waiter = call.unaryWaiter {
            actions.append(.resumeUnary(waiter, result.flatMap { unaryAnswer(call, $0.answer, $0.metadata) }))
        } else if let inbox = call.inbox {
            // Answers that came before an error are delivered before it, but not those that a cancelled call has left.
            var messages = call.inbound.takeAll()
            if case .success((let answer?, _)) = result { messages.append(answer) }
            var next: Result<[UInt8]?, CallError>?
            if call.messageWaiter != nil, !messages.isEmpty { next = .success(messages.removeFirst()) }
            inbox.close(messages, result.map { $0.metadata })
            if let waiter = call.messageWaiter { actions.append(.resumeMessage(waiter, next ?? inbox.next())) }
        }
        remove(call)
    }

    private func unaryAnswer(_ call: Call, _ answer: [UInt8]?, _ metadata: [MetadataEntry]) -> Result<UnaryAnswer, CallError> {
        var messages = call.inbound.takeAll()
        if let answer { messages.append(answer) }
        guard messages.count == 1 else {
            return .failure(CallError(.internalError, "a unary call was answered with \(messages.count) messages", reason: "ANSWER_COUNT", metadata: metadata))
        }
        return .success(UnaryAnswer(message: messages[0], metadata: metadata))
    }

    /// The caller has lost interest.
    mutating func cancelOwn(_ id: UInt32, _ error: CallError) {
        guard let call = calls[id], call.incoming == nil else { return }
        emit(Proto.Frame(call: id, kind: .cancel(.init(reason: error.message))))
        _ = call.inbound.takeAll()
        finishOwn(call, .failure(error))
    }

    // MARK: Credit that we give

    /// The call's credit, if enough has been read.
    mutating func grantCredit(_ call: Call) {
        if call.inbound.needsReservation, large.request(call.id) { call.inbound.reserve() }
        let bytes = call.inbound.takeCredit()
        if bytes > 0 { emit(Proto.Frame(call: call.id, kind: .credit(.init(bytes: UInt64(bytes))))) }
    }

    mutating func grantToConnection() {
        let bytes = budget.takeCredit()
        if bytes > 0 { emit(Proto.Frame(kind: .credit(.init(bytes: UInt64(bytes))))) }
    }

    mutating func grantToWaiting() {
        while let id = large.admit() {
            guard let call = calls[id], call.inbound.isUnfinished else { large.remove(id); continue }
            call.inbound.reserve()
            grantCredit(call)
        }
    }

    /// Somebody has read a message of a call that is handed out message by message.
    mutating func take(_ call: Call) -> [UInt8]? {
        guard let message = call.inbound.take() else { return nil }
        if call.largeHeld > 0 {
            large.release(call.id, call.largeHeld)
            call.largeHeld = 0
            grantToWaiting()
        } else {
            budget.release(message.count)
            call.held -= message.count
        }
        grantCredit(call)
        grantToConnection()
        return message
    }
}
