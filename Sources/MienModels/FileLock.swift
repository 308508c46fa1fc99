#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// An exclusive lock between processes, on a file of its own. The system releases it when the holder ends, however it ends.
struct FileLock {
    private let number: CInt

    /// Waits until the lock is free.
    ///
    /// - Parameter onWait: Called once, if somebody else holds it.
    /// - Throws: `cancelled` if the task is, `fileSystem`.
    init(_ path: String, onWait: () -> Void) async throws(ModelStoreError) {
        number = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard number >= 0 else { throw FileSystem.failure("cannot open", path) }
        var told = false
        while flock(number, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR else {
                let failure = FileSystem.failure("cannot lock", path)
                close(number)
                throw failure
            }
            if !told { onWait() }
            told = true
            do {
                try await Task.sleep(for: .milliseconds(100))
            } catch {
                close(number)
                throw ModelStoreError(.cancelled, "cancelled")
            }
        }
    }

    /// To be called once, when the work is done.
    func release() { close(number) }
}
