import MienEstimation
import MienWire
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Runs something asynchronous from a compute thread and waits for it. Never to be called on a thread of Swift's cooperative pool.
///
/// - Throws: What `body` throws; its task is cancelled once `context.isCancelled`.
func waiting<Value: Sendable>(_ context: EstimationContext, _ body: @escaping @Sendable () async throws -> Value) throws -> Value {
    let result = Handover<Value>()
    let task = Task { result.put(await Result { () async throws in try await body() }) }
    while true {
        if let result = result.take(within: 5_000_000) { return try result.get() }
        if context.isCancelled { task.cancel() }
    }
}

/// One value from one thread to another that sleeps until it is there.
private final class Handover<Value: Sendable>: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let arrived = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var value: Result<Value, any Error>?

    init() {
        mutex.initialize(to: pthread_mutex_t())
        arrived.initialize(to: pthread_cond_t())
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(arrived, nil)
    }

    deinit {
        pthread_cond_destroy(arrived)
        pthread_mutex_destroy(mutex)
        arrived.deallocate()
        mutex.deallocate()
    }

    func put(_ result: Result<Value, any Error>) {
        pthread_mutex_lock(mutex)
        value = result
        pthread_cond_signal(arrived)
        pthread_mutex_unlock(mutex)
    }

    /// - Parameter nanoseconds: How long to wait; a little more or less where somebody sets the clock meanwhile.
    func take(within nanoseconds: Int) -> Result<Value, any Error>? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        var end = timespec(in: nanoseconds)
        while value == nil {
            if pthread_cond_timedwait(arrived, mutex, &end) == ETIMEDOUT { break }
        }
        return value
    }
}

extension Result where Failure == any Error {
    fileprivate init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}

extension timespec {
    /// That many nanoseconds from now on the clock of the day, as conditions want it; less than a second.
    init(in nanoseconds: Int) {
        self.init()
        clock_gettime(CLOCK_REALTIME, &self)
        tv_nsec += nanoseconds
        if tv_nsec >= 1_000_000_000 {
            tv_nsec -= 1_000_000_000
            tv_sec += 1
        }
    }
}
