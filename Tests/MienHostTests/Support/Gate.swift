import Synchronization

/// Closed until somebody opens it. Threads may wait at it, and tasks may learn about both.
final class Gate: Sendable {
    private let isOpen = Atomic<Bool>(false)
    private let waiting = Atomic<Int>(0)

    var isOpened: Bool { isOpen.load(ordering: .sequentiallyConsistent) }

    func open() { isOpen.store(true, ordering: .sequentiallyConsistent) }

    /// Blocks the thread: for jobs on a lane only.
    func wait() {
        waiting.add(1, ordering: .sequentiallyConsistent)
        while !isOpen.load(ordering: .sequentiallyConsistent) {}
    }

    func opened() async {
        while !isOpen.load(ordering: .sequentiallyConsistent) { await Task.yield() }
    }

    func someoneWaits() async {
        while waiting.load(ordering: .sequentiallyConsistent) == 0 { await Task.yield() }
    }
}
