/// What has arrived on one call: joins chunks into messages, keeps them until they are read, and knows how much more may come.
///
/// Credit returns when messages are read. An unfinished message larger than the window gets its credit as it grows, once everything
/// before it has been read and the connection has set memory aside for it (`LargeMessages`).
struct InboundMessages {
    enum Fault: Error, Equatable {
        /// More bytes than the credit allowed.
        case windowExceeded
        case messageTooLarge
        case afterHalfClose
        case halfCloseInsideMessage
        case tooManyEmptyMessages
    }

    /// Messages of zero bytes need no credit, so they are bounded by their number.
    static let maxUnreadEmptyMessages = 1 << 16

    let window: Int
    let maxMessageBytes: Int
    /// Bytes that may still come.
    private(set) var allowance: Int
    private(set) var partial: [UInt8] = []
    private(set) var isUnfinished = false
    /// Complete messages that nobody has read.
    private var ready = Queue<[UInt8]>()
    private(set) var readyBytes = 0
    private var readyEmpty = 0
    private(set) var messageCount = 0
    private(set) var isHalfClosed = false
    /// Memory has been set aside for the unfinished message.
    private(set) var hasReservation = false

    init(window: Int, maxMessageBytes: Int) {
        self.window = window
        self.maxMessageBytes = maxMessageBytes
        allowance = window
    }

    /// Takes one chunk. Returns the size of the message if this chunk completes one.
    mutating func receive(_ chunk: [UInt8], continues: Bool) throws(Fault) -> Int? {
        guard !isHalfClosed || isUnfinished else { throw .afterHalfClose }
        guard chunk.count <= allowance else { throw .windowExceeded }
        guard partial.count + chunk.count <= maxMessageBytes else { throw .messageTooLarge }
        allowance -= chunk.count
        if continues {
            isUnfinished = true
            partial.append(contentsOf: chunk)
            return nil
        }
        let message: [UInt8]
        if isUnfinished {
            partial.append(contentsOf: chunk)
            message = partial
            partial = []
            isUnfinished = false
        } else {
            message = chunk
        }
        if message.isEmpty {
            guard readyEmpty < Self.maxUnreadEmptyMessages else { throw .tooManyEmptyMessages }
            readyEmpty += 1
        }
        readyBytes += message.count
        messageCount += 1
        ready.append(message)
        return message.count
    }

    /// The peer sends no further message. `afterFirst`: announced together with a first chunk, and valid after its message.
    mutating func halfClose(afterFirst: Bool = false) throws(Fault) {
        guard !isHalfClosed else { throw .afterHalfClose }
        guard afterFirst || !isUnfinished else { throw .halfCloseInsideMessage }
        isHalfClosed = true
    }

    /// All messages have arrived.
    var isComplete: Bool { isHalfClosed && !isUnfinished }

    mutating func take() -> [UInt8]? {
        guard let message = ready.popFirst() else { return nil }
        readyBytes -= message.count
        if message.isEmpty { readyEmpty -= 1 }
        return message
    }

    mutating func takeAll() -> [[UInt8]] {
        readyBytes = 0
        readyEmpty = 0
        return ready.removeAll()
    }

    /// The unfinished message may outgrow the window: ask for a reservation.
    var needsReservation: Bool { isUnfinished && !hasReservation && readyBytes == 0 && allowance < window / 2 }

    mutating func reserve() { hasReservation = true }

    /// The reservation has been settled: the message is complete, or given up.
    mutating func endReservation() { hasReservation = false }

    /// Credit to grant now, in bytes; often 0, so that grants are few and large.
    mutating func takeCredit() -> Int {
        let target = window - readyBytes - (hasReservation ? 0 : partial.count)
        let due = target - allowance
        guard due > 0, due >= window / 4 || allowance == 0, !isComplete else { return 0 }
        allowance += due
        return due
    }
}

/// The connection's side of receiving: bytes that may still come on all calls together, and those that are held.
struct ReceiveBudget {
    let window: Int
    private(set) var allowance: Int
    /// Bytes of complete messages of usual size that are not done with. Large ones are accounted for by `LargeMessages`,
    /// unfinished ones by each call's window.
    private(set) var held = 0

    init(window: Int) {
        self.window = window
        allowance = window
    }

    /// False if the peer has sent more than its credit allowed.
    mutating func receive(_ bytes: Int) -> Bool {
        guard bytes <= allowance else { return false }
        allowance -= bytes
        return true
    }

    mutating func hold(_ bytes: Int) { held += bytes }
    mutating func release(_ bytes: Int) { held -= bytes }

    mutating func takeCredit() -> Int {
        let due = window - held - allowance
        guard due > 0, due >= window / 4 || allowance == 0 else { return 0 }
        allowance += due
        return due
    }
}

/// Memory for messages larger than their call's window. While one is unfinished, the largest possible size is set aside for it, so that
/// it cannot fail half-way; then its real size, until it is done with. Calls that find no room wait in line without credit.
struct LargeMessages {
    let capacity: Int
    let maxMessageBytes: Int
    private var reserved: [UInt32: Int] = [:]
    private var used = 0
    private var waiting = Queue<UInt32>()
    private var waitingSet: Set<UInt32> = []

    init(maxMessageBytes: Int) {
        self.maxMessageBytes = maxMessageBytes
        capacity = 3 * maxMessageBytes
    }

    /// True if the call may go on now; otherwise it is in line.
    mutating func request(_ call: UInt32) -> Bool {
        guard !waitingSet.contains(call) else { return false }
        // One call can hold a finished message that is being worked on and collect the next.
        if waiting.isEmpty, used + maxMessageBytes <= capacity {
            grant(call)
            return true
        }
        waitingSet.insert(call)
        waiting.append(call)
        return false
    }

    /// The message is complete: only its real size stays reserved.
    mutating func settle(_ call: UInt32, _ bytes: Int) { change(call, by: bytes - maxMessageBytes) }

    /// Bytes of a settled message are done with.
    mutating func release(_ call: UInt32, _ bytes: Int) { change(call, by: -bytes) }

    /// The call is over.
    mutating func remove(_ call: UInt32) {
        waitingSet.remove(call)
        if let bytes = reserved.removeValue(forKey: call) { used -= bytes }
    }

    /// The next call in line, if there is room now.
    mutating func admit() -> UInt32? {
        while let next = waiting.first {
            guard waitingSet.contains(next) else { _ = waiting.popFirst(); continue }
            guard used + maxMessageBytes <= capacity else { return nil }
            _ = waiting.popFirst()
            waitingSet.remove(next)
            grant(next)
            return next
        }
        return nil
    }

    private mutating func grant(_ call: UInt32) { change(call, by: maxMessageBytes) }

    private mutating func change(_ call: UInt32, by bytes: Int) {
        used += bytes
        let rest = reserved[call, default: 0] + bytes
        reserved[call] = rest == 0 ? nil : rest
    }
}
