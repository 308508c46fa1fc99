internal import Synchronization

/// Working memory for runs of one graph. Runs at the same time have an arena each; a few are kept for the next run.
final class ArenaPool: Sendable {
    private let free = Mutex<[AlignedStorage]>([])
    private let kept: Int
    /// An arena of more floats than this goes back to the system after its run.
    private let largestKept = 64 << 20

    init(kept: Int) { self.kept = kept }

    func take(count: Int) -> AlignedStorage {
        let found = free.withLock { free -> AlignedStorage? in
            // The smallest that is large enough; one that is far too large would keep memory from the runs that need it.
            guard let index = free.indices.filter({ free[$0].count >= count }).min(by: { free[$0].count < free[$1].count }) else {
                _ = free.popLast()
                return nil
            }
            return free.remove(at: index)
        }
        return found ?? AlignedStorage(count: count)
    }

    func give(_ arena: AlignedStorage) {
        guard arena.count <= largestKept else { return }
        free.withLock { free in
            if free.count < kept { free.append(arena) }
        }
    }

    func removeAll() { free.withLock { $0 = [] } }
}
