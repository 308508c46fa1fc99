/// A call in the connection's table, in either role. Lives under the connection's lock only.
final class Call {
    let id: UInt32
    var inbound: InboundMessages
    var outbound: OutboundMessages
    /// Bytes of ours in `ReceiveBudget.held`, and of a large message in `LargeMessages`.
    var held = 0
    var largeHeld = 0
    var messageWaiter: MessageWaiter?
    /// In the line of calls that have something to send now; in the line of those that may not begin another message yet.
    var isScheduled = false
    var isDeferred = false
    /// In the middle of a message, and out of credit.
    var isBlocked = false

    /// Set for calls that the other side has opened.
    var incoming: IncomingCall?
    var handler: MethodHandler?
    var task: Task<Void, Never>?
    var hasStarted = false
    /// The handler is done; its status waits behind messages.
    var isAnswered = false

    /// Set for calls of ours: one or the other.
    var unaryWaiter: CheckedContinuation<UnaryAnswer, any Error>?
    var inbox: OutgoingCall.Inbox?

    init(id: UInt32, inbound: InboundMessages, outbound: OutboundMessages) {
        self.id = id
        self.inbound = inbound
        self.outbound = outbound
    }

    /// The messages are handed out one by one; otherwise a request as a whole when it is complete.
    var isStreamedIn: Bool {
        switch handler {
        case .clientStreaming, .bidirectional: true
        case .immediate, .unary, .serverStreaming: false
        case nil: inbox != nil
        }
    }

    /// One message in, one out.
    var isUnary: Bool {
        switch handler {
        case .immediate, .unary: true
        case .clientStreaming, .bidirectional, .serverStreaming: false
        // Ours, or one that an immediate handler answers later.
        case nil: unaryWaiter != nil || incoming != nil
        }
    }
}

/// Somebody who is suspended until the next message of a call arrives.
struct MessageWaiter {
    let number: UInt64
    let continuation: CheckedContinuation<[UInt8]?, any Error>
}

/// What is done after the connection's lock has been released.
enum Action {
    case resumeSend(SendWaiter, CallError?)
    case resumeMessage(MessageWaiter, Result<[UInt8]?, CallError>)
    case resumeUnary(CheckedContinuation<UnaryAnswer, any Error>, Result<UnaryAnswer, CallError>)
    case resumePeer([CheckedContinuation<PeerInfo, any Error>], Result<PeerInfo, CallError>)
    case resumePing(CheckedContinuation<Duration, any Error>, Result<Duration, CallError>)
    case resumeEnd([CheckedContinuation<ConnectionEnd, Never>], ConnectionEnd)
    /// Runs a handler; `request` is empty for those that read a stream.
    case run(IncomingCall, MethodHandler, request: [UInt8])
    case cancel(Task<Void, Never>)
    case log(call: UInt32, level: UInt32, source: String, message: String)
}
