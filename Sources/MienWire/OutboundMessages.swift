/// What waits to be sent on one call: messages in order, then at most one last word (a half-close or a status).
struct OutboundMessages {
    struct Pending {
        var bytes: [UInt8]
        var offset = 0
        /// Who is told when the last chunk has been taken.
        var waiter: SendWaiter?
    }

    /// Bytes the peer still accepts on this call.
    private(set) var credit: Int
    private var pending = Queue<Pending>()
    private(set) var pendingBytes = 0
    /// Frame that ends our half of the call, sent after the last message.
    private(set) var lastFrame: [UInt8]?
    private(set) var isClosed = false

    init(credit: Int) { self.credit = credit }

    var isEmpty: Bool { pending.isEmpty }

    /// Something can be sent now, as far as the call's own credit goes.
    var isReady: Bool {
        if let first = pending.first { return credit > 0 || first.bytes.count == first.offset }
        return lastFrame != nil
    }

    /// Bytes left of the message that is next; nil if there is none.
    var nextSize: Int? { pending.first.map { $0.bytes.count - $0.offset } }

    /// A message has been begun and not finished.
    var isInsideMessage: Bool { (pending.first?.offset ?? 0) > 0 }

    mutating func append(_ message: [UInt8], waiter: SendWaiter? = nil) {
        pendingBytes += message.count
        pending.append(Pending(bytes: message, waiter: waiter))
    }

    mutating func close(with frame: [UInt8]) {
        isClosed = true
        lastFrame = frame
    }

    /// Without a frame: the half-close has travelled with the first message.
    mutating func closeSilently() { isClosed = true }

    mutating func spend(_ bytes: Int) { credit -= bytes }

    /// False if the sum is absurd.
    mutating func grant(_ bytes: UInt64) -> Bool {
        guard bytes <= UInt64(1) << 50, credit <= 1 << 50 else { return false }
        credit += Int(bytes)
        return true
    }

    /// The next chunk of at most `limit` bytes, and the waiter of the message it completes.
    mutating func takeChunk(limit: Int) -> (bytes: ArraySlice<UInt8>, continues: Bool, waiter: SendWaiter?)? {
        guard let first = pending.first else { return nil }
        let rest = first.bytes.count - first.offset
        let size = min(rest, limit, credit)
        guard size > 0 || rest == 0 else { return nil }
        credit -= size
        pendingBytes -= size
        let chunk = first.bytes[first.offset..<(first.offset + size)]
        if size == rest {
            _ = pending.popFirst()
            return (chunk, false, first.waiter)
        }
        pending.first = Pending(bytes: first.bytes, offset: first.offset + size, waiter: first.waiter)
        return (chunk, true, nil)
    }

    mutating func takeLastFrame() -> [UInt8]? {
        guard pending.isEmpty else { return nil }
        defer { lastFrame = nil }
        return lastFrame
    }

    /// Forgets everything that has not been sent; returns those who wait for it.
    mutating func discard() -> [SendWaiter] {
        pendingBytes = 0
        lastFrame = nil
        isClosed = true
        return pending.removeAll().compactMap(\.waiter)
    }

    /// Forgets the waiter with this number, not its message.
    mutating func removeWaiter(_ number: UInt64) -> SendWaiter? {
        var found: SendWaiter?
        pending.modifyEach { if $0.waiter?.number == number { found = $0.waiter; $0.waiter = nil } }
        return found
    }
}

/// Somebody who is suspended in `send`.
struct SendWaiter {
    let number: UInt64
    let continuation: CheckedContinuation<Void, any Error>
}
