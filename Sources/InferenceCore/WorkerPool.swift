internal import CInferenceKernels
internal import CProcess
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Threads that share the work of one loop at a time.
///
/// The caller works too, and there is no queue: a caller that finds the pool busy (a nested loop, or one from another thread) runs its
/// whole loop itself. So nothing waits for anything but the loop it started, and no use of the pool can deadlock.
package final class WorkerPool: @unchecked Sendable {
    /// One for the whole process, with as many threads as this process may use processors.
    package static let shared = WorkerPool(threads: mien_usable_processors())

    /// Threads that work on a loop, the caller included.
    package let threads: Int

    /// The loop being run. Written only between loops, by the caller that holds `busy`.
    private struct Job {
        var count = 0
        var slots = 0
        /// The caller's closure, in its frame.
        var body: UnsafePointer<(Int, Int) -> Void>?
    }

    /// `gate` is generation << 32 | open << 31 | members. A worker joins by counting itself in while the gate is open; the caller closes
    /// the gate when no index is left and then waits for the members to leave. A late worker finds it closed and never sees the job.
    private let gate = Atomic<UInt64>(0)
    private let next = Atomic<Int>(0)
    private let busy = Atomic<Bool>(false)
    private let sleepers = Atomic<Int>(0)
    private let job: UnsafeMutablePointer<Job>
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let wake: UnsafeMutablePointer<pthread_cond_t>

    /// Stack of a thread that computes: kernels keep a block of rows there, most of a megabyte.
    package static let stackBytes = 4 << 20
    private static let open: UInt64 = 1 << 31
    private static let members: UInt64 = open - 1
    /// About 30 microseconds: longer than the gap between two operations of a network, shorter than anyone notices.
    private static let spins = 1500

    /// The pool lives as long as the process: its threads are never joined.
    package init(threads: Int) {
        self.threads = max(1, min(threads, 256))
        job = .allocate(capacity: 1)
        job.initialize(to: Job())
        mutex = .allocate(capacity: 1)
        wake = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(wake, nil)
        for slot in 1..<max(self.threads, 1) { start(slot: slot) }
    }

    /// Runs `body` for ranges that together are `0..<count`, on several threads at once. Returns when all are done.
    package func parallelFor(_ count: Int, _ body: (Range<Int>) -> Void) {
        let share = max(1, (count + threads * 4 - 1) / (threads * 4))
        parallelFor((count + share - 1) / share, threads: threads) { index, _ in
            body(index * share..<min((index + 1) * share, count))
        }
    }

    /// Runs `body(index, slot)` once for every index in `0..<count`. No two calls at the same time have the same slot, which is less
    /// than `threads`: it selects scratch memory.
    func parallelFor(_ count: Int, threads limit: Int, _ body: (_ index: Int, _ slot: Int) -> Void) {
        let slots = min(limit, threads, count)
        guard slots > 1, busy.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged else {
            for index in 0..<count { body(index, 0) }
            return
        }
        withoutActuallyEscaping(body) { body in
            withUnsafePointer(to: body) { pointer in
                job.pointee = Job(count: count, slots: slots, body: pointer)
                next.store(0, ordering: .relaxed)
                let generation = (gate.load(ordering: .relaxed) >> 32) &+ 1
                gate.store(generation << 32 | Self.open, ordering: .sequentiallyConsistent)
                if sleepers.load(ordering: .sequentiallyConsistent) > 0 {
                    pthread_mutex_lock(mutex)
                    pthread_cond_broadcast(wake)
                    pthread_mutex_unlock(mutex)
                }
                work(slot: 0)
                gate.bitwiseAnd(~Self.open, ordering: .acquiringAndReleasing)
                var waited = 0
                while gate.load(ordering: .acquiring) & Self.members != 0 {
                    waited += 1
                    if waited < 4 * Self.spins { mien_pause() } else { sched_yield() }
                }
            }
        }
        busy.store(false, ordering: .releasing)
    }

    private func work(slot: Int) {
        let count = job.pointee.count
        let body = job.pointee.body!.pointee
        while true {
            let index = next.add(1, ordering: .relaxed).oldValue
            guard index < count else { return }
            body(index, slot)
        }
    }

    private func start(slot: Int) {
        final class Start {
            let pool: WorkerPool, slot: Int
            init(_ pool: WorkerPool, _ slot: Int) { (self.pool, self.slot) = (pool, slot) }
        }
        let argument = Unmanaged.passRetained(Start(self, slot))
        let status = mien_start_thread("mien-worker", Self.stackBytes, {
            let start = Unmanaged<Start>.fromOpaque($0!).takeRetainedValue()
            start.pool.serve(slot: start.slot)
        }, argument.toOpaque())
        // Without the thread the others do its share.
        if status != 0 { argument.release() }
    }

    private func serve(slot: Int) {
        var seen: UInt64 = 0
        while true {
            seen = waitForGate(after: seen)
            var state = gate.load(ordering: .acquiring)
            while state >> 32 == seen, state & Self.open != 0 {
                let joined = gate.compareExchange(expected: state, desired: state + 1, ordering: .acquiringAndReleasing)
                if joined.exchanged {
                    if slot < job.pointee.slots { work(slot: slot) }
                    gate.subtract(1, ordering: .acquiringAndReleasing)
                    break
                }
                state = joined.original
            }
        }
    }

    /// Returns the generation of a gate newer than `seen`.
    private func waitForGate(after seen: UInt64) -> UInt64 {
        for _ in 0..<Self.spins {
            let generation = gate.load(ordering: .acquiring) >> 32
            if generation != seen { return generation }
            mien_pause()
        }
        pthread_mutex_lock(mutex)
        sleepers.add(1, ordering: .sequentiallyConsistent)
        while gate.load(ordering: .sequentiallyConsistent) >> 32 == seen { pthread_cond_wait(wake, mutex) }
        sleepers.subtract(1, ordering: .sequentiallyConsistent)
        pthread_mutex_unlock(mutex)
        return gate.load(ordering: .acquiring) >> 32
    }
}
