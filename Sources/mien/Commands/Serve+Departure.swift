import MienHost
import MienWire
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What makes a process go that serves, besides the end of its stdin: signals, and the death of its parent.
enum Departure {
    /// Where the signal handler writes; the thread of `watch` reads at the other end. (Blocking the signals and waiting for them would be
    /// simpler, but libdispatch parks the main thread with all of them unblocked.)
    nonisolated(unsafe) private static var notify: CInt = -1

    /// - Parameter drain: Lets what runs come to its end; gets the reason.
    static func watch(_ drain: @escaping @Sendable (String) async -> Void) {
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else { return }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let listen = ends[0]
        notify = ends[1]
        _ = startThread(named: "mien-signals") {
            var number: UInt8 = 0, seen = 0
            while true {
                let count = read(listen, &number, 1)
                if count < 0, errno == EINTR { continue }
                guard count == 1 else { return }
                seen += 1
                // The second time somebody means it. 128 + the signal's number is what a shell would report.
                if seen > 1 { _exit(128 + Int32(number)) }
                let reason = "signal \(number)"
                Task { await drain(reason) }
            }
        }
        for number in [SIGTERM, SIGINT, SIGHUP] {
            var action = sigaction()
            let handler: @convention(c) (CInt) -> Void = { number in
                let saved = errno
                var byte = UInt8(truncatingIfNeeded: number)
                _ = write(Departure.notify, &byte, 1)
                errno = saved
            }
            #if canImport(Darwin)
            action.__sigaction_u.__sa_handler = handler
            #else
            action.__sigaction_handler.sa_handler = handler
            #endif
            action.sa_flags = SA_RESTART
            sigaction(number, &action, nil)
        }
        ParentWatch.start {
            // Its pipes may live on in another process; without a parent we have nobody to serve all the same.
            Task { await drain("the parent process has ended") }
            usleep(500_000)
            _exit(ExitStatus.success)
        }
    }
}
