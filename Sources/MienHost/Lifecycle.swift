import Synchronization

/// Whether the host still takes calls. Calls without an end of their own (health and log watches) end when it no longer does.
final class Lifecycle: Sendable {
    let bell = ChangeBell()
    let start = ContinuousClock.now
    private let draining = Atomic<Bool>(false)

    var isDraining: Bool { draining.load(ordering: .acquiring) }

    /// False if it had begun before.
    func beginDraining() -> Bool {
        let first = !draining.exchange(true, ordering: .acquiringAndReleasing)
        if first { bell.ring() }
        return first
    }
}
