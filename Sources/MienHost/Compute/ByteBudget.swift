import MienWire

/// Bounds the bytes that wait for a lane, so that a flood of pictures costs answers, not memory.
///
/// One item larger than the whole budget passes when nothing else is held. Waiters are served in order.
package final class ByteBudget: Sendable {
    private struct Waiter {
        let number: UInt64
        let bytes: Int
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var held = 0
        var next: UInt64 = 0
        var waiters = Deque<Waiter>()
        var cancelled: Set<UInt64> = []
    }

    package let limit: Int
    private let state = Locked(State())

    package init(limit: Int) { self.limit = limit }

    package var held: Int { state.withLock { $0.held } }
    var waiting: Int { state.withLock { $0.waiters.count } }

    /// Takes `bytes` if there is room and nobody waits.
    package func tryAcquire(_ bytes: Int) -> Bool {
        state.withLock { state in
            guard state.waiters.count == 0, fits(bytes, state.held) else { return false }
            state.held += bytes
            return true
        }
    }

    /// Takes `bytes`, suspending until there is room.
    ///
    /// - Throws: `CancellationError`.
    package func acquire(_ bytes: Int) async throws {
        try Task.checkCancellation()
        if tryAcquire(bytes) { return }
        let number = state.withLock { state in
            state.next += 1
            return state.next
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let verdict: Result<Void, any Error>? = state.withLock { state in
                    if state.cancelled.remove(number) != nil { return .failure(CancellationError()) }
                    if state.waiters.count == 0, fits(bytes, state.held) {
                        state.held += bytes
                        return .success(())
                    }
                    state.waiters.append(Waiter(number: number, bytes: bytes, continuation: continuation))
                    return nil
                }
                if let verdict { continuation.resume(with: verdict) }
            }
        } onCancel: {
            let waiter: Waiter? = state.withLock { state in
                if let waiter = state.waiters.removeFirst(where: { $0.number == number }) { return waiter }
                state.cancelled.insert(number)
                return nil
            }
            waiter?.continuation.resume(throwing: CancellationError())
            if waiter != nil { admit() }
        }
        _ = state.withLock { $0.cancelled.remove(number) }
    }

    package func release(_ bytes: Int) {
        state.withLock { $0.held -= bytes }
        admit()
    }

    private func admit() {
        let admitted: [Waiter] = state.withLock { state in
            var admitted: [Waiter] = []
            while let waiter = state.waiters.first, fits(waiter.bytes, state.held) {
                state.held += waiter.bytes
                _ = state.waiters.popFirst()
                admitted.append(waiter)
            }
            return admitted
        }
        for waiter in admitted { waiter.continuation.resume() }
    }

    private func fits(_ bytes: Int, _ held: Int) -> Bool { held == 0 || bytes <= limit - held }
}
