import MienMessages

/// Who may write to the descriptor.
enum WriterRole {
    case idle
    /// A thread that had something to send and found nobody writing.
    case passing
    /// The writer thread: it may wait until the other side reads.
    case thread
}

/// What is written next. Chunks are encoded after the lock has been released.
struct Batch {
    enum Item {
        case chunk(call: UInt32, bytes: ArraySlice<UInt8>, continues: Bool)
        case frame([UInt8])
    }

    /// Framed bytes, or the rest of such.
    var bytes: ArraySlice<UInt8>
    /// `bytes` have been traced before.
    var isResidue = false
    var items: [Item] = []
}

extension ConnectionState {
    private static let batchBytes = 256 << 10

    /// Puts a call that can send into the line, once.
    mutating func schedule(_ call: Call) {
        guard !call.isScheduled, !call.isDeferred, call.outbound.isReady else { return }
        call.isScheduled = true
        ring.append(call.id)
    }

    /// Lets calls that wait to begin a message have another look.
    mutating func resumeDeferred() {
        while let id = deferred.popFirst() {
            guard let call = calls[id] else { continue }
            call.isDeferred = false
            schedule(call)
        }
    }

    /// Bytes that wait for the other side to read, messages not counted.
    var controlBytes: Int { control.count + residue.count + writingBytes }

    /// Everything that may be sent has been handed over for writing.
    var isFlushed: Bool { control.isEmpty && residue.isEmpty && writer == .idle }

    /// What to write next; nil if there is nothing.
    mutating func takeBatch() -> Batch? {
        if outputFailure != nil {
            dropOutput()
            return nil
        }
        if !residue.isEmpty {
            defer { residue = [] }
            return Batch(bytes: residue, isResidue: true)
        }
        var batch = Batch(bytes: control[...])
        control = []
        openCount -= controlEnds
        controlEnds = 0
        takeChunks(&batch)
        return batch.bytes.isEmpty && batch.items.isEmpty ? nil : batch
    }

    private mutating func takeChunks(_ batch: inout Batch) {
        guard let peer else { return }
        var room = Self.batchBytes
        while room > 0, let id = ring.popFirst() {
            guard let call = calls[id] else { continue }
            call.isScheduled = false
            let wasInside = call.outbound.isInsideMessage
            let limit = min(peer.limits.chunkBytes, connectionCredit)
            let first = call.outbound.nextSize
            if let first, first > 0, connectionCredit == 0 {
                // Out of the connection's credit: keep the turn until there is some.
                call.isScheduled = true
                let rest = ring.removeAll()
                ring.append(id)
                for other in rest { ring.append(other) }
                return
            }
            if !wasInside, let first, first > min(limit, call.outbound.credit),
               unfinishedOutbound >= Self.maxUnfinishedMessages || unfinishedOutbound - blockedOutbound >= Self.maxActiveMessages {
                call.isDeferred = true
                deferred.append(id)
                continue
            }
            if let chunk = call.outbound.takeChunk(limit: limit) {
                connectionCredit -= chunk.bytes.count
                queuedMessageBytes -= chunk.bytes.count
                room -= chunk.bytes.count + 64
                batch.items.append(.chunk(call: id, bytes: chunk.bytes, continues: chunk.continues))
                if let waiter = chunk.waiter { actions.append(.resumeSend(waiter, nil)) }
                if chunk.continues != wasInside {
                    unfinishedOutbound += chunk.continues ? 1 : -1
                    if !chunk.continues { resumeDeferred() }
                }
                if chunk.continues, call.outbound.credit == 0 {
                    call.isBlocked = true
                    blockedOutbound += 1
                    resumeDeferred()
                }
            }
            if let frame = call.outbound.takeLastFrame() {
                room -= frame.count
                batch.items.append(.frame(frame))
                if call.incoming != nil {
                    openCount -= 1
                    remove(call)
                }
            } else {
                schedule(call)
            }
        }
    }

    /// The other side cannot be reached any more.
    mutating func dropOutput() {
        control = []
        residue = []
        openCount -= controlEnds
        controlEnds = 0
    }
}
