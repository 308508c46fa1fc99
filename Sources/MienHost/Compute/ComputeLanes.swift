#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A few threads of our own for work that takes milliseconds to seconds: decoding, estimating, loading models.
///
/// Swift's cooperative pool has one thread per core and must never be blocked; these threads may be. Jobs start in the order they came.
/// Threads are made when the first jobs need them, so that a host that only answers `GetInfo` stays small.
package final class ComputeLanes: Sendable {
    /// What a finished job gave, and how long it had waited for a thread.
    package struct Outcome<Value: Sendable>: Sendable {
        package var value: Value
        package var queued: Duration
    }

    private let queue: JobQueue
    package let count: Int

    /// - Parameter count: number of threads, at least 1.
    package init(count: Int) {
        precondition(count > 0, "there is at least one lane")
        self.count = count
        queue = JobQueue(maximumThreads: count)
    }

    deinit { queue.close() }

    /// Runs `work` on a lane and suspends until it is done.
    ///
    /// - Parameter work: gets a function that tells whether the job has been cancelled, to be asked now and then.
    /// - Throws: `CancellationError` if the task is cancelled while the job still waits; else what `work` throws.
    package func run<Value: Sendable>(
        _ work: @escaping @Sendable (_ isCancelled: @escaping @Sendable () -> Bool) throws -> Value
    ) async throws -> Outcome<Value> {
        try Task.checkCancellation()
        let token = CancellationFlag()
        let queue = queue
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Outcome<Value>, any Error>) in
                let arrived = ContinuousClock.now
                queue.submit(Job(flag: token) { verdict in
                    guard verdict == .run else { return continuation.resume(throwing: CancellationError()) }
                    let queued = ContinuousClock.now - arrived
                    let result = Result { Outcome(value: try work { token.isSet }, queued: queued) }
                    continuation.resume(with: result)
                })
            }
        } onCancel: {
            token.set()
            queue.cancel(token)?.finish(.drop)
        }
    }
}

/// A job and its way out: `finish` is called exactly once, on a lane to run it or elsewhere to drop it.
struct Job: Sendable {
    enum Verdict { case run, drop }
    let flag: CancellationFlag
    let finish: @Sendable (Verdict) -> Void

    init(flag: CancellationFlag, finish: @escaping @Sendable (Verdict) -> Void) {
        self.flag = flag
        self.finish = finish
    }
}

/// First in, first out, between any number of submitters and the lanes.
///
/// A pthread mutex and condition, because lanes really sleep, which `Synchronization.Mutex` has no way to do.
private final class JobQueue: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let wake = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let maximumThreads: Int
    // All below is guarded by `mutex`.
    private var jobs = Deque<Job>()
    private var threads = 0
    private var idle = 0
    private var closed = false

    init(maximumThreads: Int) {
        self.maximumThreads = maximumThreads
        mutex.initialize(to: pthread_mutex_t())
        wake.initialize(to: pthread_cond_t())
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(wake, nil)
    }

    deinit {
        pthread_cond_destroy(wake)
        pthread_mutex_destroy(mutex)
        wake.deallocate()
        mutex.deallocate()
    }

    func submit(_ job: Job) {
        pthread_mutex_lock(mutex)
        if closed || job.flag.isSet {
            pthread_mutex_unlock(mutex)
            return job.finish(.drop)
        }
        jobs.append(job)
        let needsThread = jobs.count > idle && threads < maximumThreads
        let number = threads
        if needsThread { threads += 1 }
        pthread_cond_signal(wake)
        pthread_mutex_unlock(mutex)
        if needsThread, !spawn(number) {
            pthread_mutex_lock(mutex)
            threads -= 1
            let stranded = threads == 0 ? jobs.removeAll() : []
            pthread_mutex_unlock(mutex)
            // No thread at all can be had: the caller's own thread is better than waiting for ever.
            for job in stranded { job.finish(.run) }
        }
    }

    /// Takes a waiting job out of the queue; nil if it already runs or is done.
    func cancel(_ flag: CancellationFlag) -> Job? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return jobs.removeFirst { $0.flag === flag }
    }

    func close() {
        pthread_mutex_lock(mutex)
        closed = true
        let dropped = jobs.removeAll()
        pthread_cond_broadcast(wake)
        pthread_mutex_unlock(mutex)
        for job in dropped { job.finish(.drop) }
    }

    private func next() -> Job? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            if let job = jobs.popFirst() { return job }
            if closed { return nil }
            idle += 1
            pthread_cond_wait(wake, mutex)
            idle -= 1
        }
    }

    private func spawn(_ number: Int) -> Bool {
        startThread(named: "mien-lane-\(number)") { [self] in
            while let job = next() { job.finish(.run) }
        }
    }
}
