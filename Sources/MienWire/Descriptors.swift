import Synchronization
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Waits until one of the descriptors is ready; the answer has their flags in the same order.
///
/// `milliseconds`: -1 waits for ever.
func pollDescriptors(_ first: CInt, _ firstEvents: CInt, _ second: CInt, _ milliseconds: CInt) -> (first: CInt, second: CInt) {
    // Pairs are passed without an array: this is on the way of every message.
    var descriptors = (pollfd(fd: first, events: Int16(firstEvents), revents: 0), pollfd(fd: second, events: Int16(POLLIN), revents: 0))
    let count = withUnsafeMutableBytes(of: &descriptors) { poll($0.baseAddress!.assumingMemoryBound(to: pollfd.self), 2, milliseconds) }
    // EINTR and the like: nothing is ready, the caller's loop comes back.
    guard count > 0 else { return (0, 0) }
    return (CInt(descriptors.0.revents), CInt(descriptors.1.revents))
}

/// A descriptor to read from. It is never made non-blocking: other processes may share its description.
struct InputDescriptor {
    let number: CInt

    enum Outcome { case bytes(Int), end, nothing, failed(CInt) }

    /// Reads what is there; blocks if nothing is, so poll first.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Outcome {
        let count = unsafeRead(number, buffer.baseAddress, buffer.count)
        if count > 0 { return .bytes(count) }
        if count == 0 { return .end }
        switch errno {
        case EINTR, EAGAIN: return .nothing
        case ECONNRESET: return .end
        case let error: return .failed(error)
        }
    }
}

private func unsafeRead(_ descriptor: CInt, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int { read(descriptor, buffer, count) }

/// A descriptor to write to without ever blocking, although it is a blocking one.
struct OutputDescriptor {
    let number: CInt
    private let isSocket: Bool

    enum Outcome { case bytes(Int), wouldBlock, failed(CInt) }

    init(number: CInt) {
        self.number = number
        var information = stat()
        isSocket = fstat(number, &information) == 0 && information.st_mode & S_IFMT == S_IFSOCK
    }

    /// Writes as much as fits now.
    func write(_ bytes: UnsafeRawBufferPointer) -> Outcome {
        var written = 0
        while written < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
            let count = isSocket ? sendNow(rest) : writeIfReady(rest)
            if count >= 0 {
                written += count
                continue
            }
            let error = errno
            if error == EINTR { continue }
            guard error == EAGAIN || error == EWOULDBLOCK else { return .failed(error) }
            return written > 0 ? .bytes(written) : .wouldBlock
        }
        return .bytes(written)
    }

    private func sendNow(_ bytes: UnsafeRawBufferPointer) -> Int {
        #if canImport(Darwin)
        send(number, bytes.baseAddress, bytes.count, CInt(MSG_DONTWAIT))
        #else
        send(number, bytes.baseAddress, bytes.count, CInt(MSG_DONTWAIT) | CInt(MSG_NOSIGNAL))
        #endif
    }

    /// A pipe that polls as writable takes PIPE_BUF bytes without blocking.
    private func writeIfReady(_ bytes: UnsafeRawBufferPointer) -> Int {
        var descriptor = pollfd(fd: number, events: Int16(POLLOUT), revents: 0)
        let ready = poll(&descriptor, 1, 0)
        if ready < 0 { return -1 }
        if ready == 0 {
            errno = EAGAIN
            return -1
        }
        #if os(Linux)
        let pipeBytes = 4096
        #else
        let pipeBytes = 512
        #endif
        return unsafeWrite(number, bytes.baseAddress, min(bytes.count, pipeBytes))
    }
}

private func unsafeWrite(_ descriptor: CInt, _ buffer: UnsafeRawPointer?, _ count: Int) -> Int { write(descriptor, buffer, count) }

/// Wakes a thread that polls.
final class Wakeup: Sendable {
    private let readEnd: CInt
    private let writeEnd: CInt
    private let isPending = Atomic<Bool>(false)

    init() {
        var ends: [CInt] = [-1, -1]
        // Without descriptors there is nothing to go on with; the process is at its limit.
        guard pipe(&ends) == 0 else { fatalError("no descriptors left for a connection: \(String(cString: strerror(errno)))") }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        (readEnd, writeEnd) = (ends[0], ends[1])
    }

    deinit {
        close(readEnd)
        close(writeEnd)
    }

    var descriptor: CInt { readEnd }
    /// A byte written here wakes as well; for signal handlers.
    var writeDescriptor: CInt { writeEnd }

    func signal() {
        guard !isPending.exchange(true, ordering: .acquiringAndReleasing) else { return }
        var byte: UInt8 = 1
        while unsafeWrite(writeEnd, &byte, 1) < 0, errno == EINTR {}
    }

    /// Forgets the signals so far. To be called before looking at what they were about.
    func reset() {
        var bytes: (UInt64, UInt64) = (0, 0)
        while unsafeRead(readEnd, &bytes, 16) == 16 {}
        isPending.store(false, ordering: .sequentiallyConsistent)
    }
}

/// A thread of our own, for work that blocks.
package struct Thread {
    #if canImport(Darwin)
    private let handle: pthread_t?
    #else
    private let handle: pthread_t
    #endif

    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Starts `body` on a new thread.
    package init(_ body: @escaping @Sendable () -> Void) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setstacksize(&attributes, 1 << 20)
        defer { pthread_attr_destroy(&attributes) }
        let argument = Unmanaged.passRetained(Body(body)).toOpaque()
        #if canImport(Darwin)
        var handle: pthread_t?
        #else
        var handle = pthread_t()
        #endif
        let status = pthread_create(&handle, &attributes, { argument in
            #if canImport(Darwin)
            Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
            #else
            Unmanaged<Body>.fromOpaque(argument!).takeRetainedValue().run()
            #endif
            return nil
        }, argument)
        guard status == 0 else { fatalError("no thread for a connection: \(String(cString: strerror(status)))") }
        self.handle = handle
    }

    /// Waits until the thread has ended.
    func join() {
        #if canImport(Darwin)
        if let handle { pthread_join(handle, nil) }
        #else
        pthread_join(handle, nil)
        #endif
    }

    package func detach() {
        #if canImport(Darwin)
        if let handle { pthread_detach(handle) }
        #else
        pthread_detach(handle)
        #endif
    }
}

func errorText(_ number: CInt) -> String { String(cString: strerror(number)) }
