import MienEstimation
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What one thread has at a time. Those who wait for it sleep, and give up once nobody waits for them.
final class Turn: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let given = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var isTaken = false

    init() {
        mutex.initialize(to: pthread_mutex_t())
        given.initialize(to: pthread_cond_t())
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(given, nil)
    }

    deinit {
        pthread_cond_destroy(given)
        pthread_mutex_destroy(mutex)
        given.deallocate()
        mutex.deallocate()
    }

    /// Runs `body` when nobody else does.
    ///
    /// - Throws: `CancellationError` once `context.isCancelled` while it waits; what `body` throws.
    func take<Result>(_ context: EstimationContext, _ body: () throws -> Result) throws -> Result {
        try wait(context)
        defer { give() }
        return try body()
    }

    private func wait(_ context: EstimationContext) throws {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while isTaken {
            var end = timespec(in: 5_000_000)
            pthread_cond_timedwait(given, mutex, &end)
            if isTaken { try context.checkCancellation() }
        }
        isTaken = true
    }

    private func give() {
        pthread_mutex_lock(mutex)
        isTaken = false
        pthread_cond_signal(given)
        pthread_mutex_unlock(mutex)
    }
}
